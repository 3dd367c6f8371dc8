import type { Vec3 } from '../geometry/types';

/** What one output index of an axis is made of: `weights[n]` of source index `start + n`. */
export interface AxisTap {
  start: number;
  weights: Float64Array;
}

/**
 * Filters one axis of [channel][k][j][i], every output index by its own taps: an average, a blur or a
 * change of size.
 *
 * @returns a new array, in which that axis has as many voxels as there are taps
 */
export function filterAxis(
  data: Float32Array,
  channels: number,
  dimensions: Vec3,
  axis: 0 | 1 | 2,
  taps: readonly AxisTap[],
): Float32Array<ArrayBuffer> {
  const inner = dimensions.slice(0, axis).reduce((product, n) => product * n, 1);
  const size = dimensions[axis];
  const outer = data.length / (inner * size);
  if (outer * inner * size !== data.length || data.length % channels !== 0) {
    throw new Error(`${data.length} voxels are not ${channels} × ${dimensions.join(' × ')}`);
  }
  const out = new Float32Array(outer * taps.length * inner);
  const sums = new Float64Array(inner);
  let to = 0;
  for (let block = 0; block < outer; block++) {
    const base = block * size * inner;
    for (const { start, weights } of taps) {
      if (inner === 1) {
        let sum = 0;
        for (let n = 0; n < weights.length; n++) sum += weights[n] * data[base + start + n];
        out[to++] = sum;
        continue;
      }
      sums.fill(0);
      for (let n = 0; n < weights.length; n++) {
        const row = base + (start + n) * inner;
        const weight = weights[n];
        for (let i = 0; i < inner; i++) sums[i] += weight * data[row + i];
      }
      out.set(sums, to);
      to += inner;
    }
  }
  return out;
}

/** torch's `interpolate(mode='area')`: the mean of source voxels ⌊i·n/m⌋ … ⌈(i+1)·n/m⌉ − 1. */
export const areaTaps = (size: number, newSize: number): AxisTap[] =>
  Array.from({ length: newSize }, (_, index) => {
    const start = Math.floor((index * size) / newSize);
    const end = Math.ceil(((index + 1) * size) / newSize);
    return { start, weights: new Float64Array(end - start).fill(1 / (end - start)) };
  });

/** erf, by its series of positive terms (Abramowitz and Stegun 7.1.6). */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/**
 * MONAI's `gaussian_1d(sigma, truncated=4, approx='erf')`: the integral of the bell over each voxel,
 * cut at four sigma and not made up to 1. Weights of offsets −tail … tail.
 */
export function gaussianKernel(sigma: number): Float64Array {
  const tail = Math.trunc(Math.max(sigma * 4, 0.5) + 0.5);
  const t = Math.SQRT1_2 / sigma;
  return Float64Array.from({ length: 2 * tail + 1 }, (_, index) => {
    const x = index - tail;
    return Math.max(0, 0.5 * (erf(t * (x + 0.5)) - erf(t * (x - 0.5))));
  });
}

/** A Gaussian along an axis of `size` voxels; beyond it stand zeros or its outermost voxels. */
export function gaussianTaps(size: number, sigma: number, border: 'zeros' | 'border'): AxisTap[] {
  const kernel = gaussianKernel(sigma);
  const tail = (kernel.length - 1) / 2;
  return Array.from({ length: size }, (_, index) => {
    const start = Math.max(0, index - tail);
    const end = Math.min(size, index + tail + 1);
    const weights = new Float64Array(end - start);
    kernel.forEach((weight, n) => {
      const at = index - tail + n;
      if (border === 'border') weights[Math.min(Math.max(at, 0), size - 1) - start] += weight;
      else if (at >= 0 && at < size) weights[at - start] = weight;
    });
    return { start, weights };
  });
}

/**
 * Smooths along the axes that are about to be made coarser: sigma = (ratio − 1) / 2 voxels, as
 * skimage and MONAI's `Resize(anti_aliasing=True)`.
 *
 * @param ratio old voxels per new voxel, by axis
 */
export function antiAlias(
  data: Float32Array,
  channels: number,
  dimensions: Vec3,
  ratio: Vec3,
  border: 'zeros' | 'border',
): Float32Array {
  return ([0, 1, 2] as const).reduce((smoothed, axis) => {
    const sigma = (ratio[axis] - 1) / 2;
    if (!(sigma > 0)) return smoothed;
    return filterAxis(
      smoothed,
      channels,
      dimensions,
      axis,
      gaussianTaps(dimensions[axis], sigma, border),
    );
  }, data);
}
