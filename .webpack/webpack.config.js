const fs = require('node:fs');
const path = require('node:path');
const { root, esModule, umd } = require('./shared');
const { CopyRuntimePlugin } = require('./copy-runtime');
const { DescriptorPlugin } = require('./descriptor');

/** What OHIF shares with plugins under these names (`window['<name>']` for runtime descriptors). */
const SHARED = [
  '@ohif/core',
  '@ohif/ui-next',
  '@ohif/i18n',
  '@ohif/extension-default',
  '@ohif/extension-cornerstone',
  '@cornerstonejs/core',
  '@cornerstonejs/tools',
  'dcmjs',
  'react',
  'react-dom',
];

const EXTENSION = 'extension/src/index.ts';
const WORKER = 'extension/src/inference/worker/index.ts';
const MODE = 'mode/src/index.ts';

module.exports = (_env, argv = {}) => {
  const mode = argv.mode ?? 'production';
  const worker = directory =>
    esModule(mode, {
      name: `${directory}/inference-worker`,
      entry: WORKER,
      directory,
      target: 'webworker',
    });
  const configs = [
    esModule(mode, {
      name: 'extension/dist/esm/extension',
      entry: EXTENSION,
      directory: 'extension/dist/esm',
    }),
    esModule(mode, { name: 'mode/dist/esm/mode', entry: MODE, directory: 'mode/dist/esm' }),
    umd(mode, {
      name: 'extension/dist/umd/second-reader-extension',
      entry: EXTENSION,
      directory: 'extension/dist/umd',
      globalName: '@second-reader/extension',
      externals: SHARED,
    }),
    umd(mode, {
      name: 'mode/dist/umd/second-reader-mode',
      entry: MODE,
      directory: 'mode/dist/umd',
      globalName: '@second-reader/mode',
      externals: SHARED,
    }),
  ];
  if (fs.existsSync(path.join(root, WORKER))) {
    configs.push(worker('extension/dist/esm'), worker('extension/dist/umd'));
  }
  configs[0].plugins.push(new CopyRuntimePlugin('extension/dist/esm/ort'));
  configs[2].plugins.push(new CopyRuntimePlugin('extension/dist/umd/ort'), new DescriptorPlugin());
  configs[3].plugins.push(new DescriptorPlugin());
  const cli = path.join(__dirname, 'cli.config.js');
  if (fs.existsSync(cli)) {
    const exported = require(cli);
    configs.push(...[typeof exported === 'function' ? exported(_env, argv) : exported].flat());
  }
  return configs;
};

// Two cores do better with one compilation at a time.
module.exports.parallelism = 1;
