import {
  connectComponents,
  findRuns,
  type Box,
  type Runs,
} from '../postprocessing/connectedComponents';
import type { LabelMap } from '../volume/types';
import { convexHull, diameterOf, longestPerpendicular } from './axes';

type Point = readonly [number, number];

export interface Extent {
  /** Connected components; faces, edges and corners connect. */
  count: number;
  /** Millimetres. */
  longAxis: number;
  shortAxis: number;
}

/**
 * Middles of the pixel edges on the outline of one object in one slice, millimetres: between them
 * a disc's diameter comes out without the pixel that centres miss and corners add.
 */
function outlineOf(
  rowsOfObject: readonly { j: number; first: number; last: number }[],
  [si, sj]: readonly [number, number],
): Point[] {
  const points: Point[] = [];
  for (const { j, first, last } of rowsOfObject) {
    points.push([(first - 0.5) * si, j * sj], [(last + 0.5) * si, j * sj]);
    // Above and below the ends of the row; what lies between them is inside the hull of these.
    for (const i of [first, last]) {
      points.push([i * si, (j - 0.5) * sj], [i * si, (j + 0.5) * sj]);
    }
  }
  return points;
}

/** First and last column of each row of each component, by slice. */
function rowsByObject(
  runs: Runs,
  root: Int32Array,
  [ni, nj]: readonly [number, number, number],
): Map<number, Map<number, Array<{ j: number; first: number; last: number }>>> {
  const slices = new Map<number, Map<number, Array<{ j: number; first: number; last: number }>>>();
  for (let row = 0; row + 1 < runs.rows.length; row++) {
    if (runs.rows[row] === runs.rows[row + 1]) {
      continue;
    }
    const j = row % nj;
    const k = (row - j) / nj;
    const objects = slices.get(k) ?? new Map();
    slices.set(k, objects);
    for (let run = runs.rows[row]; run < runs.rows[row + 1]; run++) {
      const first = runs.begin[run] - row * ni;
      const last = runs.end[run] - 1 - row * ni;
      const rowsOfObject = objects.get(root[run]) ?? [];
      objects.set(root[run], rowsOfObject);
      const known = rowsOfObject[rowsOfObject.length - 1];
      if (known?.j === j) {
        known.last = last;
      } else {
        rowsOfObject.push({ j, first, last });
      }
    }
  }
  return slices;
}

/**
 * How many objects each label has, and the long and short axis of the largest one as RECIST 1.1
 * measures them (Eisenhauer et al., Eur J Cancer 2009): of all slices (the plane of i and j) that
 * with the longest in-plane diameter of one object, and in that slice the longest chord at right
 * angles to it, within the object's convex hull.
 */
export function extentsOf(labelMap: LabelMap, box?: Box): Map<number, Extent> {
  const { dimensions, spacing } = labelMap.geometry;
  const keys = Uint8Array.from({ length: 256 }, (_, value) => value);
  const runs = findRuns(labelMap.voxels, dimensions, keys, box);
  const { root } = connectComponents(runs, dimensions, 3);
  const extents = new Map<number, Extent>();
  for (let run = 0; run < runs.count; run++) {
    if (root[run] === run) {
      const extent = extents.get(runs.key[run]) ?? { count: 0, longAxis: 0, shortAxis: 0 };
      extent.count++;
      extents.set(runs.key[run], extent);
    }
  }
  for (const objects of rowsByObject(runs, root, dimensions).values()) {
    for (const [object, rowsOfObject] of objects) {
      const extent = extents.get(runs.key[object])!;
      const hull = convexHull(outlineOf(rowsOfObject, [spacing[0], spacing[1]]));
      const { from, to, length } = diameterOf(hull);
      if (length > extent.longAxis) {
        extent.longAxis = length;
        extent.shortAxis = longestPerpendicular(hull, from, to);
      }
    }
  }
  return extents;
}
