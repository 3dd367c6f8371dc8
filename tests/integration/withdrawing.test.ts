import 'fake-indexeddb/auto';
import { runAgain } from '../../extension/src/core/findings/fromInference';
import { until } from '../../extension/src/core/reading/readings.testing';
import { REJECTION_TITLES } from '../../extension/src/dicom/common/codes';
import { parsePart10 } from '../../extension/src/dicom/common/parse';
import { readKeyObjects } from '../../extension/src/dicom/keyObject/readKeyObjects';
import { refusing } from '../support/faultyArchive';
import { storingSite, STUDY, type SettingChanges } from '../support/storingSite';

/**
 * Withdrawing from the decision to the archive, with the real writer, reader, outbox, DICOMweb
 * client and archive. Only the host and the model are stand-ins.
 */

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

const site = storingSite();

const stored = async (changes: SettingChanges = {}) => {
  const page = await site.openPage(changes);
  const { findings } = await until(page.get, state => state.findings.length === 2 && !state.active);
  page.reading.reviewFinding({ findingId: findings[0].id, verdict: 'accepted' });
  await page.reading.storeEvidence();
  expect(page.get().runs).toMatchObject([{ stored: 'stored' }]);
  return { ...page, runId: page.get().runs[0].runId };
};

/** The rejection notes that the archive has, as any program reads them. */
const notes = async () => {
  const files = await site.evidenceArchive().retrieveEvidence(STUDY);
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
  const before = await site.evidence();
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
  expect(await site.evidence()).toHaveLength(6);
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
    if (workstation === 'another') site.anotherWorkstation();
    const page = await site.openPage();
    expect(page.get()).toMatchObject({ runs: [], findings: [], withdrawn });
    expect(page.runs).toEqual([]);
  }
});

it('made again is another run with other UIDs, which is shown and stored beside the note', async () => {
  const first = await stored();
  await first.reading.withdrawEvidence({ runId: first.runId, reason: 'quality' });
  const next = await site.openPage();
  next.reading.runModel({ modelId: 'two-lungs' });
  await until(next.get, ({ runs, active }) => runs.length === 1 && !active);
  await next.reading.storeEvidence();
  expect(next.get().runs).toMatchObject([{ runId: runAgain(first.runId), stored: 'stored' }]);
  expect(await site.evidence()).toHaveLength(5);
  const later = await site.openPage();
  expect(later.get()).toMatchObject({
    runs: [{ runId: runAgain(first.runId), origin: 'archive' }],
    withdrawn: [{ runId: first.runId }],
  });
});

it('waits while the archive is down, survives the page, and is there once', async () => {
  const first = await stored();
  await site.archive.down();
  await first.reading.withdrawEvidence({ runId: first.runId, reason: 'quality' });
  expect(first.get()).toMatchObject({
    runs: [{ stored: 'stored', withdrawal: { state: 'pending' } }],
    withdrawn: [],
    outbox: { pending: 1, objects: 1 },
  });
  first.reading.dispose();
  expect(await (await site.database).count('outbox')).toBe(1);
  await site.archive.up();
  const next = await site.openPage();
  await until(next.get, ({ withdrawn = [], outbox }) => withdrawn.length === 1 && !outbox.pending);
  expect(next.get().runs).toEqual([]);
  expect(await notes()).toHaveLength(1);
  expect(await (await site.database).count('outbox')).toBe(0);
});

it('whose answer was lost is told again, and changes nothing', async () => {
  const first = await stored();
  site.archive.fault = ({ sopClassUID }) => (sopClassUID === KO ? { stored: true } : undefined);
  await first.reading.withdrawEvidence({ runId: first.runId, reason: 'quality' });
  expect(first.get().runs).toMatchObject([{ withdrawal: { state: 'pending' } }]);
  site.archive.fault = undefined;
  await first.reading.retryOutbox();
  expect(first.get()).toMatchObject({ runs: [], withdrawn: [{ runId: first.runId }] });
  expect(await notes()).toHaveLength(1);
  expect(await site.evidence()).toHaveLength(3);
});

it('is refused with the archive’s reason, and the result stays a stored one', async () => {
  const first = await stored();
  site.archive.fault = ({ sopInstanceUID }) => ({
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
  site.archive.fault = undefined;
  const next = await site.openPage();
  await until(next.get, ({ withdrawn = [] }) => withdrawn.length === 1);
  expect(await notes()).toHaveLength(1);
});
