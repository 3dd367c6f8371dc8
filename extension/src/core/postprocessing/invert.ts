import type { VolumeGeometry } from '../geometry/types';
import type { IndexRange } from '../preprocessing/box';
import { inverseAxes } from './inverseGrid';

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
