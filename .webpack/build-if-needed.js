/** Builds only what is missing or older than its sources: `npm start` after nothing has changed starts at once. */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '..');
const OUTPUTS = [
  'extension/dist/esm/extension.js',
  'mode/dist/esm/mode.js',
  'cli/dist/second-reader.js',
];
/** What `npm start` serves; the UMD builds are for sites that build OHIF themselves. */
const STARTED = [
  'extension/dist/esm/extension',
  'extension/dist/esm/inference-worker',
  'extension/dist/esm/evidence-worker',
  'mode/dist/esm/mode',
  'cli/dist/second-reader',
];
const onlyConfig = name => ['--config-name', name];
const SOURCES = ['extension/src', 'mode/src', 'cli/src', '.webpack', 'package-lock.json'];

/** Time of the newest file below a path; tests are no part of what is built. */
function newest(file) {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) return /\.test\.tsx?$/.test(file) ? 0 : stat.mtimeMs;
  return Math.max(0, ...fs.readdirSync(file).map(name => newest(path.join(file, name))));
}

const built = OUTPUTS.map(output => {
  const stat = fs.statSync(path.join(root, output), { throwIfNoEntry: false });
  return stat ? stat.mtimeMs : 0;
});
const sources = Math.max(...SOURCES.map(source => newest(path.join(root, source))));

if (Math.min(...built) < sources) {
  process.stdout.write('Building Second Reader, about a minute …\n');
  const webpack = require.resolve('webpack-cli/bin/cli.js', { paths: [root] });
  const config = path.join(__dirname, 'webpack.config.js');
  const { status } = spawnSync(
    process.execPath,
    [webpack, '--config', config, '--mode', 'production', ...STARTED.flatMap(onlyConfig)],
    { cwd: root, stdio: 'inherit' },
  );
  if (status !== 0) {
    process.stderr.write('The build failed; see above.\n');
    process.exit(status ?? 1);
  }
  // A bundle whose contents did not change is not written again; it is up to date all the same.
  const now = new Date();
  OUTPUTS.forEach(output => fs.utimesSync(path.join(root, output), now, now));
}
