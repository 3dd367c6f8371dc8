import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import {
  DOUBLE_FLOAT_PIXEL_DATA,
  FLOAT_PIXEL_DATA,
  PIXEL_DATA,
  type DataElement,
  type Part10File,
} from './dataSet';
import { RLE_LOSSLESS, transferSyntaxOf } from './transferSyntax';
import { numberOf, textOf, valueBytes } from './values';

/** The attributes of the Image Pixel module (PS3.3 C.7.6.3) that decide how pixels are read. */
export interface PixelDescription {
  rows: number;
  columns: number;
  samplesPerPixel: number;
  bitsAllocated: number;
  bitsStored: number;
  pixelRepresentation: number;
  planarConfiguration: number;
  photometricInterpretation: string;
  numberOfFrames: number;
}

export function pixelElement(file: Part10File): DataElement | undefined {
  return (
    file.dataSet.get(PIXEL_DATA) ??
    file.dataSet.get(FLOAT_PIXEL_DATA) ??
    file.dataSet.get(DOUBLE_FLOAT_PIXEL_DATA)
  );
}

const FLOAT_BITS: Record<string, number> = {
  [FLOAT_PIXEL_DATA]: 32,
  [DOUBLE_FLOAT_PIXEL_DATA]: 64,
};

export function describePixels(file: Part10File): PixelDescription {
  const number = (tag: string, fallback: number) => numberOf(file, file.dataSet, tag) ?? fallback;
  const bitsAllocated = number('00280100', FLOAT_BITS[pixelElement(file)?.tag ?? ''] ?? 8);
  return {
    rows: number('00280010', 0),
    columns: number('00280011', 0),
    samplesPerPixel: number('00280002', 1),
    bitsAllocated,
    bitsStored: number('00280101', bitsAllocated),
    pixelRepresentation: number('00280103', 0),
    planarConfiguration: number('00280006', 0),
    photometricInterpretation: textOf(file, file.dataSet, '00280004') ?? 'MONOCHROME2',
    numberOfFrames: Math.max(1, Math.trunc(number('00280008', 1))),
  };
}

/** Bits of one native frame; YBR_FULL_422 has two samples a pixel (PS3.3 C.7.6.3.1.2). */
export function bitsPerFrame(pixels: PixelDescription): number {
  const samples =
    pixels.photometricInterpretation === 'YBR_FULL_422' && pixels.samplesPerPixel === 3
      ? 2
      : pixels.samplesPerPixel;
  return pixels.rows * pixels.columns * samples * pixels.bitsAllocated;
}

/** Where each frame lies: byte ranges in `Part10File.bytes`, or bits where frames share bytes. */
export type FrameTable =
  | { kind: 'fragments'; frames: Array<Array<{ offset: number; length: number }>> }
  | {
      kind: 'native';
      offset: number;
      length: number;
      bits: number;
      word: 1 | 2 | 4 | 8;
      count: number;
    };

type Fragment = { offset: number; length: number };

/** Start of a new JPEG, JPEG-LS, JPEG 2000 or JPEG XL code stream. */
function startsCodeStream(bytes: Buffer, fragment: Fragment): boolean {
  if (fragment.length < 2) return false;
  const marker = bytes.readUInt16BE(fragment.offset);
  return marker === 0xffd8 || marker === 0xff4f || marker === 0xff0a;
}

function groupByOffsets(fragments: Fragment[], offsets: number[]): Fragment[][] | undefined {
  if (fragments.length === 0) return undefined;
  const first = fragments[0].offset - 8;
  const starts = new Map(fragments.map((f, i) => [f.offset - 8 - first, i]));
  const indices = offsets.map(offset => starts.get(offset));
  if (indices.some(index => index === undefined) || indices[0] !== 0) {
    return undefined;
  }
  return indices.map((index, i) => fragments.slice(index, indices[i + 1] ?? fragments.length));
}

/**
 * Fragments of each frame (PS3.5 A.4): by the Extended or Basic Offset Table where it is right, else
 * one fragment a frame, else by the starts of code streams.
 */
