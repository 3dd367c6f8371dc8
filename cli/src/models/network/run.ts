import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { StoredTensor, StoredTensors } from './safetensors';

/** What `onnxruntime-node` and `onnxruntime-web` have in common, as far as it is used. */
export interface Runtime {
  InferenceSession: {
    create(bytes: Uint8Array, options?: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  Tensor: typeof Tensor;
}

const TYPES = { F32: 'float32', U8: 'uint8', I32: 'int32', I64: 'int64' } as const;

const toTensor = ({ Tensor }: Runtime, { dtype, dims, data }: StoredTensor): Tensor =>
  new Tensor(TYPES[dtype], data as never, dims);

/** Halves come back as float32, whatever else is no number of the fixture's types as whole numbers. */
export const storedOf = (tensor: Tensor): StoredTensor => {
  const dims = [...tensor.dims];
  const { data, type } = tensor;
  switch (type) {
    case 'float32':
      return { dtype: 'F32', dims, data: Float32Array.from(data as Float32Array) };
    case 'int64':
      return { dtype: 'I64', dims, data: BigInt64Array.from(data as BigInt64Array) };
    case 'int32':
      return { dtype: 'I32', dims, data: Int32Array.from(data as Int32Array) };
    case 'uint8':
    case 'bool':
      return { dtype: 'U8', dims, data: Uint8Array.from(data as Uint8Array) };
    default:
      return { dtype: 'F32', dims, data: Float32Array.from(data as never, Number) };
  }
};

/** One call of a network. Throws what the runtime throws. */
export const runNetwork = async (
  runtime: Runtime,
  bytes: Uint8Array,
  inputs: StoredTensors,
  options: InferenceSession.SessionOptions = {},
): Promise<{ outputs: StoredTensors; milliseconds: number }> => {
  const session = await runtime.InferenceSession.create(bytes, { logSeverityLevel: 3, ...options });
  try {
    const feeds = Object.fromEntries(
      session.inputNames.map(name => {
        const given = inputs.get(name);
        if (!given) throw new Error(`nothing was given for the input "${name}"`);
        return [name, toTensor(runtime, given)];
      }),
    );
    const startedAt = performance.now();
    const answer = await session.run(feeds);
    const milliseconds = performance.now() - startedAt;
    const outputs: StoredTensors = new Map(
      session.outputNames.map(name => [name, storedOf(answer[name] as Tensor)]),
    );
    return { outputs, milliseconds };
  } finally {
    await session.release();
  }
};

export interface Difference {
  /** Largest absolute difference of floating-point outputs. */
  values: number;
  /** Largest absolute value expected in them: what a difference is to be held against. */
  largest: number;
  /** Elements of whole-number outputs that differ, and how many there are. */
  differing: number;
  counted: number;
}

/** Compares what two engines gave; a missing output or another shape is an infinite difference. */
export const compare = (expected: StoredTensors, found: StoredTensors): Difference => {
  const difference = { values: 0, largest: 0, differing: 0, counted: 0 };
  for (const [name, one] of expected) {
    const other = found.get(name);
    if (!other || other.data.length !== one.data.length) {
      difference.values = Infinity;
      continue;
    }
    if (one.dtype === 'F32') {
      for (let i = 0; i < one.data.length; i++) {
        const d = Math.abs(one.data[i] - Number(other.data[i]));
        difference.largest = Math.max(difference.largest, Math.abs(one.data[i]));
        if (!(d <= difference.values)) difference.values = Number.isNaN(d) ? Infinity : d;
      }
    } else {
      difference.counted += one.data.length;
      for (let i = 0; i < one.data.length; i++) {
        if (Number(one.data[i]) !== Number(other.data[i])) difference.differing++;
      }
    }
  }
  return difference;
};

/** Float sums in another order differ by less; a network that differs by more was computed otherwise. */
const TOLERANCE = { values: 1e-3, labels: 1e-3 };
/** Of a network with float16 weights. */
const HALF_TOLERANCE = { values: 5e-2, labels: 2e-2 };

/** Whether two engines gave the same but for rounding. */
export const agrees = (
  { values, largest, differing, counted }: Difference,
  half: boolean,
): boolean => {
  const allowed = half ? HALF_TOLERANCE : TOLERANCE;
  return (
    values <= allowed.values * Math.max(largest, 1e-6) && differing <= allowed.labels * counted
  );
};

export const differenceText = ({ values, largest, differing, counted }: Difference): string =>
  [
    ...(counted === 0 || values > 0
      ? [`largest difference ${values.toExponential(1)} of values up to ${largest.toPrecision(2)}`]
      : []),
    ...(counted > 0 ? [`${differing} of ${counted} labels differ`] : []),
  ].join(', ');
