import type { Vec3, VolumeGeometry } from './types';
import { dot, subtract } from './vector';

/**
 * LPS+ millimetres of a (possibly fractional) voxel index (i, j, k): PS3.3 C.7.6.2.1.1 with a third
 * axis.
 */
export function indexToWorld(geometry: VolumeGeometry, index: Vec3): Vec3 {
  const { origin, spacing, direction } = geometry;
  const world: [number, number, number] = [origin[0], origin[1], origin[2]];
  for (let axis = 0; axis < 3; axis++) {
    const length = index[axis] * spacing[axis];
    world[0] += length * direction[axis][0];
    world[1] += length * direction[axis][1];
    world[2] += length * direction[axis][2];
  }
  return world;
}

/**
 * The fractional voxel index (i, j, k) of a point in LPS+ millimetres; it may lie outside the grid.
 * Directions are orthonormal (a tilted stack is refused when a volume is planned), so the inverse
 * of the rotation is its transpose.
 */
export function worldToIndex(geometry: VolumeGeometry, point: Vec3): Vec3 {
  const offset = subtract(point, geometry.origin);
  return [
    dot(offset, geometry.direction[0]) / geometry.spacing[0],
    dot(offset, geometry.direction[1]) / geometry.spacing[1],
    dot(offset, geometry.direction[2]) / geometry.spacing[2],
  ];
}

export const voxelCount = ({ dimensions }: VolumeGeometry): number =>
  dimensions[0] * dimensions[1] * dimensions[2];

/** Cubic millimetres of one voxel. */
export const voxelVolume = ({ spacing }: VolumeGeometry): number =>
  spacing[0] * spacing[1] * spacing[2];
