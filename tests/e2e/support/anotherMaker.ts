import path from 'node:path';
import type { Vec3 } from '@second-reader/core/geometry/types';
import { worldToIndex } from '@second-reader/core/geometry/transform';
import type {
  DetectionFinding,
  Provenance,
  RunResult,
  SegmentFinding,
} from '@second-reader/core/findings/types';
import { DEFAULT_EVIDENCE } from '@second-reader/core/evidence/table';
import { uidFrom } from '@second-reader/core/model/identity';
import { planVolume } from '@second-reader/core/volume/assemble';
import { SOP_CLASS } from '@second-reader/dicom/common/dictionary';
import { MANUFACTURER } from '@second-reader/dicom/common/identity';
import { writeEvidence } from '@second-reader/dicom/evidence';
import { readNifti } from '../../support/nifti';
import { stow } from './dicom';
import { allEvidence, archivedSeries, type Archived } from './evidence';
import { sampleStudy } from './reading';
import type { Viewer } from './server';

/** As long as ours, so that it can be written over ours byte by byte. */
export const ANOTHER_MAKER = 'Another Maker';

const sct = (value: string, meaning: string) => ({ value, scheme: 'SCT', meaning });
const millilitres = (value: number) => ({
  name: 'volume',
  concept: sct('118565006', 'Volume'),
  value,
  unit: { value: 'mL', scheme: 'UCUM', meaning: 'milliliter' },
});

const provenance = (modelName: string): Provenance => ({
  modelId: modelName,
  modelVersion: '7.2',
  modelName,
  modelSha256: 'cd'.repeat(32),
  licence: 'unknown',
  engine: { engine: 'remote', threads: 1 },
  startedAt: '2026-01-02T03:04:05.000Z',
  timing: {},
  softwareVersion: '7.2',
  manufacturer: MANUFACTURER,
  algorithmFamily: { value: '123110', scheme: 'DCM', meaning: 'Artificial Intelligence' },
});

/** What both kinds of finding have in common, at a place of the series. */
const base = (runId: string, key: string, { source }: Archived, centroid: Vec3) => {
  const plan = planVolume(source.slices);
  if (!plan.ok) throw new Error(plan.refusal.message);
  const middleSlice = Math.round(worldToIndex(plan.value.geometry, centroid)[2]);
  return {
    id: uidFrom('another maker', runId, key),
    trackingIdentifier: key,
    runId,
    middleSlice,
    centroid,
    referencedSOPInstanceUID: source.slices[middleSlice].sopInstanceUID,
  };
};

/** The truth's lungs, as somebody else's segmentation. */
function lungs(archived: Archived, truth: string, volumes: readonly number[]): RunResult {
  const runId = uidFrom('another maker', 'lungs');
  const plan = planVolume(archived.source.slices);
  if (!plan.ok) throw new Error(plan.refusal.message);
  // The truth lies on the images' grid; its label 3 is the airway.
  const voxels = Uint8Array.from(readNifti(truth).values, label => (label < 3 ? label : 0));
  const sides = [sct('7771000', 'Left'), sct('24028007', 'Right')];
  const findings = sides.map((modifier, index): SegmentFinding => ({
    ...base(runId, `${modifier.meaning} lung`, archived, [index === 0 ? 90 : -90, -180, -420]),
    kind: 'segment',
    segment: {
      segmentNumber: index + 1,
      key: `lung-${index}`,
      label: { en: `${modifier.meaning} lung` },
      category: sct('123037004', 'Anatomical Structure'),
      type: sct('39607008', 'Lung'),
      modifier,
      recommendedDisplayCIELab: index === 0 ? [70, -60, 50] : [60, 70, 20],
    },
    measurements: [millilitres(volumes[index])],
  }));
  const { source } = archived;
  const labelMap = { geometry: plan.value.geometry, voxels };
  return { runId, source, provenance: provenance('LungLines'), labelMap, findings };
}

/** The truth's nodules, as somebody else's report of places. */
function nodules(
  archived: Archived,
  placed: ReadonlyArray<{ centre: Vec3; diameter: number; volumeMl: number }>,
): RunResult {
  const runId = uidFrom('another maker', 'nodules');
  const findings = placed.map(({ centre, diameter, volumeMl }, index): DetectionFinding => ({
    ...base(runId, `Nodule ${index + 1}`, archived, centre),
    kind: 'detection',
    concept: {
      key: `nodule-${index + 1}`,
      label: { en: `Nodule ${index + 1}` },
      category: sct('49755003', 'Morphologically Abnormal Structure'),
      type: sct('27925004', 'Nodule'),
    },
    score: 0.75,
    size: [diameter, diameter, diameter],
    measurements: [millilitres(volumeMl)],
  }));
  return { runId, source: archived.source, provenance: provenance('NoduleFinder'), findings };
}

/** Our objects with another Manufacturer in them everywhere: theirs, for all that anyone can tell. */
const asTheirs = (part10: ArrayBuffer): Buffer => {
  const bytes = Buffer.from(part10.slice(0));
  for (let at = bytes.indexOf(MANUFACTURER); at >= 0; at = bytes.indexOf(MANUFACTURER, at)) {
    bytes.write(ANOTHER_MAKER, at, 'latin1');
  }
  return bytes;
};

/**
 * Puts a segmentation and a report of another maker into the archive: the truth of the sample's
 * current study, so that what they say is known.
 */
export const storeOfAnotherMaker = async (viewer: Viewer): Promise<void> => {
  const truth = sampleStudy(viewer.data, 'current');
  const root = `${viewer.url}/dicom-web`;
  const archived = await archivedSeries(root, truth.studyInstanceUID);
  const mask = path.join(viewer.data, 'sample-truth', 'current.anatomy.nii.gz');
  const runs = [
    lungs(archived, mask, [truth.leftLung.volumeMl, truth.rightLung.volumeMl]),
    nodules(archived, truth.nodules),
  ];
  const files = runs.flatMap(run => {
    const written = writeEvidence({
      run,
      // The places once: as measurement groups, not also as marks of a presentation state.
      table: { ...DEFAULT_EVIDENCE, detection: ['report'] },
      reviews: [],
      source: archived.metadata,
      includeReviews: false,
      reviewer: '',
    });
    if (!written.ok) throw new Error(written.refusal.message);
    return written.value.map(({ part10 }) => asTheirs(part10));
  });
  await stored(root, files);
};

/** Puts a heat map and a choice of key images of another maker beside the sample's current study. */
export const storeMapAndKeyImages = async (viewer: Viewer): Promise<void> => {
  const root = `${viewer.url}/dicom-web`;
  const { studyInstanceUID } = sampleStudy(viewer.data, 'current');
  const kinds: readonly string[] = [SOP_CLASS.parametricMap, SOP_CLASS.keyObjectSelection];
  const objects = allEvidence(await archivedSeries(root, studyInstanceUID));
  const chosen = objects.filter(({ sopClassUID }) => kinds.includes(sopClassUID));
  await stored(
    root,
    chosen.map(({ part10 }) => asTheirs(part10)),
  );
};

const stored = async (root: string, files: Buffer[]): Promise<void> => {
  const { status, text } = await stow(root, files);
  if (status !== 200) throw new Error(`${status}: ${text}`);
};
