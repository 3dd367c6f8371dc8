import type { Vec3 } from '../geometry/types';
import type { CodedConcept, Measurement, Segment, SegmentationOutput } from '../findings/types';
import { indexToWorld, voxelVolume } from '../geometry/transform';
import type { MeasurementName, SegmentLabel } from '../model/manifest';
import type { Box } from '../postprocessing/connectedComponents';
import type { LabelMap, Volume } from '../volume/types';
import * as concepts from './concepts';
import { extentsOf, type Extent } from './shape';
import { sumLabels, type Sums, type Wanted } from './sums';
import { sphericityOf, surfaceAreas } from './surface';

type MeasuredSegment = SegmentationOutput['segments'][number];

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

/** What a measurement is reckoned from. */
interface Measured {
  sums: Sums | undefined;
  extent: Extent | undefined;
  /** mm² */
  area: number | undefined;
  /** Of one voxel. */
  mm3: number;
  modality: string;
}

/** Derivations of the voxels' own value, by the measurement's name. */
const DERIVATIONS: Partial<Record<MeasurementName, CodedConcept>> = {
  meanIntensity: concepts.MEAN,
  standardDeviation: concepts.STANDARD_DEVIATION,
  minimumIntensity: concepts.MINIMUM,
  maximumIntensity: concepts.MAXIMUM,
  percentile05: concepts.PERCENTILE_05,
  median: concepts.MEDIAN,
  percentile95: concepts.PERCENTILE_95,
};

function intensityValue(name: MeasurementName, sums: Sums): number {
  const offset = sums.shifted / sums.count;
  switch (name) {
    case 'meanIntensity':
      return sums.shift + offset;
    case 'standardDeviation':
      return Math.sqrt(Math.max(0, sums.squares / sums.count - offset * offset));
    case 'minimumIntensity':
      return sums.minimum;
    case 'maximumIntensity':
      return sums.maximum;
    case 'percentile05':
      return sums.percentile(0.05);
    case 'median':
      return sums.percentile(0.5);
    case 'percentile95':
      return sums.percentile(0.95);
    default:
      throw new Error(`${name} is not derived from intensities`);
  }
}

/** Undefined where there is nothing to measure: no voxel, or no Hounsfield units for LAA-950. */
function measurementOf(name: MeasurementName, measured: Measured): Measurement | undefined {
  const { sums, extent, area, mm3, modality } = measured;
  const plain = (concept: CodedConcept, value: number, unit: CodedConcept): Measurement => ({
    name,
    concept,
    value,
    unit,
  });
  if (name === 'volume') {
    return plain(concepts.VOLUME, ((sums?.count ?? 0) * mm3) / 1000, concepts.MILLILITRE);
  }
  if (name === 'count') {
    return plain(concepts.QUANTITY, extent?.count ?? 0, concepts.NO_UNITS);
  }
  if (!sums) {
    return undefined;
  }
  switch (name) {
    case 'longAxis':
      return extent && plain(concepts.LONG_AXIS, extent.longAxis, concepts.MILLIMETRE);
    case 'shortAxis':
      return extent && plain(concepts.SHORT_AXIS, extent.shortAxis, concepts.MILLIMETRE);
    case 'sphericity':
      return area === undefined
        ? undefined
        : plain(concepts.SPHERICITY, sphericityOf(sums.count * mm3, area), concepts.NO_UNITS);
    case 'lowAttenuationArea950':
      return modality === 'CT'
        ? plain(
            concepts.LOW_ATTENUATION_AREA_950,
            (100 * sums.below950) / sums.count,
            concepts.PERCENT,
          )
        : undefined;
  }
  const derivation = DERIVATIONS[name]!;
  const value = intensityValue(name, sums);
  const { concept, unit } = concepts.intensityOf(modality);
  return concept
    ? { name, concept, derivation, value, unit }
    : { name, concept: derivation, value, unit };
}

const wantedOf = (names: readonly MeasurementName[]): Wanted => ({
  extremes: names.some(name => ['minimumIntensity', 'maximumIntensity'].includes(name)),
  below950: names.includes('lowAttenuationArea950'),
  percentiles: names.some(name => ['percentile05', 'median', 'percentile95'].includes(name)),
});

/** A manifest's label as a segment of a result. */
export const segmentOf = ({ value, name, ...rest }: SegmentLabel): Segment => ({
  segmentNumber: value,
  label: name,
  ...rest,
});

/**
 * Measures every segment of a label map: voxel count, the middle slice, the LPS+ centre of the
 * segment on that slice, and what `names` asks for. Intensities (of the voxels' real-world values;
 * standard deviation ÷ n; percentiles interpolated linearly, as numpy) and volume (mL) are summed in
 * one walk; long and short axis (mm) and count by `extentsOf`; sphericity by `surfaceAreas`;
 * `lowAttenuationArea950` is the share of voxels below −950 HU, CT only.
 *
 * A segment without voxels is reported with a volume and a count of 0 and nothing else; its middle
 * is the volume's.
 *
 * @param volume voxels on the label map's own grid
 * @param names which measurements, as the manifest lists them
 * @param box outside it all is background
 */
export function measureSegments(
  labelMap: LabelMap,
  volume: Pick<Volume, 'voxels' | 'modality'>,
  labels: readonly SegmentLabel[],
  names: readonly MeasurementName[],
  box?: Box,
): MeasuredSegment[] {
  const { geometry } = labelMap;
  const [ni, nj, nk] = geometry.dimensions;
  if (volume.voxels.length !== labelMap.voxels.length) {
    throw new Error(`${labelMap.voxels.length} labels on ${volume.voxels.length} voxels`);
  }
  const byLabel = sumLabels(labelMap, volume.voxels, wantedOf(names), box);
  const hasShape = names.some(name => ['longAxis', 'shortAxis', 'count'].includes(name));
  const extents = hasShape ? extentsOf(labelMap, box) : undefined;
  const areas = names.includes('sphericity') ? surfaceAreas(labelMap, box) : undefined;
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
    const measured: Measured = {
      sums,
      extent: extents?.get(label.value),
      area: areas?.get(label.value),
      mm3,
      modality: volume.modality,
    };
    return {
      ...segmentOf(label),
      measurements: names
        .map(name => measurementOf(name, measured))
        .filter(measurement => measurement !== undefined),
      voxelCount: sums?.count ?? 0,
      middleSlice,
      centroid: indexToWorld(geometry, centre),
    };
  });
}
