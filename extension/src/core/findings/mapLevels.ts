import type { VolumeGeometry } from '../geometry/types';
import { indexToWorld, worldToIndex } from '../geometry/transform';
import type { LabelMap } from '../volume/types';
import type { ScalarMap } from './types';

/** Steps that a map's values are shown in. */
export const MAP_LEVELS = 16;

/** The lowest and the highest value; of a map without a finite one both are 0. */
export function extremes({ values }: Pick<ScalarMap, 'values'>): { min: number; max: number } {
  let min = Infinity;
  let max = -Infinity;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max && value < Infinity) max = value;
  }
  return min <= max && Number.isFinite(min) ? { min, max } : { min: 0, max: 0 };
}

/** For one index axis of the source: how the map's index grows along it. */
type Step = readonly [number, number, number];

/**
 * A map's values as a label map on a grid that can be drawn: 0 for the lowest step and for what the
 * map does not cover, then 1 to `MAP_LEVELS` − 1 by equal steps from the lowest to the highest value.
 * Between the map's voxels values are interpolated linearly.
 *
 * A generator: it yields after each slice of the grid, so that a caller on a page's main thread can
 * let the page breathe.
 *
 * @param geometry of the images that are shown, mm, LPS+; i fastest
 */
export function* levelsOf(map: ScalarMap, geometry: VolumeGeometry): Generator<void, LabelMap> {
  const [columns, rows, slices] = geometry.dimensions;
  const voxels = new Uint8Array(columns * rows * slices);
  const { min, max } = extremes(map);
  const scale = max > min ? MAP_LEVELS / (max - min) : 0;
  const from = worldToIndex(map.geometry, geometry.origin);
  const steps = [0, 1, 2].map((axis): Step => {
    const unit = [0, 1, 2].map(each => Number(each === axis)) as [number, number, number];
    const to = worldToIndex(map.geometry, indexToWorld(geometry, unit));
    return [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
  });
  const valueAt = createInterpolation(map);
  for (let k = 0; k < slices; k++) {
    for (let j = 0; j < rows; j++) {
      let x = from[0] + j * steps[1][0] + k * steps[2][0];
      let y = from[1] + j * steps[1][1] + k * steps[2][1];
      let z = from[2] + j * steps[1][2] + k * steps[2][2];
      const row = columns * (j + rows * k);
      for (let i = 0; i < columns; i++) {
        const level = (valueAt(x, y, z) - min) * scale;
        // Not a number where the map does not reach, or holds none.
        if (level >= 1) voxels[row + i] = Math.min(MAP_LEVELS - 1, level);
        x += steps[0][0];
        y += steps[0][1];
        z += steps[0][2];
      }
    }
    yield;
  }
  return { geometry, voxels };
}

/** Half a voxel and a hair: a grid covers its outer voxels to their edges. */
const EDGE = 0.5 + 1e-6;

/** Trilinear between voxel centres, the outer values to the grid's edge, NaN beyond it. */
function createInterpolation({ geometry: { dimensions }, values }: ScalarMap) {
  const [nx, ny, nz] = dimensions;
  const [lastX, lastY, lastZ] = [nx - 1, ny - 1, nz - 1];
  return (x: number, y: number, z: number): number => {
    if (x < -EDGE || y < -EDGE || z < -EDGE) return NaN;
    if (x > lastX + EDGE || y > lastY + EDGE || z > lastZ + EDGE) return NaN;
    const cx = x < 0 ? 0 : x > lastX ? lastX : x;
    const cy = y < 0 ? 0 : y > lastY ? lastY : y;
    const cz = z < 0 ? 0 : z > lastZ ? lastZ : z;
    const [i, j, k] = [cx | 0, cy | 0, cz | 0];
    const [fx, fy, fz] = [cx - i, cy - j, cz - k];
    const nextX = i < lastX ? 1 : 0;
    const nextY = j < lastY ? nx : 0;
    const nextZ = k < lastZ ? nx * ny : 0;
    const at = i + nx * (j + ny * k);
    const row = (start: number) => values[start] + fx * (values[start + nextX] - values[start]);
    const slice = (start: number) => {
      const near = row(start);
      return near + fy * (row(start + nextY) - near);
    };
    const near = slice(at);
    return near + fz * (slice(at + nextZ) - near);
  };
}
