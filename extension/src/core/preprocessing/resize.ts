import type { Vec3, VolumeGeometry } from '../geometry/types';
import { indexToWorld } from '../geometry/transform';
import { antiAlias, areaTaps, filterAxis } from './filter';
import { wholePass, roundHalfToEven, type Pass } from './pass';
import { runPass, type Taps } from './resample';

export type ResizeMode = 'bilinear' | 'nearest' | 'area';

const map3 = <T>(f: (axis: 0 | 1 | 2) => T): [T, T, T] => [f(0), f(1), f(2)];

/** Old voxels per new voxel along each axis. */
const ratioOf = (dimensions: Vec3, spatialSize: Vec3): [number, number, number] =>
  map3(axis => dimensions[axis] / spatialSize[axis]);

/**
 * The grid of MONAI's `Resize` (`scale_affine`, centred): the outer edges of the volume stay where
 * they are, so the first voxel's centre moves by (ratio − 1) / 2 old voxels.
 */
export function resizedGeometry(geometry: VolumeGeometry, spatialSize: Vec3): VolumeGeometry {
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

/** torch's legacy `nearest`: ⌊index · ratio⌋, reckoned in float32 as torch does. */
function nearestTaps(size: number, newSize: number): Taps {
  const ratio = Math.fround(size / newSize);
  const lower = Int32Array.from({ length: newSize }, (_, index) =>
    Math.min(Math.floor(Math.fround(index * ratio)), size - 1),
  );
  const lowerWeight = new Float64Array(newSize).fill(1);
  return { lower, upper: lower.slice(), lowerWeight, upperWeight: new Float64Array(newSize) };
}

/**
 * MONAI's `Resize`, which is torch's `interpolate(align_corners=False)`: [channel][k][j][i] of the
 * new size, a new array.
 */
export function resize(
  data: Float32Array,
  channels: number,
  geometry: VolumeGeometry,
  spatialSize: Vec3,
  { mode, antiAliasing }: { mode: ResizeMode; antiAliasing: boolean },
): Float32Array<ArrayBuffer> {
  const { dimensions } = geometry;
  const ratio = ratioOf(dimensions, spatialSize);
  const smooth = antiAliasing ? antiAlias(data, channels, dimensions, ratio, 'zeros') : data;
  if (mode === 'area') {
    return ([0, 1, 2] as const).reduce<{ values: Float32Array; size: [number, number, number] }>(
      ({ values, size }, axis) => {
        if (size[axis] === spatialSize[axis]) return { values, size };
        const taps = areaTaps(size[axis], spatialSize[axis]);
        const filtered = filterAxis(values, channels, size, axis, taps);
        return { values: filtered, size: map3(a => (a === axis ? spatialSize[a] : size[a])) };
      },
      { values: smooth, size: [...dimensions] as [number, number, number] },
    ).values as Float32Array<ArrayBuffer>;
  }
  const pass: Pass = {
    ...wholePass(geometry),
    axes: map3(axis => ({
      sourceAxis: axis,
      count: spatialSize[axis],
      first: (ratio[axis] - 1) / 2,
      step: ratio[axis],
    })),
    mode,
    isResampled: true,
  };
  const sourceSize = dimensions[0] * dimensions[1] * dimensions[2];
  const size = spatialSize[0] * spatialSize[1] * spatialSize[2];
  const out = new Float32Array(size * channels);
  for (let channel = 0; channel < channels; channel++) {
    runPass(
      smooth.subarray(channel * sourceSize, (channel + 1) * sourceSize),
      dimensions,
      pass,
      out.subarray(channel * size, (channel + 1) * size),
      mode === 'nearest'
        ? map3(axis => nearestTaps(dimensions[axis], spatialSize[axis]))
        : undefined,
    );
  }
  return out;
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
