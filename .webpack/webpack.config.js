const { esModule, umd } = require('./shared');
const cli = require('./cli.config');
const { CopyOutputPlugin, CopyRuntimePlugin } = require('./copy-runtime');
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
const EVIDENCE_WORKER = 'extension/src/adapters/evidence/worker.ts';
const MODE = 'mode/src/index.ts';

module.exports = (_env, argv = {}) => {
  const mode = argv.mode ?? 'production';
  const extension = esModule(mode, {
    name: 'extension/dist/esm/extension',
    entry: EXTENSION,
    directory: 'extension/dist/esm',
  });
  extension.plugins.push(new CopyRuntimePlugin('extension/dist/esm/ort'));

  const worker = esModule(mode, {
    name: 'extension/dist/esm/inference-worker',
    entry: WORKER,
    directory: 'extension/dist/esm',
    target: 'webworker',
  });
  worker.plugins.push(new CopyOutputPlugin('extension/dist/umd'));

  const evidenceWorker = esModule(mode, {
    name: 'extension/dist/esm/evidence-worker',
    entry: EVIDENCE_WORKER,
    directory: 'extension/dist/esm',
    target: 'webworker',
  });
  evidenceWorker.plugins.push(new CopyOutputPlugin('extension/dist/umd'));

  const extensionUmd = umd(mode, {
    name: 'extension/dist/umd/second-reader-extension',
    entry: EXTENSION,
    directory: 'extension/dist/umd',
    globalName: '@second-reader/extension',
    externals: SHARED,
  });
  extensionUmd.plugins.push(
    new CopyRuntimePlugin('extension/dist/umd/ort'),
    new DescriptorPlugin(),
  );

  const modeUmd = umd(mode, {
    name: 'mode/dist/umd/second-reader-mode',
    entry: MODE,
    directory: 'mode/dist/umd',
    globalName: '@second-reader/mode',
    externals: SHARED,
  });
  modeUmd.plugins.push(new DescriptorPlugin());

  const configs = [
    extension,
    worker,
    evidenceWorker,
    esModule(mode, { name: 'mode/dist/esm/mode', entry: MODE, directory: 'mode/dist/esm' }),
    cli(_env, argv),
    extensionUmd,
    modeUmd,
  ];
  // What was built is written even when it is what lay there: its time says that it is up to date.
  return configs.map(config => ({
    ...config,
    output: { ...config.output, compareBeforeEmit: false },
  }));
};

// Two cores do better with one compilation at a time.
module.exports.parallelism = 1;
