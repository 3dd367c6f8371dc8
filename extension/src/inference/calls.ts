import type { VolumeGeometry } from '../core/geometry/types';
import {
  channelsOf,
  type ModelInput,
  type ModelManifest,
  type SlidingWindow,
} from '../core/model/manifest';
import { accept, refuse, type Outcome } from '../core/outcome';
import { permuteAxes } from '../core/postprocessing/inverseGrid';
import type { AnswerGrid } from '../core/postprocessing/scoreRing';
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

/** Which of the volume's channels each input takes. */
const channelRanges = (
  manifest: ModelManifest,
  channels: number,
): Array<{ input: ModelInput; from: number; count: number }> => {
  if (manifest.inputs.length === 1) {
    return [{ input: manifest.inputs[0], from: 0, count: channels }];
  }
  // `repeatChannel` multiplies all of them alike.
  const factor = channels / channelsOf(manifest).length;
  let from = 0;
  return manifest.inputs.map(input => {
    const count = input.channels.length * factor;
    from += count;
    return { input, from: from - count, count };
  });
};

const slotOf = (
  volume: PreprocessedVolume,
  { from, count }: { from: number; count: number },
): PreprocessedVolume => {
  const size = volume.data.length / volume.channels;
  return {
    ...volume,
    data: volume.data.subarray(from * size, (from + count) * size),
    channels: count,
  };
};

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

const cellStride = (manifest: ModelManifest): Size3 => {
  const heat = manifest.outputs.find(({ type }) => type === 'centerHeatmap');
  return heat?.type === 'centerHeatmap' ? heat.stride : [1, 1, 1];
};

const windows = (
  manifest: ModelManifest,
  volume: PreprocessedVolume,
  inference: Extract<ModelManifest['inference'], { inferer: 'slidingWindow' }>,
): PlannedCalls => {
  const { geometry } = volume;
  const plan = alignStarts(planWindows(geometry.dimensions, inference), cellStride(manifest));
  const slots = channelRanges(manifest, volume.channels).map(range => ({
    ...range,
    volume: slotOf(volume, range),
    buffer: undefined as Float32Array<ArrayBuffer> | undefined,
  }));
  const axes = manifest.inputs[0].spatialAxes;
  const calls: NetworkCalls = {
    count: plan.starts.length,
    answerShape: tensorShape(plan.outputSize, axes),
    isReversed: isReversed(axes),
    geometry,
    order: [0, 1, 2],
    origins: plan.starts,
    grid: {
      dimensions: geometry.dimensions,
      size: plan.outputSize,
      starts: plan.starts.map(([i, j, k]): Size3 => [
        i + plan.outputMargin[0],
        j + plan.outputMargin[1],
        k + plan.outputMargin[2],
      ]),
      strides: stridesOf(plan.outputSize, axes),
    },
    isDisjoint: false,
    weighting: inference,
  };
  return {
    calls,
    feeds: call =>
      slots.map(slot => {
        const { input, count } = slot;
        slot.buffer = extractWindow(
          slot.volume,
          plan,
          call,
          inference,
          input.spatialAxes,
          slot.buffer,
        );
        return {
          name: input.name,
          data: slot.buffer,
          dims: [1, count, ...tensorShape(plan.roiSize, input.spatialAxes)],
        };
      }),
  };
};

const whole = (manifest: ModelManifest, volume: PreprocessedVolume): Outcome<PlannedCalls> => {
  const { geometry } = volume;
  const { dimensions } = geometry;
  const flat = manifest.inputs.find(({ spatialAxes }) => isFlat(spatialAxes));
  if (flat && dimensions[2] !== 1) {
    return refuse(
      'volumeNotFlat',
      `Model ${manifest.id} takes pictures (input "${flat.name}"), and the series has ${dimensions[2]} slices; 1 is allowed, or the inferer "slice"`,
      { model: manifest.id, input: flat.name, slices: dimensions[2] },
    );
  }
  const plan: WindowPlan = {
    dimensions,
    roiSize: dimensions,
    starts: [[0, 0, 0]],
    outputSize: dimensions,
    outputMargin: [0, 0, 0],
  };
  const axes = manifest.inputs[0].spatialAxes;
  const calls: NetworkCalls = {
    count: 1,
    answerShape: tensorShape(dimensions, axes),
    isReversed: isReversed(axes),
    geometry,
    order: [0, 1, 2],
    origins: plan.starts,
    grid: {
      dimensions,
      size: dimensions,
      starts: [[0, 0, 0]],
      strides: stridesOf(dimensions, axes),
    },
    isDisjoint: true,
    weighting: UNWEIGHTED,
  };
  return accept({
    calls,
    feeds: () =>
      channelRanges(manifest, volume.channels).map(range => ({
        name: range.input.name,
        data: extractWindow(
          slotOf(volume, range),
          plan,
          0,
          { paddingMode: 'constant', cval: 0 },
          range.input.spatialAxes,
        ),
        dims: [1, range.count, ...tensorShape(dimensions, range.input.spatialAxes)],
      })),
  });
};

const slices = (
  manifest: ModelManifest,
  volume: PreprocessedVolume,
  inference: Extract<ModelManifest['inference'], { inferer: 'slice' }>,
): PlannedCalls => {
  const { dimensions } = volume.geometry;
  const { spatialDim, neighbours } = inference;
  const [first, second] = ([0, 1, 2] as const).filter(axis => axis !== spatialDim);
  const order = [first, second, spatialDim] as const;
  const geometry = permuteAxes(volume.geometry, order);
  const size: Size3 = [geometry.dimensions[0], geometry.dimensions[1], 1];
  const slots = channelRanges(manifest, volume.channels).map(range => ({
    ...range,
    volume: slotOf(volume, range),
    buffer: undefined as Float32Array<ArrayBuffer> | undefined,
  }));
  const axes = manifest.inputs[0].spatialAxes;
  const count = dimensions[spatialDim];
  const starts = Array.from({ length: count }, (_, k): Size3 => [0, 0, k]);
  const calls: NetworkCalls = {
    count,
    answerShape: sliceShape(dimensions, inference, axes),
    isReversed: isReversed(axes),
    geometry,
    order,
    origins: starts,
    grid: {
      dimensions: geometry.dimensions,
      size,
      starts,
      strides: stridesOf(size, axes),
    },
    isDisjoint: true,
    weighting: UNWEIGHTED,
  };
  return {
    calls,
    feeds: call =>
      slots.map(slot => {
        const { input } = slot;
        slot.buffer = extractSliceStack(
          slot.volume,
          call,
          inference,
          input.spatialAxes,
          slot.buffer,
        );
        return {
          name: input.name,
          data: slot.buffer,
          dims: [
            1,
            slot.count * (2 * neighbours + 1),
            ...sliceShape(dimensions, inference, input.spatialAxes),
          ],
        };
      }),
  };
};

/**
 * Plans the calls of a package's network over a preprocessed volume: MONAI's `SlidingWindowInferer`,
 * `SimpleInferer` and `SliceInferer`.
 *
 * Refuses `volumeNotFlat`: a two-dimensional network that is called once, on several slices.
 */
export const planCalls = (
  manifest: ModelManifest,
  volume: PreprocessedVolume,
): Outcome<PlannedCalls> => {
  const { inference } = manifest;
  switch (inference.inferer) {
    case 'slidingWindow':
      return accept(windows(manifest, volume, inference));
    case 'simple':
      return whole(manifest, volume);
    case 'slice':
      return accept(slices(manifest, volume, inference));
  }
};
