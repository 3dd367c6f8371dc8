import type { Vec3, VolumeGeometry } from '../geometry/types';
import { indexToWorld, worldToIndex } from '../geometry/transform';
import type { PreprocessingStep } from '../model/manifest';
import { accept, refuse, type Outcome } from '../outcome';
import { borderIndices, type BorderMode } from './border';

type Step<T extends PreprocessingStep['transform']> = Extract<PreprocessingStep, { transform: T }>;

/** Voxels from `start` (negative: before the volume), `size` of them, along i, j, k. */
export interface Box {
  start: Vec3;
  size: Vec3;
}

const map3 = <T>(f: (axis: 0 | 1 | 2) => T): [T, T, T] => [f(0), f(1), f(2)];

/**
 * MONAI's `CenterSpatialCrop`: `roiSize` voxels about voxel ⌊n/2⌋, half of them (rounded down) before
 * it; an axis that is shorter stays as it is.
 */
export const centerBox = (dimensions: Vec3, roiSize: Vec3): Box => {
  const start = map3(axis =>
    Math.max(0, Math.floor(dimensions[axis] / 2) - Math.floor(roiSize[axis] / 2)),
  );
  return { start, size: map3(axis => Math.min(roiSize[axis], dimensions[axis] - start[axis])) };
};

/** MONAI's `SpatialPad`: to at least `spatialSize`, the odd voxel behind; longer axes stay. */
export const paddedBox = (
  dimensions: Vec3,
  spatialSize: Vec3,
  method: 'symmetric' | 'end',
): Box => {
  const size = map3(axis => Math.max(spatialSize[axis], dimensions[axis]));
  const before = (axis: 0 | 1 | 2) => Math.floor((size[axis] - dimensions[axis]) / 2);
  return { start: map3(axis => (method === 'end' ? 0 : 0 - before(axis))), size };
};

const divisible = (size: number, k: number): number => Math.ceil(size / k) * k;

/** The boxes of the steps that look at sizes only. */
export function boxOf(
  dimensions: Vec3,
  step: Step<'centerSpatialCrop' | 'spatialPad' | 'divisiblePad' | 'resizeWithPadOrCrop'>,
): Box {
  switch (step.transform) {
    case 'centerSpatialCrop':
      return centerBox(dimensions, step.roiSize);
    case 'spatialPad':
      return paddedBox(dimensions, step.spatialSize, step.method);
    case 'divisiblePad': {
      const spatialSize = map3(axis => divisible(dimensions[axis], step.k[axis]));
      return paddedBox(dimensions, spatialSize, step.method);
    }
    case 'resizeWithPadOrCrop': {
      const cropped = centerBox(dimensions, step.spatialSize);
      const padded = paddedBox(cropped.size, step.spatialSize, step.method);
      return { start: map3(axis => cropped.start[axis] + padded.start[axis]), size: padded.size };
    }
  }
}

/** First and last index along i, j, k of the voxels above `threshold`; undefined without one. */
function extentAbove(
  values: Float32Array,
  [ni, nj, nk]: Vec3,
  threshold: number,
): Extent | undefined {
  const first: [number, number, number] = [ni, nj, nk];
  const last: [number, number, number] = [-1, -1, -1];
  let row = 0;
  for (let k = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++, row += ni) {
      let begin = 0;
      while (begin < ni && !(values[row + begin] > threshold)) begin++;
      if (begin === ni) continue;
      let end = ni - 1;
      while (!(values[row + end] > threshold)) end--;
      first[0] = Math.min(first[0], begin);
      last[0] = Math.max(last[0], end);
      first[1] = Math.min(first[1], j);
      last[1] = Math.max(last[1], j);
      first[2] = Math.min(first[2], k);
      last[2] = k;
    }
  }
  return last[2] < 0 ? undefined : { first, last };
}

/** MONAI's `SpatialCrop`: what of the box from `roiStart` to before `roiEnd` lies in the volume. */
export const spatialBox = (
  dimensions: Vec3,
  { roiStart, roiEnd }: Pick<Step<'spatialCrop'>, 'roiStart' | 'roiEnd'>,
): Box => {
  const start = map3(axis => Math.min(roiStart[axis], dimensions[axis] - 1));
  const end = map3(axis => Math.min(Math.max(roiEnd[axis], start[axis] + 1), dimensions[axis]));
  return { start, size: map3(axis => end[axis] - start[axis]) };
};

/** First and last voxel along i, j, k. */
interface Extent {
  first: Vec3;
  last: Vec3;
}

/**
 * The box around an extent with its margin, grown to a multiple of `kDivisible` (half of it before).
 * `allowSmaller` cuts the margin, not that growth, at the volume's border.
 */
export function boxAround(
  extent: Extent,
  dimensions: Vec3,
  { margin, kDivisible, allowSmaller }: Step<'cropForeground'>,
): Box {
  const begin = map3(axis => {
    const from = extent.first[axis] - margin[axis];
    return allowSmaller ? Math.max(0, from) : from;
  });
  const end = map3(axis => {
    const to = extent.last[axis] + margin[axis] + 1;
    return allowSmaller ? Math.min(dimensions[axis], to) : to;
  });
  const size = map3(axis => divisible(end[axis] - begin[axis], kDivisible[axis]));
  const start = map3(
    axis => begin[axis] - Math.floor((size[axis] - (end[axis] - begin[axis])) / 2),
  );
  return { start, size };
}

