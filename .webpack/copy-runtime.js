const fs = require('node:fs');
const path = require('node:path');
const { root } = require('./shared');

/**
 * ONNX Runtime's own files, as published: the loader (`.mjs`) and the WebAssembly it names. They are
 * fetched on the first run, so they stand beside the bundle and not in it.
 */
const FILES = ['ort-wasm-simd-threaded.asyncify.mjs', 'ort-wasm-simd-threaded.asyncify.wasm'];

class CopyRuntimePlugin {
  constructor(directory) {
    this.directory = path.join(root, directory);
  }

  apply(compiler) {
    compiler.hooks.afterEmit.tap('CopyRuntimePlugin', () => {
      const from = path.join(root, 'node_modules/onnxruntime-web/dist');
      fs.mkdirSync(this.directory, { recursive: true });
      for (const file of FILES) {
        fs.copyFileSync(path.join(from, file), path.join(this.directory, file));
      }
    });
  }
}

/** Puts what was just built into another folder too: the worker is the same file for both builds. */
class CopyOutputPlugin {
  constructor(directory) {
    this.directory = path.join(root, directory);
  }

  apply(compiler) {
    compiler.hooks.afterEmit.tap('CopyOutputPlugin', ({ assets, outputOptions }) => {
      fs.mkdirSync(this.directory, { recursive: true });
      for (const file of Object.keys(assets)) {
        fs.copyFileSync(path.join(outputOptions.path, file), path.join(this.directory, file));
      }
    });
  }
}

module.exports = { CopyRuntimePlugin, CopyOutputPlugin };
