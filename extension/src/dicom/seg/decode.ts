import { z } from 'zod';
import { accept, refuse, type Outcome } from '../../core/outcome';
import type { ParsedDataset } from '../common/parse';
import { issueOf, number, text } from '../common/schemas';
import { frameWords, unpackFrame } from './frames';
import { countLabelled, findValues, mapValues } from './labels';

/** The pixels of a Segmentation, anybody's, and how they lie (PS3.3 C.8.20.2). */
export interface SegmentationPixels {
  type: 'BINARY' | 'FRACTIONAL' | 'LABELMAP';
  columns: number;
  rows: number;
  frames: number;
  bitsAllocated: 1 | 8 | 16;
  /** Native and little endian; frames of single bits are not padded to bytes (PS3.5 8.1.1). */
  data: Uint8Array;
  /** Of FRACTIONAL: the value that is all of it, or certainly it. */
  maximumFractionalValue: number;
}

const pixelsSchema = z.object({
  SegmentationType: text,
  Rows: number,
  Columns: number,
  NumberOfFrames: number,
  BitsAllocated: number,
  MaximumFractionalValue: number.optional(),
  PerFrameFunctionalGroupsSequence: z.array(z.unknown()),
  PixelData: z.instanceof(Uint8Array),
});

const LAYOUTS: Record<SegmentationPixels['type'], readonly number[]> = {
  BINARY: [1],
  FRACTIONAL: [8],
  LABELMAP: [8, 16],
};
const isType = (type: string): type is SegmentationPixels['type'] => Object.hasOwn(LAYOUTS, type);

/**
 * The pixels of a parsed Segmentation of any kind and maker.
 *
 * Refuses with `evidenceUnreadable` where an attribute of them is missing, `segmentationTypeUnknown`,
 * `evidenceFramesDiffer` where Number of Frames is not that of the functional groups, and
 * `evidencePixelsMissing` where Pixel Data is cut off.
 */
export function segmentationPixels(dataset: ParsedDataset): Outcome<SegmentationPixels> {
  const parsed = pixelsSchema.safeParse(dataset);
  if (!parsed.success) {
    const reason = issueOf(parsed.error);
    return refuse('evidenceUnreadable', `A stored AI result (SEG) cannot be read: ${reason}`, {
      object: 'SEG',
      reason,
    });
  }
  const { SegmentationType: type, BitsAllocated: bits, NumberOfFrames: frames } = parsed.data;
  if (!isType(type) || !LAYOUTS[type].includes(bits)) {
    return refuse(
      'segmentationTypeUnknown',
      `A segmentation is ${type} with ${bits} bits a pixel; BINARY with 1, FRACTIONAL with 8 and LABELMAP with 8 or 16 are read`,
      { type, bits },
    );
  }
  const groups = parsed.data.PerFrameFunctionalGroupsSequence.length;
  if (frames !== groups || frames < 1) {
    return refuse(
      'evidenceFramesDiffer',
      `A segmentation says that it has ${frames} frames and describes ${groups}`,
      { met: groups, allowed: frames },
    );
  }
  const { Rows: rows, Columns: columns, PixelData: data } = parsed.data;
  const needed = Math.ceil((frames * rows * columns * bits) / 8);
  if (data.length < needed) {
    return refuse(
      'evidencePixelsMissing',
      `A segmentation has ${data.length} bytes of pixels; its ${frames} frames need ${needed}`,
      { met: data.length, allowed: needed },
    );
  }
  return accept({
    type,
    columns,
    rows,
    frames,
    bitsAllocated: bits as SegmentationPixels['bitsAllocated'],
    data,
    maximumFractionalValue: parsed.data.MaximumFractionalValue || 255,
  });
}

/** Where a frame goes; several may go to one slice. */
export interface FramePlace {
  /** Slice index k of the label map; −1 leaves the frame out. */
  slice: number;
  /** The value that BINARY's and FRACTIONAL's voxels get, 1–255; LABELMAP's have their own. */
  label: number;
}

export interface UnpackOptions {
  /**
   * Of LABELMAP: the value in the label map, 0–255, of each Segment Number that the object
   * describes. Pixels of others are refused, but for `background`.
   */
  labels?: ReadonlyMap<number, number>;
  /** Of LABELMAP: Pixel Padding Value. */
  background?: number;
  /** Of FRACTIONAL: the least part (of 1) that counts as the segment. */
  threshold?: number;
}

export interface UnpackedSegments {
  /** i fastest, as many slices as asked for. */
  voxels: Uint8Array;
  /** How often a voxel was claimed that a frame before had claimed: the last one has it. */
  overlapping: number;
}

/**
 * The label map of a Segmentation's frames, in any order and any number of them a slice, on a grid
 * of its own columns and rows and `slices` slices. `places[i]` is where frame i goes.
 *
 * Refuses with `segmentationValueUnknown` where a LABELMAP holds a value that no segment has.
 */
