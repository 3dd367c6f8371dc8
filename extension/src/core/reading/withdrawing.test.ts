import { runAgain } from '../findings/fromInference';
import { accept, refuse } from '../outcome';
import {
  memoryArchive,
  memoryDrafts,
  memoryOutbox,
  memoryPorts,
  settings,
} from './memoryPorts.testing';
import { createReading, type ReadingPorts } from './reading';
import { disposedAfterEach, until } from './readings.testing';

const opened = disposedAfterEach();

const lasting = () => ({
  archive: memoryArchive(),
  outbox: memoryOutbox(),
  drafts: memoryDrafts(),
});

const openPage = async (
  shared: Partial<ReadingPorts>,
  changes: Parameters<typeof settings>[0] = {},
) => {
  const { ports, runs, drawn } = memoryPorts(shared);
  const reading = createReading(ports, settings(changes));
  opened(reading);
  reading.open('1.2');
  await reading.refresh();
  const { get } = reading.state;
  const codes = () => get().refusals.map(({ code }) => code);
  return { reading, get, runs, drawn, codes };
};

/** A page whose one result is judged and stored. */
const stored = async (
  shared: ReturnType<typeof lasting>,
  changes: Parameters<typeof settings>[0] = {},
) => {
  const page = await openPage(shared, changes);
  const { findings } = await until(page.get, state => state.findings.length === 2 && !state.active);
  page.reading.reviewFinding({ findingId: findings[0].id, verdict: 'accepted' });
  await page.reading.storeEvidence();
  const { runId, stored: state } = page.get().runs[0];
  expect(state).toBe('stored');
  return { ...page, runId };
};

const notes = ({ objects }: ReturnType<typeof memoryArchive>) =>
  [...objects.keys()].filter(id => id.startsWith('ko '));

