import type { LabelMap } from '../volume/types';
import type { Box } from './connectedComponents';

/**
 * The smallest box around the voxels of a label, or of all labels without one; undefined where there
 * is none.
 *
 * @param within where to look
 */
export function boundingBox(
  { voxels, geometry: { dimensions } }: LabelMap,
  { within, label }: { within?: Box; label?: number } = {},
): Box | undefined {
  const [ni, nj] = dimensions;
  const { from, to } = within ?? { from: [0, 0, 0] as const, to: dimensions };
  const least = [to[0], to[1], to[2]];
  const most = [0, 0, 0];
  const isMet = (value: number): boolean => (label === undefined ? value !== 0 : value === label);
  for (let k = from[2]; k < to[2]; k++) {
    for (let j = from[1]; j < to[1]; j++) {
      const row = ni * (j + nj * k);
      let begin = from[0];
      while (begin < to[0] && !isMet(voxels[row + begin])) begin++;
      if (begin === to[0]) continue;
      let end = to[0];
      while (!isMet(voxels[row + end - 1])) end--;
      least[0] = Math.min(least[0], begin);
      most[0] = Math.max(most[0], end);
      least[1] = Math.min(least[1], j);
      most[1] = Math.max(most[1], j + 1);
      least[2] = Math.min(least[2], k);
      most[2] = k + 1;
    }
  }
  return most[2] === 0
    ? undefined
    : { from: [least[0], least[1], least[2]], to: [most[0], most[1], most[2]] };
}

/** The smallest box around several; undefined where there is none. */
export const unionOfBoxes = (boxes: ReadonlyArray<Box | undefined>): Box | undefined =>
  boxes.reduce<Box | undefined>((sum, box) => {
    if (!sum || !box) return sum ?? box;
    const at = (axis: 0 | 1 | 2) => Math.min(sum.from[axis], box.from[axis]);
    const end = (axis: 0 | 1 | 2) => Math.max(sum.to[axis], box.to[axis]);
    return { from: [at(0), at(1), at(2)], to: [end(0), end(1), end(2)] };
  }, undefined);
