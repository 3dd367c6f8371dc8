import { accept, refuse, type Outcome } from '../../../core/outcome';
import { unpackSegments, type SegmentationPixels } from '../../seg/decode';
import type { ForeignHeader } from '../header';
import type { FrameGrid } from './grid';

/** A label map of segments that do not overlap, on the segmentation's own columns and rows. */
export interface UnpackedMap {
  voxels: Uint8Array;
  /** Segment Numbers, each with its value in the voxels, 1–255. */
  labels: Map<number, number>;
}

/** At half of the largest value a voxel belongs to a segment of a FRACTIONAL segmentation. */
export const FRACTION_THRESHOLD = 0.5;
/** A label map holds one byte a voxel, 0 being the background. */
const MAX_LABELS = 255;
/** Overlapping segments take a label map each; more than so many are not shown. */
const MAX_LABEL_MAPS = 16;

/** Values of segments in a label map: their own numbers where these are such values. */
function labelsOf(numbers: readonly number[]): Map<number, number> {
  const own = numbers.every(number => number >= 1 && number <= MAX_LABELS);
  return new Map(numbers.map((number, index) => [number, own ? number : index + 1]));
}

const inParts = (numbers: readonly number[]): number[][] =>
  Array.from({ length: Math.ceil(numbers.length / MAX_LABELS) }, (_, part) =>
    numbers.slice(part * MAX_LABELS, (part + 1) * MAX_LABELS),
  );

/** Pixels that a frame sets, as 0 and 1. */
function maskOf(pixels: SegmentationPixels, frame: number): Uint8Array {
  const size = pixels.columns * pixels.rows;
  const mask = new Uint8Array(size);
  const first = frame * size;
  if (pixels.type === 'BINARY') {
    for (let at = 0; at < size; at++) {
      mask[at] = (pixels.data[(first + at) >>> 3] >>> ((first + at) & 7)) & 1;
    }
    return mask;
  }
  const least = Math.max(1, Math.ceil(FRACTION_THRESHOLD * pixels.maximumFractionalValue));
  for (let at = 0; at < size; at++) mask[at] = pixels.data[first + at] >= least ? 1 : 0;
  return mask;
}

const meets = (mask: Uint8Array, voxels: Uint8Array, from: number): boolean => {
  for (let at = 0; at < mask.length; at++) {
    if (mask[at] === 1 && voxels[from + at] !== 0) return true;
  }
  return false;
};

/** Each segment goes to the first label map in which none of its voxels is taken. */
function apart(
  header: ForeignHeader,
  pixels: SegmentationPixels,
  { slices, count }: FrameGrid,
  framesOf: ReadonlyMap<number, readonly number[]>,
): Outcome<UnpackedMap[]> {
  const size = pixels.columns * pixels.rows;
  const maps: UnpackedMap[] = [];
  for (const [number, frames] of framesOf) {
    const masks = frames.map(frame => ({
      mask: maskOf(pixels, frame),
      from: slices[frame] * size,
    }));
    let map = maps.find(
      ({ voxels, labels }) =>
        labels.size < MAX_LABELS && !masks.some(({ mask, from }) => meets(mask, voxels, from)),
    );
    if (!map) {
      if (maps.length === MAX_LABEL_MAPS) {
        return refuse(
          'foreignOverlapsTooMany',
          `A result of another program, ${header.called}, is not shown: its segments overlap so that they need more than ${MAX_LABEL_MAPS} label maps`,
          { object: header.called, allowed: MAX_LABEL_MAPS },
        );
      }
      map = { voxels: new Uint8Array(size * count), labels: new Map() };
      maps.push(map);
    }
    const taken = new Set(map.labels.values());
    const own = number >= 1 && number <= MAX_LABELS && !taken.has(number);
    let label = own ? number : 1;
    while (!own && taken.has(label)) label++;
    map.labels.set(number, label);
    for (const { mask, from } of masks) {
      for (let at = 0; at < size; at++) if (mask[at] === 1) map.voxels[from + at] = label;
    }
  }
  return accept(maps);
}

/**
 * The label maps that a segmentation's pixels make: one where no two segments share a voxel and
 * there are at most 255 of them, else as many as needed, each segment whole in one of them.
 *
 * @param numberOf Segment Number of a frame; of a LABELMAP's frames there is none
 * @param backgrounds values of a LABELMAP that are no segment
 * Refuses as `unpackSegments` does, and with `foreignOverlapsTooMany`.
 */
export function labelMapsOf(
  header: ForeignHeader,
  pixels: SegmentationPixels,
  grid: FrameGrid,
  numbers: readonly number[],
  numberOf: (frame: number) => number | undefined,
  backgrounds: readonly number[],
): Outcome<UnpackedMap[]> {
  if (pixels.type === 'LABELMAP') {
    const maps: UnpackedMap[] = [];
    for (const part of inParts(numbers)) {
      const labels = labelsOf(part);
      const values = new Map(
        [...backgrounds, ...numbers].map(number => [number, labels.get(number) ?? 0]),
      );
      const places = grid.slices.map(slice => ({ slice, label: 0 }));
      const unpacked = unpackSegments(pixels, places, grid.count, {
        labels: values,
        background: backgrounds[0],
      });
      if (!unpacked.ok) return unpacked;
      maps.push({ voxels: unpacked.value.voxels, labels });
    }
    return accept(maps);
  }
  const framesOf = new Map<number, number[]>(numbers.map(number => [number, []]));
  grid.slices.forEach((slice, frame) => {
    if (slice >= 0) framesOf.get(numberOf(frame) ?? -1)?.push(frame);
  });
  if (numbers.length <= MAX_LABELS) {
    const labels = labelsOf(numbers);
    const places = grid.slices.map((slice, frame) => {
      const label = labels.get(numberOf(frame) ?? -1);
      return label === undefined ? { slice: -1, label: 0 } : { slice, label };
    });
    const unpacked = unpackSegments(pixels, places, grid.count, { threshold: FRACTION_THRESHOLD });
    if (!unpacked.ok) return unpacked;
    if (unpacked.value.overlapping === 0) {
      return accept([{ voxels: unpacked.value.voxels, labels }]);
    }
  }
  return apart(header, pixels, grid, framesOf);
}
