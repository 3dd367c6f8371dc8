import { inspectModel } from '../../onnx/inspect';
import type { OnnxModel } from '../../onnx/proto';
import { runNetwork, type Runtime } from './run';
import { writeSafetensors, type StoredTensors } from './safetensors';

/** A fixture is committed with its package: beyond this it is left out, and made when it is needed. */
export const LARGEST_FIXTURE = 4 * 2 ** 20;

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

/**
 * Inputs filled with seeded, nearly normal values: float32, sizes by input. An input of another type
 * gives undefined.
 */
export const seededInputs = (
  model: OnnxModel,
  shapes: Readonly<Record<string, readonly number[]>>,
  seed = 20_240_501,
): StoredTensors | undefined => {
  const random = seeded(seed);
  const inputs: StoredTensors = new Map();
  for (const { name, type } of inspectModel(model).inputs) {
    if (type !== 'float32') return undefined;
    const dims = [...shapes[name]];
    const data = new Float32Array(dims.reduce((a, b) => a * b, 1));
    for (let i = 0; i < data.length; i++) data[i] = 2 * (random() + random() + random()) - 3;
    inputs.set(name, { dtype: 'F32', dims, data });
  }
  return inputs;
};

/**
 * A small input of the network and what native ONNX Runtime answers, as a safetensors file; `reason`
 * where there is none: an input that is not float32, or more than `LARGEST_FIXTURE`.
 *
 * @param shapes sizes by input that the network is known to run with
 */
export const makeFixture = async (
  runtime: Runtime,
  model: OnnxModel,
  bytes: Uint8Array,
  shapes: Readonly<Record<string, readonly number[]>>,
): Promise<{ file?: Uint8Array; reason?: string }> => {
  const inputs = seededInputs(model, shapes);
  if (!inputs) return { reason: 'an input of the network is not float32' };
  const given = [...inputs.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
  if (given > LARGEST_FIXTURE) return { reason: `its input alone has ${given} bytes` };
  const { outputs } = await runNetwork(runtime, bytes, inputs);
  const file = writeSafetensors(new Map([...inputs, ...outputs]));
  return file.length > LARGEST_FIXTURE
    ? { reason: `it would have ${file.length} bytes` }
    : { file };
};

/** Voxels along an axis that the graph leaves open: what most networks can halve often enough. */
const OPEN_SIZES = [32, 64, 96, 128];

const withOpenSizes = (model: OnnxModel, size: number): Record<string, number[]> =>
  Object.fromEntries(
    inspectModel(model).inputs.map(({ name, dims = [] }) => [
      name,
      dims.map((dim, axis) => (typeof dim === 'number' && dim > 0 ? dim : axis < 2 ? 1 : size)),
    ]),
  );

/**
 * The same for a network that no fixture is kept of (it was too large, or is one of a later fold): what is fed and
 * what native ONNX Runtime answers. Sizes that the graph leaves open are the first with which it runs.
 * `reason` where there is none.
 *
 * @param inputs fed instead of seeded values, where they are known
 */
export const makeReference = async (
  runtime: Runtime,
  model: OnnxModel,
  bytes: Uint8Array,
  inputs?: StoredTensors,
): Promise<{ inputs: StoredTensors; expected: StoredTensors } | { reason: string }> => {
  let reason = 'an input of the network is not float32';
  for (const size of inputs ? [0] : OPEN_SIZES) {
    const fed = inputs ?? seededInputs(model, withOpenSizes(model, size));
    if (!fed) continue;
    try {
      return { inputs: fed, expected: (await runNetwork(runtime, bytes, fed)).outputs };
    } catch (error) {
      reason = (error as Error).message.split('\n')[0];
    }
  }
  return { reason };
};
