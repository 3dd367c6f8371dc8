const WORD = Uint32Array.BYTES_PER_ELEMENT;

/** Bytes as words of four, where their place in memory and their number allow it. */
export const wordsOf = (bytes: Uint8Array): Int32Array | undefined =>
  bytes.byteOffset % WORD === 0 && bytes.length % WORD === 0
    ? new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / WORD)
    : undefined;

/** A word of four bytes of one value. */
export const uniformWord = (value: number): number => Math.imul(value, 0x01010101);

/** Where words from `from` on are no longer all `word`, or `end`: sixteen bytes are looked at at once. */
export function wordRunEnd(words: Int32Array, from: number, end: number, word: number): number {
  let at = from;
  while (
    at + 4 <= end &&
    ((words[at] ^ word) |
      (words[at + 1] ^ word) |
      (words[at + 2] ^ word) |
      (words[at + 3] ^ word)) ===
      0
  ) {
    at += 4;
  }
  while (at < end && words[at] === word) at++;
  return at;
}

/** Where pixels from `from` on no longer have the value of the first, or `end`. */
export function runEnd(
  pixels: Uint8Array,
  words: Int32Array | undefined,
  from: number,
  end: number,
): number {
  const value = pixels[from];
  let at = from + 1;
  while (at < end && at % WORD !== 0 && pixels[at] === value) at++;
  if (words && at % WORD === 0 && at < end) {
    at = WORD * wordRunEnd(words, at / WORD, Math.floor(end / WORD), uniformWord(value));
  }
  while (at < end && pixels[at] === value) at++;
  return at;
}

/** Pixels of a slice, of which those before `from` and from `end` on are background. */
export interface Extent {
  from: number;
  end: number;
}

/** `found[value]` becomes 1 for each value that the pixels hold; returns where they are labelled. */
export function findValues(pixels: Uint8Array, found: Uint8Array): Extent {
  const words = wordsOf(pixels);
  if (!words) {
    for (let at = 0; at < pixels.length; at++) found[pixels[at]] = 1;
    return { from: 0, end: pixels.length };
  }
  const extent = { from: 0, end: 0 };
  for (let at = 0; at < words.length;) {
    const four = words[at];
    const next = wordRunEnd(words, at + 1, words.length, four);
    found[four & 0xff] = 1;
    found[(four >>> 8) & 0xff] = 1;
    found[(four >>> 16) & 0xff] = 1;
    found[four >>> 24] = 1;
    if (four !== 0) {
      if (extent.end === 0) extent.from = at * WORD;
      extent.end = next * WORD;
    }
    at = next;
  }
  return extent;
}

/** Writes `table[value]` for each of the pixels; `target` has their number. */
export function mapValues(pixels: Uint8Array, table: Uint8Array, target: Uint8Array): void {
  for (let at = 0; at < pixels.length;) {
    const value = pixels[at];
    let end = at + 1;
    while (end < pixels.length && pixels[end] === value) end++;
    const mapped = table[value];
    // A call to `fill` costs more than writing a few bytes does.
    if (end - at > 32) target.fill(mapped, at, end);
    else for (let index = at; index < end; index++) target[index] = mapped;
    at = end;
  }
}

/** How many of the pixels are not 0. */
export function countLabelled(pixels: Uint8Array): number {
  const words = wordsOf(pixels);
  let count = 0;
  if (!words) {
    for (let at = 0; at < pixels.length; at++) if (pixels[at] !== 0) count++;
    return count;
  }
  let last = 0;
  let ofLast = 0;
  for (let at = 0; at < words.length; at++) {
    const four = words[at];
    if (four !== last) {
      last = four;
      ofLast =
        (four & 0xff ? 1 : 0) +
        (four & 0xff00 ? 1 : 0) +
        (four & 0xff0000 ? 1 : 0) +
        (four >>> 24 ? 1 : 0);
    }
    count += ofLast;
  }
  return count;
}
