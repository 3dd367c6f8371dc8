const WORD = Uint32Array.BYTES_PER_ELEMENT;

/** Bytes as words of four, where their place in memory and their number allow it. */
export const wordsOf = (bytes: Uint8Array): Uint32Array | undefined =>
  bytes.byteOffset % WORD === 0 && bytes.length % WORD === 0
    ? new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / WORD)
    : undefined;

/** A word of four bytes of one value. */
export const uniformWord = (value: number): number => Math.imul(value, 0x01010101) >>> 0;

/** `found[value]` becomes 1 for each value that the pixels hold. */
export function findValues(pixels: Uint8Array, found: Uint8Array): void {
  const words = wordsOf(pixels);
  if (!words) {
    for (let at = 0; at < pixels.length; at++) found[pixels[at]] = 1;
    return;
  }
  if (words.length === 0) return;
  // Most of a label map is background, and much of the rest is runs of one label.
  let last = ~words[0];
  for (let at = 0; at < words.length; at++) {
    const four = words[at];
    if (four === last) continue;
    last = four;
    found[four & 0xff] = 1;
    found[(four >>> 8) & 0xff] = 1;
    found[(four >>> 16) & 0xff] = 1;
    found[four >>> 24] = 1;
  }
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
