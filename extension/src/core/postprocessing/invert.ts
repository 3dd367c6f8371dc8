import type { VolumeGeometry } from '../geometry/types';
import { worldToIndex, voxelCount } from '../geometry/transform';
import { dot } from '../geometry/vector';
import { tapsOf, type Taps } from '../preprocessing/resample';

/** Class scores on the network's grid: [class][k][j][i], i fastest; logits or probabilities. */
export interface ClassScores {
  scores: Float32Array;
  classes: number;
  geometry: VolumeGeometry;
}

/** For one source axis: the taps on the network's grid, in voxels of the network's memory. */
interface InverseAxis {
  taps: Taps;
  stride: number;
  size: number;
}

/** Directions of two grids that share axes may differ by rounding only. */
const ALIGNED = 1 - 1e-6;

/**
 * Where each source index lies on the network's grid. Preprocessing only exchanges, flips and
 * resamples along axes, so each source axis runs along one network axis.
 */
function inverseAxes(
  source: VolumeGeometry,
  network: VolumeGeometry,
  mode: 'bilinear' | 'nearest',
): [InverseAxis, InverseAxis, InverseAxis] {
  const strides = [1, network.dimensions[0], network.dimensions[0] * network.dimensions[1]];
  const first = worldToIndex(network, source.origin);
  const axisOf = (axis: 0 | 1 | 2): InverseAxis => {
    const cosines = network.direction.map(other => dot(source.direction[axis], other));
    const along = cosines.findIndex(cosine => Math.abs(cosine) > ALIGNED);
    if (along < 0) {
      throw new Error(`axis ${axis} of the source is not aligned with the network's grid`);
    }
    const step = (Math.sign(cosines[along]) * source.spacing[axis]) / network.spacing[along];
    const size = network.dimensions[along];
    const count = source.dimensions[axis];
    // The flip of a long axis leaves rounding of 1e-13 that must not turn a voxel into its neighbour.
    const snapped = Math.round(first[along] * 1e9) / 1e9;
    return {
      taps: tapsOf({ count, first: snapped, step }, size, mode, 'border'),
      stride: strides[along],
      size,
    };
  };
  return [axisOf(0), axisOf(1), axisOf(2)];
}

/** The class with the largest score at each voxel; the lowest class where scores are equal. */
export function argmax({ scores, classes, geometry }: ClassScores): Uint8Array {
  const size = voxelCount(geometry);
  const labels = new Uint8Array(size);
  const best = scores.slice(0, size);
  for (let c = 1; c < classes; c++) {
    const base = c * size;
    for (let index = 0; index < size; index++) {
      const score = scores[base + index];
      if (score > best[index]) {
        best[index] = score;
        labels[index] = c;
      }
    }
  }
  return labels;
}

/** First and last column that is not background in each row of the network's grid (y + ny · z). */
function rowExtents(
  classOf: Uint8Array,
  x: InverseAxis,
  y: InverseAxis,
  z: InverseAxis,
): { first: Int32Array; last: Int32Array } {
  const first = new Int32Array(y.size * z.size).fill(x.size);
  const last = new Int32Array(y.size * z.size).fill(-1);
  for (let w = 0, row = 0; w < z.size; w++) {
    for (let v = 0; v < y.size; v++, row++) {
      const base = w * z.stride + v * y.stride;
      for (let u = 0; u < x.size; u++) {
        if (classOf[base + u * x.stride] !== 0) {
          first[row] = Math.min(first[row], u);
          last[row] = u;
        }
      }
    }
  }
  return { first, last };
}

/**
 * Brings class scores back onto the source's grid (MONAI's `Invertd` with linear interpolation) and
 * takes the class of each voxel, without ever holding scores on the source's grid.
 *
 * Between network voxels of the same class that class wins everywhere: scores are interpolated
 * linearly, so a class that is ahead at every corner is ahead inside. Only voxels in cells whose
 * corners differ are interpolated, which is why this takes time with the surface and not with the
 * volume.
 *
 * @returns classes on the source's grid, i fastest
 */