describe('withdrawing what the archive has of a result', () => {
  it('marks all of it, takes the result out of the study, and says that it did', async () => {
    const shared = lasting();
    const { reading, get, drawn, runId } = await stored(shared);
    await reading.withdrawEvidence({ runId, reason: 'patientSafety' });
    expect(notes(shared.archive)).toHaveLength(1);
    expect(notes(shared.archive)[0]).toMatch(/^ko patientSafety .*seg 2\.25\..*sr 2\.25\./);
    expect(get()).toMatchObject({
      runs: [],
      findings: [],
      outbox: { pending: 0 },
      withdrawn: [
        { runId, modelId: 'two-lungs', reason: 'patientSafety', withdrawnBy: 'Reader^Test' },
      ],
    });
    expect(drawn.size).toBe(0);
    expect(shared.drafts.drafts.size).toBe(0);
  });

  it('lists also what another workstation stored of it meanwhile', async () => {
    const shared = lasting();
    const { reading, runId } = await stored(shared);
    const [report] = [...shared.archive.objects.values()].filter(each => each.sopClassUID === 'sr');
    const text = new TextDecoder().decode(report.part10).replaceAll('accepted', 'rejected');
    const part10 = new TextEncoder().encode(text).buffer as ArrayBuffer;
    const id = report.sopInstanceUID.replaceAll('accepted', 'rejected');
    shared.archive.objects.set(id, { ...report, sopInstanceUID: id, part10 });
    await reading.withdrawEvidence({ runId, reason: 'quality' });
    expect(notes(shared.archive)[0].match(/sr 2\.25/g)).toHaveLength(2);
  });

  it('is not called withdrawn while the archive is down, nor after a reload, until it answers', async () => {
    const shared = lasting();
    const today = await stored(shared);
    shared.archive.down = true;
    await today.reading.withdrawEvidence({ runId: today.runId, reason: 'quality' });
    const waiting = { state: 'pending', reason: 'quality' };
    expect(today.get()).toMatchObject({
      runs: [{ runId: today.runId, stored: 'stored', withdrawal: waiting }],
      withdrawn: [],
      outbox: { pending: 1, objects: 1 },
    });
    // Nothing more of it is stored, whatever is judged.
    const [, second] = today.get().findings;
    today.reading.reviewFinding({ findingId: second.id, verdict: 'rejected' });
    await today.reading.storeEvidence();
    expect(shared.outbox.entries.size).toBe(1);
    today.reading.dispose();

    const objects = shared.archive.objects.size;
    const store = shared.archive.store.bind(shared.archive);
    let up: () => void = () => undefined;
    const isUp = new Promise<void>(resolve => (up = resolve));
    const archive = {
      ...shared.archive,
      retrieveEvidence: async () => accept([...shared.archive.objects.values()].map(o => o.part10)),
      store: async (...given: Parameters<typeof store>) => (await isUp, store(...given)),
    };
    const next = await openPage({ ...shared, archive });
    const shown = await until(next.get, ({ outbox }) => outbox.sending === true);
    expect(shown.runs).toMatchObject([{ runId: today.runId, withdrawal: waiting }]);
    expect(shared.archive.objects.size).toBe(objects);
    shared.archive.down = false;
    up();
    const gone = await until(next.get, ({ runs }) => runs.length === 0);
    expect(gone).toMatchObject({ withdrawn: [{ runId: today.runId }], outbox: { pending: 0 } });
    expect(notes(shared.archive)).toHaveLength(1);
  });

  it('stays where the archive refuses the note, with the reason, and can be asked for again', async () => {
    const shared = lasting();
    const { reading, get, codes, runId } = await stored(shared);
    shared.archive.refuses.add('ko');
    await reading.withdrawEvidence({ runId, reason: 'quality' });
    expect(get().runs).toMatchObject([
      {
        stored: 'stored',
        withdrawal: { state: 'failed', error: { code: 'archiveRefusedInstances' } },
      },
    ]);
    expect(codes()).toEqual(['archiveRefusedInstances']);
    expect(get().withdrawn).toEqual([]);
    shared.archive.refuses.clear();
    await reading.withdrawEvidence({ runId, reason: 'incorrectWorklistEntry' });
    expect(notes(shared.archive)).toEqual([expect.stringMatching(/^ko incorrectWorklistEntry/)]);
    expect(get()).toMatchObject({ runs: [], withdrawn: [{ runId }], outbox: { pending: 0 } });
    expect(shared.outbox.entries.size).toBe(0);
    expect(codes()).toEqual([]);
  });

  it('keeps from the archive what it had refused of the result', async () => {
    const shared = lasting();
    shared.archive.refuses.add('sr');
    const page = await openPage(shared);
    await until(page.get, state => state.findings.length === 2 && !state.active);
    await page.reading.storeEvidence();
    const [{ runId, stored: state }] = page.get().runs;
    expect(state).toBe('failed');
    shared.archive.refuses.clear();
    await page.reading.withdrawEvidence({ runId, reason: 'quality' });
    expect(page.get()).toMatchObject({ runs: [], outbox: { pending: 0 } });
    expect([...shared.archive.objects.values()].map(each => each.sopClassUID)).toEqual([
      'seg',
      'ko',
    ]);
  });
});

describe('a withdrawn run', () => {
  it('does not come back: not from the archive, not from a draft, not by itself', async () => {
    const shared = lasting();
    const first = await stored(shared);
    // A workstation that has a draft of it, and knows nothing of the note.
    const [, finding] = first.get().findings;
    first.reading.reviewFinding({ findingId: finding.id, verdict: 'rejected' });
    await new Promise(resolve => setTimeout(resolve, 5));
    const [draft] = [...shared.drafts.drafts.values()];
    await first.reading.withdrawEvidence({ runId: first.runId, reason: 'quality' });
    await shared.drafts.saveRun(draft.run);
    const next = await openPage(shared);
    expect(next.get()).toMatchObject({
      runs: [],
      withdrawn: [{ runId: first.runId, reason: 'quality', modelName: 'Two lungs' }],
    });
    expect(next.runs).toEqual([]);
  });

  it('made again is a run of its own, which is judged and stored anew, and stays', async () => {
    const shared = lasting();
    const first = await stored(shared);
    await first.reading.withdrawEvidence({ runId: first.runId, reason: 'quality' });
    first.reading.runModel({ modelId: 'two-lungs' });
    const { runs, findings } = await until(first.get, state => state.runs.length === 1);
    expect(runs[0].runId).toBe(runAgain(first.runId));
    expect(findings.map(({ verdict }) => verdict)).toEqual(['notReviewed', 'notReviewed']);
    await first.reading.storeEvidence();
    const next = await openPage(shared);
    expect(next.get().runs).toMatchObject([{ runId: runAgain(first.runId), stored: 'stored' }]);
    expect(next.get().withdrawn).toMatchObject([{ runId: first.runId }]);

    await next.reading.withdrawEvidence({ runId: runAgain(first.runId), reason: 'quality' });
    next.reading.runModel({ modelId: 'two-lungs' });
    const again = await until(next.get, state => state.runs.length === 1);
    expect(again.runs[0].runId).toBe(runAgain(runAgain(first.runId)));
  });
});

