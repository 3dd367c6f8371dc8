import { createRandom } from './random';
import { smoothstep } from './fields';

// Bound once: a test runner's sandbox makes every look-up of a global dear.
const { sqrt } = Math;

/** Standard deviation of the sum of four random bytes. */
const FOUR_BYTES = sqrt((4 * (256 ** 2 - 1)) / 12);

/** Blur along one axis of a square image with [side, 1 - 2·side, side]; edges repeat. */
function blur(
  from: Float32Array,
  to: Float32Array,
  columns: number,
  rows: number,
  side: number,
): void {
  const middle = 1 - 2 * side;
  for (let j = 0; j < rows; j++) {
    const o = j * columns;
    for (let i = 0; i < columns; i++) {
      const left = from[o + (i > 0 ? i - 1 : 0)];
      const right = from[o + (i < columns - 1 ? i + 1 : i)];
      to[o + i] = middle * from[o + i] + side * (left + right);
    }
  }
}

function blurRows(
  from: Float32Array,
  to: Float32Array,
  columns: number,
  rows: number,
  side: number,
): void {
  const middle = 1 - 2 * side;
  for (let j = 0; j < rows; j++) {
    const o = j * columns;
    const up = (j > 0 ? j - 1 : 0) * columns;
    const down = (j < rows - 1 ? j + 1 : j) * columns;
    for (let i = 0; i < columns; i++) {
      to[o + i] = middle * from[o + i] + side * (from[up + i] + from[down + i]);
    }
  }
}

/** Variance that [side, 1 - 2·side, side] leaves of white noise, for one pass along one axis. */
const remaining = (side: number): number => (1 - 2 * side) ** 2 + 2 * side * side;

/**
 * Finishes one noise-free slice as a scanner would: blurs it with the system's point spread, adds
 * noise with the in-plane correlation of a reconstruction kernel, and streaks where shoulders
 * attenuate along rows.
 *
 * @param slice HU, columns × rows, column fastest; changed in place
 * @param sharpness 0 soft-tissue kernel (coarse noise), 1 lung kernel (fine noise, more of it)
 * @param shoulder 0 to 1, how much the shoulders attenuate at this height
 */
export function finishSlice(
  slice: Float32Array,
  columns: number,
  rows: number,
  noise: number,
  sharpness: number,
  shoulder: number,
  seed: number,
  index: number,
): void {
  const size = columns * rows;
  const scratch = new Float32Array(size);
  const spread = 0.2 * (1 - 0.75 * sharpness);
  blur(slice, scratch, columns, rows, spread);
  blurRows(scratch, slice, columns, rows, spread);
  if (noise <= 0) {
    return;
  }
  const random = createRandom(seed, `noise ${index}`);
  const white = (): Float32Array => {
    const out = new Float32Array(size);
    for (let i = 0; i < size; i++) {
      const b = random.bits();
      out[i] = ((b & 255) + ((b >>> 8) & 255) + ((b >>> 16) & 255) + (b >>> 24) - 510) / FOUR_BYTES;
    }
    return out;
  };
  const grain = white();
  const side = 0.25 - 0.17 * sharpness;
  blur(grain, scratch, columns, rows, side);
  blurRows(scratch, grain, columns, rows, side);
  const amplitude = (noise * (1 + 0.6 * sharpness)) / remaining(side);
  let streaks: Float32Array | undefined;
  if (shoulder > 0.01) {
    streaks = white();
    for (let pass = 0; pass < 12; pass++) {
      blur(streaks, scratch, columns, rows, 0.33);
      blur(scratch, streaks, columns, rows, 0.33);
    }
  }
  for (let i = 0; i < size; i++) {
    const hu = slice[i];
    // Less attenuation, fewer lost photons: noise in air and lung is lower.
    const local = 0.35 + 0.3 * smoothstep(-990, -850, hu) + 0.35 * smoothstep(-800, 0, hu);
    let n = grain[i] * amplitude * local * (1 + 0.5 * shoulder);
    if (streaks) {
      n += streaks[i] * noise * 3.2 * shoulder * local;
    }
    slice[i] = hu + n;
  }
}
