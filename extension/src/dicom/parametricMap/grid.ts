import type { MapGrid } from '../../core/evidence/table';
import type { RunResult, ScalarMap } from '../../core/findings/types';
import type { VolumeGeometry } from '../../core/geometry/types';
import { voxelCount } from '../../core/geometry/transform';
import { uidFrom } from '../../core/model/identity';
import { createMapInverter } from '../../core/postprocessing/invertMap';
import { sharesAxes } from '../../core/postprocessing/inverseGrid';
import { planSlices } from '../../core/volume/assemble';

/** Bytes of pixels above which a map is not brought onto its source's grid. */
export const LARGEST_ON_SOURCE = 256 * 2 ** 20;

/**
 * SOP Instance UID of one of a run's maps: the same run stored twice is the same instance. On
 * another grid it has other pixels, and is another instance.
 */
export const parametricMapUIDOf = (
  runId: string,
  mapKey: string,
  grid: MapGrid = 'model',
): string =>
  grid === 'model'
    ? uidFrom('evidence', 'PM', runId, mapKey)
    : uidFrom('evidence', 'PM', 'source grid', runId, mapKey);

/** What a map of a run can be called, whichever grid it was written on. */
export const parametricMapUIDs = (runId: string, mapKey: string): string[] => [
  parametricMapUIDOf(runId, mapKey, 'source'),
  parametricMapUIDOf(runId, mapKey, 'model'),
];

/** The grid of a run's source. */
export function sourceGridOf(run: RunResult): VolumeGeometry {
  const plan = planSlices(run.source.slices);
  if (!plan.ok) throw new Error(`a map of what is no volume: ${plan.refusal.message}`);
  return plan.value.geometry;
}

/**
 * The grid that a map is written on: the wanted one; but what is stored already stays what it is, for
 * on another grid it would be a second map; and a map stays on the network's where the source's shares
 * no axes with it, or would take more than `LARGEST_ON_SOURCE`.
 *
 * @param stored SOP Instance UIDs of what is stored of the run
 */
export function mapGridFor(
  run: RunResult,
  map: ScalarMap,
  wanted: MapGrid,
  stored: readonly string[] = [],
): MapGrid {
  const [onSource, onModel] = parametricMapUIDs(run.runId, map.key);
  if (stored.includes(onSource)) return 'source';
  if (stored.includes(onModel) || wanted === 'model') return 'model';
  const source = sourceGridOf(run);
  const bytes = voxelCount(source) * Float32Array.BYTES_PER_ELEMENT;
  return bytes <= LARGEST_ON_SOURCE && sharesAxes(source, map.geometry) ? 'source' : 'model';
}

/** The least normal number of 32 bits: a smaller one is nothing to what flushes to zero. */
const TINY = 2 ** -126;

/** The next lower 32-bit number of one below zero. */
function nextLower(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  bits[0] += 1;
  return new Float32Array(bits.buffer)[0];
}

/**
 * Float Pixel Padding Value of a map whose finite values are from `low` to `high`: what stands where
 * there is no value, and is one of none. Viewers at large know neither padding nor NaN, which spoils
 * the range of those that look for one; so it is a hair below 0, or below the least value where all
 * are below 0, and looks as nothing does.
 */
export const paddingBelow = ({ low, high }: { low: number; high: number }): number =>
  low < 0 && high <= 0 ? nextLower(low) : -TINY;

/** Pixels of a map as they are written: where, their range, and a slice at a time. */
export interface MapPixels {
  geometry: VolumeGeometry;
  /** Of the finite ones. */
  range: { low: number; high: number };
  /** Only on the source's grid. */
  padding?: number;
  /** Writes frame k into `out`, of a frame's size. */
  frame(k: number, out: Float32Array<ArrayBuffer>): void;
}

/** The least and the greatest finite value; NaN and infinities say that there is no value. */
export function finiteRange(values: Float32Array): MapPixels['range'] {
  return rangeOf([values]);
}

/** Of values that come part by part. */
function rangeOf(parts: Iterable<Float32Array>): MapPixels['range'] {
  const range = { low: Infinity, high: -Infinity };
  for (const part of parts) widen(range, part);
  return range.low > range.high ? { low: 0, high: 0 } : range;
}

function widen(range: MapPixels['range'], values: Float32Array): void {
  let { low, high } = range;
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  range.low = low;
  range.high = high;
}

/** A map's own pixels, on the network's grid. */
export const pixelsOnModel = (map: ScalarMap): MapPixels => {
  const [columns, rows] = map.geometry.dimensions;
  const size = columns * rows;
  return {
    geometry: map.geometry,
    range: finiteRange(map.values),
    frame: (k, out) => out.set(map.values.subarray(k * size, (k + 1) * size)),
  };
};

/**
 * A map's pixels on its source's grid: interpolated linearly; padding where there is no finite value
 * to interpolate from. They are made a slice at a time and twice, for their range stands before them
 * in the file: that takes less than to hold them.
 */
export function pixelsOnSource(run: RunResult, map: ScalarMap): MapPixels {
  const geometry = sourceGridOf(run);
  const [columns, rows, slices] = geometry.dimensions;
  const invert = createMapInverter(map.values, map.geometry, geometry);
  const slice = new Float32Array(columns * rows);
  function* eachSlice() {
    for (let k = 0; k < slices; k++) {
      invert(k, slice);
      yield slice;
    }
  }
  const range = rangeOf(eachSlice());
  const padding = paddingBelow(range);
  return {
    geometry,
    range,
    padding,
    frame(k, out) {
      invert(k, out);
      for (let at = 0; at < out.length; at++) {
        const value = out[at];
        if (value === padding) out[at] = 0;
        else if (!Number.isFinite(value)) out[at] = padding;
      }
    },
  };
}