export function unpackSegments(
  pixels: SegmentationPixels,
  places: readonly FramePlace[],
  slices: number,
  options: UnpackOptions = {},
): Outcome<UnpackedSegments> {
  const size = pixels.columns * pixels.rows;
  const voxels = new Uint8Array(size * slices);
  if (pixels.type === 'LABELMAP') return unpackLabels(pixels, places, voxels, options);
  let claimed = 0;
  const words = frameWords(size);
  const least = Math.ceil((options.threshold ?? 0.5) * pixels.maximumFractionalValue);
  for (let frame = 0; frame < pixels.frames; frame++) {
    const { slice, label } = places[frame];
    if (slice < 0) continue;
    claimed +=
      pixels.type === 'BINARY'
        ? unpackFrame(pixels.data, frame, size, { slice, label }, voxels, words)
        : thresholdFrame(
            pixels.data.subarray(frame * size, (frame + 1) * size),
            Math.max(1, least),
            label,
            voxels.subarray(slice * size, (slice + 1) * size),
          );
  }
  // What was claimed more often than it is there was claimed by more than one.
  return accept({ voxels, overlapping: claimed - countLabelled(voxels) });
}

/**
 * The parts (0–1) of a FRACTIONAL Segmentation's frames, or 0 and 1 of a BINARY one's, on a grid as
 * of `unpackSegments`. Frames of one segment are meant: later ones overwrite earlier ones.
 */
export function unpackFractions(
  pixels: SegmentationPixels,
  places: readonly FramePlace[],
  slices: number,
): Float32Array {
  const size = pixels.columns * pixels.rows;
  const values = new Float32Array(size * slices);
  const { data, maximumFractionalValue: all } = pixels;
  for (let frame = 0; frame < pixels.frames; frame++) {
    const { slice } = places[frame];
    if (slice < 0) continue;
    for (let index = 0, at = frame * size, to = slice * size; index < size; index++, at++, to++) {
      values[to] =
        pixels.type === 'BINARY' ? (data[at >>> 3] >>> (at & 7)) & 1 : Math.min(1, data[at] / all);
    }
  }
  return values;
}

function thresholdFrame(
  pixels: Uint8Array,
  least: number,
  label: number,
  voxels: Uint8Array,
): number {
  let claimed = 0;
  for (let at = 0; at < pixels.length; at++) {
    if (pixels[at] < least) continue;
    voxels[at] = label;
    claimed++;
  }
  return claimed;
}

const unknownValue = (value: number, frame: number) =>
  refuse(
    'segmentationValueUnknown',
    `Frame ${frame + 1} of a segmentation holds the value ${value}, which none of its segments has`,
    { value, frame: frame + 1 },
  );

function unpackLabels(
  pixels: SegmentationPixels,
  places: readonly FramePlace[],
  voxels: Uint8Array,
  { labels = new Map(), background = 0 }: UnpackOptions,
): Outcome<UnpackedSegments> {
  const size = pixels.columns * pixels.rows;
  const wide = pixels.bitsAllocated === 16;
  const table = new Uint8Array(1 << pixels.bitsAllocated);
  const known = new Uint8Array(table.length);
  for (const [segment, label] of [[background, 0] as const, ...labels]) {
    table[segment] = label;
    known[segment] = 1;
  }
  const identity = table.map((_, value) => (table[value] === (value & 0xff) ? 1 : 0));
  const found = new Uint8Array(256);
  // Pixel Data in a file need not be aligned to words.
  const aligned = new Uint8Array(size);
  const filled = new Set<number>();
  let overlapping = 0;
  for (let frame = 0; frame < pixels.frames; frame++) {
    const { slice } = places[frame];
    if (slice < 0) continue;
    const target = voxels.subarray(slice * size, (slice + 1) * size);
    const earlier = filled.has(slice) ? target.slice() : undefined;
    filled.add(slice);
    if (wide) {
      const unknown = mapWideValues(pixels.data, frame * size, table, known, target);
      if (unknown !== undefined) return unknownValue(unknown, frame);
    } else {
      aligned.set(pixels.data.subarray(frame * size, (frame + 1) * size));
      found.fill(0);
      findValues(aligned, found);
      const unknown = found.findIndex((here, value) => here === 1 && known[value] === 0);
      if (unknown >= 0) return unknownValue(unknown, frame);
      if (found.every((here, value) => here === 0 || identity[value] === 1)) target.set(aligned);
      else mapValues(aligned, table, target);
    }
    if (earlier) overlapping += layOver(earlier, target);
  }
  return accept({ voxels, overlapping });
}

/** Keeps what an earlier frame had where a later one has background; returns how much both claim. */
function layOver(earlier: Uint8Array, target: Uint8Array): number {
  let overlapping = 0;
  for (let at = 0; at < target.length; at++) {
    if (earlier[at] === 0) continue;
    if (target[at] === 0) target[at] = earlier[at];
    else overlapping++;
  }
  return overlapping;
}

/** Maps pixels of two bytes from pixel `from` on; returns the first value that is not known. */
function mapWideValues(
  data: Uint8Array,
  from: number,
  table: Uint8Array,
  known: Uint8Array,
  target: Uint8Array,
): number | undefined {
  for (let index = 0, at = from * 2; index < target.length; index++, at += 2) {
    const value = data[at] | (data[at + 1] << 8);
    if (known[value] === 0) return value;
    target[index] = table[value];
  }
  return undefined;
}
