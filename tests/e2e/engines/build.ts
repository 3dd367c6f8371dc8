import path from 'node:path';
import webpack, { type Configuration } from 'webpack';
import { ROOT } from '../support/paths';

type EsModule = (
  mode: string,
  options: { name: string; entry: string; directory: string; target?: string },
) => Configuration;

/** Entries of a harness: path without `.ts` from the root, and what it runs in. */
export type HarnessEntry = readonly [entry: string, target: 'web' | 'webworker'];

export const ENGINE_HARNESS: HarnessEntry[] = [
  ['tests/e2e/engines/page', 'web'],
  ['tests/e2e/engines/scores-worker', 'webworker'],
];

/** Builds a test's own page and worker into `folder`, by the plugin's own build rules. */
export const buildHarness = async (
  folder: string,
  entries: readonly HarnessEntry[] = ENGINE_HARNESS,
  mode: 'development' | 'production' = 'development',
): Promise<void> => {
  const shared: { esModule: EsModule } = await import(path.join(ROOT, '.webpack/shared.js'));
  const configure = ([entry, target]: HarnessEntry): Configuration => {
    const config = shared.esModule(mode, {
      name: `test/${path.basename(entry)}`,
      entry: `${entry}.ts`,
      directory: '.',
      target,
    });
    return { ...config, output: { ...config.output, path: folder } };
  };
  const compiler = webpack(entries.map(configure));
  await new Promise<void>((resolve, reject) => {
    compiler.run((error, stats) => {
      compiler.close(() => undefined);
      if (error) reject(error);
      else if (stats?.hasErrors()) reject(new Error(stats.toString('errors-only')));
      else resolve();
    });
  });
};
