import type { Vec3, VolumeGeometry } from '../geometry/types';
import { indexToWorld } from '../geometry/transform';
import {
  antiAliased,
  areaFilter,
  filterAxes,
  nearestFilter,
  tapFilter,
  type AxisFilter,
} from './filter';
import { roundHalfToEven } from './pass';
import { tapsOf } from './resample';

export type ResizeMode = 'bilinear' | 'nearest' | 'area';

const map3 = <T>(f: (axis: 0 | 1 | 2) => T): [T, T, T] => [f(0), f(1), f(2)];

/** Old voxels per new voxel along each axis. */
const ratioOf = (dimensions: Vec3, spatialSize: Vec3): [number, number, number] =>
  map3(axis => dimensions[axis] / spatialSize[axis]);

/** Old voxels per new voxel from the first centre to the last; an axis of one voxel has no length. */
const cornerStep = (size: number, newSize: number): number =>
  newSize > 1 && size > 1 ? (size - 1) / (newSize - 1) : size / newSize;

/**
 * The grid of MONAI's `Resize` (`scale_affine`, centred): the outer edges of the volume stay where
 * they are, so the first voxel's centre moves by (ratio − 1) / 2 old voxels. With `alignCorners` it is
 * the outermost voxels' centres that stay.
 */
export function resizedGeometry(
  geometry: VolumeGeometry,
  spatialSize: Vec3,
  alignCorners = false,
): VolumeGeometry {
  if (alignCorners) {
    const step = map3(axis => cornerStep(geometry.dimensions[axis], spatialSize[axis]));
    const spacing = map3(axis => geometry.spacing[axis] * step[axis]);
    return { ...geometry, dimensions: [...spatialSize], spacing };
  }
  const ratio = ratioOf(geometry.dimensions, spatialSize);
  return {
    ...geometry,
    dimensions: [...spatialSize],
    spacing: map3(axis => geometry.spacing[axis] * ratio[axis]),
    origin: indexToWorld(
      geometry,
      map3(axis => (ratio[axis] - 1) / 2),
    ),
  };
}

/**
 * MONAI's `Resize`, which is torch's `interpolate`, by default with align_corners=False:
 * [channel][k][j][i] of the new size. With anti-aliasing, zeros stand beyond the volume while it is smoothed.
 */
export function resize(
  data: Float32Array,
  dimensions: Vec3,
  spatialSize: Vec3,
  {
    mode,
    antiAliasing,
    alignCorners = false,
  }: { mode: ResizeMode; antiAliasing: boolean; alignCorners?: boolean },
): Float32Array {
  const filterOf = (axis: 0 | 1 | 2): AxisFilter | undefined => {
    const [size, newSize] = [dimensions[axis], spatialSize[axis]];
    if (size === newSize) return undefined;
    const ratio = size / newSize;
    const linear = alignCorners
      ? { count: newSize, first: 0, step: cornerStep(size, newSize) }
      : { count: newSize, first: (ratio - 1) / 2, step: ratio };
    const filter = {
      area: () => areaFilter(size, newSize),
      nearest: () => nearestFilter(size, newSize),
      bilinear: () => tapFilter(tapsOf(linear, size, 'bilinear', 'border')),
    }[mode]();
    return antiAliasing ? antiAliased(filter, size, ratio, 'zeros') : filter;
  };
  return filterAxes(data, dimensions, map3(filterOf));
}

/**
 * The size of a letterboxed picture before it is padded: as large as fits `spatialSize` in its own
 * proportions, rounded half to even (MONAI's `Resize(size_mode='longest')` where `spatialSize` is a
 * square or a cube). An axis of one voxel, as the third of a picture, has no proportion to keep.
 */
export function letterboxSize(dimensions: Vec3, spatialSize: Vec3): [number, number, number] {
  const ratios = ([0, 1, 2] as const)
    .filter(axis => dimensions[axis] > 1)
    .map(axis => spatialSize[axis] / dimensions[axis]);
  const ratio = ratios.length > 0 ? Math.min(...ratios) : 1;
  return map3(axis =>
    dimensions[axis] > 1 ? Math.max(1, roundHalfToEven(dimensions[axis] * ratio)) : 1,
  );
}
