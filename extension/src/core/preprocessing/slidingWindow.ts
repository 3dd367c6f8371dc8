import type { Inference, ModelInput, SlidingWindow } from '../model/manifest';
import { borderIndices } from './border';
import { noiseAt } from './noise';
import type { PreprocessedVolume } from './preprocess';

type SliceInference = Extract<Inference, { inferer: 'slice' }>;

/** Sizes along i, j, k. */
type Size3 = readonly [number, number, number];

/** Where windows lie. Starts are in voxels of the volume and negative where it was padded. */
export interface WindowPlan {
  /** The volume's own dimensions. */
  dimensions: Size3;
  /** What the network sees. */
  roiSize: Size3;
  /** First voxel (i, j, k) of each window; a window may reach beyond the volume (padding). */
  starts: Size3[];
  /** What the network answers for: the window without `outputMargin` on each side. */
  outputSize: Size3;
  outputMargin: Size3;
}

const map3 = <T>(f: (axis: 0 | 1 | 2) => T): [T, T, T] => [f(0), f(1), f(2)];

/**
 * Windows of which an axis is −1 take the whole of it, and the margin that the network loses.
 */
const wholeAxes = (dimensions: Size3, roiSize: Size3, margin: Size3): Size3 =>
  map3(axis => (roiSize[axis] > 0 ? roiSize[axis] : dimensions[axis] + 2 * margin[axis]));

/**
 * Window positions as MONAI's `sliding_window_inference`: the volume is padded on both sides to at
 * least the window's size (the odd voxel behind), windows advance by int(roi · (1 − overlap)) and
 * the last one is moved back to end with the volume (`dense_patch_slices`).
 *
 * A network without padding answers for less than it sees: then it is the answers, smaller by
 * `outputMargin` on each side, that are laid over the volume so, and each window reaches that far
 * beyond its answer.
 */
export function planWindows(
  dimensions: Size3,
  {
    roiSize: asked,
    overlap,
    outputMargin = [0, 0, 0],
  }: Pick<SlidingWindow, 'roiSize' | 'overlap'> & Partial<Pick<SlidingWindow, 'outputMargin'>>,
): WindowPlan {
  const roiSize = wholeAxes(dimensions, asked, outputMargin);
  const outputSize = map3(axis => roiSize[axis] - 2 * outputMargin[axis]);
  if (outputSize.some(size => size < 1)) {
    throw new Error(`an output margin of ${outputMargin.join(', ')} leaves nothing of the window`);
  }
  const startsOf = (axis: 0 | 1 | 2): number[] => {
    const size = dimensions[axis];
    const answered = outputSize[axis];
    const margin = outputMargin[axis];
    if (size <= answered) {
      return [0 - Math.floor((answered - size) / 2) - margin];
    }
    const interval = Math.max(1, Math.trunc(answered * (1 - overlap)));
    const starts: number[] = [];
    for (let start = 0; ; start += interval) {
      starts.push(Math.min(start, size - answered) - margin);
      if (start + answered >= size) {
        return starts;
      }
    }
  };
  const [is, js, ks] = map3(startsOf);
  const starts = ks.flatMap(k => js.flatMap(j => is.map((i): Size3 => [i, j, k])));
  return {
    dimensions,
    roiSize: map3(axis => roiSize[axis]),
    starts,
    outputSize,
    outputMargin: map3(axis => outputMargin[axis]),
  };
}

/**
 * Weight of each voxel of what a window answers for (`outputSize`), i fastest: 1 for `constant`; for `gaussian` the product of
 * exp(−x² / 2σ²), σ = sigmaScale · size, centred on the window, and at least 0.001 (MONAI's
 * `compute_importance_map` and the clamp in `sliding_window_inference`).
 */
export function importanceMap(
  outputSize: Size3,
  { mode, sigmaScale }: Pick<SlidingWindow, 'mode' | 'sigmaScale'>,
): Float32Array {
  const [ni, nj, nk] = outputSize;
  const weights = new Float32Array(ni * nj * nk);
  if (mode === 'constant') {
    return weights.fill(1);
  }
  const [wi, wj, wk] = outputSize.map(size => {
    const sigma = size * sigmaScale;
    return Float64Array.from({ length: size }, (_, index) => {
      const x = index - (size - 1) / 2;
      return Math.exp((x * x) / (-2 * sigma * sigma));
    });
  });
  const least = Math.max(wi[0] * wj[0] * wk[0], 1e-3);
  let at = 0;
  for (let k = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++) {
      const row = wk[k] * wj[j];
      for (let i = 0; i < ni; i++, at++) {
        weights[at] = Math.max(row * wi[i], least);
      }
    }
  }
  return weights;
}

/** Order of i, j, k (or, of a two-dimensional network, of two of them) in the tensor. */
export type SpatialAxes = ModelInput['spatialAxes'];

/** Tensor strides of i, j, k for a window in the network's axis order; slices of 2D stand alone. */
export function tensorStrides([ni, nj, nk]: Size3, spatialAxes: SpatialAxes): Size3 {
  return spatialAxes === 'zyx' || spatialAxes === 'yx' ? [1, ni, ni * nj] : [nj * nk, nk, 1];
}

/**
 * Shape of the spatial part of the tensor as the network's axis order wants it: [D, H, W], or
 * [H, W] of a two-dimensional network, whose windows are one voxel along k.
 */
export function tensorShape([ni, nj, nk]: Size3, spatialAxes: SpatialAxes): number[] {
  switch (spatialAxes) {
    case 'zyx':
      return [nk, nj, ni];
    case 'xyz':
      return [ni, nj, nk];
    case 'yx':
      return [nj, ni];
    case 'xy':
      return [ni, nj];
  }
}

