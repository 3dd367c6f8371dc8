const path = require('node:path');
const webpack = require('webpack');
const { root } = require('./shared');

const ALIAS = /^@second-reader\/(core|dicom|inference)\//;

/** The command line: one file for Node 20, with what npm installs left where npm put it. */
module.exports = (_env, argv = {}) => ({
  name: 'cli/dist/second-reader',
  mode: argv.mode ?? 'production',
  target: 'node20',
  context: root,
  devtool: false,
  entry: { 'second-reader': path.join(root, 'cli/src/main.ts') },
  output: {
    path: path.join(root, 'cli/dist'),
    filename: '[name].js',
    library: { type: 'commonjs2' },
  },
  // The program finds the built plugin from where it lies itself.
  node: { __dirname: false, __filename: false },
  externals: [
    ({ request }, callback) =>
      /^[a-z@]/i.test(request) && !ALIAS.test(request) && !path.isAbsolute(request)
        ? callback(null, `commonjs ${request}`)
        : callback(),
  ],
  resolve: {
    extensions: ['.ts', '.js', '.json'],
    alias: Object.fromEntries(
      ['core', 'dicom', 'inference'].map(layer => [
        `@second-reader/${layer}`,
        path.join(root, 'extension/src', layer),
      ]),
    ),
  },
  module: {
    parser: { javascript: { createRequire: false } },
    rules: [
      {
        test: /\.ts$/,
        exclude: /node_modules/,
        use: {
          loader: 'swc-loader',
          options: { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } },
        },
      },
    ],
  },
  // Read by people who look for a cause, and never sent over a wire.
  optimization: { minimize: false },
  performance: { hints: false },
  stats: 'errors-warnings',
  plugins: [
    new webpack.BannerPlugin({ banner: '#!/usr/bin/env node', raw: true }),
    new webpack.optimize.LimitChunkCountPlugin({ maxChunks: 1 }),
  ],
});
