import { runEnd, wordsOf, type Extent } from './labels';

/** Bytes of an RLE frame's header: the number of its segments and where 15 of them begin (PS3.5 G.5). */
const HEADER = 64;
const LONGEST = 128;

/**
 * Bytes that a frame of one byte a pixel takes in RLE Lossless at most: literals have a byte in front
 * of every 128, and no row goes on into the next.
 */
export const rleLimit = (columns: number, rows: number): number =>
  HEADER + rows * (columns + Math.ceil(columns / LONGEST)) + 1;

/**
 * Encodes a frame of one byte a pixel as RLE Lossless (PackBits by rows, PS3.5 G.3.1 and G.4.1),
 * writing `table[value]` for each value. `target` has room for `rleLimit`; returns the bytes written,
 * an even number. Rows outside `extent` are not looked at.
 */
export function encodeRleFrame(
  pixels: Uint8Array,
  columns: number,
  table: Uint8Array,
  target: Uint8Array,
  extent: Extent = { from: 0, end: pixels.length },
): number {
  target.fill(0, 0, HEADER);
  target[0] = 1;
  target[4] = HEADER;
  const words = wordsOf(pixels);
  let to = HEADER;
  for (let row = 0; row < pixels.length; row += columns) {
    const background = row + columns <= extent.from || row >= extent.end;
    to = background
      ? writeRun(table[0], columns, target, to)
      : writeRow(pixels, words, row, row + columns, table, target, to);
  }
  if (to % 2 === 1) target[to++] = 0;
  return to;
}

function writeRow(
  pixels: Uint8Array,
  words: Int32Array | undefined,
  from: number,
  rowEnd: number,
  table: Uint8Array,
  target: Uint8Array,
  start: number,
): number {
  let to = start;
  let literal = from;
  for (let at = from; at < rowEnd;) {
    const end = runEnd(pixels, words, at, rowEnd);
    // Two of a kind within literals are shorter as literals.
    if (end - at >= 3) {
      to = writeLiterals(pixels, literal, at, table, target, to);
      to = writeRun(table[pixels[at]], end - at, target, to);
      literal = end;
    }
    at = end;
  }
  return writeLiterals(pixels, literal, rowEnd, table, target, to);
}

function writeRun(value: number, length: number, target: Uint8Array, start: number): number {
  let to = start;
  for (let left = length; left > 0; left -= LONGEST) {
    // A single one left over has no replicate run of its own.
    target[to++] = left === 1 ? 0 : 257 - Math.min(LONGEST, left);
    target[to++] = value;
  }
  return to;
}

function writeLiterals(
  pixels: Uint8Array,
  from: number,
  end: number,
  table: Uint8Array,
  target: Uint8Array,
  start: number,
): number {
  let to = start;
  for (let at = from; at < end; at += LONGEST) {
    const count = Math.min(LONGEST, end - at);
    target[to++] = count - 1;
    for (let index = at; index < at + count; index++) target[to++] = table[pixels[index]];
  }
  return to;
}
