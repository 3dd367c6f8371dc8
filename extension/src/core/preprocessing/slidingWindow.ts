import type { SlidingWindow } from '../model/manifest';

/** Sizes along i, j, k. */
type Size3 = readonly [number, number, number];

/** Where windows lie. Starts are in voxels of the volume and negative where it was padded. */
export interface WindowPlan {
  /** The volume's own dimensions. */
  dimensions: Size3;
  roiSize: Size3;
  /** First voxel (i, j, k) of each window; a window may reach beyond the volume (padding). */
  starts: Size3[];
}

/**
 * Window positions as MONAI's `sliding_window_inference`: the volume is padded on both sides to at
 * least the window's size (the odd voxel behind), windows advance by int(roi · (1 − overlap)) and
 * the last one is moved back to end with the volume (`dense_patch_slices`).
 */
export function planWindows(
  dimensions: Size3,
  { roiSize, overlap }: Pick<SlidingWindow, 'roiSize' | 'overlap'>,
): WindowPlan {
  const startsOf = (axis: number): number[] => {
    const size = dimensions[axis];
    const roi = roiSize[axis];
    if (size <= roi) {
      return [0 - Math.floor((roi - size) / 2)];
    }
    const interval = Math.max(1, Math.trunc(roi * (1 - overlap)));
    const starts: number[] = [];
    for (let start = 0; ; start += interval) {
      starts.push(Math.min(start, size - roi));
      if (start + roi >= size) {
        return starts;
      }
    }
  };
  const [is, js, ks] = [startsOf(0), startsOf(1), startsOf(2)];
  const starts = ks.flatMap(k => js.flatMap(j => is.map((i): Size3 => [i, j, k])));
  return { dimensions, roiSize: [...roiSize] as unknown as Size3, starts };
}

/**
 * Weight of each voxel of a window, i fastest: 1 for `constant`; for `gaussian` the product of
 * exp(−x² / 2σ²), σ = sigmaScale · size, centred on the window, and at least 0.001 (MONAI's
 * `compute_importance_map` and the clamp in `sliding_window_inference`).
 */
export function importanceMap(
  roiSize: Size3,
  { mode, sigmaScale }: Pick<SlidingWindow, 'mode' | 'sigmaScale'>,
): Float32Array {
  const [ni, nj, nk] = roiSize;
  const weights = new Float32Array(ni * nj * nk);
  if (mode === 'constant') {
    return weights.fill(1);
  }
  const [wi, wj, wk] = roiSize.map(size => {
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

type SpatialAxes = 'xyz' | 'zyx';

/** Tensor strides of i, j, k for a window in the network's axis order. */
function tensorStrides([ni, nj, nk]: Size3, spatialAxes: SpatialAxes): Size3 {
  return spatialAxes === 'zyx' ? [1, ni, ni * nj] : [nj * nk, nk, 1];
}

/** Shape of the spatial part of the tensor: [D, H, W] as the network's axis order wants it. */
export function tensorShape(
  [ni, nj, nk]: Size3,
  spatialAxes: SpatialAxes,
): [number, number, number] {
  return spatialAxes === 'zyx' ? [nk, nj, ni] : [ni, nj, nk];
}

/**
 * Copies one window out of the volume (i fastest) into a tensor in the network's axis order. What
 * lies beyond the volume is `cval`, or the outermost voxel for `replicate`.
 *
 * @param out a buffer of the window's size to use again; a new one when left out
 */
export function extractWindow(
  data: Float32Array,
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
  const tensor = out ?? new Float32Array(ni * nj * nk);
  const clampTo = (x: number, size: number) => Math.min(Math.max(x, 0), size - 1);
  for (let k = 0; k < nk; k++) {
    const z = clampTo(sk + k, dimensions[2]);
    for (let j = 0; j < nj; j++) {
      const y = clampTo(sj + j, dimensions[1]);
      const isOutside = z !== sk + k || y !== sj + j;
      const source = dimensions[0] * (y + dimensions[1] * z);
      const target = k * dk + j * dj;
      if (si >= 0 && si + ni <= dimensions[0] && !isOutside) {
        for (let i = 0, from = source + si, to = target; i < ni; i++, from++, to += di) {
          tensor[to] = data[from];
        }
        continue;
      }
      for (let i = 0, to = target; i < ni; i++, to += di) {
        const x = clampTo(si + i, dimensions[0]);
        const isPadding = isOutside || x !== si + i;
        tensor[to] = isPadding && paddingMode === 'constant' ? cval : data[source + x];
      }
    }
  }
  return tensor;
}

/** Weighted sums of class scores while windows come in. */
export interface ScoreAccumulator {
  classes: number;
  /** [class][k][j][i] on the volume's grid (padding is never stored). */
  scores: Float32Array;
  /** Sum of the weights at each voxel. */
  weights: Float32Array;
}

export function createAccumulator({ dimensions }: WindowPlan, classes: number): ScoreAccumulator {
  const size = dimensions[0] * dimensions[1] * dimensions[2];
  return { classes, scores: new Float32Array(size * classes), weights: new Float32Array(size) };
}

/**
 * Adds one window's scores, [class, …spatial] in the network's axis order, weighted by the
 * importance map.
 */
export function accumulate(
  accumulator: ScoreAccumulator,
  plan: WindowPlan,
  window: number,
  logits: Float32Array,
  importance: Float32Array,
  spatialAxes: SpatialAxes,
): void {
  const { dimensions, roiSize } = plan;
  const { scores, weights, classes } = accumulator;
  const [si, sj, sk] = plan.starts[window];
  const [ni, nj, nk] = roiSize;
  const [di, dj, dk] = tensorStrides(roiSize, spatialAxes);
  const windowSize = ni * nj * nk;
  const volumeSize = dimensions[0] * dimensions[1] * dimensions[2];
  if (logits.length !== windowSize * classes) {
    throw new Error(
      `${logits.length} scores for a window of ${windowSize} voxels × ${classes} classes`,
    );
  }
  const from = [Math.max(0, -si), Math.max(0, -sj), Math.max(0, -sk)];
  const to = [
    Math.min(ni, dimensions[0] - si),
    Math.min(nj, dimensions[1] - sj),
    Math.min(nk, dimensions[2] - sk),
  ];
  for (let c = -1; c < classes; c++) {
    const classBase = c * volumeSize;
    for (let k = from[2]; k < to[2]; k++) {
      for (let j = from[1]; j < to[1]; j++) {
        const row = dimensions[0] * (sj + j + dimensions[1] * (sk + k)) + si;
        const weightRow = ni * (j + nj * k);
        if (c < 0) {
          for (let i = from[0]; i < to[0]; i++) {
            weights[row + i] += importance[weightRow + i];
          }
          continue;
        }
        let tensor = c * windowSize + k * dk + j * dj + from[0] * di;
        for (let i = from[0]; i < to[0]; i++, tensor += di) {
          scores[classBase + row + i] += logits[tensor] * importance[weightRow + i];
        }
      }
    }
  }
}

/** Divides by the weights, in place: class scores [class][k][j][i] on the volume's grid. */
export function finish({ scores, weights, classes }: ScoreAccumulator): Float32Array {
  const size = weights.length;
  for (let c = 0; c < classes; c++) {
    const base = c * size;
    for (let index = 0; index < size; index++) {
      scores[base + index] /= weights[index];
    }
  }
  return scores;
}
