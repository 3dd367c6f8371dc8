import 'fake-indexeddb/auto';
import { createEvidenceArchive } from '../../extension/src/adapters/dicomweb/archive';
import { openDatabase, type Database } from '../../extension/src/adapters/storage/database';
import { createDraftStore } from '../../extension/src/adapters/storage/drafts';
import { createOutboxStore } from '../../extension/src/adapters/storage/outbox';
import { runAgain } from '../../extension/src/core/findings/fromInference';
import {
  memoryPorts,
  settings,
  slices,
  volume,
} from '../../extension/src/core/reading/memoryPorts.testing';
import { createReading, type Reading } from '../../extension/src/core/reading/reading';
import type { ReadingState } from '../../extension/src/core/reading/state';
import { REJECTION_TITLES } from '../../extension/src/dicom/common/codes';
import { parsePart10 } from '../../extension/src/dicom/common/parse';
import { createEvidenceReader, createEvidenceWriter } from '../../extension/src/dicom/evidence';
import { readKeyObjects } from '../../extension/src/dicom/keyObject/readKeyObjects';
import { MANUFACTURER } from '../../extension/src/version';
import { ctSlice } from '../../cli/src/testing/dicom';
import { refusing, startFaultyArchive, type FaultyArchive } from '../support/faultyArchive';

/**
 * Withdrawing from the decision to the archive, with the real writer, reader, outbox, DICOMweb
 * client and archive. Only the host and the model are stand-ins.
 */

const STUDY = '1.2';
const KO = '1.2.840.10008.5.1.4.1.1.88.59';
const ALL_KINDS = {
  evidence: {
    segment: [
      'segmentation',
      'report',
      'presentationState',
      'secondaryCapture',
      'keyObjects',
    ] as const,
  },
};

let archive: FaultyArchive;
let database: Promise<Database>;
let databases = 0;
const opened: Reading[] = [];

beforeEach(async () => {
  archive = await startFaultyArchive();
  database = openDatabase(`withdrawing-${databases++}`);
  await archive.archive.store(
    slices().map(({ sopInstanceUID, instanceNumber, imagePositionPatient }) =>
      ctSlice({
        studyInstanceUID: STUDY,
        seriesInstanceUID: '1.2.1',
        sopInstanceUID,
        number: instanceNumber,
        size: 8,
        attributes: {
          ImagePositionPatient: imagePositionPatient!.map(String),
          ImageOrientationPatient: ['1', '0', '0', '0', '1', '0'],
          PixelSpacing: ['1', '1'],
        },
      }),
    ),
  );
});
afterEach(async () => {
  opened.splice(0).forEach(reading => reading.dispose());
  await archive.close();
});

const until = async (get: () => ReadingState, holds: (state: ReadingState) => boolean) => {
  for (let tries = 0; tries < 1000; tries++) {
    if (holds(get())) return get();
    await new Promise(resolve => setTimeout(resolve, 10));
  }
  const { runs, outbox, refusals } = get();
  throw new Error(`Never came about: ${JSON.stringify({ runs, outbox, refusals }, null, 1)}`);
};

const evidenceArchive = () =>
  createEvidenceArchive(
    () => ({
      qidoRoot: archive.root,
      wadoRoot: archive.root,
      stowRoot: archive.root,
      headers: () => ({}),
    }),
    MANUFACTURER,
  );

/** A page: what it holds in memory ends with it, the database does not. */
const openPage = async (changes: Parameters<typeof settings>[0] = {}) => {
  const { ports, runs: started } = memoryPorts({
    writer: createEvidenceWriter(),
    reader: createEvidenceReader(),
    archive: evidenceArchive(),
    outbox: createOutboxStore(database),
    drafts: createDraftStore(database),
  });
  const volumes = {
    ...ports.volumes,
    read: async () => ({ ok: true as const, value: volume() }),
  };
  const reading = createReading({ ...ports, volumes }, settings(changes));
  opened.push(reading);
  reading.open(STUDY);
  await reading.refresh();
  const { get } = reading.state;
  return { reading, get, started };
};

const stored = async (changes: Parameters<typeof settings>[0] = {}) => {
  const page = await openPage(changes);
  const { findings } = await until(page.get, state => state.findings.length === 2 && !state.active);
  page.reading.reviewFinding({ findingId: findings[0].id, verdict: 'accepted' });
  await page.reading.storeEvidence();
  expect(page.get().runs).toMatchObject([{ stored: 'stored' }]);
  return { ...page, runId: page.get().runs[0].runId };
};

const evidence = async () =>
  (await archive.instances(STUDY)).filter(
    ({ sopInstanceUID }) => !slices().some(slice => slice.sopInstanceUID === sopInstanceUID),
  );

/** The rejection notes that the archive has, as any program reads them. */
const notes = async () => {
  const files = await evidenceArchive().retrieveEvidence(STUDY);
  if (!files.ok) throw new Error(files.refusal.message);
  const read = [];
  for (const file of files.value) {
    const dataset = await parsePart10(file);
    const document = dataset.ok && readKeyObjects(dataset.value);
    if (document && document.ok && document.value.rejection) read.push(document.value);
  }
  return read;
};

