import type { VolumeGeometry } from '../../extension/src/core/geometry/types';
import type { LabelMap } from '../../extension/src/core/volume/types';

const DIMENSIONS = [512, 512, 300] as const;

/** Numbers of 0 to 1 in an order that repeats from run to run. */
const random = (seed: number) => {
  let state = seed;
  return (): number => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8) / 2 ** 24;
};

/**
 * A label map as of a body: `segments` rounded organs with uneven edges in a body of 440×300 pixels.
 * A single one is as large as a liver; of 104 there are large ones, and many small ones (vertebrae,
 * ribs, vessels). Later organs push earlier ones aside.
 */
export const benchBody = (geometry: VolumeGeometry, segments: number): LabelMap => {
  const [columns, rows, slices] = geometry.dimensions;
  const voxels = new Uint8Array(columns * rows * slices);
  const next = random(segments);
  const between = (from: number, to: number): number => from + (to - from) * next();
  for (let label = 1; label <= segments; label++) {
    const large = label <= Math.max(1, segments / 5);
    const [a, b, c] = large
      ? [between(50, 110), between(45, 80), between(50, 110)]
      : [between(10, 32), between(10, 32), between(12, 45)];
    const middle =
      segments === 1
        ? [columns / 2, rows / 2, slices / 2]
        : [between(120, columns - 120), between(160, rows - 160), between(20, slices - 20)];
    const phase = between(0, 6);
    for (let k = Math.max(0, Math.ceil(middle[2] - c)); k <= middle[2] + c && k < slices; k++) {
      const left = 1 - ((k - middle[2]) / c) ** 2;
      if (left <= 0) continue;
      const height = b * Math.sqrt(left);
      for (let j = Math.max(0, Math.ceil(middle[1] - height)); j <= middle[1] + height; j++) {
        if (j >= rows) break;
        const rest = left - ((j - middle[1]) / b) ** 2;
        if (rest <= 0) continue;
        const half = a * Math.sqrt(rest) * (1 + 0.08 * Math.sin(phase + j / 3 + k / 5));
        const from = Math.max(0, Math.round(middle[0] - half));
        const to = Math.min(columns, Math.round(middle[0] + half) + 1);
        const row = columns * (j + rows * k);
        voxels.fill(label, row + from, row + to);
      }
    }
  }
  return { geometry, voxels };
};

export const BENCH_SIZE = { columns: DIMENSIONS[0], rows: DIMENSIONS[1], slices: DIMENSIONS[2] };
