import { endOfRun, type Box } from '../postprocessing/connectedComponents';
import type { LabelMap, Volume, VoxelArray } from '../volume/types';

/** What is counted beside voxels, means and places. */
export interface Wanted {
  extremes: boolean;
  below950: boolean;
  percentiles: boolean;
}

/** Sums over one label, whole and slice by slice. */
export interface Sums {
  count: number;
  /** Of (value − shift)², to keep the variance's digits. */
  squares: number;
  shifted: number;
  shift: number;
  sliceCount: Int32Array;
  sliceI: Float64Array;
  sliceJ: Float64Array;
  minimum: number;
  maximum: number;
  /** Voxels below −950. */
  below950: number;
  /** Value below which the share 0–1 of the voxels lies, interpolated linearly. */
  percentile(share: number): number;
}

/** Keeps values so that their percentiles can be told. */
interface Ranks {
  add(voxels: VoxelArray, from: number, to: number): void;
  percentile(share: number): number;
}

/** Linear interpolation between the order statistics around (n − 1) · share. */
const between = (at: (rank: number) => number, count: number, share: number): number => {
  const position = (count - 1) * share;
  const lower = Math.floor(position);
  const value = at(lower);
  const rest = position - lower;
  return rest === 0 ? value : value + rest * (at(lower + 1) - value);
};

/** Eight- and sixteen-bit voxels are counted by value. */
function countedRanks(): Ranks {
  const OFFSET = 32768;
  const counts = new Uint32Array(OFFSET + 65536);
  let count = 0;
  const valueAt = (rank: number): number => {
    let seen = 0;
    for (let bin = 0; bin < counts.length; bin++) {
      seen += counts[bin];
      if (seen > rank) {
        return bin - OFFSET;
      }
    }
    throw new Error(`no value of rank ${rank} among ${count}`);
  };
  return {
    add(voxels, from, to) {
      for (let at = from; at < to; at++) {
        counts[voxels[at] + OFFSET]++;
      }
      count += to - from;
    },
    percentile: share => between(valueAt, count, share),
  };
}

/** Others are kept and sorted. */
function sortedRanks(): Ranks {
  let values = new Float64Array(1 << 12);
  let count = 0;
  let sorted: Float64Array | undefined;
  return {
    add(voxels, from, to) {
      const needed = count + to - from;
      if (needed > values.length) {
        const wider = new Float64Array(Math.max(needed, 2 * values.length));
        wider.set(values.subarray(0, count));
        values = wider;
      }
      values.set(voxels.subarray(from, to), count);
      count = needed;
    },
    percentile(share) {
      const ordered = (sorted ??= values.subarray(0, count).sort());
      return between(rank => ordered[rank], count, share);
    },
  };
}

const noRanks: Ranks = {
  add: () => undefined,
  percentile: () => {
    throw new Error('percentiles were not asked for');
  },
};

/**
 * One walk over label map and voxels. Runs of one label along i are summed together; background is
 * skipped four voxels at a time, and outside `box` not looked at.
 */
export function sumLabels(
  labelMap: LabelMap,
  voxels: Volume['voxels'],
  wanted: Wanted,
  box?: Box,
): Map<number, Sums> {
  const [ni, nj, nk] = labelMap.geometry.dimensions;
  const labels = labelMap.voxels;
  const { from, to } = box ?? { from: [0, 0, 0], to: [ni, nj, nk] };
  const isSmall = voxels.BYTES_PER_ELEMENT <= 2;
  const byLabel = new Array<{ sums: Sums; ranks: Ranks } | undefined>(256);
  const sumsOf = (label: number, firstValue: number) => {
    const ranks = wanted.percentiles ? (isSmall ? countedRanks() : sortedRanks()) : noRanks;
    const sums: Sums = {
      count: 0,
      squares: 0,
      shifted: 0,
      shift: firstValue,
      sliceCount: new Int32Array(nk),
      sliceI: new Float64Array(nk),
      sliceJ: new Float64Array(nk),
      minimum: Infinity,
      maximum: -Infinity,
      below950: 0,
      percentile: ranks.percentile,
    };
    return (byLabel[label] = { sums, ranks });
  };
  const words =
    labels.byteOffset % 4 === 0
      ? new Int32Array(labels.buffer, labels.byteOffset, labels.length >> 2)
      : undefined;
  for (let k = from[2]; k < to[2]; k++) {
    for (let j = from[1]; j < to[1]; j++) {
      const base = ni * (j + nj * k);
      const stop = base + to[0];
      let at = base + from[0];
      while (at < stop) {
        if (words && (at & 3) === 0 && at + 4 <= stop && words[at >> 2] === 0) {
          at += 4;
          continue;
        }
        const label = labels[at];
        if (label === 0) {
          at++;
          continue;
        }
        const { sums, ranks } = byLabel[label] ?? sumsOf(label, voxels[at]);
        const first = at;
        const { shift } = sums;
        let shifted = 0;
        let squares = 0;
        at = endOfRun(labels, words, first, stop);
        for (let index = first; index < at; index++) {
          const value = voxels[index] - shift;
          shifted += value;
          squares += value * value;
        }
        const length = at - first;
        sums.count += length;
        sums.shifted += shifted;
        sums.squares += squares;
        sums.sliceCount[k] += length;
        sums.sliceI[k] += length * ((first + at - 1) / 2 - base);
        sums.sliceJ[k] += length * j;
        if (wanted.extremes) {
          for (let index = first; index < at; index++) {
            const value = voxels[index];
            if (value < sums.minimum) sums.minimum = value;
            if (value > sums.maximum) sums.maximum = value;
          }
        }
        if (wanted.below950) {
          for (let index = first; index < at; index++) {
            if (voxels[index] < -950) sums.below950++;
          }
        }
        if (wanted.percentiles) {
          ranks.add(voxels, first, at);
        }
      }
    }
  }
  const met = new Map<number, Sums>();
  byLabel.forEach((entry, label) => entry && met.set(label, entry.sums));
  return met;
}
