import { dimsOfValue, typeOfValue } from '../../onnx/graph';
import { DataType, type OnnxModel } from '../../onnx/proto';
import { runNetwork, type Runtime } from './run';
import { writeSafetensors, type StoredTensors } from './safetensors';

/** A fixture is committed with its package: beyond this it is left out. */
export const LARGEST_FIXTURE = 4 * 2 ** 20;

/** Sizes that free axes are tried with: small, and what networks with four or five poolings accept. */
const SIZES = [16, 32, 48, 64, 96, 128];

/** Numbers in [0, 1), the same for the same seed (mulberry32, T. Ettinger, public domain). */
export const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
};

const inputsOf = (model: OnnxModel) => {
  const constants = new Set(model.graph.initializer.map(({ name }) => name));
  return model.graph.input.filter(({ name }) => !constants.has(name));
};

/** Inputs filled with seeded normal-like values (sum of three uniforms), batch 1, free axes `size`. */
export const seededInputs = (
  model: OnnxModel,
  size: number | readonly number[],
  seed = 20_240_501,
): StoredTensors => {
  const random = seeded(seed);
  return new Map(
    inputsOf(model).map(info => {
      const dims = (dimsOfValue(info) ?? []).map((dim, axis) =>
        typeof dim === 'number' && dim > 0
          ? dim
          : axis === 0
            ? 1
            : typeof size === 'number'
              ? size
              : size[axis - 2],
      );
      const data = Float32Array.from(
        { length: dims.reduce((a, b) => a * b, 1) },
        () => 2 * (random() + random() + random()) - 3,
      );
      return [info.name ?? '', { dtype: 'F32', dims, data }];
    }),
  );
};

export interface Fixture {
  bytes: Uint8Array;
  tensors: StoredTensors;
  inputs: StoredTensors;
}

/**
 * A small input of the network and what native ONNX Runtime answers. `undefined` with the reason where
 * none could be made: no size that the network takes, or more than `LARGEST_FIXTURE`.
 */
export const makeFixture = async (
  runtime: Runtime,
  model: OnnxModel,
  bytes: Uint8Array,
): Promise<{ fixture?: Fixture; reason?: string }> => {
  const infos = inputsOf(model);
  if (infos.some(info => typeOfValue(info) !== DataType.float32)) {
    return { reason: 'an input of the network is not float32' };
  }
  const free = infos.some(info =>
    (dimsOfValue(info) ?? []).some((dim, axis) => axis > 0 && typeof dim !== 'number'),
  );
  let reason = '';
  for (const size of free ? SIZES : [1]) {
    const inputs = seededInputs(model, size);
    const count = [...inputs.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
    if (count > LARGEST_FIXTURE) {
      return { reason: reason || `its input alone has ${count} bytes` };
    }
    try {
      const { outputs } = await runNetwork(runtime, bytes, inputs);
      const tensors: StoredTensors = new Map([...inputs, ...outputs]);
      const file = writeSafetensors(tensors);
      if (file.length > LARGEST_FIXTURE) return { reason: `it would have ${file.length} bytes` };
      return { fixture: { bytes: file, tensors, inputs } };
    } catch (error) {
      reason = (error as Error).message.split('\n')[0];
    }
  }
  return { reason };
};
