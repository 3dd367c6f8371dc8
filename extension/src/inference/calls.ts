import type { VolumeGeometry } from '../core/geometry/types';
import type { Inference, SlidingWindow } from '../core/model/manifest';
import { networkChannels, type NetworkSpec } from '../core/model/networks';
import { accept, refuse, type Outcome } from '../core/outcome';
import { permuteAxes } from '../core/postprocessing/inverseGrid';
import type { AnswerGrid } from '../core/postprocessing/scoreRing';
import { boxGeometry } from '../core/preprocessing/box';
import type { PreprocessedVolume } from '../core/preprocessing/preprocess';
import {
  extractSliceStack,
  extractWindow,
  planWindows,
  sliceShape,
  tensorShape,
  type SpatialAxes,
  type WindowPlan,
} from '../core/preprocessing/slidingWindow';

type Axis = 0 | 1 | 2;
type Size3 = readonly [number, number, number];

/** One input of one call, in the network's axis order. */
export interface Feed {
  name: string;
  data: Float32Array<ArrayBuffer>;
  dims: number[];
}

/**
 * The calls of the network that cover a preprocessed volume, and where their answers lie. Axes of
 * the answers' grid are turned so that calls walk along its k: for slices across i or j that is not
 * the volume's own.
 */
export interface NetworkCalls {
  count: number;
  /** Shape of the spatial part of an answer's tensor, undivided by any stride. */
  answerShape: number[];
  /** The tensor's last axis is the grid's first. */
  isReversed: boolean;
  geometry: VolumeGeometry;
  /** Which axis of the volume each axis of `geometry` is. */
  order: readonly [Axis, Axis, Axis];
  grid: AnswerGrid;
  /** Voxels of one channel that each call sees. */
  inputSize: Size3;
  /** First voxel of what the network sees in each call. */
  origins: readonly Size3[];
  /** Answers of different calls do not overlap. */
  isDisjoint: boolean;
  /** How the cells of an answer are weighted (`importanceMap`). */
  weighting: Pick<SlidingWindow, 'mode' | 'sigmaScale'>;
}

export interface PlannedCalls {
  /** Plain data: what keeps it does not keep the preprocessed volume. */
  calls: NetworkCalls;
  /** Tensors of one call; they are overwritten by the next. */
  feeds(call: number): Feed[];
}

const UNWEIGHTED = { mode: 'constant', sigmaScale: 1 } as const;

const isFlat = (axes: SpatialAxes): boolean => axes === 'xy' || axes === 'yx';
const isReversed = (axes: SpatialAxes): boolean => axes === 'zyx' || axes === 'yx';

/** Steps of i, j, k in a tensor of this size. */
export const stridesOf = ([ni, nj, nk]: Size3, axes: SpatialAxes): Size3 =>
  isReversed(axes) ? [1, ni, ni * nj] : [nj * nk, nk, 1];

/** One input of the network: which of the volume's channels it takes, and its tensor's memory. */
interface Slot {
  input: NetworkSpec['inputs'][number];
  volume: PreprocessedVolume;
  /** Used again by the next call of the same size. */
  buffer: Float32Array<ArrayBuffer> | undefined;
}

const slotsOf = ({ inputs }: NetworkSpec, volume: PreprocessedVolume): Slot[] => {
  // `repeatChannel` multiplies all channels alike.
  const factor = volume.channels / networkChannels({ inputs }).length;
  const size = volume.data.length / volume.channels;
  let from = 0;
  return inputs.map(input => {
    const first = from;
    const channels = input.channels.length * factor;
    from += channels;
    const data = volume.data.subarray(first * size, from * size);
    return { input, volume: { ...volume, data, channels }, buffer: undefined };
  });
};

/**
 * Feeds of each call.
 *
 * @param extract fills the slot's tensor for a call
 * @param shapeOf channels a volume's channel becomes, and the spatial part of the tensor
 */
const feedsFrom =
  (
    slots: Slot[],
    extract: (slot: Slot, call: number) => Float32Array<ArrayBuffer>,
    shapeOf: (axes: SpatialAxes) => { depth: number; spatial: number[] },
  ): PlannedCalls['feeds'] =>
  call =>
    slots.map(slot => {
      slot.buffer = extract(slot, call);
      const { depth, spatial } = shapeOf(slot.input.spatialAxes);
      const dims = [1, slot.volume.channels * depth, ...spatial];
      return { name: slot.input.name, data: slot.buffer, dims };
    });

/**
 * Moves answers to whole cells of a map that is coarser than the window: starts become multiples of
 * the stride, the last one such that the volume's end stays covered.
 */
const alignStarts = (plan: WindowPlan, stride: Size3): WindowPlan => {
  const aligned = (start: number, axis: Axis): number => {
    const margin = plan.outputMargin[axis];
    const first = start + margin;
    const step = stride[axis];
    const isLast = first > 0 && first + plan.outputSize[axis] >= plan.dimensions[axis];
    const whole = first < 0 || isLast ? Math.ceil(first / step) : Math.floor(first / step);
    return whole * step - margin;
  };
  const starts = plan.starts.map(([i, j, k]): Size3 => [
    aligned(i, 0),
    aligned(j, 1),
    aligned(k, 2),
  ]);
  return { ...plan, starts };
};

const cellStride = ({ outputs }: NetworkSpec): Size3 => {
  const heat = outputs.find(({ type }) => type === 'centerHeatmap');
  return heat?.type === 'centerHeatmap' ? heat.stride : [1, 1, 1];
};

