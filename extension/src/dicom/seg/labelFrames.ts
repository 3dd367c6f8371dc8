import type { LabelMap } from '../../core/volume/types';
import { findValues, mapValues } from './labels';
import { encodeRleFrame, rleLimit } from './rle';

/** The frames of a LABELMAP segmentation: one a slice that is not empty. */
export interface LabelFrames {
  /** Slice index k of each frame. */
  slices: number[];
  /** Segment Number of each value of the label map; 0, the background, of values without one. */
  numbers: Uint8Array;
  /** By slice: whether its values are its Segment Numbers as they stand. */
  verbatim: Uint8Array;
}

/** Label i becomes Segment Number i + 1, all else the background. */
const segmentNumbers = (labels: readonly number[]): Uint8Array => {
  const numbers = new Uint8Array(256);
  labels.forEach((label, index) => (numbers[label] = index + 1));
  return numbers;
};

/** The slice that stands for all where all are empty: an image has a frame (PS3.3 C.7.6.6). */
const middleOf = (depth: number): number => Math.floor(depth / 2);

/**
 * The frames that a LABELMAP segmentation of these labels has: label i becomes Segment Number
 * i + 1, as in a BINARY one. Where all slices are empty it is the middle one.
 */
export function planLabelFrames(
  { voxels, geometry }: LabelMap,
  labels: readonly number[],
): LabelFrames {
  const [columns, rows, depth] = geometry.dimensions;
  const size = columns * rows;
  const numbers = segmentNumbers(labels);
  const verbatim = new Uint8Array(depth);
  const slices: number[] = [];
  const found = new Uint8Array(256);
  for (let k = 0; k < depth; k++) {
    found.fill(0);
    findValues(voxels.subarray(k * size, (k + 1) * size), found);
    if (labels.some(label => found[label] === 1)) slices.push(k);
    verbatim[k] = found.every((here, value) => here === 0 || numbers[value] === value) ? 1 : 0;
  }
  if (slices.length === 0) slices.push(middleOf(depth));
  return { slices, numbers, verbatim };
}

/** Writes the frames, a byte a pixel, one behind the other. */
export function fillLabelFrames(
  { voxels, geometry }: LabelMap,
  { slices, numbers, verbatim }: LabelFrames,
  target: Uint8Array,
): void {
  const size = geometry.dimensions[0] * geometry.dimensions[1];
  slices.forEach((k, frame) => {
    const pixels = voxels.subarray(k * size, (k + 1) * size);
    if (verbatim[k] === 1) target.set(pixels, frame * size);
    else mapValues(pixels, numbers, target.subarray(frame * size, (frame + 1) * size));
  });
}

/**
 * The frames that `planLabelFrames` plans in RLE Lossless, a fragment each. Which slices are empty is
 * found out by encoding them: a scan before it would take as long again.
 */
export function rleLabelFrames(
  { voxels, geometry }: LabelMap,
  labels: readonly number[],
): { slices: number[]; fragments: Uint8Array[] } {
  const [columns, rows, depth] = geometry.dimensions;
  const size = columns * rows;
  const numbers = segmentNumbers(labels);
  const room = new Uint8Array(rleLimit(columns, rows));
  const found = new Uint8Array(256);
  const encode = (k: number): Uint8Array => {
    found.fill(0);
    const pixels = voxels.subarray(k * size, (k + 1) * size);
    return room.subarray(0, encodeRleFrame(pixels, columns, numbers, room, found));
  };
  const slices: number[] = [];
  const fragments: Uint8Array[] = [];
  for (let k = 0; k < depth; k++) {
    const frame = encode(k);
    if (!labels.some(label => found[label] === 1)) continue;
    slices.push(k);
    fragments.push(frame.slice());
  }
  if (slices.length > 0) return { slices, fragments };
  const middle = middleOf(depth);
  return { slices: [middle], fragments: [encode(middle).slice()] };
}
