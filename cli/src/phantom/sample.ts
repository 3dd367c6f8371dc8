import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { uidsOf, writeSlice, type StudyIdentity, type StudyUids } from './dicom';
import { createFrame } from './frame';
import { writeNifti } from './nifti';
import { DEFAULT_OPTIONS, type NoduleOptions, type PhantomOptions } from './options';
import { makePhantomInBackground, type Phantom, type PhantomTruth } from './phantom';
import { BREATH_BOTTOM, BREATH_TOP } from './thorax';

/** Days between the two studies, and in which the growing nodule doubles its volume. */
const DAYS_BETWEEN = 365;
const DOUBLING_DAYS = 300;
/** Diameter of a sphere that doubled its volume every `DOUBLING_DAYS` for `DAYS_BETWEEN`. */
const GROWN = Math.cbrt(2 ** (DAYS_BETWEEN / DOUBLING_DAYS));
/** Label of the nodule that grows. */
const GROWING = 2;

type StudyName = 'prior' | 'current';

/** Nodules by their label; all three have a fixed place in the patient. */
const nodules = (growth: number): NoduleOptions[] => [
  { diameter: 6, hounsfield: 35, near: [-91.5, 39.6, 42], kind: 'placed', lobulation: 0 },
  { diameter: 9 * growth, hounsfield: 40, near: [-59, -29, 20], kind: 'placed', lobulation: 0.03 },
  { diameter: 14, hounsfield: 55, near: [79, 27, -50], kind: 'placed', lobulation: 0.05 },
];

export const STUDIES: Record<
  StudyName,
  { options: PhantomOptions; identity: StudyIdentity; folder: string }
> = {
  prior: {
    folder: '2024-03-11-prior',
    options: { ...DEFAULT_OPTIONS, seed: 20240311, nodules: nodules(1) },
    identity: {
      patientId: 'SR-SAMPLE-1',
      patientName: 'Sample^Patient',
      birthDate: '19600501',
      sex: 'O',
      age: '063Y',
      studyDate: '20240311',
      studyTime: '101500',
      accessionNumber: 'SR-2024-0001',
      studyId: '1',
    },
  },
  current: {
    folder: '2025-03-11-current',
    options: {
      ...DEFAULT_OPTIONS,
      seed: 20240311,
      noiseSeed: 20250311,
      position: [5, -184, -431],
      rotation: [1.2, -0.8, 2.4],
      fieldOffset: [-3, 16],
      inspiration: 7,
      nodules: nodules(GROWN),
    },
    identity: {
      patientId: 'SR-SAMPLE-1',
      patientName: 'Sample^Patient',
      birthDate: '19600501',
      sex: 'O',
      age: '064Y',
      studyDate: '20250311',
      studyTime: '093000',
      accessionNumber: 'SR-2025-0001',
      studyId: '2',
    },
  },
};
const ORDER: readonly StudyName[] = ['prior', 'current'];

/** What `truth.json` says of one study. */
export interface SampleStudyTruth extends PhantomTruth, StudyUids {
  name: StudyName;
  studyFolder: string;
  studyDate: string;
  /** Label maps on the grid of the images, NIfTI-1, beside `truth.json`. */
  files: { anatomy: string; nodules: string };
}

/** `truth.json`: lengths in mm, volumes in mL, points LPS+, matrices row-major. */
export interface SampleTruth {
  patientId: string;
  labels: { anatomy: Record<string, number>; nodules: string };
  studies: SampleStudyTruth[];
  growth: {
    /** Label of the one nodule that has grown. */
    label: number;
    days: number;
    volumeDoublingDays: number;
    priorVolumeMl: number;
    currentVolumeMl: number;
  };
  registration: {
    /** 4 × 4: the prior's scanner frame to the current one's, for what does not breathe. */
    rigidPriorToCurrent: number[];
    /**
     * In anatomical coordinates (placement undone) an organ that breathes lies at
     * z - inspiration·(1 - smoothstep(bottom, top, z)) where z is its height in the reference.
     */
    breathing: { prior: number; current: number; top: number; bottom: number };
  };
}

export interface SampleInstance {
  studyFolder: string;
  fileName: string;
  part10: Uint8Array;
}

interface MadeStudy {
  truth: SampleStudyTruth;
  anatomy: Uint8Array;
  nodules: Uint8Array;
}

