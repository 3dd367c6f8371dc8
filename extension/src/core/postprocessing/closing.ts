import type { LabelMap } from '../volume/types';
import { boundingBox } from './boundingBox';
import type { Box, Connectivity } from './connectedComponents';

type Size3 = readonly [number, number, number];

/** Steps to the neighbours that are connected, in memory of a grid of this size. */
const neighbourSteps = ([ni, nj]: Size3, connectivity: Connectivity): number[] => {
  const steps: number[] = [];
  for (let k = -1; k <= 1; k++) {
    for (let j = -1; j <= 1; j++) {
      for (let i = -1; i <= 1; i++) {
        const away = Math.abs(i) + Math.abs(j) + Math.abs(k);
        if (away > 0 && away <= connectivity) steps.push(i + ni * (j + nj * k));
      }
    }
  }
  return steps;
};

/** The mask with `value` (1 dilates, 0 erodes) spread to the neighbours of where it stands. */
const grown = (mask: Uint8Array, steps: readonly number[], value: 0 | 1): Uint8Array => {
  const out = mask.slice();
  for (let at = 0; at < mask.length; at++) {
    if (mask[at] !== value) continue;
    for (const step of steps) out[at + step] = value;
  }
  return out;
};

/**
 * scipy's `binary_closing` of each applied label with `generate_binary_structure(3, connectivity)`:
 * as often dilated as eroded. What it adds becomes the label where there was background; other labels
 * stay. Changes the map in place.
 *
 * The volume counts as endless background, so nothing is lost at its border (scipy erodes there).
 *
 * @param within outside it there is background only
 */
export function binaryClosing(
  labelMap: LabelMap,
  {
    appliedLabels,
    connectivity,
    iterations,
  }: { appliedLabels: readonly number[]; connectivity: Connectivity; iterations: number },
  within?: Box,
): void {
  const { voxels, geometry } = labelMap;
  const [ni, nj] = geometry.dimensions;
  // One more than it grows: the neighbours of every voxel of the mask are in memory.
  const margin = iterations + 1;
  for (const label of appliedLabels) {
    const box = boundingBox(labelMap, { within, label });
    if (!box) continue;
    const edge = (axis: 0 | 1 | 2) => box.to[axis] - box.from[axis] + 2 * margin;
    const size: Size3 = [edge(0), edge(1), edge(2)];
    const eachRow = (visit: (row: number, maskRow: number, length: number) => void) => {
      for (let k = box.from[2]; k < box.to[2]; k++) {
        for (let j = box.from[1]; j < box.to[1]; j++) {
          const [mj, mk] = [j - box.from[1] + margin, k - box.from[2] + margin];
          const row = box.from[0] + ni * (j + nj * k);
          visit(row, margin + size[0] * (mj + size[1] * mk), box.to[0] - box.from[0]);
        }
      }
    };
    let mask: Uint8Array = new Uint8Array(size[0] * size[1] * size[2]);
    eachRow((row, maskRow, length) => {
      for (let i = 0; i < length; i++) mask[maskRow + i] = Number(voxels[row + i] === label);
    });
    const steps = neighbourSteps(size, connectivity);
    for (let time = 0; time < iterations; time++) mask = grown(mask, steps, 1);
    for (let time = 0; time < iterations; time++) mask = grown(mask, steps, 0);
    eachRow((row, maskRow, length) => {
      for (let i = 0; i < length; i++) {
        if (mask[maskRow + i] === 1 && voxels[row + i] === 0) voxels[row + i] = label;
      }
    });
  }
}
