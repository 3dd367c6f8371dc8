import type { Vec3, VolumeGeometry } from '../geometry/types';
import { indexToWorld, worldToIndex } from '../geometry/transform';
import { dot, norm, subtract } from '../geometry/vector';
import type { VoxelArray } from '../volume/types';
import { wholePass, type Pass, type PassAxis } from './pass';

/** Millimetres that corners of one grid may lie apart: rounding of headers, not another grid. */
const SAME_GRID = 0.01;
/** Sine of the angle between axes of one direction: 5 µm over half a metre. */
const ALIGNED = 1e-5;

const AXES = [0, 1, 2] as const;

/** Whether two grids have the same voxels at the same places. */
export function isSameGrid(a: VolumeGeometry, b: VolumeGeometry): boolean {
  if (AXES.some(axis => a.dimensions[axis] !== b.dimensions[axis])) return false;
  for (let corner = 0; corner < 8; corner++) {
    const at = (axis: 0 | 1 | 2) => ((corner >> axis) & 1 ? a.dimensions[axis] - 1 : 0);
    const index: Vec3 = [at(0), at(1), at(2)];
    if (norm(subtract(indexToWorld(a, index), indexToWorld(b, index))) > SAME_GRID) return false;
  }
  return true;
}

/**
 * The walk that brings a volume onto another grid whose axes run along its own (in any order and
 * sense), so that the steps after it join the same walk; undefined where they are oblique.
 *
 * MONAI's `ResampleToMatch` with its defaults: linear, and outside the volume its outermost voxel
 * (`border`).
 */
export function matchPass(source: VolumeGeometry, reference: VolumeGeometry): Pass | undefined {
  const whole = wholePass(reference);
  if (isSameGrid(source, reference)) return whole;
  const first = worldToIndex(source, reference.origin);
  const axes: PassAxis[] = [];
  for (const axis of AXES) {
    const cosines = source.direction.map(other => dot(reference.direction[axis], other));
    const sourceAxis = AXES.find(other => Math.abs(cosines[other]) > 0.5);
    const isAligned = AXES.every(
      other => other === sourceAxis || Math.abs(cosines[other]) <= ALIGNED,
    );
    if (sourceAxis === undefined || !isAligned) return undefined;
    axes.push({
      sourceAxis,
      count: reference.dimensions[axis],
      // Rounding of 1e-13 must not read the neighbour.
      first: Math.round(first[sourceAxis] * 1e9) / 1e9,
      step: (Math.sign(cosines[sourceAxis]) * reference.spacing[axis]) / source.spacing[sourceAxis],
    });
  }
  return { ...whole, axes: [axes[0], axes[1], axes[2]], isResampled: true };
}

/**
 * A volume onto any other grid, linearly, its outermost voxels repeated outside: MONAI's
 * `ResampleToMatch` for grids that are oblique to each other.
 *
 * @returns voxels of the reference grid, i fastest
 */
export function resampleOblique(
  voxels: VoxelArray,
  source: VolumeGeometry,
  reference: VolumeGeometry,
): Float32Array<ArrayBuffer> {
  const [ni, nj, nk] = reference.dimensions;
  const [si, sj] = source.dimensions;
  const slice = si * sj;
  const [lastX, lastY, lastZ] = source.dimensions.map(n => n - 1);
  /** Source index per reference index: how far one step along each reference axis leads. */
  const stepOf = (axis: 0 | 1 | 2): Vec3 => {
    const along = (other: 0 | 1 | 2) =>
      (dot(reference.direction[axis], source.direction[other]) * reference.spacing[axis]) /
      source.spacing[other];
    return [along(0), along(1), along(2)];
  };
  const [di, dj, dk] = [stepOf(0), stepOf(1), stepOf(2)];
  const first = worldToIndex(source, reference.origin);
  const out = new Float32Array(ni * nj * nk);
  let to = 0;
  for (let k = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++) {
      const x0 = first[0] + j * dj[0] + k * dk[0];
      const y0 = first[1] + j * dj[1] + k * dk[1];
      const z0 = first[2] + j * dj[2] + k * dk[2];
      for (let i = 0; i < ni; i++, to++) {
        let x = x0 + i * di[0];
        let y = y0 + i * di[1];
        let z = z0 + i * di[2];
        x = x < 0 ? 0 : x > lastX ? lastX : x;
        y = y < 0 ? 0 : y > lastY ? lastY : y;
        z = z < 0 ? 0 : z > lastZ ? lastZ : z;
        const xl = Math.floor(x);
        const yl = Math.floor(y);
        const zl = Math.floor(z);
        const wx = x - xl;
        const wy = y - yl;
        const wz = z - zl;
        const dx = xl < lastX ? 1 : 0;
        const dy = yl < lastY ? si : 0;
        const dz = zl < lastZ ? slice : 0;
        const at = xl + yl * si + zl * slice;
        const near =
          (1 - wy) * ((1 - wx) * voxels[at] + wx * voxels[at + dx]) +
          wy * ((1 - wx) * voxels[at + dy] + wx * voxels[at + dy + dx]);
        const far =
          (1 - wy) * ((1 - wx) * voxels[at + dz] + wx * voxels[at + dz + dx]) +
          wy * ((1 - wx) * voxels[at + dz + dy] + wx * voxels[at + dz + dy + dx]);
        out[to] = (1 - wz) * near + wz * far;
      }
    }
  }
  return out;
}
