import { tensorStrides, type SpatialAxes, type WindowPlan } from './slidingWindow';

/**
 * MONAI's `sliding_window_inference` in its plainest form, all scores in memory: what streamed
 * averaging is held against.
 */

const map3 = <T>(f: (axis: 0 | 1 | 2) => T): [T, T, T] => [f(0), f(1), f(2)];

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
 * Adds one window's scores, [class, …spatial] of `outputSize` in the network's axis order, weighted
 * by the importance map.
 */
export function accumulate(
  accumulator: ScoreAccumulator,
  plan: WindowPlan,
  window: number,
  logits: Float32Array,
  importance: Float32Array,
  spatialAxes: SpatialAxes,
): void {
  const { dimensions, outputSize, outputMargin } = plan;
  const { scores, weights, classes } = accumulator;
  const [si, sj, sk] = map3(axis => plan.starts[window][axis] + outputMargin[axis]);
  const [ni, nj, nk] = outputSize;
  const [di, dj, dk] = tensorStrides(outputSize, spatialAxes);
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