function groupFragments(file: Part10File, element: DataElement, count: number): Fragment[][] {
  const [table, ...fragments] = element.fragments ?? [];
  const { bytes } = file;
  const offsets: number[] = [];
  const extended = file.dataSet.get('7FE00001');
  if (extended && extended.length >= 8) {
    const values = valueBytes(file, extended);
    for (let at = 0; at + 8 <= values.length; at += 8) {
      offsets.push(Number(values.readBigUInt64LE(at)));
    }
  } else if (table) {
    for (let at = 0; at + 4 <= table.length; at += 4) {
      offsets.push(bytes.readUInt32LE(table.offset + at));
    }
  }
  if (offsets.length >= count) {
    const grouped = groupByOffsets(fragments, offsets.slice(0, count));
    if (grouped) return grouped;
  }
  if (fragments.length === count) return fragments.map(fragment => [fragment]);
  if (count === 1) return [fragments];
  if (file.transferSyntaxUID === RLE_LOSSLESS) return fragments.map(fragment => [fragment]);
  const frames: Fragment[][] = [];
  for (const fragment of fragments) {
    if (frames.length === 0 || startsCodeStream(bytes, fragment)) frames.push([fragment]);
    else frames[frames.length - 1].push(fragment);
  }
  return frames;
}

/**
 * The frames of an instance. Refuses with `noPixelData`, or `pixelDataTooShort` where there are fewer
 * bytes than Rows, Columns, Samples per Pixel, Bits Allocated and Number of Frames promise.
 */
export function frameTableOf(file: Part10File): Outcome<FrameTable> {
  const element = pixelElement(file);
  if (!element) {
    return refuse('noPixelData', 'The instance has no pixel data.');
  }
  const pixels = describePixels(file);
  if (element.fragments) {
    const video = transferSyntaxOf(file.transferSyntaxUID).mediaType.startsWith('video/');
    const count = video ? 1 : pixels.numberOfFrames;
    const frames = groupFragments(file, element, count);
    if (frames.length < count) {
      return refuse(
        'pixelDataTooShort',
        `The pixel data hold ${frames.length} frames where NumberOfFrames says ${count}.`,
        { found: frames.length, expected: count },
      );
    }
    return accept({ kind: 'fragments', frames });
  }
  const bits = bitsPerFrame(pixels);
  const expected = Math.ceil((bits * pixels.numberOfFrames) / 8);
  if (bits === 0 || element.length < expected) {
    return refuse(
      'pixelDataTooShort',
      `The pixel data are ${element.length} bytes where ${expected} are expected (${pixels.rows} × ${pixels.columns}, ${pixels.numberOfFrames} frames).`,
      { found: element.length, expected },
    );
  }
  const swapped = !file.littleEndian && pixels.bitsAllocated > 8;
  return accept({
    kind: 'native',
    offset: element.offset,
    length: element.length,
    bits,
    word: swapped ? (Math.min(8, pixels.bitsAllocated / 8) as 2 | 4 | 8) : 1,
    count: pixels.numberOfFrames,
  });
}

export const frameCount = (table: FrameTable): number =>
  table.kind === 'native' ? table.count : table.frames.length;

/** Bytes of the file that hold a frame, `number` from 1; native 1-bit frames may begin within a byte. */
export function frameRanges(table: FrameTable, number: number): Fragment[] {
  if (table.kind === 'fragments') {
    return table.frames[number - 1];
  }
  const firstBit = (number - 1) * table.bits;
  const start = Math.floor(firstBit / 8);
  const end = Math.ceil((firstBit + table.bits) / 8);
  return [{ offset: table.offset + start, length: end - start }];
}

/**
 * A frame as it is handed out, from the bytes of its ranges: fragments joined, words in little endian
 * order, and bits moved to the beginning of a byte (PS3.18 8.7.3.2).
 */
export function frameOf(table: FrameTable, number: number, ranges: Buffer[]): Buffer {
  const bytes = ranges.length === 1 ? ranges[0] : Buffer.concat(ranges);
  if (table.kind === 'fragments') {
    return bytes;
  }
  const shift = ((number - 1) * table.bits) % 8;
  if (shift !== 0 || table.bits % 8 !== 0) {
    return alignBits(bytes, shift, table.bits);
  }
  if (table.word === 1) {
    return bytes;
  }
  const copy = Buffer.from(bytes);
  if (table.word === 2) return copy.swap16();
  return table.word === 4 ? copy.swap32() : copy.swap64();
}

function alignBits(bytes: Buffer, shift: number, bits: number): Buffer {
  const aligned = Buffer.alloc(Math.ceil(bits / 8));
  for (let i = 0; i < aligned.length; i++) {
    aligned[i] = ((bytes[i] >> shift) | ((bytes[i + 1] ?? 0) << (8 - shift))) & 0xff;
  }
  const rest = bits % 8;
  if (rest !== 0) {
    aligned[aligned.length - 1] &= (1 << rest) - 1;
  }
  return aligned;
}
