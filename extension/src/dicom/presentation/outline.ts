import type { LabelMap } from '../../core/volume/types';

/** A point in PIXEL units: column, row; (0, 0) is the outer corner of the first pixel (PS3.3 C.10.5). */
export type PixelPoint = readonly [number, number];

/**
 * The outlines of one label on slice k: closed lines along the edges of its pixels, each ending
 * where it began, with points only where it turns.
 */
export function outlinesOf(
  { voxels, geometry }: LabelMap,
  label: number,
  k: number,
): PixelPoint[][] {
  const [columns, rows] = geometry.dimensions;
  const base = columns * rows * k;
  const isIn = (i: number, j: number): boolean =>
    i >= 0 && j >= 0 && i < columns && j < rows && voxels[base + i + columns * j] === label;
  // Edges run with the label on their right hand, so those of one region form closed lines.
  const width = columns + 1;
  const next = new Map<number, number[]>();
  const edge = (from: number, to: number): void => {
    const known = next.get(from);
    if (known) known.push(to);
    else next.set(from, [to]);
  };
  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++) {
      if (voxels[base + i + columns * j] !== label) continue;
      const corner = i + width * j;
      if (!isIn(i, j - 1)) edge(corner, corner + 1);
      if (!isIn(i + 1, j)) edge(corner + 1, corner + 1 + width);
      if (!isIn(i, j + 1)) edge(corner + 1 + width, corner + width);
      if (!isIn(i - 1, j)) edge(corner + width, corner);
    }
  }
  const lines: PixelPoint[][] = [];
  for (const start of next.keys()) {
    for (let open = next.get(start)!; open.length > 0;) {
      lines.push(cornersOf(follow(next, start), width));
    }
  }
  return lines;
}

/** Takes one closed line out of the edges. */
function follow(next: Map<number, number[]>, start: number): number[] {
  const line = [start];
  let at = start;
  do {
    at = next.get(at)!.pop()!;
    line.push(at);
  } while (at !== start);
  return line;
}

/** Only where the line turns; the first point is one of them, and the last is the first again. */
function cornersOf(line: readonly number[], width: number): PixelPoint[] {
  const closed = line.slice(0, -1);
  const turns = closed.filter((at, index) => {
    const before = closed[(index + closed.length - 1) % closed.length];
    const after = closed[(index + 1) % closed.length];
    return after - at !== at - before;
  });
  return [...turns, turns[0]].map(at => [at % width, Math.floor(at / width)] as const);
}
