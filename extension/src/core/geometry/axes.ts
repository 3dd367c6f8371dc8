import type { Direction, Vec3, VolumeGeometry } from './types';
import { indexToWorld } from './transform';

export type SlicePlane = 'axial' | 'coronal' | 'sagittal';
export type PatientAxis = 'leftRight' | 'anteriorPosterior' | 'inferiorSuperior';

/** Codes for the positive and negative half of each LPS+ axis. */
const POSITIVE = 'LPS';
const NEGATIVE = 'RAI';

/** Which patient axis (0 = left-right, 1 = anterior-posterior, 2 = inferior-superior), and its sign. */
export interface NearestAxis {
  axis: 0 | 1 | 2;
  sign: 1 | -1;
}

/**
 * The patient axis that each index axis is closest to, every patient axis taken once: the index
 * axis with the largest component chooses first, as `nibabel.orientations.io_orientation` does
 * (for orthonormal directions its polar decomposition is the identity).
 */
export function nearestAxes(direction: Direction): [NearestAxis, NearestAxis, NearestAxis] {
  const largest = (v: Vec3) => Math.max(Math.abs(v[0]), Math.abs(v[1]), Math.abs(v[2]));
  const byConfidence = [0, 1, 2].sort(
    (a, b) => largest(direction[b]) - largest(direction[a]) || a - b,
  );
  const nearest: NearestAxis[] = [];
  const taken = new Set<number>();
  for (const indexAxis of byConfidence) {
    let best = -1;
    for (let axis = 0; axis < 3; axis++) {
      const isCloser =
        best < 0 || Math.abs(direction[indexAxis][axis]) > Math.abs(direction[indexAxis][best]);
      if (!taken.has(axis) && isCloser) {
        best = axis;
      }
    }
    taken.add(best);
    nearest[indexAxis] = {
      axis: best as 0 | 1 | 2,
      sign: direction[indexAxis][best] < 0 ? -1 : 1,
    };
  }
  return [nearest[0], nearest[1], nearest[2]];
}

/**
 * Axis codes of a grid, one letter an index axis: the patient direction in which the index grows,
 * as `nibabel.aff2axcodes` and MONAI's `Orientation` write them. An axial CT in DICOM's own order
 * is "LPS".
 */
export function axisCodes({ direction }: VolumeGeometry): string {
  return nearestAxes(direction)
    .map(({ axis, sign }) => (sign > 0 ? POSITIVE : NEGATIVE)[axis])
    .join('');
}

/** The patient axis (0, 1, 2) and sign that an axis code letter names, or undefined. */
export function axisOfCode(letter: string): NearestAxis | undefined {
  const positive = POSITIVE.indexOf(letter);
  const negative = NEGATIVE.indexOf(letter);
  if (positive >= 0) {
    return { axis: positive as 0 | 1 | 2, sign: 1 };
  }
  return negative >= 0 ? { axis: negative as 0 | 1 | 2, sign: -1 } : undefined;
}

/** The plane that slices lie in: by the largest component of the slice normal (the k axis). */
export function slicePlane({ direction }: VolumeGeometry): SlicePlane {
  const [x, y, z] = direction[2].map(Math.abs);
  if (z >= x && z >= y) {
    return 'axial';
  }
  return y >= x ? 'coronal' : 'sagittal';
}

/**
 * Millimetres that the volume covers along each patient axis: the bounding box of all voxels, from
 * outer edge to outer edge.
 */
export function patientExtents(geometry: VolumeGeometry): Record<PatientAxis, number> {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let corner = 0; corner < 8; corner++) {
    const index = geometry.dimensions.map((n, axis) => ((corner >> axis) & 1 ? n - 0.5 : -0.5));
    const world = indexToWorld(geometry, [index[0], index[1], index[2]]);
    for (let axis = 0; axis < 3; axis++) {
      low[axis] = Math.min(low[axis], world[axis]);
      high[axis] = Math.max(high[axis], world[axis]);
    }
  }
  return {
    leftRight: high[0] - low[0],
    anteriorPosterior: high[1] - low[1],
    inferiorSuperior: high[2] - low[2],
  };
}
