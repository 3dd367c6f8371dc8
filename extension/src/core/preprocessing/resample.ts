import type { Vec3 } from '../geometry/types';
import type { VoxelArray } from '../volume/types';
import { roundHalfToEven, type Pass, type PassAxis } from './pass';

/** Where an output index reads: two source indices and their weights. */
export interface Taps {
  lower: Int32Array;
  upper: Int32Array;
  lowerWeight: Float64Array;
  upperWeight: Float64Array;
}

/**
 * Linear or nearest taps for `count` output indices at source coordinates `first + step · index` on
 * an axis of `size` voxels. `border` repeats the outermost voxel, `zeros` reads 0 beyond it (as
 * torch's grid_sample does with align_corners=False). Ties of `nearest` go to the even index, as
 * torch's do.
 */
export function tapsOf(
  { count, first, step }: Pick<PassAxis, 'count' | 'first' | 'step'>,
  size: number,
  mode: 'bilinear' | 'nearest',
  paddingMode: 'border' | 'zeros',
): Taps {
  const taps: Taps = {
    lower: new Int32Array(count),
    upper: new Int32Array(count),
    lowerWeight: new Float64Array(count),
    upperWeight: new Float64Array(count),
  };
  const last = size - 1;
  for (let index = 0; index < count; index++) {
    let coordinate = first + step * index;
    if (paddingMode === 'border') {
      coordinate = Math.min(Math.max(coordinate, 0), last);
    }
    if (mode === 'nearest') {
      const near = roundHalfToEven(coordinate);
      const isInside = near >= 0 && near <= last;
      taps.lower[index] = taps.upper[index] = isInside ? near : 0;
      taps.lowerWeight[index] = isInside ? 1 : 0;
      continue;
    }
    const lower = Math.floor(coordinate);
    const weight = coordinate - lower;
    const hasLower = lower >= 0 && lower <= last;
    const hasUpper = lower + 1 >= 0 && lower + 1 <= last;
    taps.lower[index] = hasLower ? lower : 0;
    taps.lowerWeight[index] = hasLower ? 1 - weight : 0;
    taps.upper[index] = hasUpper && weight > 0 ? lower + 1 : taps.lower[index];
    taps.upperWeight[index] = hasUpper ? weight : 0;
  }
  return taps;
}

/** One axis of the walk: taps as offsets into the source, and the stride in the output. */
interface WalkAxis {
  taps: Taps;
  outStride: number;
}

/**
 * Runs one pass: source voxels (i fastest) to Float32 on the pass's grid, in one walk. Reading,
 * interpolating and scaling happen together, so nothing of the source's size is allocated. The walk
 * follows the source's memory (each voxel is read by up to eight output voxels, written once).
 *
 * @param out where to write, of the pass's size; a new array when left out
 */
export function runPass(
  source: VoxelArray,
  dimensions: Vec3,
  pass: Pass,
  out?: Float32Array<ArrayBuffer>,
): Float32Array<ArrayBuffer> {
  const strides = [1, dimensions[0], dimensions[0] * dimensions[1]];
  const [n0, n1, n2] = pass.axes.map(({ count }) => count);
  const outStrides = [1, n0, n0 * n1];
  const walk: WalkAxis[] = [];
  pass.axes.forEach((axis, outAxis) => {
    const taps = tapsOf(axis, dimensions[axis.sourceAxis], pass.mode, pass.paddingMode);
    const stride = strides[axis.sourceAxis];
    taps.lower.forEach((value, index) => (taps.lower[index] = value * stride));
    taps.upper.forEach((value, index) => (taps.upper[index] = value * stride));
    walk[axis.sourceAxis] = { taps, outStride: outStrides[outAxis] };
  });
  const target = out ?? new Float32Array(n0 * n1 * n2);
  if (!pass.isResampled) {
    copyVoxels(source, target, walk[0], walk[1], walk[2], pass);
  } else if (pass.mode === 'nearest') {
    copyNearest(source, target, walk[0], walk[1], walk[2], pass);
  } else {
    interpolate(source, target, walk[0], walk[1], walk[2], pass);
  }
  return target;
}