/** Truth and compressed label maps of what was made in this process (small; voxels are not kept). */
const made = new Map<StudyName, MadeStudy>();

async function makeStudy(
  name: StudyName,
  onProgress?: (fraction: number) => void,
): Promise<Phantom> {
  const { options, identity, folder } = STUDIES[name];
  const phantom = await makePhantomInBackground(options, onProgress);
  const { labels, truth } = phantom;
  made.set(name, {
    truth: {
      name,
      studyFolder: folder,
      studyDate: identity.studyDate,
      ...uidsOf(identity),
      files: { anatomy: `${name}.anatomy.nii.gz`, nodules: `${name}.nodules.nii.gz` },
      ...truth,
    },
    anatomy: writeNifti(truth.geometry, labels.anatomy.voxels),
    nodules: writeNifti(truth.geometry, labels.nodules.voxels),
  });
  return phantom;
}

/** UIDs of the two studies, known without making them. */
export const sampleUids = (): Record<StudyName, StudyUids> => ({
  prior: uidsOf(STUDIES.prior.identity),
  current: uidsOf(STUDIES.current.identity),
});

/**
 * Both studies of the sample patient as DICOM files, prior first, each from head to feet. Other work
 * goes on between slices.
 *
 * @param onProgress hears fractions of the whole, up to 1
 */
export async function* sampleInstances(
  onProgress?: (fraction: number) => void,
): AsyncGenerator<SampleInstance> {
  for (const [index, name] of ORDER.entries()) {
    const phantom = await makeStudy(name, done =>
      onProgress?.((index + 0.9 * done) / ORDER.length),
    );
    const slices = phantom.volume.geometry.dimensions[2];
    for (let n = 1; n <= slices; n++) {
      yield {
        studyFolder: STUDIES[name].folder,
        fileName: `CT.${String(n).padStart(4, '0')}.dcm`,
        part10: writeSlice(phantom, STUDIES[name].identity, slices - n),
      };
      onProgress?.((index + 0.9 + (0.1 * n) / slices) / ORDER.length);
    }
  }
}

function rigidPriorToCurrent(): number[] {
  const from = createFrame(STUDIES.prior.options);
  const to = createFrame(STUDIES.current.options);
  const map = (p: readonly [number, number, number]) => to.toScanner(from.toAnatomy(p));
  const o = map([0, 0, 0]);
  const axes = [map([1, 0, 0]), map([0, 1, 0]), map([0, 0, 1])];
  const rows = [0, 1, 2].map(r => [...axes.map(axis => axis[r] - o[r]), o[r]]);
  return [...rows.flat(), 0, 0, 0, 1];
}

/**
 * Writes `truth.json` (see `SampleTruth`) and the label maps of both studies. Makes the studies if
 * `sampleInstances` has not in this process.
 */
export async function writeSampleTruth(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const studies: SampleStudyTruth[] = [];
  for (const name of ORDER) {
    if (!made.has(name)) {
      await makeStudy(name);
    }
    const study = made.get(name);
    if (!study) {
      throw new Error(`the ${name} study was not made`);
    }
    await writeFile(path.join(folder, study.truth.files.anatomy), study.anatomy);
    await writeFile(path.join(folder, study.truth.files.nodules), study.nodules);
    studies.push(study.truth);
  }
  const [prior, current] = studies.map(study => study.nodules[GROWING - 1].analyticVolumeMl);
  const truth: SampleTruth = {
    patientId: STUDIES.prior.identity.patientId,
    labels: {
      anatomy: { background: 0, leftLung: 1, rightLung: 2, airway: 3 },
      nodules: 'the label of each nodule',
    },
    studies,
    growth: {
      label: GROWING,
      days: DAYS_BETWEEN,
      volumeDoublingDays: DOUBLING_DAYS,
      priorVolumeMl: prior,
      currentVolumeMl: current,
    },
    registration: {
      rigidPriorToCurrent: rigidPriorToCurrent(),
      breathing: {
        prior: STUDIES.prior.options.inspiration,
        current: STUDIES.current.options.inspiration,
        top: BREATH_TOP,
        bottom: BREATH_BOTTOM,
      },
    },
  };
  await writeFile(path.join(folder, 'truth.json'), `${JSON.stringify(truth, null, 2)}\n`);
}
