import path from 'node:path';
import type { RunResult } from '../../../extension/src/core/findings/types';
import type { EvidenceObject } from '../../../extension/src/core/reading/ports';
import { KEY_OBJECT_TITLES, REJECTION_TITLES } from '../../../extension/src/dicom/common/codes';
import { segmentationUIDOf } from '../../../extension/src/dicom/common/identity';
import { SOP_CLASS } from '../../../extension/src/dicom/common/dictionary';
import { sourceAttributes } from '../../../extension/src/dicom/common/source';
import { writeKeyObjects } from '../../../extension/src/dicom/keyObject/writeKeyObjects';
import { writeWithdrawal } from '../../../extension/src/dicom/keyObject/writeWithdrawal';
import { presentationStateUIDOf } from '../../../extension/src/dicom/presentation/writePresentationState';
import { secondaryCaptureUIDOf } from '../../../extension/src/dicom/secondaryCapture/writeSecondaryCapture';
import { writeRejectionNote } from '../../../extension/src/dicom/keyObject/writeRejectionNote';
import { metadataOf, runOfKind, runOn, slicesOf } from '../../../extension/src/dicom/testing/runs';
import type { SourceMetadata } from '../../../extension/src/core/reading/ports';
import { keptByOrthanc } from './support/archive';
import { metadataOfPerson, PEOPLE, plainName } from './support/sources';
import { dciodvfy, dsrdump, pythonSays, savedAs, temporaryFolder, testWith } from './support/tools';

const small = { columns: 20, rows: 12, slices: 6 };

const source = (run: RunResult, metadata: SourceMetadata = metadataOf(run)) => {
  const outcome = sourceAttributes(run, metadata);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value;
};

/** A document with what was meant by it. */
interface Meant {
  object: EvidenceObject;
  patient: string;
  title: string;
  text: string;
  observer: 'Device' | 'Person';
  references: Array<{ type: 'IMAGE' | 'COMPOSITE'; instance: string; frames: number[] }>;
}

const detection = runOfKind('detection', slicesOf(small));
const multi = runOn(slicesOf({ ...small, multiFrame: true }));
const middle = (run: RunResult) => run.source.slices[3].sopInstanceUID;

const keyImages = (
  run: RunResult,
  person?: Record<string, string>,
  title = KEY_OBJECT_TITLES.ofInterest,
): Meant => ({
  object: writeKeyObjects(
    run,
    source(run, person && metadataOfPerson(run, person)),
    undefined,
    title,
  )!,
  patient: plainName(person ?? { Alphabetic: 'Phantom^Chest' }),
  title: title.value,
  text: 'AI result, not reviewed: CT lungs 1.0.0',
  observer: 'Device',
  references: [{ type: 'IMAGE', instance: middle(run), frames: run === multi ? [4] : [] }],
});

const withdrawn = (): Meant => {
  const objects = [
    { sopClassUID: SOP_CLASS.segmentation, sopInstanceUID: '1.2.3.1' },
    { sopClassUID: SOP_CLASS.comprehensive3DSR, sopInstanceUID: '1.2.3.2' },
  ].map(each => ({
    ...each,
    seriesInstanceUID: `${each.sopInstanceUID}.0`,
    studyInstanceUID: detection.source.studyInstanceUID,
  }));
  const note = writeRejectionNote({
    run: detection,
    source: source(detection),
    objects,
    reason: 'patientSafety',
    rejectedAt: '2026-03-05T10:00:00.000Z',
    rejectedBy: 'Коваленко^Олена',
    comment: 'Не той пацієнт',
  });
  if (!note.ok) throw new Error(note.refusal.message);
  return {
    object: note.value,
    patient: 'Phantom^Chest',
    title: REJECTION_TITLES.patientSafety.value,
    text: 'Не той пацієнт',
    observer: 'Person',
    references: [
      { type: 'IMAGE', instance: '1.2.3.1', frames: [] },
      { type: 'COMPOSITE', instance: '1.2.3.2', frames: [] },
    ],
  };
};

