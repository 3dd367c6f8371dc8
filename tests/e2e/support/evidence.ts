import fs from 'node:fs';
import path from 'node:path';
import type { RunResult, ScalarMap, SourceSeries } from '@second-reader/core/findings/types';
import type { EvidenceObject, SourceMetadata } from '@second-reader/core/reading/ports';
import { evidenceTable } from '@second-reader/core/evidence/table';
import { planVolume } from '@second-reader/core/volume/assemble';
import type { Volume } from '@second-reader/core/volume/types';
import { indexToWorld } from '@second-reader/core/geometry/transform';
import type { Vec3, VolumeGeometry } from '@second-reader/core/geometry/types';
import { norm, subtract } from '@second-reader/core/geometry/vector';
import { writeEvidence } from '@second-reader/dicom/evidence';
import { mapOn } from '@second-reader/dicom/testing/maps';
import { runOfKind, runOn } from '@second-reader/dicom/testing/runs';
import { sliceHeaderOf, type JsonDataset } from '../../support/sliceHeader';
import { SAMPLE_DATA } from './paths';

const json = async (url: string): Promise<JsonDataset[]> => {
  const response = await fetch(url, { headers: { Accept: 'application/dicom+json' } });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return (await response.json()) as JsonDataset[];
};

export interface Archived {
  source: SourceSeries;
  metadata: SourceMetadata;
}

/** The one image series of a study as the archive tells of it, slices in k order. */
export const archivedSeries = async (root: string, study: string): Promise<Archived> => {
  const items = (await json(`${root}/studies/${study}/metadata`)).filter(
    item => item['00080060']?.Value?.[0] === 'CT',
  );
  const slices = items.map(sliceHeaderOf);
  const plan = planVolume(slices);
  if (!plan.ok) throw new Error(plan.refusal.message);
  const text = (tag: string) => String(items[0][tag]?.Value?.[0]);
  return {
    source: {
      studyInstanceUID: study,
      seriesInstanceUID: text('0020000E'),
      frameOfReferenceUID: text('00200052'),
      slices: plan.value.order.map(index => slices[index]),
    },
    metadata: new Map(items.map(item => [String(item['00080018'].Value![0]), item])),
  };
};

/** The grid of an archived series. */
export const planned = ({ source: { slices } }: Archived) => {
  const plan = planVolume(slices);
  if (!plan.ok) throw new Error(plan.refusal.message);
  return plan.value;
};

/** The sample's voxels as its files hold them, in HU: its Pixel Data stand last, 16 bits a pixel. */
const volumeOf = ({
  source: { slices, studyInstanceUID, seriesInstanceUID },
}: Archived): Volume => {
  const plan = planVolume(slices);
  if (!plan.ok) throw new Error(plan.refusal.message);
  const folder = path.join(SAMPLE_DATA, 'instances', studyInstanceUID, seriesInstanceUID);
  const { rows, columns, rescaleSlope, rescaleIntercept } = slices[0];
  const voxels = new Int16Array(rows * columns * slices.length);
  slices.forEach(({ sopInstanceUID }, k) => {
    const bytes = fs.readFileSync(path.join(folder, `${sopInstanceUID}.dcm`));
    const pixels = bytes.subarray(bytes.length - 2 * rows * columns);
    for (let at = 0; at < rows * columns; at++) {
      voxels[k * rows * columns + at] =
        pixels.readInt16LE(2 * at) * rescaleSlope + rescaleIntercept;
    }
  });
  return { geometry: plan.value.geometry, voxels, modality: 'CT', slices };
};

/** A run on the archived series: what the fixtures' model found there, as far as it lies in the middle. */
const placed = (run: RunResult, archived: Archived, volume: Volume): RunResult => {
  const { slices } = archived.source;
  const middleSlice = Math.floor(slices.length / 2);
  const [columns, rows] = volume.geometry.dimensions;
  return {
    ...run,
    source: archived.source,
    findings: run.findings.map((finding, index) => ({
      ...finding,
      middleSlice,
      centroid: indexToWorld(volume.geometry, [
        columns / 2 + 40 * index,
        rows / 2 - 30 * index,
        middleSlice,
      ]),
      ...('size' in finding && { size: [24, 24, 12] as const }),
      referencedSOPInstanceUID: slices[middleSlice].sopInstanceUID,
    })),
  };
};

/** Of the two segments, CIELab: green and blue. */
export const SEGMENT_COLOURS: Vec3[] = [
  [65, -50, 45],
  [45, 10, -60],
];

/** Millimetres in which the map's values fall from 1 to 0.61. */
export const HEAT_SIGMA = 40;

/** Middle of the map: voxel of the series. */
export const heatCentre = ({ dimensions }: VolumeGeometry): Vec3 => [
  dimensions[0] / 2,
  dimensions[1] / 2,
  Math.floor(dimensions[2] / 2),
];

/** A map as a network has it: coarser than the images, of their middle only, warm around a point. */
const heatOn = (geometry: VolumeGeometry): ScalarMap => {
  const [columns, rows, slices] = geometry.dimensions;
  const dimensions: Vec3 = [Math.floor(columns / 8), Math.floor(rows / 8), Math.floor(slices / 2)];
  const network: VolumeGeometry = {
    ...geometry,
    dimensions,
    spacing: [geometry.spacing[0] * 4, geometry.spacing[1] * 4, geometry.spacing[2]],
    origin: indexToWorld(geometry, [columns / 4, rows / 4, Math.floor(slices / 4)]),
  };
  const centre = indexToWorld(geometry, heatCentre(geometry));
  const map = mapOn(network);
  map.values.forEach((_, at) => {
    const index: Vec3 = [
      at % dimensions[0],
      Math.floor(at / dimensions[0]) % dimensions[1],
      Math.floor(at / (dimensions[0] * dimensions[1])),
    ];
    const distance = norm(subtract(indexToWorld(network, index), centre));
    map.values[at] = Math.exp(-(distance ** 2) / (2 * HEAT_SIGMA ** 2));
  });
  return map;
};

/** Every kind of evidence of made results on an archived series. */
export const allEvidence = (archived: Archived): EvidenceObject[] => {
  const volume = volumeOf(archived);
  const { slices } = archived.source;
  const lungs = runOn(slices, 2);
  lungs.findings.forEach(({ segment }, index) => {
    segment.recommendedDisplayCIELab = SEGMENT_COLOURS[index];
  });
  const segments = placed(lungs, archived, volume);
  const withMap: RunResult = { ...segments, maps: [heatOn(volume.geometry)] };
  const detections = placed(runOfKind('detection', slices), archived, volume);
  const table = evidenceTable({
    segment: ['segmentation', 'report', 'secondaryCapture', 'keyObjects'],
    map: ['parametricMap'],
  });
  const written = [
    { run: withMap, segmentationType: 'binary' as const },
    { run: withMap, segmentationType: 'labelmap' as const },
    { run: detections, segmentationType: 'binary' as const },
  ].flatMap(each => {
    const outcome = writeEvidence({
      ...each,
      source: archived.metadata,
      reviews: [],
      includeReviews: false,
      reviewer: '',
      table,
      volume,
    });
    if (!outcome.ok) throw new Error(outcome.refusal.message);
    return outcome.value;
  });
  return [...new Map(written.map(object => [object.sopInstanceUID, object])).values()];
};
