import type { Vec3 } from '../geometry/types';
import type { Taps } from './resample';

/**
 * What each output index of an axis is made of: weights `from[n]` … `from[n + 1] − 1`, of as many
 * source indices in a row from `start[n]` on.
 */
export interface AxisFilter {
  count: number;
  start: Int32Array;
  from: Int32Array;
  weights: Float64Array;
}

const filterOf = (
  entries: ReadonlyArray<{ start: number; weights: ArrayLike<number> }>,
): AxisFilter => {
  const from = new Int32Array(entries.length + 1);
  entries.forEach(({ weights }, n) => (from[n + 1] = from[n] + weights.length));
  const weights = new Float64Array(from[entries.length]);
  entries.forEach((entry, n) => weights.set(entry.weights, from[n]));
  const start = Int32Array.from(entries, entry => entry.start);
  return { count: entries.length, start, from, weights };
};

/** Columns that are summed up together, so that the sums stay in the fastest memory. */
const CHUNK = 2048;

/**
 * Filters one axis of [channel][k][j][i], every output index by its own weights: an average, a blur
 * or a change of size.
 *
 * @returns a new array, in which that axis has as many voxels as the filter
 */
function filterAxis(
  data: Float32Array,
  dimensions: Vec3,
  axis: 0 | 1 | 2,
  { count, start, from, weights }: AxisFilter,
): Float32Array {
  const inner = dimensions.slice(0, axis).reduce((product, n) => product * n, 1);
  const size = dimensions[axis];
  const outer = data.length / (inner * size);
  const out = new Float32Array(outer * count * inner);
  if (inner === 1) {
    for (let row = 0, to = 0; row < outer; row++) {
      for (let n = 0; n < count; n++) {
        let at = row * size + start[n];
        let sum = 0;
        for (let w = from[n]; w < from[n + 1]; w++) sum += weights[w] * data[at++];
        out[to++] = sum;
      }
    }
    return out;
  }
  const sums = new Float64Array(Math.min(CHUNK, inner));
  for (let block = 0; block < outer; block++) {
    for (let column = 0; column < inner; column += CHUNK) {
      const width = Math.min(CHUNK, inner - column);
      for (let n = 0; n < count; n++) {
        sums.fill(0);
        let at = (block * size + start[n]) * inner + column;
        for (let w = from[n]; w < from[n + 1]; w++, at += inner) {
          const weight = weights[w];
          for (let i = 0; i < width; i++) sums[i] += weight * data[at + i];
        }
        const to = (block * count + n) * inner + column;
        for (let i = 0; i < width; i++) out[to + i] = sums[i];
      }
    }
  }
  return out;
}

/** Filters all axes of [channel][k][j][i], one after the other; axes without a filter stay. */
export function filterAxes(
  data: Float32Array,
  dimensions: Vec3,
  filters: readonly [AxisFilter?, AxisFilter?, AxisFilter?],
): Float32Array {
  const size: [number, number, number] = [dimensions[0], dimensions[1], dimensions[2]];
  let filtered = data;
  for (const axis of [0, 1, 2] as const) {
    const filter = filters[axis];
    if (!filter) continue;
    filtered = filterAxis(filtered, size, axis, filter);
    size[axis] = filter.count;
  }
  return filtered;
}

/** torch's `interpolate(mode='area')`: the mean of source voxels ⌊i·n/m⌋ … ⌈(i+1)·n/m⌉ − 1. */
export const areaFilter = (size: number, newSize: number): AxisFilter =>
  filterOf(
    Array.from({ length: newSize }, (_, index) => {
      const start = Math.floor((index * size) / newSize);
      const end = Math.ceil(((index + 1) * size) / newSize);
      return { start, weights: new Float64Array(end - start).fill(1 / (end - start)) };
    }),
  );

/** torch's legacy `nearest`: ⌊index · ratio⌋, reckoned in float32 as torch does. */
export function nearestFilter(size: number, newSize: number): AxisFilter {
  const ratio = Math.fround(size / newSize);
  return filterOf(
    Array.from({ length: newSize }, (_, index) => ({
      start: Math.min(Math.floor(Math.fround(index * ratio)), size - 1),
      weights: [1],
    })),
  );
}

/** Linear or nearest taps as a filter. */
export const tapFilter = ({ lower, upper, lowerWeight, upperWeight }: Taps): AxisFilter =>
  filterOf(
    Array.from(lower, (start, n) => ({
      start,
      weights: upper[n] > start ? [lowerWeight[n], upperWeight[n]] : [lowerWeight[n]],
    })),
  );

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
function gaussianKernel(sigma: number): Float64Array {
  const tail = Math.trunc(Math.max(sigma * 4, 0.5) + 0.5);
  const t = Math.SQRT1_2 / sigma;
  return Float64Array.from({ length: 2 * tail + 1 }, (_, index) => {
    const x = index - tail;
    return Math.max(0, 0.5 * (erf(t * (x + 0.5)) - erf(t * (x - 0.5))));
  });
}

/** A Gaussian along an axis of `size` voxels; beyond it stand zeros or its outermost voxels. */
function gaussianFilter(size: number, sigma: number, border: 'zeros' | 'border'): AxisFilter {
  const kernel = gaussianKernel(sigma);
  const tail = (kernel.length - 1) / 2;
  return filterOf(
    Array.from({ length: size }, (_, index) => {
      const start = Math.max(0, index - tail);
      const end = Math.min(size, index + tail + 1);
      const weights = new Float64Array(end - start);
      kernel.forEach((weight, n) => {
        const at = index - tail + n;
        if (border === 'border') weights[Math.min(Math.max(at, 0), size - 1) - start] += weight;
        else if (at >= 0 && at < size) weights[at - start] = weight;
      });
      return { start, weights };
    }),
  );
}

/** First `inner`, then `outer`, as one filter. */
function composeFilters(outer: AxisFilter, inner: AxisFilter): AxisFilter {
  const lengthOf = ({ from }: AxisFilter, n: number) => from[n + 1] - from[n];
  return filterOf(
    Array.from({ length: outer.count }, (_, n) => {
      const first = outer.start[n];
      const last = first + lengthOf(outer, n) - 1;
      const start = inner.start[first];
      const weights = new Float64Array(inner.start[last] + lengthOf(inner, last) - start);
      for (let middle = first; middle <= last; middle++) {
        const weight = outer.weights[outer.from[n] + middle - first];
        for (let at = 0; at < lengthOf(inner, middle); at++) {
          weights[inner.start[middle] - start + at] +=
            weight * inner.weights[inner.from[middle] + at];
        }
      }
      return { start, weights };
    }),
  );
}

/**
 * A filter that makes an axis coarser, with the smoothing that keeps it from aliasing before it:
 * sigma = (ratio − 1) / 2 voxels, as skimage and MONAI's `Resize(anti_aliasing=True)`.
 *
 * @param ratio old voxels per new voxel; a finer axis is not smoothed
 */
export function antiAliased(
  filter: AxisFilter,
  size: number,
  ratio: number,
  border: 'zeros' | 'border',
): AxisFilter {
  const sigma = (ratio - 1) / 2;
  return sigma > 0 ? composeFilters(filter, gaussianFilter(size, sigma, border)) : filter;
}