/** As a reader withdraws a run, of which the archive has acknowledged these instances. */
const wholeRun = (): Meant => {
  const { runId } = detection;
  const kinds = [
    { instance: segmentationUIDOf(runId), type: 'IMAGE' as const },
    { instance: presentationStateUIDOf(runId, 0), type: 'COMPOSITE' as const },
    { instance: secondaryCaptureUIDOf(runId), type: 'IMAGE' as const },
    { instance: '2.25.77', type: 'COMPOSITE' as const },
  ];
  const note = writeWithdrawal({
    run: detection,
    source: metadataOf(detection),
    instances: kinds.map(({ instance }) => instance),
    withdrawal: {
      reason: 'incorrectWorklistEntry',
      withdrawnAt: '2026-03-05T10:00:00.000Z',
      withdrawnBy: 'Коваленко^Олена',
    },
  });
  if (!note.ok) throw new Error(note.refusal.message);
  return {
    object: note.value,
    patient: 'Phantom^Chest',
    title: REJECTION_TITLES.incorrectWorklistEntry.value,
    text: `4 objects of AI result CT lungs 1.0.0 (run ${runId})`,
    observer: 'Person',
    references: kinds
      .sort((a, b) => (a.instance < b.instance ? -1 : 1))
      .map(({ instance, type }) => ({ type, instance, frames: [] })),
  };
};

const CASES: Array<[string, () => Meant]> = [
  ['key images', () => keyImages(detection)],
  [
    'key images for the referring provider',
    () => keyImages(detection, undefined, KEY_OBJECT_TITLES.forReferringProvider),
  ],
  ['a frame of a multi-frame image', () => keyImages(multi)],
  ['a rejection note', withdrawn],
  ['a rejection note on a whole run', wholeRun],
  ...Object.entries(PEOPLE).map(([name, person]): [string, () => Meant] => [
    `${name} name`,
    () => keyImages(detection, person),
  ]),
];

interface Said {
  patient: string;
  charset: string;
  title: string;
  description: string;
  observers: string[];
  references: Array<{ type: string; instance: string; frames: number[] }>;
  resolved: boolean;
}

describe.each(CASES)('KO: %s', (_name, make) => {
  const meant = make();
  const file = savedAs(temporaryFolder(), 'ko.dcm', meant.object.part10);

  testWith('dciodvfy', 'clean', () => {
    const { errors, iod } = dciodvfy(file);
    expect({ errors, iod }).toEqual({ errors: [], iod: 'KeyObjectSelectionDocument' });
  });

  testWith('dsrdump', 'prints it', () => {
    const { status, complaints, text } = dsrdump(file);
    expect({ status, complaints }).toEqual({ status: 0, complaints: [] });
    expect(text).toContain('Key Object Selection Document');
    expect(text).toContain(meant.text);
  });

  const saidOf = (): Said => {
    said ??= pythonSays<Said>(path.join(__dirname, 'support/read_ko.py'), [file]);
    return said;
  };
  let said: Said | undefined;

  testWith(
    'highdicom',
    'reads who chose and what, and resolves each reference',
    () => {
      expect(saidOf()).toMatchObject({
        observers: [meant.observer],
        references: meant.references,
        resolved: true,
      });
    },
    120000,
  );

  testWith(
    'pydicom',
    'reads the patient, the title and the words',
    () => {
      const { patient, charset, title, description } = saidOf();
      expect({ patient, charset, title }).toEqual({
        patient: meant.patient,
        charset: 'ISO_IR 192',
        title: meant.title,
      });
      expect(description).toContain(meant.text);
    },
    120000,
  );
});

describe('KO: archive', () => {
  testWith(
    'Orthanc',
    'stores and returns every document as it was',
    async () => {
      // Of the same document for patients of several names an archive keeps the first.
      const all = CASES.map(([, make]) => make().object).reverse();
      const objects = [...new Map(all.map(each => [each.sopInstanceUID, each])).values()];
      const kept = await keptByOrthanc(objects.map(({ part10 }) => part10));
      objects.forEach(({ sopInstanceUID, part10 }, index) => {
        expect(kept[index].sopInstanceUID).toBe(sopInstanceUID);
        expect(Buffer.from(kept[index].returned).equals(Buffer.from(part10))).toBe(true);
      });
    },
    120000,
  );
});
