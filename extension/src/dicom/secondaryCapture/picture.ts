import type { VolumeGeometry } from '../../core/geometry/types';
import type { Volume, VoiWindow } from '../../core/volume/types';
import { linearVoi, voiValue } from '../../core/volume/voi';
import { Canvas } from './canvas';

/** Pixels that the longer side of a slice is shown with: small ones grow, large ones shrink. */
const LONG_SIDE = { least: 512, most: 1024 } as const;

/** How a slice is laid on the canvas: its size there, square pixels in the patient. */
export interface Layout {
  width: number;
  height: number;
  /** Canvas pixels a source pixel takes. */
  across: number;
  down: number;
}

export function layoutOf({ dimensions, spacing }: VolumeGeometry): Layout {
  const unit = Math.min(spacing[0], spacing[1]);
  const natural = [dimensions[0] * (spacing[0] / unit), dimensions[1] * (spacing[1] / unit)];
  const long = Math.max(...natural);
  const factor = Math.min(LONG_SIDE.most, Math.max(LONG_SIDE.least, long)) / long;
  const [width, height] = natural.map(side => Math.max(1, Math.round(side * factor)));
  return { width, height, across: width / dimensions[0], down: height / dimensions[1] };
}

/** The value below which `share` of some values lie. */
const quantile = (sorted: Float64Array, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;

/** The series' own window; else soft tissue on CT, and from 1 % to 99 % of the slice elsewhere. */
export function windowOf(volume: Volume, k: number): VoiWindow {
  if (volume.voi) return volume.voi;
  if (volume.modality === 'CT') return { center: 40, width: 400, function: 'LINEAR' };
  const [columns, rows] = volume.geometry.dimensions;
  const size = columns * rows;
  const values = Float64Array.from(volume.voxels.subarray(k * size, (k + 1) * size))
    .filter(Number.isFinite)
    .sort();
  const [low, high] = [quantile(values, 0.01), quantile(values, 0.99)];
  return { center: (low + high) / 2, width: Math.max(high - low, 1e-6), function: 'LINEAR_EXACT' };
}

/** For each canvas pixel's samples along one axis: two source pixels and the share of the second. */
function samplesAlong(length: number, size: number, perSource: number, samples: number) {
  const low = new Int32Array(length * samples);
  const high = new Int32Array(length * samples);
  const share = new Float64Array(length * samples);
  for (let at = 0; at < length * samples; at++) {
    const source = Math.min(size - 1, Math.max(0, (at + 0.5) / samples / perSource - 0.5));
    low[at] = Math.floor(source);
    high[at] = Math.min(size - 1, low[at] + 1);
    share[at] = source - low[at];
  }
  return { low, high, share };
}

/** Slice k in grey: linear where it grows, the mean of its pixels where it shrinks. */
export function drawSlice(
  canvas: Canvas,
  volume: Volume,
  k: number,
  { layout, left, top }: { layout: Layout; left: number; top: number },
): void {
  const [columns, rows] = volume.geometry.dimensions;
  const slice = volume.voxels.subarray(columns * rows * k, columns * rows * (k + 1));
  const voi = windowOf(volume, k);
  const samples = Math.max(1, Math.ceil(Math.max(1 / layout.across, 1 / layout.down)));
  const x = samplesAlong(layout.width, columns, layout.across, samples);
  const y = samplesAlong(layout.height, rows, layout.down, samples);
  const line = new Float64Array(layout.width);
  const share = 1 / samples ** 2;
  const straight = linearVoi(voi);
  const shownAs = (value: number): number => {
    if (!straight) return voiValue(voi, value);
    const shown = value * straight.factor + straight.offset;
    return shown > 1 ? 1 : shown < 0 ? 0 : shown;
  };
  for (let row = 0; row < layout.height; row++) {
    line.fill(0);
    for (let b = row * samples; b < (row + 1) * samples; b++) {
      const above = y.low[b] * columns;
      const below = y.high[b] * columns;
      const down = y.share[b];
      for (let column = 0, a = 0; column < layout.width; column++) {
        for (let n = 0; n < samples; n++, a++) {
          const from = x.low[a];
          const to = x.high[a];
          const across = x.share[a];
          const upper = slice[above + from] * (1 - across) + slice[above + to] * across;
          const lower = slice[below + from] * (1 - across) + slice[below + to] * across;
          line[column] += upper * (1 - down) + lower * down;
        }
      }
    }
    for (let column = 0; column < layout.width; column++) {
      // A whole number of what is no number is 0.
      canvas.grey(left + column, top + row, (255 * shownAs(line[column] * share) + 0.5) | 0);
    }
  }
}
