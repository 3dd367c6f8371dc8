import type { Vec3 } from './types';
import { add, cross, dot, scale, subtract } from './vector';

/** A map of points: `linear` holds the images of the unit vectors, `translation` that of the origin. */
export interface Affine {
  linear: readonly [Vec3, Vec3, Vec3];
  translation: Vec3;
}

export const applyAffine = ({ linear, translation }: Affine, [x, y, z]: Vec3): Vec3 =>
  add(add(scale(linear[0], x), scale(linear[1], y)), add(scale(linear[2], z), translation));

/** The map that a function is, which must be affine: four of its values say all of it. */
export const affineOf = (map: (point: Vec3) => Vec3): Affine => {
  const translation = map([0, 0, 0]);
  const along = (unit: Vec3): Vec3 => subtract(map(unit), translation);
  return { linear: [along([1, 0, 0]), along([0, 1, 0]), along([0, 0, 1])], translation };
};

/** The map back; undefined where there is none (the image has no volume). */
export const inverseAffine = ({ linear: [a, b, c], translation }: Affine): Affine | undefined => {
  const determinant = dot(a, cross(b, c));
  if (!Number.isFinite(1 / determinant)) return undefined;
  // Rows of the inverse of a matrix of columns a, b, c (Cramer's rule).
  const rows = [cross(b, c), cross(c, a), cross(a, b)].map(row => scale(row, 1 / determinant));
  return affineOf(point => {
    const from = subtract(point, translation);
    return [dot(rows[0], from), dot(rows[1], from), dot(rows[2], from)];
  });
};
