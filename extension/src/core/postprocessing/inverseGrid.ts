import type { VolumeGeometry } from '../geometry/types';
import { worldToIndex } from '../geometry/transform';
import { dot } from '../geometry/vector';
import type { IndexRange } from '../preprocessing/box';
import { tapsOf, type Taps } from '../preprocessing/resample';

type Axis = 0 | 1 | 2;

/** For one source axis: where each of its indices lies on the network's grid. */
export interface InverseAxis {
  sourceAxis: Axis;
  /** The network axis it runs along, and that axis's size. */
  networkAxis: Axis;
  size: number;
  /** Network index of source index 0, and the step per source index. */
  first: number;
  step: number;
  taps: Taps;
  /**
   * First and one past the last source index on the network's grid. What lies more than half a
   * network voxel beyond it was cropped away before the network saw it.
   */
  from: number;
  to: number;
}

/** Directions of two grids that share axes may differ by rounding only. */
const ALIGNED = 1 - 1e-6;
const HALF = 0.5 + 1e-6;

/** Whether the axes of two grids run along each other, so that one is resampled axis by axis. */
export const sharesAxes = (a: VolumeGeometry, b: VolumeGeometry): boolean =>
  a.direction.every(axis => b.direction.some(other => Math.abs(dot(axis, other)) > ALIGNED));

/**
 * Where each source index lies on the network's grid. Preprocessing only exchanges, flips, crops,
 * pads and resamples along axes, so each source axis runs along one network axis.
 *
 * @param seen what preprocessing kept of the source: a crop may have been padded over again
 * @returns one entry a source axis, in the order i, j, k
 */
export function inverseAxes(
  source: VolumeGeometry,
  network: VolumeGeometry,
  mode: 'bilinear' | 'nearest',
  seen?: IndexRange,
): [InverseAxis, InverseAxis, InverseAxis] {
  const first = worldToIndex(network, source.origin);
  const axisOf = (sourceAxis: Axis): InverseAxis => {
    const cosines = network.direction.map(other => dot(source.direction[sourceAxis], other));
    const along = cosines.findIndex(cosine => Math.abs(cosine) > ALIGNED);
    if (along < 0) {
      throw new Error(`axis ${sourceAxis} of the source is not aligned with the network's grid`);
    }
    const step = (Math.sign(cosines[along]) * source.spacing[sourceAxis]) / network.spacing[along];
    const size = network.dimensions[along];
    const count = source.dimensions[sourceAxis];
    // The flip of a long axis leaves rounding of 1e-13 that must not turn a voxel into its neighbour.
    const start = Math.round(first[along] * 1e9) / 1e9;
    const isInside = (index: number): boolean => {
      const coordinate = start + step * index;
      return coordinate >= -HALF && coordinate <= size - 1 + HALF;
    };
    let from = Math.min(seen?.from[sourceAxis] ?? 0, count);
    let to = Math.max(from, Math.min(seen?.to[sourceAxis] ?? count, count));
    while (from < to && !isInside(from)) {
      from++;
    }
    while (to > from && !isInside(to - 1)) {
      to--;
    }
    return {
      sourceAxis,
      networkAxis: along as Axis,
      size,
      first: start,
      step,
      taps: tapsOf({ count, first: start, step }, size, mode, 'border'),
      from,
      to,
    };
  };
  return [axisOf(0), axisOf(1), axisOf(2)];
}

/** The same grid with its axes in another order: `order[n]` is the old axis that becomes axis n. */
export function permuteAxes(
  geometry: VolumeGeometry,
  order: readonly [Axis, Axis, Axis],
): VolumeGeometry {
  const { dimensions, spacing, direction } = geometry;
  const [a, b, c] = order;
  return {
    dimensions: [dimensions[a], dimensions[b], dimensions[c]],
    spacing: [spacing[a], spacing[b], spacing[c]],
    origin: geometry.origin,
    direction: [direction[a], direction[b], direction[c]],
  };
}