/**
 * The voxels of a grid whose centres lie within a region of another whose axes run along its own; at
 * least one along each axis, and inside the grid.
 */
export function extentOfRegion(
  { grid, box }: { grid: VolumeGeometry; box: IndexRange },
  geometry: VolumeGeometry,
): Extent {
  const corner = (index: Vec3) => worldToIndex(geometry, indexToWorld(grid, index));
  const a = corner(map3(axis => box.from[axis] - 0.5));
  const b = corner(map3(axis => box.to[axis] - 0.5));
  const inside = (index: number, axis: 0 | 1 | 2) =>
    Math.min(Math.max(index, 0), geometry.dimensions[axis] - 1);
  const first = map3(axis => inside(Math.ceil(Math.min(a[axis], b[axis]) - 1e-6), axis));
  const last = map3(axis => inside(Math.floor(Math.max(a[axis], b[axis]) + 1e-6), axis));
  return { first, last: map3(axis => Math.max(first[axis], last[axis])) };
}

/**
 * MONAI's `CropForeground`: the box around the values above the threshold (`boxAround`).
 *
 * Refuses `foregroundEmpty` (MONAI gives an empty image).
 */
export function foregroundBox(
  values: Float32Array,
  dimensions: Vec3,
  step: Step<'cropForeground'>,
): Outcome<Box> {
  const { selectAbove, relativeToMaximum } = step;
  let threshold = selectAbove;
  let highest = -Infinity;
  for (let index = 0; index < values.length; index++) {
    if (values[index] > highest) highest = values[index];
  }
  if (relativeToMaximum) threshold *= highest;
  const extent = extentAbove(values, dimensions, threshold);
  if (!extent) {
    return refuse(
      'foregroundEmpty',
      `No voxel exceeds ${threshold} (the largest value is ${highest}); cropForeground has nothing to keep.`,
      { met: highest, allowed: threshold },
    );
  }
  return accept(boxAround(extent, dimensions, step));
}

/** The grid of a box: the same axes from another first voxel. */
export const boxGeometry = (geometry: VolumeGeometry, { start, size }: Box): VolumeGeometry => ({
  ...geometry,
  dimensions: size,
  origin: indexToWorld(geometry, start),
});

/** Voxel indices of a series along i, j, k: the first, and one past the last. */
export interface IndexRange {
  from: Vec3;
  to: Vec3;
}

/**
 * What is left of a range of the source's voxels once a box was cut out of a grid that runs along its
 * axes: those whose centres lie within the voxels that were kept. Padding takes nothing away.
 */
export function rangeAfter(
  range: IndexRange,
  source: VolumeGeometry,
  geometry: VolumeGeometry,
  { start, size }: Box,
): IndexRange {
  const { dimensions } = geometry;
  const edge = (index: Vec3): Vec3 => worldToIndex(source, indexToWorld(geometry, index));
  // An end that nothing is cut from reaches a voxel further: a coarser grid may end early.
  const low = edge(map3(axis => (start[axis] > 0 ? start[axis] - 0.5 : -1e6)));
  const high = edge(
    map3(axis => {
      const end = start[axis] + size[axis];
      return end < dimensions[axis] ? end - 0.5 : dimensions[axis] + 0.5;
    }),
  );
  const from = map3(axis =>
    Math.max(range.from[axis], Math.ceil(Math.min(low[axis], high[axis]) - 1e-6)),
  );
  return {
    from,
    to: map3(axis =>
      Math.max(
        from[axis],
        Math.min(range.to[axis], Math.floor(Math.max(low[axis], high[axis]) + 1e-6) + 1),
      ),
    ),
  };
}

export const isWholeBox = (dimensions: Vec3, { start, size }: Box): boolean =>
  [0, 1, 2].every(axis => start[axis] === 0 && size[axis] === dimensions[axis]);

/**
 * Crops and pads at once: [channel][k][j][i] of the box, a new array.
 */
export function cropPad(
  data: Float32Array,
  channels: number,
  dimensions: Vec3,
  { start, size }: Box,
  { mode, value }: { mode: BorderMode; value: number } = { mode: 'constant', value: 0 },
): Float32Array<ArrayBuffer> {
  const [ni, nj, nk] = size;
  const [is, js, ks] = map3(axis => borderIndices(start[axis], size[axis], dimensions[axis], mode));
  const volumeSize = dimensions[0] * dimensions[1] * dimensions[2];
  const out = new Float32Array(ni * nj * nk * channels);
  const begin = Math.max(0, -start[0]);
  const end = Math.min(ni, dimensions[0] - start[0]);
  let to = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let k = 0; k < nk; k++) {
      for (let j = 0; j < nj; j++, to += ni) {
        if (ks[k] < 0 || js[j] < 0) {
          out.fill(value, to, to + ni);
          continue;
        }
        const row = channel * volumeSize + dimensions[0] * (js[j] + dimensions[1] * ks[k]);
        out.set(data.subarray(row + start[0] + begin, row + start[0] + end), to + begin);
        for (let i = 0; i < begin; i++) out[to + i] = is[i] < 0 ? value : data[row + is[i]];
        for (let i = end; i < ni; i++) out[to + i] = is[i] < 0 ? value : data[row + is[i]];
      }
    }
  }
  return out;
}
