import path from 'node:path';
import webpack, { type Configuration } from 'webpack';
import { ROOT } from '../support/paths';

type EsModule = (
  mode: string,
  options: { name: string; entry: string; directory: string; target?: string },
) => Configuration;

/** Builds the test's own page and worker into `folder`, by the plugin's own build rules. */
export const buildHarness = async (folder: string): Promise<void> => {
  const shared: { esModule: EsModule } = await import(path.join(ROOT, '.webpack/shared.js'));
  const entry = (name: string, target: string): Configuration => {
    const config = shared.esModule('development', {
      name: `test/${name}`,
      entry: `tests/e2e/engines/${name}.ts`,
      directory: '.',
      target,
    });
    return { ...config, output: { ...config.output, path: folder } };
  };
  const compiler = webpack([entry('page', 'web'), entry('scores-worker', 'webworker')]);
  await new Promise<void>((resolve, reject) => {
    compiler.run((error, stats) => {
      compiler.close(() => undefined);
      if (error) reject(error);
      else if (stats?.hasErrors()) reject(new Error(stats.toString('errors-only')));
      else resolve();
    });
  });
};
