import { runEnd, wordRunEnd, wordsOf } from './labels';

/** Bytes of an RLE frame's header: the number of its segments and where 15 of them begin (PS3.5 G.5). */
const HEADER = 64;
const LONGEST = 128;

/**
 * Bytes that a frame of one byte a pixel takes in RLE Lossless at most: literals have a byte in front
 * of every 128, and no row goes on into the next.
 */
export const rleLimit = (columns: number, rows: number): number =>
  HEADER + rows * (columns + Math.ceil(columns / LONGEST)) + 1;

/** How the values of a frame are written, and which of them it has. */
interface Values {
  /** What is written for each value. */
  table: Uint8Array;
  /** 1 for each value that was met. */
  found: Uint8Array;
}

/** Bytes before the first that is not 0, or less: whole words. */
const backgroundBefore = (words: Int32Array | undefined): number =>
  words ? 4 * wordRunEnd(words, 0, words.length, 0) : 0;

/**
 * Encodes a frame of one byte a pixel as RLE Lossless (PackBits by rows, PS3.5 G.3.1 and G.4.1),
 * writing `table[value]` for each value and setting `found[value]` to 1. `target` has room for
 * `rleLimit`; returns the bytes written, an even number.
 */
export function encodeRleFrame(
  pixels: Uint8Array,
  columns: number,
  table: Uint8Array,
  target: Uint8Array,
  found: Uint8Array = new Uint8Array(256),
): number {
  target.fill(0, 0, HEADER);
  target[0] = 1;
  target[4] = HEADER;
  const words = wordsOf(pixels);
  const values = { table, found };
  const background = backgroundBefore(words);
  if (background > 0) found[0] = 1;
  let to = HEADER;
  for (let row = 0; row < pixels.length; row += columns) {
    to =
      row + columns <= background
        ? writeRun(table[0], columns, target, to)
        : writeRow(pixels, words, row, row + columns, values, target, to);
  }
  if (to % 2 === 1) target[to++] = 0;
  return to;
}

function writeRow(
  pixels: Uint8Array,
  words: Int32Array | undefined,
  from: number,
  rowEnd: number,
  values: Values,
  target: Uint8Array,
  start: number,
): number {
  let to = start;
  let literal = from;
  for (let at = from; at < rowEnd;) {
    const end = runEnd(pixels, words, at, rowEnd);
    // Two of a kind within literals are shorter as literals.
    if (end - at >= 3) {
      to = writeLiterals(pixels, literal, at, values, target, to);
      values.found[pixels[at]] = 1;
      to = writeRun(values.table[pixels[at]], end - at, target, to);
      literal = end;
    }
    at = end;
  }
  return writeLiterals(pixels, literal, rowEnd, values, target, to);
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
  { table, found }: Values,
  target: Uint8Array,
  start: number,
): number {
  let to = start;
  for (let at = from; at < end; at += LONGEST) {
    const count = Math.min(LONGEST, end - at);
    target[to++] = count - 1;
    for (let index = at; index < at + count; index++) {
      const value = pixels[index];
      found[value] = 1;
      target[to++] = table[value];
    }
  }
  return to;
}
