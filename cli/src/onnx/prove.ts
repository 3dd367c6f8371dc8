import * as ort from 'onnxruntime-node';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import { GraphView, type Dim } from './graph';
import { fromHalf, toHalf } from './halves';
import { inspectModel } from './inspect';
import { encodeModel } from './proto';
import type { Rewrite } from './rewrite';
import { countOf } from './tensors';
import { DataType, type DataTypeName, type OnnxModel } from './types';

/** Float sums in another order differ by this much at most, relative to the largest value of an output. */
export const REWRITE_TOLERANCE = 1e-3;

export interface Difference {
  /** The output or the inner value. */
  name: string;
  dims: number[];
  /** Largest |after − before|. */
  absolute: number;
  /**
   * That, relative to the largest |before|; of integers (labels, indices) the share of elements that
   * are not the same.
   */
  relative: number;
}

export interface Proof {
  seed: number;
  /** What was fed: sizes by input. */
  shapes: Record<string, number[]>;
  outputs: Difference[];
  /** Of each rewrite's own value, with all that comes before it. */
  rewrites: Difference[];
  absolute: number;
  relative: number;
}

export interface ProveOptions {
  seed?: number;
  /** Sizes by input; what is left out is taken from the graph, open sizes as small as the network allows. */
  shapes?: Readonly<Record<string, readonly number[]>>;
  /** Compares their values too. */
  rewrites?: readonly Rewrite[];
  /** Largest relative difference that is accepted. */
  tolerance?: number;
}

/** Mulberry32, a small seeded generator of numbers in [0, 1). */
const randomOf = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
};

/** Near a standard normal distribution: what a network's input is after normalising. */
const normalOf = (random: () => number) => (): number =>
  (random() + random() + random() + random() - 2) * Math.sqrt(3);

type Data = Float32Array | Float64Array | Uint16Array | Int32Array | Uint8Array | BigInt64Array;

const inputData = (type: DataTypeName, count: number, random: () => number): Data | undefined => {
  const normal = normalOf(random);
  const small = () => Math.floor(random() * 4);
  const each = { length: count };
  switch (type) {
    case 'float32':
      return Float32Array.from(each, normal);
    case 'float64':
      return Float64Array.from(each, normal);
    case 'float16':
      return Uint16Array.from(each, () => toHalf(normal()));
    case 'int32':
      return Int32Array.from(each, small);
    case 'uint8':
      return Uint8Array.from(each, small);
    case 'bool':
      return Uint8Array.from(each, () => small() & 1);
    case 'int64':
      return BigInt64Array.from(Array.from(each, () => BigInt(small())));
    default:
      return undefined;
  }
};

/** Voxels along an axis that the graph leaves open: the first with which the network runs is taken. */
const OPEN_SIZES = [16, 32, 48, 64, 96];

/**
 * Sizes to try for every input: as the graph has them; where it leaves them open, small multiples of
 * what the network divides by, at least twice that (one voxel alone has no variance to normalise by).
 */
export const sizesToTry = (
  model: OnnxModel,
  given: ProveOptions['shapes'] = {},
): Record<string, number[]>[] => {
  const facts = inspectModel(model);
  const spatial = (axis: number, least: number): number => {
    const divisor = facts.spatialDivisor[axis] ?? 1;
    return divisor * Math.max(2, Math.ceil(least / divisor));
  };
  const size = (dim: Dim, axis: number, least: number): number =>
    typeof dim === 'number' && dim > 0 ? dim : axis < 2 ? 1 : spatial(axis - 2, least);
  const tried = OPEN_SIZES.map(least =>
    Object.fromEntries(
      facts.inputs.map(({ name, dims }) => {
        const rank = (facts.spatialAxes ?? 2) + 2;
        const open: Dim[] = dims ?? Array<Dim>(rank).fill(undefined);
        const own = given[name];
        return [name, own ? [...own] : open.map((dim, axis) => size(dim, axis, least))];
      }),
    ),
  );
  return tried.filter(
    (sizes, i) => i === 0 || String(Object.values(sizes)) !== String(Object.values(tried[i - 1])),
  );
};

type Feeds = Record<string, ort.Tensor>;

const feedsOf = (
  model: OnnxModel,
  shapes: Readonly<Record<string, readonly number[]>>,
  seed: number,
): Outcome<Feeds> => {
  const random = randomOf(seed);
  const feeds: Feeds = {};
  for (const { name, type } of inspectModel(model).inputs) {
    const dims = shapes[name];
    const data = inputData(type, countOf(dims), random);
    if (!data) {
      return refuse(
        'proofInputType',
        `Input ${name} is of type ${type}; numbers, booleans and float16 can be fed.`,
        { name, type },
      );
    }
    feeds[name] = new ort.Tensor(type as 'float32', data as Float32Array, [...dims]);
  }
  return accept(feeds);
};