export function invertScores(input: ClassScores, source: VolumeGeometry): Uint8Array {
  const { scores, classes, geometry } = input;
  const networkSize = voxelCount(geometry);
  const classOf = argmax(input);
  const [ax, ay, az] = inverseAxes(source, geometry, 'bilinear');
  const [ni, nj, nk] = source.dimensions;
  const out = new Uint8Array(ni * nj * nk);

  // Runs of i that lie between the same two network voxels.
  const cells: Array<{ begin: number; end: number; lower: number; upper: number }> = [];
  for (let i = 0; i < ni; i++) {
    const lower = ax.taps.lower[i];
    const upper = ax.taps.upper[i];
    const last = cells[cells.length - 1];
    if (last && last.lower === lower && last.upper === upper) {
      last.end = i + 1;
    } else {
      cells.push({ begin: i, end: i + 1, lower, upper });
    }
  }
  const cellBegin = Int32Array.from(cells, cell => cell.begin);
  const cellEnd = Int32Array.from(cells, cell => cell.end);
  const cellLower = Int32Array.from(cells, cell => cell.lower);
  const cellUpper = Int32Array.from(cells, cell => cell.upper);

  const width = ax.size;
  const extent = rowExtents(classOf, ax, ay, az);
  /** Class of the interpolated row at each network column. */
  const rowClass = new Uint8Array(width);
  /** Interpolated scores at a network column, reckoned when first needed in a row. */
  const rowScores = new Float64Array(width * classes);
  const hasScores = new Int32Array(width).fill(-1);

  for (let k = 0; k < nk; k++) {
    const z0 = az.taps.lower[k] * az.stride;
    const z1 = az.taps.upper[k] * az.stride;
    const wz0 = az.taps.lowerWeight[k];
    const wz1 = az.taps.upperWeight[k];
    for (let j = 0; j < nj; j++) {
      const row = j + nj * k;
      const y0 = ay.taps.lower[j] * ay.stride;
      const y1 = ay.taps.upper[j] * ay.stride;
      const p00 = z0 + y0;
      const p01 = z0 + y1;
      const p10 = z1 + y0;
      const p11 = z1 + y1;
      // Beyond the columns where any of the four rows has something, all is background.
      const row00 = ay.taps.lower[j] + ay.size * az.taps.lower[k];
      const row01 = ay.taps.upper[j] + ay.size * az.taps.lower[k];
      const row10 = ay.taps.lower[j] + ay.size * az.taps.upper[k];
      const row11 = ay.taps.upper[j] + ay.size * az.taps.upper[k];
      const { first, last } = extent;
      const from = Math.min(first[row00], first[row01], first[row10], first[row11]);
      const to = Math.max(last[row00], last[row01], last[row10], last[row11]);
      if (from > to) {
        continue;
      }
      const w00 = wz0 * ay.taps.lowerWeight[j];
      const w01 = wz0 * ay.taps.upperWeight[j];
      const w10 = wz1 * ay.taps.lowerWeight[j];
      const w11 = wz1 * ay.taps.upperWeight[j];

      const interpolateColumn = (u: number): void => {
        hasScores[u] = row;
        let base = u * ax.stride;
        for (let c = 0; c < classes; c++, base += networkSize) {
          rowScores[u * classes + c] =
            w00 * scores[base + p00] +
            w01 * scores[base + p01] +
            w10 * scores[base + p10] +
            w11 * scores[base + p11];
        }
      };

      // One column more on either side: cells reach from one column to the next.
      const begin = Math.max(0, from - 1);
      const end = Math.min(width - 1, to + 1);
      for (let u = begin, at = begin * ax.stride; u <= end; u++, at += ax.stride) {
        const label = classOf[at + p00];
        if (
          label === classOf[at + p01] &&
          label === classOf[at + p10] &&
          label === classOf[at + p11]
        ) {
          rowClass[u] = label;
          continue;
        }
        interpolateColumn(u);
        let best = 0;
        const base = u * classes;
        for (let c = 1; c < classes; c++) {
          best = rowScores[base + c] > rowScores[base + best] ? c : best;
        }
        rowClass[u] = best;
      }

      const target = row * ni;
      let runLabel = 0;
      let runBegin = 0;
      let runEnd = 0;
      for (let cell = 0; cell < cellBegin.length; cell++) {
        const lower = cellLower[cell];
        const upper = cellUpper[cell];
        if (Math.min(lower, upper) < begin || Math.max(lower, upper) > end) {
          continue;
        }
        const label = rowClass[lower];
        const isWhole = label === rowClass[upper];
        // Cells of one class next to each other are written together.
        if (!isWhole || label !== runLabel) {
          if (runLabel !== 0) {
            out.fill(runLabel, target + runBegin, target + runEnd);
          }
          runLabel = isWhole ? label : 0;
          runBegin = cellBegin[cell];
        }
        if (isWhole) {
          runEnd = cellEnd[cell];
          continue;
        }
        if (hasScores[lower] !== row) {
          interpolateColumn(lower);
        }
        if (hasScores[upper] !== row) {
          interpolateColumn(upper);
        }
        for (let i = cellBegin[cell]; i < cellEnd[cell]; i++) {
          const w0 = ax.taps.lowerWeight[i];
          const w1 = ax.taps.upperWeight[i];
          let best = 0;
          let bestScore = -Infinity;
          for (let c = 0; c < classes; c++) {
            const score = w0 * rowScores[lower * classes + c] + w1 * rowScores[upper * classes + c];
            if (score > bestScore) {
              best = c;
              bestScore = score;
            }
          }
          out[target + i] = best;
        }
      }
      if (runLabel !== 0) {
        out.fill(runLabel, target + runBegin, target + runEnd);
      }
    }
  }
  return out;
}

/** Brings a label map on the network's grid back onto the source's: nearest neighbour. */
export function invertLabels(
  labels: Uint8Array,
  network: VolumeGeometry,
  source: VolumeGeometry,
): Uint8Array {
  const [ax, ay, az] = inverseAxes(source, network, 'nearest');
  const [ni, nj, nk] = source.dimensions;
  const out = new Uint8Array(ni * nj * nk);
  const columns = ax.taps.lower.map(index => index * ax.stride);
  let previous = -1;
  for (let row = 0; row < nj * nk; row++) {
    const j = row % nj;
    const base = ay.taps.lower[j] * ay.stride + az.taps.lower[(row - j) / nj] * az.stride;
    const target = row * ni;
    if (base === previous) {
      out.copyWithin(target, target - ni, target);
      continue;
    }
    previous = base;
    for (let i = 0; i < ni; i++) {
      out[target + i] = labels[base + columns[i]];
    }
  }
  return out;
}
