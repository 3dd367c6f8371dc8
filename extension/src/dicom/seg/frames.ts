import type { LabelMap } from '../../core/volume/types';

/** A frame of a BINARY segmentation: one segment on one slice. */
export interface Frame {
  /** Value in the label map. */
  label: number;
  slice: number;
}

const WORD = Uint32Array.BYTES_PER_ELEMENT;

/** The label map as words of four voxels, when it is aligned and divides so; else undefined. */
const wordsOf = (voxels: Uint8Array, sliceSize: number): Uint32Array | undefined =>
  sliceSize % WORD === 0 && voxels.byteOffset % WORD === 0
    ? new Uint32Array(voxels.buffer, voxels.byteOffset, Math.floor(voxels.length / WORD))
    : undefined;

/** `present[label]` is 1 for each value that slice k holds. */
function presentOn(
  voxels: Uint8Array,
  words: Uint32Array | undefined,
  k: number,
  size: number,
): Uint8Array {
  const present = new Uint8Array(256);
  if (!words) {
    for (let at = k * size; at < (k + 1) * size; at++) present[voxels[at]] = 1;
    return present;
  }
  // Most of a label map is background, and much of the rest is runs of one label.
  let last = 0;
  for (let word = (k * size) / WORD, end = ((k + 1) * size) / WORD; word < end; word++) {
    const four = words[word];
    if (four === last) continue;
    last = four;
    present[four & 0xff] = 1;
    present[(four >>> 8) & 0xff] = 1;
    present[(four >>> 16) & 0xff] = 1;
    present[four >>> 24] = 1;
  }
  return present;
}

/**
 * The frames that a BINARY segmentation of these labels has: those that are not empty, by segment
 * in the order given and then by slice. Where all are empty it is one empty frame, for an image
 * has at least one (PS3.3 C.7.6.6).
 */
export function planFrames({ voxels, geometry }: LabelMap, labels: readonly number[]): Frame[] {
  const [columns, rows, slices] = geometry.dimensions;
  const words = wordsOf(voxels, columns * rows);
  const present = Array.from({ length: slices }, (_, k) =>
    presentOn(voxels, words, k, columns * rows),
  );
  const frames = labels.flatMap(label =>
    present.flatMap((labelsHere, slice) => (labelsHere[label] === 1 ? [{ label, slice }] : [])),
  );
  return frames.length > 0 ? frames : [{ label: labels[0], slice: Math.floor(slices / 2) }];
}

/** Bytes of Pixel Data of so many frames with one bit a pixel; frames are not padded (PS3.5 8.1.1). */
export const packedLength = (frames: number, frameSize: number): number =>
  Math.ceil((frames * frameSize) / 8);

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
  const words = wordsOf(voxels, size);
  const bySlice = new Map<number, Array<{ label: number; frame: number }>>();
  frames.forEach(({ label, slice }, frame) => {
    const here = bySlice.get(slice);
    if (here) here.push({ label, frame });
    else bySlice.set(slice, [{ label, frame }]);
  });
  // By label: the byte that the frame begins in and the bit in it; -1 for labels without a frame.
  const firstByte = new Float64Array(256);
  const firstBit = new Uint8Array(256);
  for (const [slice, here] of bySlice) {
    firstByte.fill(-1);
    for (const { label, frame } of here) {
      firstByte[label] = Math.floor((frame * size) / 8);
      firstBit[label] = (frame * size) % 8;
    }
    firstByte[0] = -1;
    const start = slice * size;
    for (let index = 0; index < size;) {
      if (words && index % WORD === 0 && words[(start + index) / WORD] === 0) {
        index += WORD;
        continue;
      }
      const label = voxels[start + index];
      const byte = firstByte[label];
      if (byte >= 0) {
        const bit = firstBit[label] + index;
        target[byte + (bit >>> 3)] |= 1 << (bit & 7);
      }
      index++;
    }
  }
}

/**
 * Writes a frame's set bits as `label` into slice `slice` of a label map with `size` pixels a
 * slice. `bits` is the whole Pixel Data and holds the frame.
 */
export function unpackFrame(
  bits: Uint8Array,
  frame: number,
  size: number,
  { label, slice }: Frame,
  voxels: Uint8Array,
): void {
  const firstByte = Math.floor((frame * size) / 8);
  const firstBit = (frame * size) % 8;
  const bytes = Math.ceil((firstBit + size) / 8);
  for (let byte = 0; byte < bytes; byte++) {
    const eight = bits[firstByte + byte];
    if (eight === 0) continue;
    for (let bit = 0; bit < 8; bit++) {
      if ((eight & (1 << bit)) === 0) continue;
      const index = byte * 8 + bit - firstBit;
      // The first and the last byte may be shared with the neighbouring frames.
      if (index >= 0 && index < size) voxels[slice * size + index] = label;
    }
  }
}
