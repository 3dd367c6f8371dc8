const path = require('node:path');
const { version } = require('../package.json');
const webpack = require('webpack');

const root = path.resolve(__dirname, '..');

/** TypeScript and stylesheets, the same in every build. Stylesheets are strings; our code adds them. */
function base(mode, target) {
  return {
    mode,
    target,
    context: root,
    devtool: false,
    resolve: {
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'],
      alias: {
        '@second-reader/core': path.join(root, 'extension/src/core'),
        '@second-reader/dicom': path.join(root, 'extension/src/dicom'),
        '@second-reader/inference': path.join(root, 'extension/src/inference'),
      },
    },
    module: {
      // `import.meta.url`, `new URL(…, import.meta.url)` and `new Worker(…)` are left for the browser:
      // the built files find each other by where they were loaded from, never by where they were built.
      parser: { javascript: { importMeta: false, url: false, worker: false } },
      rules: [
        {
          test: /\.tsx?$/,
          exclude: /node_modules/,
          use: {
            loader: 'swc-loader',
            options: {
              jsc: {
                target: 'es2022',
                parser: { syntax: 'typescript', tsx: true },
                transform: { react: { runtime: 'automatic' } },
              },
            },
          },
        },
        {
          test: /\.css$/,
          use: [{ loader: 'css-loader', options: { exportType: 'string', url: false } }],
        },
      ],
    },
    optimization: { minimize: mode === 'production', splitChunks: false, runtimeChunk: false },
    performance: { hints: false },
    stats: 'errors-warnings',
    plugins: [
      new webpack.DefinePlugin({ __SECOND_READER_VERSION__: JSON.stringify(version) }),
      // One file an entry: an `import()` inside a library would else become a file of its own.
      new webpack.optimize.LimitChunkCountPlugin({ maxChunks: 1 }),
    ],
  };
}

/** A self-contained ES module: what a stock host loads by URL. */
function esModule(mode, { name, entry, directory, target = 'web' }) {
  const config = base(mode, [target, 'es2022']);
  return {
    ...config,
    name,
    entry: { [path.basename(name)]: path.join(root, entry) },
    experiments: { outputModule: true },
    output: {
      path: path.join(root, directory),
      filename: '[name].js',
      library: { type: 'module' },
      module: true,
      chunkFormat: 'module',
      publicPath: '',
    },
  };
}

/** A UMD that takes from the host what OHIF shares. */
function umd(mode, { name, entry, directory, globalName, externals }) {
  const config = base(mode, ['web', 'es2022']);
  return {
    ...config,
    name,
    entry: { [path.basename(name)]: path.join(root, entry) },
    externalsType: 'umd',
    externals: Object.fromEntries(
      externals.map(id => [id, { root: id, commonjs: id, commonjs2: id, amd: id }]),
    ),
    output: {
      path: path.join(root, directory),
      filename: '[name].js',
      library: { name: globalName, type: 'umd', export: 'default' },
      globalObject: "typeof self !== 'undefined' ? self : this",
      publicPath: '',
    },
    plugins: [
      ...config.plugins,
      // A classic script has no `import.meta`; its own address is taken as it starts.
      new webpack.NormalModuleReplacementPlugin(/[\\/]assetBase$/, resource => {
        resource.request = `${resource.request}.script`;
      }),
    ],
  };
}

module.exports = { root, version, esModule, umd };
