import type { VolumeGeometry } from '../geometry/types';
import { voxelCount } from '../geometry/transform';
import type { LabelMapOutput, PostprocessingStep } from '../model/manifest';
import type { IndexRange } from '../preprocessing/box';
import type { LabelMap } from '../volume/types';
import type { Decision } from './decision';
import { createLayerInverter } from './invertLayers';
import { createLabelMapSink } from './postprocess';

/** The streamed steps on scores that are held whole: what tests compare them with. */

/** Class scores on the network's grid: [class][k][j][i], i fastest; logits or probabilities. */
export interface ClassScores {
  scores: Float32Array;
  classes: number;
  geometry: VolumeGeometry;
}

/** The class with the largest score at each voxel; the lowest class where scores are equal. */
export function argmax({ scores, classes, geometry }: ClassScores): Uint8Array {
  const size = voxelCount(geometry);
  const labels = new Uint8Array(size);
  const best = scores.slice(0, size);
  for (let c = 1; c < classes; c++) {
    const base = c * size;
    for (let index = 0; index < size; index++) {
      const score = scores[base + index];
      if (score > best[index]) {
        best[index] = score;
        labels[index] = c;
      }
    }
  }
  return labels;
}

/** Layer k of scores that are held whole: [class][j][i]. */
export function layerOf({ scores, classes, geometry }: ClassScores, k: number): Float32Array {
  const [ni, nj, nk] = geometry.dimensions;
  const size = ni * nj;
  const layer = new Float32Array(size * classes);
  for (let c = 0; c < classes; c++) {
    layer.set(scores.subarray((c * nk + k) * size, (c * nk + k + 1) * size), c * size);
  }
  return layer;
}

/**
 * `createLayerInverter` for scores that are held whole.
 *
 * @returns classes on the source's grid, i fastest
 */
export function invertScores(
  input: ClassScores,
  source: VolumeGeometry,
  decision: Decision = {
    rule: 'largest',
    softmax: false,
    channels: input.classes,
    valueOf: Uint8Array.from({ length: 256 }, (_, value) => value),
  },
  seen?: IndexRange,
): Uint8Array {
  const inverter = createLayerInverter(input.geometry, source, decision, seen);
  for (let k = 0; k < input.geometry.dimensions[2]; k++) {
    inverter.push(layerOf(input, k));
  }
  return inverter.finish().voxels;
}

/** `createLabelMapSink` for scores that are held whole. */
export function postprocess(
  scores: ClassScores,
  source: VolumeGeometry,
  output: LabelMapOutput,
  steps: readonly PostprocessingStep[],
  threshold?: number,
  seen?: IndexRange,
): LabelMap {
  const sink = createLabelMapSink(scores.geometry, source, output, steps, threshold, seen);
  for (let k = 0; k < scores.geometry.dimensions[2]; k++) {
    sink.push(layerOf(scores, k));
  }
  return sink.finish().labelMap;
}
