const { TestEnvironment } = require('jest-environment-node');

/**
 * Jest gives each test file its own globals, but a native module makes its arrays with Node's.
 * ONNX Runtime checks tensors by `instanceof`, so both must mean the same constructors.
 */
module.exports = class OrtEnvironment extends TestEnvironment {
  async setup() {
    await super.setup();
    Object.assign(this.global, {
      Float32Array,
      Uint8Array,
      Int16Array,
      BigInt64Array,
      ArrayBuffer,
    });
  }
};