/** A number of 32 bits for any voxel, also of those beyond the volume; none twice within 2048 × 2048 × 1024. */
const placeOf = (i: number, j: number, k: number): number =>
  (i + Math.imul(j, 2 ** 11) + Math.imul(k, 2 ** 22)) | 0;

/**
 * Copies one window of all channels out of the volume ([channel][k][j][i]) into a tensor
 * [channel, …spatial] in the network's axis order. What lies beyond the volume is `cval`, the
 * outermost voxel (`replicate`), the volume mirrored at it (`reflect`, as torch pads), or noise that
 * depends on the place (`noise`).
 *
 * @param out a buffer of the tensor's size to use again; a new one when left out
 */
export function extractWindow(
  { data, channels }: Pick<PreprocessedVolume, 'data' | 'channels'>,
  plan: WindowPlan,
  window: number,
  { paddingMode, cval }: Pick<SlidingWindow, 'paddingMode' | 'cval'>,
  spatialAxes: SpatialAxes,
  out?: Float32Array<ArrayBuffer>,
): Float32Array<ArrayBuffer> {
  const { dimensions, roiSize } = plan;
  const [si, sj, sk] = plan.starts[window];
  const [ni, nj, nk] = roiSize;
  const [di, dj, dk] = tensorStrides(roiSize, spatialAxes);
  const windowSize = ni * nj * nk;
  const volumeSize = dimensions[0] * dimensions[1] * dimensions[2];
  const tensor = out ?? new Float32Array(windowSize * channels);
  const isNoisy = paddingMode === 'noise';
  const border = paddingMode === 'replicate' ? 'edge' : isNoisy ? 'constant' : paddingMode;
  /** The window's cells within the endless grid, so that a place has one value in every window. */
  const outside = (channel: number, i: number, j: number, k: number): number =>
    isNoisy ? noiseAt(0, channel, placeOf(si + i, sj + j, sk + k)) : cval;
  const [is, js, ks] = map3(axis =>
    borderIndices(plan.starts[window][axis], roiSize[axis], dimensions[axis], border),
  );
  const isWhole = si >= 0 && si + ni <= dimensions[0];
  for (let channel = 0; channel < channels; channel++) {
    for (let k = 0; k < nk; k++) {
      for (let j = 0; j < nj; j++) {
        const target = channel * windowSize + k * dk + j * dj;
        const isOutside = ks[k] < 0 || js[j] < 0;
        const source = channel * volumeSize + dimensions[0] * (js[j] + dimensions[1] * ks[k]);
        if (isWhole && !isOutside) {
          for (let i = 0, from = source + si, to = target; i < ni; i++, from++, to += di) {
            tensor[to] = data[from];
          }
          continue;
        }
        for (let i = 0, to = target; i < ni; i++, to += di) {
          tensor[to] = isOutside || is[i] < 0 ? outside(channel, i, j, k) : data[source + is[i]];
        }
      }
    }
  }
  return tensor;
}

/** The two axes (of 0, 1, 2) that a slice lies in, in the tensor's order. */
const sliceAxes = (spatialDim: 0 | 1 | 2, spatialAxes: SpatialAxes): [number, number] => {
  const [first, second] = [0, 1, 2].filter(axis => axis !== spatialDim);
  return spatialAxes === 'yx' || spatialAxes === 'zyx' ? [second, first] : [first, second];
};

/** Shape of the spatial part of a slice's tensor: the two axes that are not walked. */
export const sliceShape = (
  dimensions: Size3,
  { spatialDim }: Pick<SliceInference, 'spatialDim'>,
  spatialAxes: SpatialAxes,
): number[] => sliceAxes(spatialDim, spatialAxes).map(axis => dimensions[axis]);

/**
 * One slice across `spatialDim` with its neighbours as channels (2.5D; MONAI's `SliceInferer` when
 * there are none): a tensor [channels · (2 · neighbours + 1), …spatial], all slices of a channel
 * together in the order of the axis. Beyond the volume the outermost slice is repeated.
 *
 * @param out a buffer of the tensor's size to use again; a new one when left out
 */
export function extractSliceStack(
  {
    data,
    channels,
    geometry: { dimensions },
  }: Pick<PreprocessedVolume, 'data' | 'channels' | 'geometry'>,
  slice: number,
  { spatialDim, neighbours }: Pick<SliceInference, 'spatialDim' | 'neighbours'>,
  spatialAxes: SpatialAxes,
  out?: Float32Array<ArrayBuffer>,
): Float32Array<ArrayBuffer> {
  const strides = [1, dimensions[0], dimensions[0] * dimensions[1]];
  const [slow, fast] = sliceAxes(spatialDim, spatialAxes);
  const [rows, columns] = [dimensions[slow], dimensions[fast]];
  const depth = 2 * neighbours + 1;
  const volumeSize = strides[2] * dimensions[2];
  const tensor = out ?? new Float32Array(channels * depth * rows * columns);
  let to = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let offset = -neighbours; offset <= neighbours; offset++) {
      const at = Math.min(Math.max(slice + offset, 0), dimensions[spatialDim] - 1);
      const base = channel * volumeSize + at * strides[spatialDim];
      for (let row = 0; row < rows; row++) {
        let from = base + row * strides[slow];
        for (let column = 0; column < columns; column++, from += strides[fast]) {
          tensor[to++] = data[from];
        }
      }
    }
  }
  return tensor;
}
