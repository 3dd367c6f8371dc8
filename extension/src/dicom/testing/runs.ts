import type { SegmentationRun } from '../../core/findings/segmentationRun';
import type {
  CodedConcept,
  Finding,
  FindingConcept,
  Measurement,
  RunResult,
  SegmentFinding,
} from '../../core/findings/types';
import type { VolumeGeometry } from '../../core/geometry/types';
import { uidFrom } from '../../core/model/identity';
import type { SourceMetadata } from '../../core/reading/ports';
import type { Review } from '../../core/review/types';
import { planSlices } from '../../core/volume/assemble';
import type { LabelMap, SliceHeader } from '../../core/volume/types';

const sct = (value: string, meaning: string): CodedConcept => ({ value, scheme: 'SCT', meaning });
const ucum = (value: string, meaning: string): CodedConcept => ({ value, scheme: 'UCUM', meaning });

/** Axial CT slice headers, k upwards, on an oblique plane when `tilted`. */
export const slicesOf = (options: {
  columns: number;
  rows: number;
  slices: number;
  tilted?: boolean;
  multiFrame?: boolean;
}): SliceHeader[] => {
  const iop = options.tilted
    ? ([0.96, 0.28, 0, -0.28, 0.96, 0] as const)
    : ([1, 0, 0, 0, 1, 0] as const);
  return Array.from({ length: options.slices }, (_, k) => ({
    sopInstanceUID: uidFrom('test', 'slice', options.multiFrame ? '0' : String(k)),
    sopClassUID: options.multiFrame ? '1.2.840.10008.5.1.4.1.1.2.1' : '1.2.840.10008.5.1.4.1.1.2',
    ...(options.multiFrame ? { frameNumber: k + 1 } : {}),
    instanceNumber: k + 1,
    rows: options.rows,
    columns: options.columns,
    pixelSpacing: [0.703125, 0.703125],
    imagePositionPatient: [-180.123456, -170.5, -300.25 + k * 1.5],
    imageOrientationPatient: iop,
    sliceThickness: 2,
    photometricInterpretation: 'MONOCHROME2',
    samplesPerPixel: 1,
    rescaleSlope: 1,
    rescaleIntercept: -1024,
    modality: 'CT',
  }));
};

/** The grid of slices that are in k order. Throws when they make none. */
export const geometryOf = (slices: readonly SliceHeader[]): VolumeGeometry => {
  const plan = planSlices(slices);
  if (!plan.ok) throw new Error(plan.refusal.message);
  return plan.value.geometry;
};

/** A label map with a box for each label, at places and of sizes that differ. */
export const boxes = (geometry: VolumeGeometry, labels: readonly number[]): LabelMap => {
  const [columns, rows, slices] = geometry.dimensions;
  const voxels = new Uint8Array(columns * rows * slices);
  const width = Math.floor(columns / (labels.length + 1));
  labels.forEach((label, index) => {
    const from = index % Math.max(1, slices - 1);
    for (let k = from; k < slices; k++) {
      for (let j = index; j < Math.floor(rows / 2) + index + (k % 3) && j < rows; j++) {
        for (let i = index * width + (j % 2); i < (index + 1) * width - 1; i++) {
          voxels[i + columns * (j + rows * k)] = label;
        }
      }
    }
  });
  return { geometry, voxels };
};

const volume = (value: number): Measurement => ({
  name: 'volume',
  concept: sct('118565006', 'Volume'),
  value,
  unit: ucum('mL', 'milliliter'),
});
const meanIntensity = (value: number): Measurement => ({
  name: 'meanIntensity',
  concept: { value: '112031', scheme: 'DCM', meaning: 'Attenuation Coefficient' },
  derivation: sct('373098007', 'Mean'),
  value,
  unit: ucum("[hnsf'U]", 'Hounsfield unit'),
});

/** A run of `ct-lungs` on the given slices: its labels are 1 (left lung), 3 (right lung), 4, 5, … */
export const runOn = (slices: SliceHeader[], count = 2, labelMap?: LabelMap): SegmentationRun => {
  const runId = uidFrom('test', 'run', slices[0].sopInstanceUID, String(count));
  const geometry = labelMap?.geometry ?? geometryOf(slices);
  const labels = Array.from({ length: count }, (_, index) => (index === 0 ? 1 : index + 2));
  const findings = labels.map((label, index): SegmentFinding => {
    const key = ['left-lung', 'right-lung'][index] ?? `part-${index}`;
    const side = index % 2 === 0 ? sct('7771000', 'Left') : sct('24028007', 'Right');
    const middleSlice = Math.floor(slices.length / 2);
    return {
      id: uidFrom('test', 'finding', runId, key),
      trackingIdentifier: `ct-lungs/${key}`,
      runId,
      kind: 'segment',
      segment: {
        segmentNumber: label,
        key,
        label: { en: `Lung ${index}`, uk: `Легеня ${index}` },
        category: sct('123037004', 'Anatomical Structure'),
        type: sct('39607008', 'Lung'),
        modifier: side,
        recommendedDisplayCIELab: [65.5, -20 + index, 40],
      },
      measurements: [volume(2345.678901234567 + index), meanIntensity(-812.25)],
      middleSlice,
      centroid: [1.25, -2.5, 3.125],
      referencedSOPInstanceUID: slices[middleSlice].sopInstanceUID,
      referencedFrameNumber: slices[middleSlice].frameNumber,
    };
  });
  return {
    runId,
    source: {
      studyInstanceUID: '1.2.826.0.1.3680043.8.498.1',
      seriesInstanceUID: '1.2.826.0.1.3680043.8.498.2',
      frameOfReferenceUID: '1.2.826.0.1.3680043.8.498.3',
      slices,
    },
    provenance: {
      modelId: 'ct-lungs',
      modelVersion: '1.0.0',
      modelName: 'CT lungs',
      modelSha256: 'ab'.repeat(32),
      licence: 'MIT',
      engine: { engine: 'wasm-threads', threads: 4, fallbackReason: 'noWebGPU' },
      startedAt: '2026-03-01T09:30:15.250Z',
      timing: { preprocess: 120, infer: 2500.5 },
      softwareVersion: '0.1.0',
      manufacturer: 'Second Reader project',
      algorithmFamily: { value: '123110', scheme: 'DCM', meaning: 'Artificial Intelligence' },
    },
    labelMap: labelMap ?? boxes(geometry, labels),
    findings,
  };
};

