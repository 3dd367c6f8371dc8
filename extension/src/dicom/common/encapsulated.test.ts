import { deflateRawSync } from 'node:zlib';
import { decodedFrames } from './encapsulated';
import type { ParsedDataset } from './parse';

const RLE = '1.2.840.10008.1.2.5';
const DEFLATED = '1.2.840.10008.1.2.8.1';

const dataset = (fragments: Uint8Array[], more: ParsedDataset): ParsedDataset => ({
  Rows: [2],
  Columns: [3],
  NumberOfFrames: [fragments.length],
  PixelData: fragments.map(Fragment => ({ Fragment })),
  ...more,
});

/** The header of RLE Lossless (PS3.5 G.5) and segments behind it. */
function rleFrame(...segments: number[][]): Uint8Array {
  const header = new DataView(new ArrayBuffer(64));
  header.setUint32(0, segments.length, true);
  let offset = 64;
  segments.forEach((segment, index) => {
    header.setUint32(4 + 4 * index, offset, true);
    offset += segment.length;
  });
  return Uint8Array.from([...new Uint8Array(header.buffer), ...segments.flat()]);
}

test('RLE Lossless: runs and literals, of one byte a pixel', async () => {
  // Three of 7 (257 − 254), then 1, 2, 3 as they stand; 0x80 is passed over.
  const frame = rleFrame([0xfe, 7, 0x80, 2, 1, 2, 3, 0]);
  const native = await decodedFrames(RLE, dataset([frame, frame], { BitsAllocated: [8] }));
  expect(Array.from(native)).toEqual([7, 7, 7, 1, 2, 3, 7, 7, 7, 1, 2, 3]);
});

test('RLE Lossless: two bytes a pixel, the higher one first', async () => {
  const frame = rleFrame([0xfb, 1], [5, 10, 11, 12, 13, 14, 15]);
  const native = await decodedFrames(RLE, dataset([frame], { BitsAllocated: [16] }));
  expect(Array.from(new Uint16Array(native.buffer))).toEqual([266, 267, 268, 269, 270, 271]);
});

test('Deflated Image Frame: frames of single bits follow one another without padding', async () => {
  const deflated = (byte: number): Uint8Array => {
    const bytes = deflateRawSync(Uint8Array.of(byte));
    // A fragment is of even length (PS3.5 A.4).
    return Uint8Array.from(bytes.length % 2 === 0 ? bytes : [...bytes, 0]);
  };
  const frames = [deflated(0b100001), deflated(0b010110)];
  const native = await decodedFrames(DEFLATED, dataset(frames, { BitsAllocated: [1] }));
  expect(Array.from(native)).toEqual([0b10100001, 0b0101]);
});

test.each([
  [
    'fewer fragments than frames',
    RLE,
    { NumberOfFrames: [2], BitsAllocated: [8] },
    [rleFrame([0])],
  ],
  ['no segments', RLE, { BitsAllocated: [8] }, [rleFrame()]],
  ['single bits in RLE', RLE, { BitsAllocated: [1] }, [rleFrame([0])]],
  ['a header that is cut off', RLE, { BitsAllocated: [8] }, [new Uint8Array(3)]],
  [
    'a frame that is too short',
    DEFLATED,
    { BitsAllocated: [8] },
    [Uint8Array.from(deflateRawSync(Uint8Array.of(1)))],
  ],
  ['bytes that are not deflated', DEFLATED, { BitsAllocated: [8] }, [Uint8Array.of(0xff, 0xff)]],
] as Array<[string, string, ParsedDataset, Uint8Array[]]>)(
  'with %s it throws',
  async (_what, syntax, more, fragments) => {
    await expect(decodedFrames(syntax, dataset(fragments, more))).rejects.toThrow();
  },
);
