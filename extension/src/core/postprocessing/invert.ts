import type { VolumeGeometry } from '../geometry/types';
import { voxelCount } from '../geometry/transform';
import type { Decision } from './decision';
import type { IndexRange } from '../preprocessing/box';
import { inverseAxes } from './inverseGrid';
import { createLayerInverter } from './invertLayers';

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

/**
 * Brings a label map on the network's grid back onto the source's: nearest neighbour; background
 * more than half a network voxel outside the network's grid, and outside `seen`.
 */
export function invertLabels(
  labels: Uint8Array,
  network: VolumeGeometry,
  source: VolumeGeometry,
  seen?: IndexRange,
): Uint8Array {
  const strides = [1, network.dimensions[0], network.dimensions[0] * network.dimensions[1]];
  const [ax, ay, az] = inverseAxes(source, network, 'nearest', seen);
  const [ni, nj, nk] = source.dimensions;
  const out = new Uint8Array(ni * nj * nk);
  const offsets = (axis: typeof ax) =>
    axis.taps.lower.map(index => index * strides[axis.networkAxis]);
  const [columns, rows, planes] = [offsets(ax), offsets(ay), offsets(az)];
  for (let k = az.from; k < az.to; k++) {
    let previous = -1;
    for (let j = ay.from; j < ay.to; j++) {
      const base = rows[j] + planes[k];
      const target = ni * (j + nj * k);
      if (base === previous) {
        out.copyWithin(target, target - ni, target);
        continue;
      }
      previous = base;
      for (let i = ax.from; i < ax.to; i++) {
        out[target + i] = labels[base + columns[i]];
      }
    }
  }
  return out;
}