const percent = ucum('%', 'Percent');
const noduleConcept = (ordinal: number): FindingConcept => ({
  key: `nodule-${ordinal}`,
  label: { en: `Nodule ${ordinal}`, uk: `Вогнище ${ordinal}` },
  category: sct('49755003', 'Morphologically Abnormal Structure'),
  type: sct('27925004', 'Nodule'),
  recommendedDisplayCIELab: [80, 5, 70],
});

/** Runs of models that draw no segments, and one that found nothing, on the given slices. */
export const OTHER_KINDS = ['detection', 'classification', 'regression', 'nothing'] as const;
export const runOfKind = (kind: (typeof OTHER_KINDS)[number], slices: SliceHeader[]): RunResult => {
  const { labelMap: _labelMap, findings: _findings, ...rest } = runOn(slices);
  const runId = uidFrom('test', 'run', kind, slices[0].sopInstanceUID);
  const middleSlice = Math.floor(slices.length / 2);
  const base = (key: string) => ({
    id: uidFrom('test', 'finding', runId, key),
    trackingIdentifier: `${kind}/${key}`,
    runId,
    measurements: [] as Measurement[],
    middleSlice,
    centroid: [-178.25, -168.5, -297.4] as const,
    referencedSOPInstanceUID: slices[middleSlice].sopInstanceUID,
    referencedFrameNumber: slices[middleSlice].frameNumber,
  });
  const score = {
    name: 'calciumScore',
    concept: sct('371887003', 'Calcium score'),
    value: 112.375,
    unit: ucum('1', 'no units'),
  };
  const findings: Record<typeof kind, Finding[]> = {
    detection: [0.9312, 0.4001].map((probability, index) => ({
      ...base(`nodule-${index + 1}`),
      kind: 'detection',
      concept: noduleConcept(index + 1),
      score: probability,
      size: [8.25, 7.5, 9],
      measurements: [volume(0.29 + index)],
    })),
    classification: [
      {
        ...base('effusion'),
        kind: 'classification',
        concept: {
          key: 'effusion',
          label: { en: 'Pleural effusion' },
          type: sct('60046008', 'Pleural effusion'),
          modifier: sct('7771000', 'Left'),
        },
        score: 0.8765,
      },
    ],
    regression: [
      {
        ...base('calcium'),
        kind: 'regression',
        concept: { key: 'calcium', label: { en: 'Calcium score' }, type: score.concept },
        measurements: [
          score,
          {
            name: 'calciumShare',
            concept: score.concept,
            derivation: sct('373098007', 'Mean'),
            value: 0.5,
            unit: percent,
          },
        ],
      },
    ],
    nothing: [],
  };
  return {
    ...rest,
    runId,
    provenance: { ...rest.provenance, operatingPoint: { key: 'balanced', threshold: 0.4 } },
    findings: findings[kind],
  };
};

/** Metadata of every slice of a run, in the DICOM JSON model. */
export const metadataOf = (run: RunResult, more: Record<string, unknown> = {}): SourceMetadata => {
  const attributes = {
    '00080020': { vr: 'DA', Value: ['20260301'] },
    '00080030': { vr: 'TM', Value: ['101500'] },
    '00080050': { vr: 'SH', Value: ['ACC-1'] },
    '00080080': { vr: 'LO', Value: ['Міська лікарня'] },
    '00080090': { vr: 'PN' },
    '00080201': { vr: 'SH', Value: ['+0200'] },
    '00081030': { vr: 'LO', Value: ['CT Chest'] },
    '00100010': { vr: 'PN', Value: [{ Alphabetic: 'Phantom^Chest' }] },
    '00100020': { vr: 'LO', Value: ['SR-1'] },
    '00100030': { vr: 'DA', Value: ['19700101'] },
    '00100040': { vr: 'CS', Value: ['O'] },
    '00180015': { vr: 'CS', Value: ['CHEST'] },
    '0020000D': { vr: 'UI', Value: [run.source.studyInstanceUID] },
    '00200011': { vr: 'IS', Value: [3] },
    '00201040': { vr: 'LO' },
    ...more,
  };
  return new Map(run.source.slices.map(slice => [slice.sopInstanceUID, attributes]));
};

/** A person's reviews of the first `count` findings: accepted, rejected, accepted, … */
export const reviewsOf = (run: RunResult, count = run.findings.length): Review[] =>
  run.findings.slice(0, count).map((finding, index) => ({
    findingId: finding.id,
    verdict: index % 2 === 0 ? 'accepted' : 'rejected',
    ...(index % 2 === 1 && { reason: 'wrongExtent', comment: 'Виходить за межі легені' }),
    reviewer: 'Коваленко^Олена',
    reviewedAt: `2026-03-01T09:3${index}:00.500Z`,
  }));
