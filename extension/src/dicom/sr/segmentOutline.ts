import type { LabelMap } from '../../core/volume/types';
import { outlinesOf, type PixelPoint } from '../presentation/outline';

/** Shoelace formula, pixels squared. */
const areaOf = (line: readonly PixelPoint[]): number =>
  Math.abs(
    line.slice(1).reduce((sum, [x, y], at) => sum + line[at][0] * y - x * line[at][1], 0) / 2,
  );

/** Slices by their distance from one, that one first. */
const nearestFirst = (slice: number, count: number): number[] =>
  Array.from({ length: count }, (_, k) => k).sort(
    (a, b) => Math.abs(a - slice) - Math.abs(b - slice),
  );

/**
 * The outline of a segment's largest part on its key slice, or on the nearest slice k that it is on:
 * a closed line in pixels, column and row, that count from the corner of the first pixel. Nothing of
 * a segment without voxels.
 */
export function segmentOutline(
  labelMap: LabelMap,
  segmentNumber: number,
  keySlice: number,
): { k: number; line: readonly PixelPoint[] } | undefined {
  const { voxels, geometry } = labelMap;
  const [columns, rows, slices] = geometry.dimensions;
  const size = columns * rows;
  const k = nearestFirst(keySlice, slices).find(each =>
    voxels.subarray(each * size, (each + 1) * size).includes(segmentNumber),
  );
  if (k === undefined) return undefined;
  const lines = outlinesOf(labelMap, segmentNumber, k);
  return { k, line: lines.reduce((a, b) => (areaOf(b) > areaOf(a) ? b : a)) };
}
