import { applyAffine, affineOf, inverseAffine, type Affine } from '../geometry/affine';
import { axisOfCode } from '../geometry/axes';
import { indexToWorld, worldToIndex } from '../geometry/transform';
import type { Vec3, VolumeGeometry } from '../geometry/types';

/** A template's grid as a manifest has it, in a space of its own. */
export interface TemplateGrid {
  dimensions: Vec3;
  pixdim: Vec3;
  origin: Vec3;
  axcodes: string;
}

/** Its geometry; coordinates are millimetres of the template's space, not the patient's. */
export const templateGeometry = ({
  dimensions,
  pixdim,
  origin,
  axcodes,
}: TemplateGrid): VolumeGeometry => {
  const direction = [...axcodes].map((letter): Vec3 => {
    const code = axisOfCode(letter);
    if (!code) throw new Error(`"${letter}" is no axis code: the manifest was not validated`);
    const { axis, sign } = code;
    const along = (other: number) => (other === axis ? sign : 0);
    return [along(0), along(1), along(2)];
  });
  return {
    dimensions,
    spacing: pixdim,
    origin,
    direction: [direction[0], direction[1], direction[2]],
  };
};

const map3 = <T>(f: (axis: 0 | 1 | 2) => T): [T, T, T] => [f(0), f(1), f(2)];

/** Index → −1 … 1, the centres of the first and the last voxel (`align_corners=True`), and back. */
const normalized = ({ dimensions }: VolumeGeometry, index: Vec3): Vec3 =>
  map3(axis => (2 * index[axis]) / (dimensions[axis] - 1) - 1);
const unnormalized = ({ dimensions }: VolumeGeometry, point: Vec3): Vec3 =>
  map3(axis => ((point[axis] + 1) / 2) * (dimensions[axis] - 1));

/**
 * Where points of a template lie in the patient, from what a network of registration answered.
 *
 * @param numbers its 16 numbers, row by row
 * @param grid the network's own grid, in the patient
 * @param options.isReversed the tensor's last axis is the grid's first: so are the coordinates
 * @returns template millimetres → LPS+ millimetres of the patient
 */
export const registrationOf = (
  numbers: ArrayLike<number>,
  grid: VolumeGeometry,
  template: TemplateGrid,
  { vectors, isReversed }: { vectors: 'rows' | 'columns'; isReversed: boolean },
): Affine => {
  const at = (to: number, from: number): number =>
    numbers[vectors === 'rows' ? 4 * from + to : 4 * to + from];
  const answered = (point: Vec3): Vec3 =>
    map3(to => at(to, 0) * point[0] + at(to, 1) * point[1] + at(to, 2) * point[2] + at(to, 3));
  const ordered = ([a, b, c]: Vec3): Vec3 => (isReversed ? [c, b, a] : [a, b, c]);
  const space = templateGeometry(template);
  return affineOf(point => {
    const own = answered(ordered(normalized(space, worldToIndex(space, point))));
    return indexToWorld(grid, unnormalized(grid, ordered(own)));
  });
};

/**
 * One value between voxels, linearly; what lies outside counts as 0 (torch's `grid_sample` with
 * `padding_mode="zeros"`, `align_corners=True`).
 *
 * @param offset of the first of the volume's voxels in `values`
 */
export const sampleLinear = (
  values: Float32Array,
  [ni, nj, nk]: Vec3,
  [x, y, z]: Vec3,
  offset = 0,
): number => {
  const [xl, yl, zl] = [Math.floor(x), Math.floor(y), Math.floor(z)];
  if (xl < -1 || yl < -1 || zl < -1 || xl >= ni || yl >= nj || zl >= nk) return 0;
  let sum = 0;
  for (let corner = 0; corner < 8; corner++) {
    const [i, j, k] = [xl + (corner & 1), yl + ((corner >> 1) & 1), zl + (corner >> 2)];
    if (i < 0 || j < 0 || k < 0 || i >= ni || j >= nj || k >= nk) continue;
    const weight = (1 - Math.abs(x - i)) * (1 - Math.abs(y - j)) * (1 - Math.abs(z - k));
    if (weight > 0) sum += weight * values[offset + i + ni * (j + nj * k)];
  }
  return sum;
};

/**
 * Voxels of one grid → indices of another, by way of a map of millimetres.
 *
 * @param map from the millimetres of `from` to those of `to`
 */
export const indexMap = (from: VolumeGeometry, to: VolumeGeometry, map: Affine): Affine =>
  affineOf(index => worldToIndex(to, applyAffine(map, indexToWorld(from, index))));

/** All channels on a template's grid: [channel][k][j][i]. */
export const resampleToTemplate = (
  data: Float32Array,
  channels: number,
  geometry: VolumeGeometry,
  template: VolumeGeometry,
  toPatient: Affine,
): Float32Array<ArrayBuffer> => {
  const [ni, nj, nk] = template.dimensions;
  const size = data.length / channels;
  const map = indexMap(template, geometry, toPatient);
  const out = new Float32Array(ni * nj * nk * channels);
  for (let channel = 0, to = 0; channel < channels; channel++) {
    for (let k = 0; k < nk; k++) {
      for (let j = 0; j < nj; j++) {
        for (let i = 0; i < ni; i++, to++) {
          const at = applyAffine(map, [i, j, k]);
          out[to] = sampleLinear(data, geometry.dimensions, at, channel * size);
        }
      }
    }
  }
  return out;
};

/** The map back, which a registration must have. */
export const toTemplate = (toPatient: Affine): Affine => {
  const back = inverseAffine(toPatient);
  if (!back) throw new Error('the registration has no inverse: it was not checked');
  return back;
};
