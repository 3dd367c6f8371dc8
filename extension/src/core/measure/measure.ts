import type { Vec3 } from '../geometry/types';
import type { CodedConcept, Measurement, Segment, SegmentationOutput } from '../findings/types';
import { indexToWorld, voxelVolume } from '../geometry/transform';
import type { ModelManifest, SegmentLabel } from '../model/manifest';
import type { LabelMap, Volume } from '../volume/types';
import { intensityOf, MEAN, MILLILITRE, STANDARD_DEVIATION, VOLUME } from './concepts';

type MeasurementName = ModelManifest['measurements'][number];
type MeasuredSegment = SegmentationOutput['segments'][number];

/** Sums over one label, whole and slice by slice. */
interface Sums {
  count: number;
  /** Of (value − shift)², to keep the variance's digits. */
  squares: number;
  shifted: number;
  shift: number;
  sliceCount: Int32Array;
  sliceI: Float64Array;
  sliceJ: Float64Array;
}

/**
 * One walk over label map and voxels. Runs of one label along i are summed together; background is
 * skipped four voxels at a time.
 */
function sumLabels(labelMap: LabelMap, voxels: Volume['voxels']): Map<number, Sums> {
  const [ni, nj, nk] = labelMap.geometry.dimensions;
  const labels = labelMap.voxels;
  const byLabel = new Map<number, Sums>();
  const sumsOf = (label: number, firstValue: number): Sums => {
    const known = byLabel.get(label);
    if (known) {
      return known;
    }
    const fresh: Sums = {
      count: 0,
      squares: 0,
      shifted: 0,
      shift: firstValue,
      sliceCount: new Int32Array(nk),
      sliceI: new Float64Array(nk),
      sliceJ: new Float64Array(nk),
    };
    byLabel.set(label, fresh);
    return fresh;
  };
  const words =
    labels.byteOffset % 4 === 0
      ? new Int32Array(labels.buffer, labels.byteOffset, labels.length >> 2)
      : undefined;
  for (let k = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++) {
      const base = ni * (j + nj * k);
      const stop = base + ni;
      let at = base;
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
        const sums = sumsOf(label, voxels[at]);
        const first = at;
        const { shift } = sums;
        let shifted = 0;
        let squares = 0;
        do {
          const value = voxels[at] - shift;
          shifted += value;
          squares += value * value;
          at++;
        } while (at < stop && labels[at] === label);
        const length = at - first;
        sums.count += length;
        sums.shifted += shifted;
        sums.squares += squares;
        sums.sliceCount[k] += length;
        sums.sliceI[k] += length * ((first + at - 1) / 2 - base);
        sums.sliceJ[k] += length * j;
      }
    }
  }
  return byLabel;
}

/**
 * The slice that shows the segment's middle: of the slices that contain it, the one nearest to its
 * centre along k (the larger of two as near).
 */
function middleSliceOf(sliceCount: Int32Array, count: number): number {
  let weighted = 0;
  sliceCount.forEach((voxels, k) => (weighted += voxels * k));
  const centre = weighted / count;
  let best = -1;
  for (let k = 0; k < sliceCount.length; k++) {
    if (sliceCount[k] === 0) {
      continue;
    }
    const difference = best < 0 ? -1 : Math.abs(k - centre) - Math.abs(best - centre);
    if (difference < -1e-9 || (difference < 1e-9 && sliceCount[k] > sliceCount[best])) {
      best = k;
    }
  }
  return best;
}

function measurementOf(
  name: MeasurementName,
  sums: Sums | undefined,
  mm3: number,
  modality: string,
): Measurement | undefined {
  const count = sums?.count ?? 0;
  if (name === 'volume') {
    return { name, concept: VOLUME, value: (count * mm3) / 1000, unit: MILLILITRE };
  }
  if (!sums) {
    return undefined;
  }
  const derivation: CodedConcept = name === 'meanIntensity' ? MEAN : STANDARD_DEVIATION;
  const meanOffset = sums.shifted / count;
  const value =
    name === 'meanIntensity'
      ? sums.shift + meanOffset
      : Math.sqrt(Math.max(0, sums.squares / count - meanOffset * meanOffset));
  const { concept, unit } = intensityOf(modality);
  return concept
    ? { name, concept, derivation, value, unit }
    : { name, concept: derivation, value, unit };
}

/** A manifest's label as a segment of a result. */
export const segmentOf = ({ value, name, ...rest }: SegmentLabel): Segment => ({
  segmentNumber: value,
  label: name,
  ...rest,
});

/**
 * Measures every segment of a label map in one walk: voxel count, volume (mL), mean and standard
 * deviation (of the voxels themselves, ÷ n) of the real-world values in it, the middle slice and
 * the LPS+ centre of the segment on that slice.
 *
 * A segment without voxels is reported with a volume of 0 and no intensities; its middle is the
 * volume's.
 *
 * @param volume voxels on the label map's own grid
 * @param names which measurements, as the manifest lists them; voxel count and place are always there
 */
export function measureSegments(
  labelMap: LabelMap,
  volume: Pick<Volume, 'voxels' | 'modality'>,
  labels: readonly SegmentLabel[],
  names: readonly MeasurementName[],
): MeasuredSegment[] {
  const { geometry } = labelMap;
  const [ni, nj, nk] = geometry.dimensions;
  if (volume.voxels.length !== labelMap.voxels.length) {
    throw new Error(`${labelMap.voxels.length} labels on ${volume.voxels.length} voxels`);
  }
  const byLabel = sumLabels(labelMap, volume.voxels);
  const mm3 = voxelVolume(geometry);
  return labels.map(label => {
    const sums = byLabel.get(label.value);
    const middleSlice = sums
      ? middleSliceOf(sums.sliceCount, sums.count)
      : Math.floor((nk - 1) / 2);
    const onSlice = sums?.sliceCount[middleSlice] ?? 0;
    const centre: Vec3 = sums
      ? [sums.sliceI[middleSlice] / onSlice, sums.sliceJ[middleSlice] / onSlice, middleSlice]
      : [(ni - 1) / 2, (nj - 1) / 2, middleSlice];
    return {
      ...segmentOf(label),
      measurements: names
        .map(name => measurementOf(name, sums, mm3, volume.modality))
        .filter(measurement => measurement !== undefined),
      voxelCount: sums?.count ?? 0,
      middleSlice,
      centroid: indexToWorld(geometry, centre),
    };
  });
}
