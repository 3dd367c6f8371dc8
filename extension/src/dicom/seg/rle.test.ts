import { encodeRleFrame, rleLimit } from './rle';

/** PackBits undone by rows as PS3.5 G.4.2 says; each row must end where a run ends. */
function decoded(frame: Uint8Array, columns: number, rows: number): number[] {
  const header = new DataView(frame.buffer, frame.byteOffset);
  expect([header.getUint32(0, true), header.getUint32(4, true)]).toEqual([1, 64]);
  const pixels: number[] = [];
  let at = 64;
  for (let row = 1; row <= rows; row++) {
    while (pixels.length < row * columns) {
      const count = header.getInt8(at);
      if (count >= 0) pixels.push(...frame.subarray(at + 1, at + 2 + count));
      else pixels.push(...new Array<number>(1 - count).fill(frame[at + 1]));
      at += count >= 0 ? count + 2 : 2;
    }
    expect(pixels).toHaveLength(row * columns);
  }
  expect(frame.length).toBe(at + (at % 2));
  return pixels;
}

const identity = Uint8Array.from({ length: 256 }, (_, value) => value);
const encoded = (pixels: Uint8Array, columns: number, table = identity): Uint8Array => {
  const target = new Uint8Array(rleLimit(columns, pixels.length / columns));
  return target.slice(0, encodeRleFrame(pixels, columns, table, target));
};

const COLUMNS = 300;
const patterns: Array<[string, (index: number) => number]> = [
  ['one value', () => 7],
  ['every pixel another', index => index % 251],
  ['pairs', index => (index >> 1) % 251],
  ['threes', index => Math.floor(index / 3) % 251],
  ['runs of 127 to 130 and what is left of them', index => (index % 257 < 129 ? 1 : 2)],
  ['literals, then a run', index => (index % 40 < 20 ? index % 17 : 9)],
  ['a run of 129, of which one is left over', index => (index % COLUMNS < 129 ? 3 : index % 2)],
];
test.each(patterns)('RLE comes back as it was: %s', (_name, value) => {
  const pixels = Uint8Array.from({ length: COLUMNS * 4 }, (_, index) => value(index));
  expect(decoded(encoded(pixels, COLUMNS), COLUMNS, 4)).toEqual(Array.from(pixels));
});

test('RLE of the longest row fits in its room and of one pixel is even', () => {
  const pixels = Uint8Array.from({ length: 128 * 3 + 1 }, (_, index) => index % 2);
  const frame = encoded(pixels, pixels.length);
  expect(decoded(frame, pixels.length, 1)).toEqual(Array.from(pixels));
  expect(encoded(Uint8Array.of(5), 1)).toHaveLength(66);
});

test('RLE holds what the table has for each value', () => {
  const table = new Uint8Array(256);
  table[4] = 1;
  const pixels = Uint8Array.of(4, 4, 4, 4, 0, 9, 4, 9);
  expect(decoded(encoded(pixels, 4, table), 4, 2)).toEqual([1, 1, 1, 1, 0, 0, 1, 0]);
});