it('names every stored object of the run by its class, with the reason and who decided', async () => {
  const { reading, get, runId } = await stored(ALL_KINDS);
  const before = await evidence();
  expect(before).toHaveLength(5);
  await reading.withdrawEvidence({ runId, reason: 'patientSafety' });
  expect(get()).toMatchObject({ runs: [], outbox: { pending: 0 }, refusals: [] });
  const [note, ...others] = await notes();
  expect(others).toEqual([]);
  expect(note).toMatchObject({
    title: REJECTION_TITLES.patientSafety,
    person: 'Reader^Test',
    description: expect.stringContaining('5 objects'),
  });
  const named = note.objects.map(({ sopInstanceUID, sopClassUID }) => ({
    sopInstanceUID,
    sopClassUID,
  }));
  const inOrder = (list: typeof named) =>
    [...list].sort((a, b) => a.sopInstanceUID.localeCompare(b.sopInstanceUID));
  expect(inOrder(named)).toEqual(inOrder(before));
  // Nothing was deleted.
  expect(await evidence()).toHaveLength(6);
});

it('stays withdrawn on a new page and on another workstation, and is not made again by itself', async () => {
  const first = await stored();
  await first.reading.withdrawEvidence({ runId: first.runId, reason: 'quality' });
  const withdrawn = [
    {
      ...{ runId: first.runId, reason: 'quality', withdrawnBy: 'Reader^Test' },
      ...{ modelId: 'two-lungs', modelVersion: '1.0.0', modelName: 'Two lungs' },
      withdrawnAt: first.get().withdrawn?.[0].withdrawnAt,
    },
  ];
  first.reading.dispose();
  for (const workstation of ['this', 'another']) {
    if (workstation === 'another') database = openDatabase(`withdrawing-${databases++}`);
    const page = await openPage();
    expect(page.get()).toMatchObject({ runs: [], findings: [], withdrawn });
    expect(page.started).toEqual([]);
  }
});

it('made again is another run with other UIDs, which is shown and stored beside the note', async () => {
  const first = await stored();
  await first.reading.withdrawEvidence({ runId: first.runId, reason: 'quality' });
  const next = await openPage();
  next.reading.runModel({ modelId: 'two-lungs' });
  await until(next.get, ({ runs, active }) => runs.length === 1 && !active);
  await next.reading.storeEvidence();
  expect(next.get().runs).toMatchObject([{ runId: runAgain(first.runId), stored: 'stored' }]);
  expect(await evidence()).toHaveLength(5);
  const later = await openPage();
  expect(later.get()).toMatchObject({
    runs: [{ runId: runAgain(first.runId), origin: 'archive' }],
    withdrawn: [{ runId: first.runId }],
  });
});

it('waits while the archive is down, survives the page, and is there once', async () => {
  const first = await stored();
  await archive.down();
  await first.reading.withdrawEvidence({ runId: first.runId, reason: 'quality' });
  expect(first.get()).toMatchObject({
    runs: [{ stored: 'stored', withdrawal: { state: 'pending' } }],
    withdrawn: [],
    outbox: { pending: 1, objects: 1 },
  });
  first.reading.dispose();
  expect(await (await database).count('outbox')).toBe(1);
  await archive.up();
  const next = await openPage();
  await until(next.get, ({ withdrawn = [], outbox }) => withdrawn.length === 1 && !outbox.pending);
  expect(next.get().runs).toEqual([]);
  expect(await notes()).toHaveLength(1);
  expect(await (await database).count('outbox')).toBe(0);
});

it('whose answer was lost is told again, and changes nothing', async () => {
  const first = await stored();
  archive.fault = ({ sopClassUID }) => (sopClassUID === KO ? { stored: true } : undefined);
  await first.reading.withdrawEvidence({ runId: first.runId, reason: 'quality' });
  expect(first.get().runs).toMatchObject([{ withdrawal: { state: 'pending' } }]);
  archive.fault = undefined;
  await first.reading.retryOutbox();
  expect(first.get()).toMatchObject({ runs: [], withdrawn: [{ runId: first.runId }] });
  expect(await notes()).toHaveLength(1);
  expect(await evidence()).toHaveLength(3);
});

it('is refused with the archive’s reason, and the result stays a stored one', async () => {
  const first = await stored();
  archive.fault = ({ sopInstanceUID }) => ({
    status: 409,
    body: refusing(sopInstanceUID, 0x0122),
  });
  await first.reading.withdrawEvidence({ runId: first.runId, reason: 'quality' });
  expect(first.get().runs).toMatchObject([
    {
      stored: 'stored',
      withdrawal: {
        state: 'failed',
        error: { code: 'archiveRefusedInstances', message: expect.stringContaining('0x0122') },
      },
    },
  ]);
  expect(first.get().withdrawn).toEqual([]);
  // It is not tried again by itself, and again on a new page.
  expect(first.get().outbox.nextAttemptAt).toBeUndefined();
  first.reading.dispose();
  archive.fault = undefined;
  const next = await openPage();
  await until(next.get, ({ withdrawn = [] }) => withdrawn.length === 1);
  expect(await notes()).toHaveLength(1);
});
