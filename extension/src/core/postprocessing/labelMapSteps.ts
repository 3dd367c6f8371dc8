import type { LabelMap } from '../volume/types';
import {
  complementRuns,
  connectComponents,
  findRuns,
  keepRuns,
  type Box,
  type Connectivity,
  type Runs,
} from './connectedComponents';

type Size3 = readonly [number, number, number];

/** The runs of some labels, each with its own key, as a step has left them. */
export interface KnownRuns {
  appliedLabels: readonly number[];
  runs: Runs;
}

const sameLabels = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every(label => b.includes(label));

/** A label's own key, or one key for all of them. */
function keysOf(labels: readonly number[], independent: boolean): Uint8Array {
  const keys = new Uint8Array(256);
  for (const label of labels) {
    keys[label] = independent ? label : 1;
  }
  return keys;
}

/**
 * MONAI's `KeepLargestConnectedComponent`: of each applied label (or of all of them as one object)
 * the `numComponents` largest components stay, the rest becomes background. Changes the map in
 * place. Of components of the same size the one first in memory stays.
 *
 * @param box outside it there is background only
 * @returns the runs that are left, for the next step
 */
export function keepLargestConnectedComponent(
  { voxels, geometry }: LabelMap,
  {
    appliedLabels,
    independent = true,
    connectivity = 1,
    numComponents = 1,
  }: {
    appliedLabels: readonly number[];
    independent?: boolean;
    connectivity?: Connectivity;
    numComponents?: number;
  },
  box?: Box,
): KnownRuns | undefined {
  const runs = findRuns(voxels, geometry.dimensions, keysOf(appliedLabels, independent), box);
  const { root, size } = connectComponents(runs, geometry.dimensions, connectivity);
  const rootsByKey = new Map<number, number[]>();
  for (let run = 0; run < runs.count; run++) {
    if (root[run] === run) {
      const roots = rootsByKey.get(runs.key[run]) ?? [];
      roots.push(run);
      rootsByKey.set(runs.key[run], roots);
    }
  }
  const isKept = new Uint8Array(runs.count);
  for (const roots of rootsByKey.values()) {
    roots.sort((a, b) => size[b] - size[a] || a - b);
    roots.slice(0, numComponents).forEach(kept => (isKept[kept] = 1));
  }
  for (let run = 0; run < runs.count; run++) {
    if (!isKept[root[run]]) {
      voxels.fill(0, runs.begin[run], runs.end[run]);
    }
  }
  return independent
    ? { appliedLabels, runs: keepRuns(runs, run => isKept[root[run]] === 1) }
    : undefined;
}

/**
 * MONAI's `RemoveSmallObjects` (by_measure, one channel a label): components of an applied label
 * of fewer voxels than `minSizeMm3` holds (rounded up) become background.
 *
 * @param box outside it there is background only
 */
export function removeSmallObjects(
  { voxels, geometry }: LabelMap,
  {
    appliedLabels,
    minSizeMm3,
    connectivity = 1,
  }: { appliedLabels: readonly number[]; minSizeMm3: number; connectivity?: Connectivity },
  box?: Box,
): void {
  const [si, sj, sk] = geometry.spacing;
  const least = Math.ceil(minSizeMm3 / (si * sj * sk));
  const runs = findRuns(voxels, geometry.dimensions, keysOf(appliedLabels, true), box);
  const { root, size } = connectComponents(runs, geometry.dimensions, connectivity);
  for (let run = 0; run < runs.count; run++) {
    if (size[root[run]] < least) {
      voxels.fill(0, runs.begin[run], runs.end[run]);
    }
  }
}

/** The smallest box around the runs of each key. */
function boxesOf(runs: Runs, [ni, nj]: Size3): Map<number, Box> {
  const boxes = new Map<number, { from: [number, number, number]; to: [number, number, number] }>();
  for (let row = 0; row + 1 < runs.rows.length; row++) {
    const j = row % nj;
    const k = (row - j) / nj;
    for (let run = runs.rows[row]; run < runs.rows[row + 1]; run++) {
      const i0 = runs.begin[run] - row * ni;
      const i1 = runs.end[run] - row * ni;
      const box = boxes.get(runs.key[run]);
      if (!box) {
        boxes.set(runs.key[run], { from: [i0, j, k], to: [i1, j + 1, k + 1] });
        continue;
      }
      box.from = [Math.min(box.from[0], i0), Math.min(box.from[1], j), box.from[2]];
      box.to = [Math.max(box.to[0], i1), Math.max(box.to[1], j + 1), k + 1];
    }
  }
  return boxes;
}

/**
 * MONAI's `FillHoles` (full connectivity of what is outside): whatever cannot be reached from the
 * edge of the volume without crossing a label becomes that label, other labels inside it included.
 * Labels are filled in the order given. Changes the map in place.
 *
 * @param within outside it there is background only
 * @param known runs of the same labels that the step before has found, not to look for them again
 */
export function fillHoles(
  { voxels, geometry }: LabelMap,
  { appliedLabels }: { appliedLabels: readonly number[] },
  within?: Box,
  known?: KnownRuns,
): void {
  const { dimensions } = geometry;
  const [ni, nj] = dimensions;
  const keys = keysOf(appliedLabels, true);
  const isKnown = known !== undefined && sameLabels(known.appliedLabels, appliedLabels);
  let labelRuns = isKnown ? known.runs : findRuns(voxels, dimensions, keys, within);
  let boxes = boxesOf(labelRuns, dimensions);
  for (const label of appliedLabels) {
    const box = boxes.get(label);
    if (!box) {
      continue;
    }
    // Outside its box nothing is enclosed by the label, and whatever touches the box's side is open.
    const runs = complementRuns(labelRuns, label, dimensions, box);
    const { root } = connectComponents(runs, dimensions, 3, box);
    const isOpen = new Uint8Array(runs.count);
    const height = box.to[1] - box.from[1];
    for (let row = 0; row + 1 < runs.rows.length; row++) {
      const j = box.from[1] + (row % height);
      const k = box.from[2] + Math.floor(row / height);
      const isSide =
        j === box.from[1] || j === box.to[1] - 1 || k === box.from[2] || k === box.to[2] - 1;
      const base = ni * (j + nj * k);
      for (let run = runs.rows[row]; run < runs.rows[row + 1]; run++) {
        const touches =
          runs.begin[run] === base + box.from[0] || runs.end[run] === base + box.to[0];
        if (isSide || touches) {
          isOpen[root[run]] = 1;
        }
      }
    }
    let hasFilled = false;
    for (let run = 0; run < runs.count; run++) {
      if (!isOpen[root[run]]) {
        voxels.fill(label, runs.begin[run], runs.end[run]);
        hasFilled = true;
      }
    }
    if (hasFilled && appliedLabels.length > 1) {
      // Another label may have been inside: it is no longer what it was.
      labelRuns = findRuns(voxels, dimensions, keys, within);
      boxes = boxesOf(labelRuns, dimensions);
    }
  }
}