describe('what cannot be withdrawn', () => {
  it.each([
    ['a result that is not stored', {}, 'rejectionOfNothing'],
    ['anything at research', { maturity: 'research' as const }, 'researchStoresNothing'],
    [
      'a model’s at research',
      { maturityOf: { 'two-lungs': 'research' as const } },
      'modelsStoreNothing',
    ],
  ])('is %s', async (_name, changes, code) => {
    const shared = lasting();
    const { reading, get, codes } = await openPage(shared, changes);
    const { runs } = await until(get, state => state.runs.length === 1 && !state.active);
    await reading.withdrawEvidence({ runId: runs[0].runId, reason: 'quality' });
    expect(codes()).toEqual([code]);
    expect(shared.outbox.entries.size).toBe(0);
    expect(shared.archive.stores).toBe(0);
  });

  it('is what is being stored, what is being withdrawn, and what is not there', async () => {
    const shared = lasting();
    const { reading, get, codes, runId } = await stored(shared);
    await reading.withdrawEvidence({ runId: '1.2.3', reason: 'quality' });
    expect(codes()).toEqual(['unknownRun']);
    shared.archive.down = true;
    reading.reviewFinding({ findingId: get().findings[1].id, verdict: 'rejected' });
    await reading.storeEvidence();
    await reading.withdrawEvidence({ runId, reason: 'quality' });
    expect(codes()[0]).toBe('withdrawalWhileStoring');
    shared.archive.down = false;
    await reading.retryOutbox();
    shared.archive.down = true;
    await reading.withdrawEvidence({ runId, reason: 'quality' });
    await reading.withdrawEvidence({ runId, reason: 'quality' });
    expect(codes()[0]).toBe('withdrawalUnderWay');
    expect(shared.outbox.entries.size).toBe(1);
  });

  it('is a result of another program', async () => {
    const shared = lasting();
    const first = await stored(shared);
    const { ports } = memoryPorts(shared);
    const { foreign } = {
      foreign: {
        instances: [],
        manufacturer: 'Somebody else',
        algorithmType: 'automatic' as const,
      },
    };
    const reader: ReadingPorts['reader'] = {
      read: async (...given) => {
        const read = await ports.reader.read(...given);
        return read.ok
          ? accept(read.value.map(each => ({ ...each, run: { ...each.run, foreign } })))
          : read;
      },
    };
    const next = await openPage({ ...shared, reader });
    await next.reading.withdrawEvidence({ runId: first.runId, reason: 'quality' });
    expect(next.codes()).toEqual(['withdrawalOfOthers']);
    expect(notes(shared.archive)).toEqual([]);
  });

  it('stays in the archive where the note cannot be written', async () => {
    const shared = lasting();
    const first = await stored(shared);
    const { ports } = memoryPorts(shared);
    const next = await openPage({
      ...shared,
      writer: {
        ...ports.writer,
        withdraw: async () => refuse('evidenceWorkerFailed', 'It stopped', { detail: 'no memory' }),
      },
    });
    await next.reading.withdrawEvidence({ runId: first.runId, reason: 'quality' });
    expect(next.get().runs).toMatchObject([
      { withdrawal: { state: 'failed', error: { code: 'evidenceWorkerFailed' } } },
    ]);
    expect(notes(shared.archive)).toEqual([]);
  });
});