/** The model with inner values among its outputs. */
const watching = (model: OnnxModel, values: readonly string[]): OnnxModel => {
  const own = new Set(model.graph.output.map(({ name }) => name));
  const view = new GraphView(model.graph);
  const more = values.filter(name => !own.has(name) && view.producers.has(name));
  const type = { tensorType: { elemType: DataType.float32 } };
  const halves = model.graph.initializer.some(({ dataType }) => dataType === DataType.float16);
  if (more.length === 0 || halves) return model;
  const output = [...model.graph.output, ...more.map(name => ({ name, type }))];
  return { ...model, graph: { ...model.graph, output } };
};

type Answers = Record<string, ort.Tensor>;

const run = async (model: OnnxModel, feeds: Feeds): Promise<Outcome<Answers>> => {
  const bytes = encodeModel(model);
  if (!bytes.ok) return bytes;
  try {
    const session = await ort.InferenceSession.create(bytes.value, { logSeverityLevel: 4 });
    try {
      return accept((await session.run(feeds)) as Answers);
    } finally {
      await session.release();
    }
  } catch (error) {
    const detail = (error as Error).message;
    return refuse('onnxNotRunnable', `ONNX Runtime cannot run the network: ${detail}`, { detail });
  }
};

/** Whether an answer says anything: a network may want values that random input does not have. */
const hasNumbers = (answer: ort.Tensor): boolean => {
  if (answer.type !== 'float32' && answer.type !== 'float64') return true;
  return (answer.data as Float32Array).some(Number.isFinite);
};

const compare = (name: string, before: ort.Tensor, after: ort.Tensor): Difference => {
  const dims = [...before.dims];
  if (String(dims) !== String(after.dims)) {
    return { name, dims, absolute: Infinity, relative: Infinity };
  }
  const half = before.type === 'float16';
  const number = (value: unknown) => (half ? fromHalf(Number(value)) : Number(value));
  const [a, b] = [before.data as ArrayLike<unknown>, after.data as ArrayLike<unknown>];
  let absolute = 0;
  let largest = 0;
  let unequal = 0;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [number(a[i]), number(b[i])];
    if (x !== y && !(Number.isNaN(x) && Number.isNaN(y))) {
      unequal++;
      const apart = Math.abs(x - y);
      absolute = Math.max(absolute, Number.isNaN(apart) ? Infinity : apart);
    }
    if (Number.isFinite(x)) largest = Math.max(largest, Math.abs(x));
  }
  const floats = before.type.startsWith('float');
  const relative = floats ? (absolute === 0 ? 0 : absolute / (largest || 1)) : unequal / a.length;
  return { name, dims, absolute, relative };
};

/**
 * Runs both graphs on native ONNX Runtime with the same seeded random input and compares every output.
 * Refuses `onnxNotRunnable` (the network as given cannot be run), `rewriteNotRunnable` (the rewritten one
 * cannot), `rewriteDiffers` (their outputs differ by more than `tolerance`, relative to the largest value),
 * `proofNotFinite` (random input gives no finite number), `proofInputType`.
 */
export const proveRewrite = async (
  before: OnnxModel,
  after: OnnxModel,
  options: ProveOptions = {},
): Promise<Outcome<Proof>> => {
  const { seed = 1, rewrites = [], tolerance = REWRITE_TOLERANCE } = options;
  const inner = rewrites.map(({ value }) => value);
  let first: Outcome<Answers> | undefined;
  for (const shapes of sizesToTry(before, options.shapes)) {
    const feeds = feedsOf(before, shapes, seed);
    if (!feeds.ok) return feeds;
    const expected = await run(watching(before, inner), feeds.value);
    first ??= expected;
    // A size that the network itself does not take says nothing about the rewrite.
    if (!expected.ok) continue;
    const silent = Object.entries(expected.value).find(([, answer]) => !hasNumbers(answer));
    if (silent && inner.length > 0) {
      first = refuse(
        'proofNotFinite',
        `The network's ${silent[0]} is nowhere a finite number for random input, so that its rewrites cannot be proven.`,
        { name: silent[0] },
      );
      continue;
    }
    const found = await run(watching(after, inner), feeds.value);
    if (!found.ok) {
      const detail = found.refusal.message;
      return refuse('rewriteNotRunnable', `The rewritten network does not run: ${detail}`, {
        detail,
      });
    }
    const differences = Object.entries(expected.value).flatMap(([name, tensor]) =>
      found.value[name] ? [compare(name, tensor, found.value[name])] : [],
    );
    const outputs = new Set(before.graph.output.map(({ name }) => name));
    const own = differences.filter(({ name }) => outputs.has(name));
    const worst = differences.reduce((a, b) => (b.relative > a.relative ? b : a));
    if (own.length < outputs.size || !(worst.relative <= tolerance)) {
      return refuse(
        'rewriteDiffers',
        `The rewritten network differs from the original by ${worst.relative.toExponential(1)} at ${worst.name} (at most ${tolerance} is accepted).`,
        { name: worst.name, found: worst.relative, allowed: tolerance },
      );
    }
    return accept({
      seed,
      shapes,
      outputs: own,
      rewrites: differences.filter(({ name }) => inner.includes(name)),
      absolute: Math.max(...own.map(({ absolute }) => absolute)),
      relative: Math.max(...own.map(({ relative }) => relative)),
    });
  }
  return first as Outcome<never>;
};
