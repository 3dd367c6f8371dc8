import type { LabelMap } from '../../core/volume/types';
import { findValues, uniformWord, wordsOf } from './labels';

/** A frame of a BINARY segmentation: one segment on one slice. */
export interface Frame {
  /** Value in the label map. */
  label: number;
  slice: number;
}

/**
 * The frames that a BINARY segmentation of these labels has: those that are not empty, by segment
 * in the order given and then by slice. Where all are empty it is one empty frame, for an image
 * has at least one (PS3.3 C.7.6.6).
 */
export function planFrames({ voxels, geometry }: LabelMap, labels: readonly number[]): Frame[] {
  const [columns, rows, slices] = geometry.dimensions;
  const size = columns * rows;
  const present = Array.from({ length: slices }, (_, k) => {
    const found = new Uint8Array(256);
    findValues(voxels.subarray(k * size, (k + 1) * size), found);
    return found;
  });
  const frames = labels.flatMap(label =>
    present.flatMap((labelsHere, slice) => (labelsHere[label] === 1 ? [{ label, slice }] : [])),
  );
  return frames.length > 0 ? frames : [{ label: labels[0], slice: Math.floor(slices / 2) }];
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
function packSlice(slice: Uint8Array, starts: Starts, target: Uint8Array): void {
  for (let index = 0; index < slice.length; index++) {
    const label = slice[index];
    const byte = starts.byte[label];
    if (byte < 0) continue;
    const bit = starts.bit[label] + index;
    target[byte + (bit >>> 3)] |= 1 << (bit & 7);
  }
}

/** Frames of whole bytes: eight voxels make one byte, and most often are all of one label. */
function packSliceByEight(
  slice: Uint8Array,
  words: Uint32Array,
  starts: Starts,
  target: Uint8Array,
): void {
  for (let word = 0, at = 0; word < words.length; word += 2, at++) {
    const four = words[word];
    if (four === words[word + 1]) {
      if (four === 0) continue;
      const label = four & 0xff;
      if (four === uniformWord(label)) {
        if (starts.byte[label] >= 0) target[starts.byte[label] + at] = 0xff;
        continue;
      }
    }
    for (let bit = 0; bit < 8; bit++) {
      const byte = starts.byte[slice[at * 8 + bit]];
      if (byte >= 0) target[byte + at] |= 1 << bit;
    }
  }
}

/**
 * Writes frames as bits, least significant bit first, into zeroed bytes. Each voxel is looked at
 * once, whatever the number of segments.
 */
export function packFrames(
  { voxels, geometry }: LabelMap,
  frames: readonly Frame[],
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
    if (words) packSliceByEight(pixels, words, starts, target);
    else packSlice(pixels, starts, target);
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
