import type { LabelMap } from '../../core/volume/types';
import { findValues, mapValues, type Extent } from './labels';
import { encodeRleFrame, rleLimit } from './rle';

/** The frames of a LABELMAP segmentation: one a slice that is not empty. */
export interface LabelFrames {
  /** Slice index k of each frame. */
  slices: number[];
  /** Segment Number of each value of the label map; 0, the background, of values without one. */
  numbers: Uint8Array;
  /** By slice: whether its values are its Segment Numbers as they stand. */
  verbatim: Uint8Array;
  /** By slice: where it is labelled. */
  extents: Extent[];
}

/**
 * The frames that a LABELMAP segmentation of these labels has: label i becomes Segment Number
 * i + 1, as in a BINARY one. Where all slices are empty it is the middle one, for an image has at
 * least one frame (PS3.3 C.7.6.6).
 */
export function planLabelFrames(
  { voxels, geometry }: LabelMap,
  labels: readonly number[],
): LabelFrames {
  const [columns, rows, depth] = geometry.dimensions;
  const size = columns * rows;
  const numbers = new Uint8Array(256);
  labels.forEach((label, index) => (numbers[label] = index + 1));
  const verbatim = new Uint8Array(depth);
  const slices: number[] = [];
  const found = new Uint8Array(256);
  const extents: Extent[] = [];
  for (let k = 0; k < depth; k++) {
    found.fill(0);
    extents.push(findValues(voxels.subarray(k * size, (k + 1) * size), found));
    if (labels.some(label => found[label] === 1)) slices.push(k);
    verbatim[k] = found.every((here, value) => here === 0 || numbers[value] === value) ? 1 : 0;
  }
  if (slices.length === 0) slices.push(Math.floor(depth / 2));
  return { slices, numbers, verbatim, extents };
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

/** The frames in RLE Lossless, a fragment each. */
export function rleLabelFrames(
  { voxels, geometry }: LabelMap,
  { slices, numbers, extents }: LabelFrames,
): Uint8Array[] {
  const [columns, rows] = geometry.dimensions;
  const size = columns * rows;
  const room = new Uint8Array(rleLimit(columns, rows));
  return slices.map(k => {
    const pixels = voxels.subarray(k * size, (k + 1) * size);
    return room.slice(0, encodeRleFrame(pixels, columns, numbers, room, extents[k]));
  });
}