/** Reordering, flips and intensities only: every output voxel is one source voxel. */
function copyVoxels(
  source: VoxelArray,
  out: Float32Array,
  { taps: a, outStride }: WalkAxis,
  { taps: b, outStride: outStrideB }: WalkAxis,
  { taps: c, outStride: outStrideC }: WalkAxis,
  { intensity }: Pass,
): void {
  const { factor, offset, low, high } = intensity;
  const width = a.lower.length;
  const step = width > 1 ? a.lower[1] - a.lower[0] : 1;
  for (let z = 0; z < c.lower.length; z++) {
    for (let y = 0; y < b.lower.length; y++) {
      let from = c.lower[z] + b.lower[y] + a.lower[0];
      let at = z * outStrideC + y * outStrideB;
      for (let x = 0; x < width; x++, at += outStride, from += step) {
        const value = source[from] * factor + offset;
        out[at] = value < low ? low : value > high ? high : value;
      }
    }
  }
}

function copyNearest(
  source: VoxelArray,
  out: Float32Array,
  { taps: a, outStride }: WalkAxis,
  { taps: b, outStride: outStrideB }: WalkAxis,
  { taps: c, outStride: outStrideC }: WalkAxis,
  { low, high, intensity }: Pass,
): void {
  const { factor, offset, low: outLow, high: outHigh } = intensity;
  const { lower, lowerWeight } = a;
  const width = lower.length;
  for (let z = 0; z < c.lower.length; z++) {
    for (let y = 0; y < b.lower.length; y++) {
      const base = c.lower[z] + b.lower[y];
      const weight = c.lowerWeight[z] * b.lowerWeight[y] * factor;
      let at = z * outStrideC + y * outStrideB;
      for (let x = 0; x < width; x++, at += outStride) {
        let value: number = source[base + lower[x]];
        value = value < low ? low : value > high ? high : value;
        value = value * weight * lowerWeight[x] + offset;
        out[at] = value < outLow ? outLow : value > outHigh ? outHigh : value;
      }
    }
  }
}

function interpolate(
  source: VoxelArray,
  out: Float32Array,
  { taps: a, outStride }: WalkAxis,
  { taps: b, outStride: outStrideB }: WalkAxis,
  { taps: c, outStride: outStrideC }: WalkAxis,
  { low, high, intensity }: Pass,
): void {
  const { factor, offset, low: outLow, high: outHigh } = intensity;
  const isClipped = low > -Infinity || high < Infinity;
  const { lower, upper, lowerWeight, upperWeight } = a;
  const width = lower.length;
  const clip = (x: number): number => (x < low ? low : x > high ? high : x);
  for (let z = 0; z < c.lower.length; z++) {
    for (let y = 0; y < b.lower.length; y++) {
      const p00 = c.lower[z] + b.lower[y];
      const p01 = c.lower[z] + b.upper[y];
      const p10 = c.upper[z] + b.lower[y];
      const p11 = c.upper[z] + b.upper[y];
      const w00 = c.lowerWeight[z] * b.lowerWeight[y];
      const w01 = c.lowerWeight[z] * b.upperWeight[y];
      const w10 = c.upperWeight[z] * b.lowerWeight[y];
      const w11 = c.upperWeight[z] * b.upperWeight[y];
      let at = z * outStrideC + y * outStrideB;
      for (let x = 0; x < width; x++, at += outStride) {
        const l = lower[x];
        const u = upper[x];
        let value: number;
        if (isClipped) {
          value =
            lowerWeight[x] *
              (w00 * clip(source[p00 + l]) +
                w01 * clip(source[p01 + l]) +
                w10 * clip(source[p10 + l]) +
                w11 * clip(source[p11 + l])) +
            upperWeight[x] *
              (w00 * clip(source[p00 + u]) +
                w01 * clip(source[p01 + u]) +
                w10 * clip(source[p10 + u]) +
                w11 * clip(source[p11 + u]));
        } else {
          value =
            lowerWeight[x] *
              (w00 * source[p00 + l] +
                w01 * source[p01 + l] +
                w10 * source[p10 + l] +
                w11 * source[p11 + l]) +
            upperWeight[x] *
              (w00 * source[p00 + u] +
                w01 * source[p01 + u] +
                w10 * source[p10 + u] +
                w11 * source[p11 + u]);
        }
        value = value * factor + offset;
        out[at] = value < outLow ? outLow : value > outHigh ? outHigh : value;
      }
    }
  }
}
