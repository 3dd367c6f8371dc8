import { accept, refuse, type Outcome } from '../outcome';
import type { VolumeGeometry } from '../geometry/types';
import { norm, subtract } from '../geometry/vector';
import type { LabelMap } from '../volume/types';

/** How many voxels two label maps give to each pair of their labels. */
export interface Overlap {
  /** Voxels of label `a` in the first map that are label `b` in the second. */
  both(a: number, b: number): number;
  inA(label: number): number;
  inB(label: number): number;
}

/** Voxels that are counted between two pauses: some ten milliseconds of work. */
const CHUNK = 1 << 22;
const LABELS = 256;
/** Millimetres that places and edges of one grid may differ by: DICOM writes them rounded. */
const SAME_MM = 0.01;
const SAME_COSINE = 1e-3;

const sizeOf = ({ dimensions, spacing }: VolumeGeometry): string =>
  `${dimensions.join(' × ')} (${spacing.map(mm => Number(mm.toFixed(2))).join(' × ')} mm)`;

/** Whether two grids have their voxels at the same places. */
export const sameGrid = (a: VolumeGeometry, b: VolumeGeometry): boolean =>
  a.dimensions.every((count, axis) => count === b.dimensions[axis]) &&
  a.spacing.every((mm, axis) => Math.abs(mm - b.spacing[axis]) < SAME_MM) &&
  norm(subtract(a.origin, b.origin)) < SAME_MM * 10 &&
  a.direction.every((axis, index) => norm(subtract(axis, b.direction[index])) < SAME_COSINE);

/** Refuses `compareGridsDiffer` for label maps whose voxels cannot be laid one on the other. */
export const comparableGrids = (a: VolumeGeometry, b: VolumeGeometry): Outcome<void> =>
  sameGrid(a, b)
    ? accept(undefined)
    : refuse(
        'compareGridsDiffer',
        `The contours lie on different grids, ${sizeOf(a)} and ${sizeOf(b)}: their overlap is not reckoned`,
        { met: sizeOf(b), allowed: sizeOf(a) },
      );

/**
 * Counts all pairs of labels in one pass over both maps, from which every Dice follows. Yields after
 * each chunk, so that a caller on a page's main thread can let the page breathe.
 *
 * @param a, b label maps on one grid (`comparableGrids`); i fastest
 */
export function* countOverlap(a: LabelMap, b: LabelMap): Generator<void, Overlap> {
  const table = new Uint32Array(LABELS * LABELS);
  const [first, second] = [a.voxels, b.voxels];
  const length = Math.min(first.length, second.length);
  for (let from = 0; from < length; from += CHUNK) {
    const to = Math.min(length, from + CHUNK);
    for (let at = from; at < to; at++) table[(first[at] << 8) | second[at]]++;
    yield;
  }
  const inA = new Float64Array(LABELS);
  const inB = new Float64Array(LABELS);
  table.forEach((count, pair) => {
    inA[pair >> 8] += count;
    inB[pair & 0xff] += count;
  });
  return {
    both: (labelA, labelB) => table[(labelA << 8) | labelB],
    inA: label => inA[label],
    inB: label => inB[label],
  };
}

/**
 * Sørensen–Dice coefficient of a segment of each map, 2·|A∩B| / (|A|+|B|) (Dice 1945); undefined
 * where neither has a voxel.
 */
export const diceOf = (overlap: Overlap, labelA: number, labelB: number): number | undefined => {
  const total = overlap.inA(labelA) + overlap.inB(labelB);
  return total > 0 ? (2 * overlap.both(labelA, labelB)) / total : undefined;
};
