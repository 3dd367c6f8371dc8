import type { LabelMap } from '../../core/volume/types';
import { findValues, uniformWord, wordRunEnd, wordsOf, type Extent } from './labels';

/** A frame of a BINARY segmentation: one segment on one slice. */
export interface Frame {
  /** Value in the label map. */
  label: number;
  slice: number;
}

/** The frames of a BINARY segmentation. */
export interface BinaryFrames {
  frames: Frame[];
  /** By slice: where it is labelled. */
  extents: Extent[];
}

/**
 * The frames that a BINARY segmentation of these labels has: those that are not empty, by segment
 * in the order given and then by slice. Where all are empty it is one empty frame, for an image
 * has at least one (PS3.3 C.7.6.6).
 */
export function planFrames(
  { voxels, geometry }: LabelMap,
  labels: readonly number[],
): BinaryFrames {
  const [columns, rows, slices] = geometry.dimensions;
  const size = columns * rows;
  const extents: Extent[] = [];
  const present = Array.from({ length: slices }, (_, k) => {
    const found = new Uint8Array(256);
    extents.push(findValues(voxels.subarray(k * size, (k + 1) * size), found));
    return found;
  });
  const frames = labels.flatMap(label =>
    present.flatMap((labelsHere, slice) => (labelsHere[label] === 1 ? [{ label, slice }] : [])),
  );
  if (frames.length === 0) frames.push({ label: labels[0], slice: Math.floor(slices / 2) });
  return { frames, extents };
}

/** Bytes of Pixel Data of so many frames with one bit a pixel; frames are not padded (PS3.5 8.1.1). */
export const packedLength = (frames: number, frameSize: number): number =>
  Math.ceil((frames * frameSize) / 8);

/** By label: where its frame of one slice begins; -1 for labels without a frame there. */
interface Starts {
  byte: Float64Array;
  bit: Uint8Array;
}

/** Any frame size: one voxel after the other. */
function packSlice(
  slice: Uint8Array,
  { from, end }: Extent,
  starts: Starts,
  target: Uint8Array,
): void {
  for (let index = from; index < end; index++) {
    const label = slice[index];
    const byte = starts.byte[label];
    if (byte < 0) continue;
    const bit = starts.bit[label] + index;
    target[byte + (bit >>> 3)] |= 1 << (bit & 7);
  }
}

/** Sets the bits of words `from` to `end`: of a slice four voxels, in a frame half a byte. */
function fillHalves(target: Uint8Array, byte: number, from: number, end: number): void {
  if (from % 2 === 1) target[byte + (from >>> 1)] |= 0xf0;
  target.fill(0xff, byte + ((from + 1) >>> 1), byte + (end >>> 1));
  if (end % 2 === 1) target[byte + (end >>> 1)] |= 0x0f;
}

/** Frames of whole bytes: most often the next words are all of one label. */
function packSliceByWords(
  slice: Uint8Array,
  words: Int32Array,
  extent: Extent,
  starts: Starts,
  target: Uint8Array,
): void {
  const last = extent.end / 4;
  for (let at = extent.from / 4; at < last;) {
    const four = words[at];
    const label = four & 0xff;
    if (four === uniformWord(label)) {
      const end = wordRunEnd(words, at + 1, last, four);
      if (starts.byte[label] >= 0) fillHalves(target, starts.byte[label], at, end);
      at = end;
      continue;
    }
    for (let voxel = at * 4; voxel < at * 4 + 4; voxel++) {
      const byte = starts.byte[slice[voxel]];
      if (byte >= 0) target[byte + (voxel >>> 3)] |= 1 << (voxel & 7);
    }
    at++;
  }
}

/**
 * Writes frames as bits, least significant bit first, into zeroed bytes. Each voxel is looked at
 * once, whatever the number of segments.
 */
export function packFrames(
  { voxels, geometry }: LabelMap,
  { frames, extents }: BinaryFrames,
  target: Uint8Array,
): void {
  const [columns, rows] = geometry.dimensions;
  const size = columns * rows;
  const bySlice = new Map<number, Array<{ label: number; frame: number }>>();
  frames.forEach(({ label, slice }, frame) => {
    const here = bySlice.get(slice);
    if (here) here.push({ label, frame });
    else bySlice.set(slice, [{ label, frame }]);
  });
  const starts: Starts = { byte: new Float64Array(256), bit: new Uint8Array(256) };
  for (const [slice, here] of bySlice) {
    starts.byte.fill(-1);
    for (const { label, frame } of here) {
      starts.byte[label] = Math.floor((frame * size) / 8);
      starts.bit[label] = (frame * size) % 8;
    }
    const pixels = voxels.subarray(slice * size, (slice + 1) * size);
    const words = size % 8 === 0 ? wordsOf(pixels) : undefined;
    if (words) packSliceByWords(pixels, words, extents[slice], starts, target);
    else packSlice(pixels, extents[slice], starts, target);
  }
}

/** Words that a frame of `size` bits touches at most, wherever it begins. */
export const frameWords = (size: number): Uint32Array =>
  new Uint32Array(Math.ceil((size + 7) / 32) + 1);

const trailingZeros = (word: number): number => 31 - Math.clz32(word & -word);

/**
 * Writes a frame's set bits as `label` into slice `slice` of a label map with `size` pixels a
 * slice. `bits` is the whole Pixel Data and holds the frame. Returns how many bits are set.
 * `words` is room for the frame, `frameWords(size)`, given where there are many.
 */
export function unpackFrame(
  bits: Uint8Array,
  frame: number,
  size: number,
  { label, slice }: Frame,
  voxels: Uint8Array,
  words = frameWords(size),
): number {
  const firstByte = Math.floor((frame * size) / 8);
  const firstBit = (frame * size) % 8;
  const length = Math.ceil((firstBit + size) / 8);
  const bytes = new Uint8Array(words.buffer);
  // A copy, for Pixel Data in a file need not be aligned to words.
  bytes.set(bits.subarray(firstByte, firstByte + length));
  bytes.fill(0, length);
  // The first and the last byte may be shared with the neighbouring frames.
  bytes[0] &= 0xff << firstBit;
  bytes[length - 1] &= 0xff >>> (length * 8 - firstBit - size);
  const from = slice * size - firstBit;
  let set = 0;
  for (let word = 0; word < words.length; word++) {
    let left = words[word];
    if (left === 0) continue;
    let at = from + word * 32;
    if (left === 0xffffffff) {
      voxels.fill(label, at, at + 32);
      set += 32;
      continue;
    }
    while (left !== 0) {
      const zeros = trailingZeros(left);
      left >>>= zeros;
      // Bits come in runs: the ones from here on are as many as zeros of the complement.
      const ones = trailingZeros(~left);
      at += zeros;
      for (const end = at + ones; at < end; at++) voxels[at] = label;
      left >>>= ones;
      set += ones;
    }
  }
  return set;
}