const windows = (
  network: NetworkSpec,
  volume: PreprocessedVolume,
  inference: SlidingWindow,
): PlannedCalls => {
  const { geometry } = volume;
  const plan = alignStarts(planWindows(geometry.dimensions, inference), cellStride(network));
  const axes = network.inputs[0].spatialAxes;
  const margin = plan.outputMargin;
  const calls: NetworkCalls = {
    count: plan.starts.length,
    answerShape: tensorShape(plan.outputSize, axes),
    isReversed: isReversed(axes),
    geometry,
    order: [0, 1, 2],
    origins: plan.starts,
    inputSize: plan.roiSize,
    grid: {
      dimensions: geometry.dimensions,
      size: plan.outputSize,
      starts: plan.starts.map(([i, j, k]): Size3 => [i + margin[0], j + margin[1], k + margin[2]]),
      strides: stridesOf(plan.outputSize, axes),
    },
    isDisjoint: false,
    weighting: inference,
  };
  const feeds = feedsFrom(
    slotsOf(network, volume),
    (slot, call) =>
      extractWindow(slot.volume, plan, call, inference, slot.input.spatialAxes, slot.buffer),
    order => ({ depth: 1, spatial: tensorShape(plan.roiSize, order) }),
  );
  return { calls, feeds };
};

const whole = (
  network: NetworkSpec,
  volume: PreprocessedVolume,
  { outputMargin = [0, 0, 0] }: Extract<Inference, { inferer: 'simple' }>,
): Outcome<PlannedCalls> => {
  const { dimensions } = volume.geometry;
  const flat = network.inputs.find(({ spatialAxes }) => isFlat(spatialAxes));
  if (flat && dimensions[2] !== 1) {
    return refuse(
      'volumeNotFlat',
      `Model ${network.id} takes pictures (input "${flat.name}"), and the series has ${dimensions[2]} slices; 1 is allowed, or the inferer "slice"`,
      { model: network.id, input: flat.name, slices: dimensions[2] },
    );
  }
  const size: Size3 = [
    dimensions[0] - 2 * outputMargin[0],
    dimensions[1] - 2 * outputMargin[1],
    dimensions[2] - 2 * outputMargin[2],
  ];
  if (size.some(length => length < 1)) {
    return refuse(
      'volumeTooSmall',
      `Model ${network.id} loses ${outputMargin.join('×')} voxels on each side, and is given ${dimensions.join('×')}; more than twice as many are needed`,
      { model: network.id, met: dimensions.join('×'), allowed: outputMargin.join('×') },
    );
  }
  const plan: WindowPlan = {
    dimensions,
    roiSize: dimensions,
    starts: [[0, 0, 0]],
    outputSize: size,
    outputMargin,
  };
  const axes = network.inputs[0].spatialAxes;
  const calls: NetworkCalls = {
    count: 1,
    answerShape: tensorShape(size, axes),
    isReversed: isReversed(axes),
    geometry: boxGeometry(volume.geometry, { start: outputMargin, size }),
    order: [0, 1, 2],
    origins: [[0 - outputMargin[0], 0 - outputMargin[1], 0 - outputMargin[2]]],
    inputSize: dimensions,
    grid: { dimensions: size, size, starts: [[0, 0, 0]], strides: stridesOf(size, axes) },
    isDisjoint: true,
    weighting: UNWEIGHTED,
  };
  const feeds = feedsFrom(
    slotsOf(network, volume),
    slot =>
      extractWindow(
        slot.volume,
        plan,
        0,
        { paddingMode: 'constant', cval: 0 },
        slot.input.spatialAxes,
        slot.buffer,
      ),
    order => ({ depth: 1, spatial: tensorShape(dimensions, order) }),
  );
  return accept({ calls, feeds });
};

const slices = (
  network: NetworkSpec,
  volume: PreprocessedVolume,
  inference: Extract<Inference, { inferer: 'slice' }>,
): PlannedCalls => {
  const { dimensions } = volume.geometry;
  const { spatialDim, neighbours } = inference;
  const [first, second] = ([0, 1, 2] as const).filter(axis => axis !== spatialDim);
  const order = [first, second, spatialDim] as const;
  const geometry = permuteAxes(volume.geometry, order);
  const size: Size3 = [geometry.dimensions[0], geometry.dimensions[1], 1];
  const axes = network.inputs[0].spatialAxes;
  const count = dimensions[spatialDim];
  const depth = 2 * neighbours + 1;
  const starts = Array.from({ length: count }, (_, k): Size3 => [0, 0, k]);
  const calls: NetworkCalls = {
    count,
    answerShape: sliceShape(dimensions, inference, axes),
    isReversed: isReversed(axes),
    geometry,
    order,
    origins: starts,
    inputSize: [size[0], size[1], depth],
    grid: { dimensions: geometry.dimensions, size, starts, strides: stridesOf(size, axes) },
    isDisjoint: true,
    weighting: UNWEIGHTED,
  };
  const feeds = feedsFrom(
    slotsOf(network, volume),
    (slot, call) =>
      extractSliceStack(slot.volume, call, inference, slot.input.spatialAxes, slot.buffer),
    spatialOrder => ({ depth, spatial: sliceShape(dimensions, inference, spatialOrder) }),
  );
  return { calls, feeds };
};

/**
 * Plans the calls of a network over a preprocessed volume: MONAI's `SlidingWindowInferer`,
 * `SimpleInferer` and `SliceInferer`.
 *
 * Refuses `volumeNotFlat`: a two-dimensional network that is called once, on several slices;
 * `volumeTooSmall`: nothing is left of a volume whose borders the network loses.
 */
export const planCalls = (
  network: NetworkSpec,
  volume: PreprocessedVolume,
): Outcome<PlannedCalls> => {
  const { inference } = network;
  switch (inference.inferer) {
    case 'slidingWindow':
      return accept(windows(network, volume, inference));
    case 'simple':
      return whole(network, volume, inference);
    case 'slice':
      return accept(slices(network, volume, inference));
  }
};
