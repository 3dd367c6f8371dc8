import { conceptOf } from '../findings/types';
import { accept, refuse } from '../outcome';
import { createReading, type ReadingPorts } from './reading';
import {
  displaySet,
  memoryArchive,
  memoryDrafts,
  memoryOutbox,
  memoryPorts,
  segmentation,
  settings,
} from './memoryPorts.testing';
import { disposedAfterEach, until } from './readings.testing';
import type { ReadingState } from './state';

const opened = disposedAfterEach();

const openReading = async (
  shared: Partial<ReadingPorts> = {},
  changes: Parameters<typeof settings>[0] = {},
) => {
  const memory = memoryPorts(shared);
  const reading = createReading(memory.ports, settings(changes));
  opened(reading);
  reading.open('1.2');
  await reading.refresh();
  return { ...memory, reading, get: reading.state.get };
};

const withFindings = (state: ReadingState) => state.findings.length === 2 && !state.active;

describe('a reading', () => {
  it('runs the models that a study admits by themselves and lists their findings', async () => {
    const { get, runs, drawn } = await openReading();
    const state = await until(get, withFindings);
    expect(runs).toEqual(['two-lungs']);
    expect(state.findings.map(finding => [conceptOf(finding).key, finding.verdict])).toEqual([
      ['left-lung', 'notReviewed'],
      ['right-lung', 'notReviewed'],
    ]);
    expect(state.runs[0]).toMatchObject({ origin: 'run', stored: 'no', modelVersion: '1.0.0' });
    expect(drawn.get(state.runs[0].runId)?.visible).toBe(true);
  });

  it('does not run a model on what its gates refuse, and says which value was met', async () => {
    const { get, runs } = await openReading({
      volumes: {
        list: () => [displaySet({ modality: 'MR' })],
        read: async () => refuse('unused', 'not read'),
      },
    });
    const { models } = get();
    expect(runs).toEqual([]);
    expect(models[0].admits).toEqual([]);
    expect(models[0].refusal?.message).toContain('MR');
  });

  it('runs once however often the display sets change', async () => {
    const { get, runs, reading } = await openReading();
    await Promise.all([reading.refresh(), reading.refresh()]);
    await until(get, withFindings);
    await reading.refresh();
    expect(runs).toHaveLength(1);
  });

  it('keeps verdicts, hides what was rejected and draws it again when re-opened', async () => {
    const { get, reading, drawn } = await openReading();
    const { findings } = await until(get, withFindings);
    const [first, second] = findings;
    reading.reviewFinding({ findingId: first.id, verdict: 'accepted' });
    reading.reviewFinding({ findingId: second.id, verdict: 'rejected', reason: 'wrongExtent' });
    expect(get().findings.map(({ verdict, reason }) => [verdict, reason])).toEqual([
      ['accepted', undefined],
      ['rejected', 'wrongExtent'],
    ]);
    expect([...drawn.values()][0].hidden).toEqual(new Set([second.id]));
    reading.reviewFinding({ findingId: second.id, verdict: 'notReviewed' });
    expect(get().findings[1].verdict).toBe('notReviewed');
    expect([...drawn.values()][0].hidden.size).toBe(0);
  });

  it('goes to the next unreviewed finding, round the end, and says when there is none', async () => {
    const { get, reading, told } = await openReading();
    const { findings } = await until(get, withFindings);
    reading.nextUnreviewedFinding();
    expect(get().selectedFindingId).toBe(findings[0].id);
    reading.nextUnreviewedFinding();
    reading.nextUnreviewedFinding();
    expect(get().selectedFindingId).toBe(findings[0].id);
    findings.forEach(({ id }) => reading.reviewFinding({ findingId: id, verdict: 'accepted' }));
    reading.nextUnreviewedFinding();
    expect(told).toContain('allReviewed');
  });

  it('stores nothing at research, and says so', async () => {
    const archive = memoryArchive();
    const drafts = memoryDrafts();
    const { get, reading } = await openReading({ archive, drafts }, { maturity: 'research' });
    await until(get, withFindings);
    await reading.storeEvidence();
    expect(archive.stores).toBe(0);
    expect(drafts.drafts.size).toBe(0);
    expect(get().refusals[0].code).toBe('researchStoresNothing');
  });

  it('leaves reviews out at production', async () => {
    const archive = memoryArchive();
    const { get, reading } = await openReading({ archive }, { maturity: 'production' });
    const { findings } = await until(get, withFindings);
    reading.reviewFinding({ findingId: findings[0].id, verdict: 'accepted' });
    await reading.storeEvidence();
    expect([...archive.objects.keys()].filter(id => id.startsWith('sr'))[0]).toContain('[]');
  });

  it('shows stored results and verdicts when opened again, without running the model', async () => {
    const archive = memoryArchive();
    const first = await openReading({ archive });
    const { findings } = await until(first.get, withFindings);
    first.reading.reviewFinding({
      findingId: findings[0].id,
      verdict: 'rejected',
      reason: 'artefact',
    });
    await first.reading.storeEvidence();
    expect(first.get().runs[0].stored).toBe('stored');

    const second = await openReading({ archive });
    const state = await until(second.get, withFindings);
    expect(second.runs).toEqual([]);
    expect(state.runs[0]).toMatchObject({
      origin: 'archive',
      stored: 'stored',
      changedSinceStored: false,
    });
    expect(state.findings[0]).toMatchObject({ verdict: 'rejected', reason: 'artefact' });
    expect(state.findings[0].id).toBe(findings[0].id);
  });

  it('stores the same thing twice as one thing', async () => {
    const archive = memoryArchive();
    const { get, reading } = await openReading({ archive });
    await until(get, withFindings);
    await reading.storeEvidence();
    const after = [...archive.objects.keys()];
    await reading.storeEvidence();
    expect([...archive.objects.keys()]).toEqual(after);
    expect(get().runs[0].stored).toBe('stored');
  });

  it('says that reviews changed after they were stored', async () => {
    const { get, reading } = await openReading();
    const { findings } = await until(get, withFindings);
    await reading.storeEvidence();
    expect(get().runs[0].changedSinceStored).toBe(false);
    reading.reviewFinding({ findingId: findings[0].id, verdict: 'accepted' });
    expect(get().runs[0].changedSinceStored).toBe(true);
  });
});

describe('a reading with a model that draws no segments', () => {
  const nodule = (score: number, x: number) => ({
    key: 'nodule',
    label: { en: 'Nodule', uk: 'Вогнище' },
    type: { value: '27925004', scheme: 'SCT', meaning: 'Nodule' },
    score,
    centroid: [x, 3, 8] as const,
    size: [6, 6, 6] as const,
    middleSlice: 4,
    measurements: [],
  });
  const engineOf = (detections: ReturnType<typeof nodule>[]): ReadingPorts['engine'] => ({
    run: async () =>
      accept({
        output: { kind: 'detection', threshold: 0.5, detections },
        engine: { engine: 'native', threads: 1 },
        timing: {},
      }),
  });

  it('lists what was detected, stores verdicts of it, and shows them when opened again', async () => {
    const shared = { archive: memoryArchive(), engine: engineOf([nodule(0.6, 1), nodule(0.9, 5)]) };
    const first = await openReading(shared);
    const { findings } = await until(first.get, withFindings);
    expect(findings.map(finding => [finding.kind, conceptOf(finding).label.uk])).toEqual([
      ['detection', 'Вогнище 1'],
      ['detection', 'Вогнище 2'],
    ]);
    first.reading.reviewFinding({
      findingId: findings[1].id,
      verdict: 'rejected',
      reason: 'notPresent',
    });
    await first.reading.storeEvidence();
    expect(first.get().runs[0].stored).toBe('stored');

    const second = await openReading(shared);
    const state = await until(second.get, withFindings);
    expect(second.runs).toEqual([]);
    expect(state.findings.map(({ verdict }) => verdict)).toEqual(['notReviewed', 'rejected']);
  });

  it('shows a run that found nothing as done', async () => {
    const { get } = await openReading({ engine: engineOf([]) });
    const state = await until(get, ({ runs, active }) => runs.length === 1 && !active);
    expect(state.findings).toEqual([]);
    expect(state.runs[0]).toMatchObject({ modelId: 'two-lungs', origin: 'run' });
  });

  it('lets the draft of an unreviewed result go when another takes its place, and no other', async () => {
    const drafts = memoryDrafts();
    let detections = [nodule(0.9, 5)];
    const engine: ReadingPorts['engine'] = {
      run: (...request) => engineOf(detections).run(...request),
    };
    const { get, reading } = await openReading({ drafts, engine });
    const first = await until(get, ({ findings, active }) => findings.length === 1 && !active);
    await until(get, () => drafts.drafts.size === 1);
    detections = [nodule(0.9, 5), nodule(0.6, 1)];
    reading.runModel({ modelId: 'two-lungs' });
    const second = await until(get, withFindings);
    expect(second.runs).toHaveLength(1);
    await until(get, () => drafts.drafts.size === 1);
    expect([...drafts.drafts.keys()]).toEqual([second.runs[0].runId]);
    expect(second.runs[0].runId).not.toBe(first.runs[0].runId);

    reading.reviewFinding({ findingId: second.findings[0].id, verdict: 'accepted' });
    detections = [nodule(0.8, 2)];
    reading.runModel({ modelId: 'two-lungs' });
    // What a person has judged stays beside the new result.
    await until(get, ({ findings, active }) => findings.length === 3 && !active);
    await until(get, () => drafts.drafts.size === 2);
    expect(drafts.drafts.has(second.runs[0].runId)).toBe(true);
  });
});

describe('a reading whose archive goes down in mid-store', () => {
  it('keeps the evidence, says so, and stores it in a later session', async () => {
    const shared = { archive: memoryArchive(), outbox: memoryOutbox(), drafts: memoryDrafts() };
    const first = await openReading(shared);
    const { findings } = await until(first.get, withFindings);
    first.reading.reviewFinding({ findingId: findings[1].id, verdict: 'accepted' });
    shared.archive.down = true;
    await first.reading.storeEvidence();
    expect(first.get().runs[0].stored).toBe('pending');
    expect(first.get().outbox.pending).toBe(1);
    expect(first.get().refusals[0].code).toBe('archiveUnreachable');
    first.reading.close();

    shared.archive.down = false;
    const second = await openReading(shared);
    const state = await until(second.get, ({ runs }) => runs[0]?.stored === 'stored');
    expect(second.runs).toEqual([]);
    expect(state.findings[1].verdict).toBe('accepted');
    expect(shared.archive.objects.size).toBe(2);
    expect(shared.outbox.entries.size).toBe(0);
  });

  it('never calls stored what one refusal of two leaves out', async () => {
    const archive = memoryArchive();
    archive.refuses.add('sr');
    const outbox = memoryOutbox();
    const { get, reading } = await openReading({ archive, outbox });
    await until(get, withFindings);
    await reading.storeEvidence();
    expect(get().runs[0].stored).toBe('failed');
    expect(get().runs[0].storeError?.message).toContain('SOP class not supported');
    const [entry] = outbox.entries.values();
    expect(entry.objects.map(({ sopClassUID }) => sopClassUID)).toEqual(['sr']);
  });

  it('never calls stored what the answer does not name', async () => {
    const archive = memoryArchive();
    archive.answer = () => accept([]);
    const { get, reading } = await openReading({ archive });
    await until(get, withFindings);
    await reading.storeEvidence();
    expect(get().runs[0].stored).toBe('pending');
    expect(get().refusals[0].code).toBe('archiveSilent');
  });

  it('says that the disk is full, and goes on trying from memory while the page is open', async () => {
    const shared = { outbox: memoryOutbox(), archive: memoryArchive() };
    const { get, reading } = await openReading(shared);
    await until(get, withFindings);
    shared.outbox.full = true;
    shared.archive.down = true;
    await reading.storeEvidence();
    expect(get().runs[0].stored).toBe('pending');
    expect(get().refusals.map(({ code }) => code)).toContain('workstationStorageFull');
    expect(get().outbox).toMatchObject({ pending: 1, objects: 2 });

    shared.archive.down = false;
    await reading.retryOutbox();
    expect(get().runs[0].stored).toBe('stored');
    expect(shared.archive.objects.size).toBe(2);
    expect(get().outbox.pending).toBe(0);
  });
});

describe('a reading that is interrupted', () => {
  it('says after a reload that a run did not end, and runs it again', async () => {
    const drafts = memoryDrafts();
    await drafts.markRun(
      { studyInstanceUID: '1.2', seriesInstanceUID: '1.2.1', modelId: 'two-lungs' },
      'begun',
    );
    const { get, runs, told } = await openReading({ drafts });
    await until(get, withFindings);
    expect(told).toContain('runInterrupted');
    expect(runs).toEqual(['two-lungs']);
  });

  it('keeps unstored verdicts over a reload, a withdrawn one included', async () => {
    const shared = { archive: memoryArchive(), drafts: memoryDrafts() };
    const first = await openReading(shared);
    const { findings } = await until(first.get, withFindings);
    const [{ id }] = findings;
    first.reading.reviewFinding({ findingId: id, verdict: 'accepted' });
    await first.reading.storeEvidence();
    await new Promise(resolve => setTimeout(resolve, 5));
    first.reading.reviewFinding({ findingId: id, verdict: 'notReviewed' });
    await new Promise(resolve => setTimeout(resolve, 5));

    const second = await openReading(shared);
    const state = await until(second.get, withFindings);
    expect(state.findings[0].verdict).toBe('notReviewed');
    expect(state.runs[0].changedSinceStored).toBe(true);
  });

  it('keeps verdicts when the page goes away before the result itself is saved', async () => {
    const drafts = memoryDrafts();
    drafts.keepsRuns = false;
    const first = await openReading({ drafts });
    const { findings } = await until(first.get, withFindings);
    first.reading.reviewFinding({ findingId: findings[0].id, verdict: 'accepted' });

    const second = await openReading({ drafts });
    const state = await until(second.get, withFindings);
    expect(second.runs).toEqual(['two-lungs']);
    expect(state.findings.map(({ verdict }) => verdict)).toEqual(['accepted', 'notReviewed']);
  });

  it('keeps a verdict on a stored result when the page goes away at once', async () => {
    const shared = { archive: memoryArchive(), drafts: memoryDrafts() };
    const first = await openReading(shared);
    const { findings } = await until(first.get, withFindings);
    await first.reading.storeEvidence();
    await until(first.get, ({ runs }) => runs[0]?.stored === 'stored');
    shared.drafts.keepsRuns = false;
    first.reading.reviewFinding({ findingId: findings[0].id, verdict: 'accepted' });

    const second = await openReading(shared);
    const state = await until(second.get, withFindings);
    expect(second.runs).toEqual([]);
    expect(state.findings[0].verdict).toBe('accepted');
    expect(state.runs[0].changedSinceStored).toBe(true);
  });

  it('is cancelled without leaving a result or an error', async () => {
    let started = () => {};
    const running = new Promise<void>(resolve => (started = resolve));
    const { get, reading } = await openReading({
      engine: {
        run: (_model, _volumes, _options, { signal }) =>
          new Promise(resolve => {
            started();
            signal.addEventListener('abort', () => resolve(refuse('cancelled', 'cancelled')));
          }),
      },
    });
    await running;
    expect(get().active?.modelId).toBe('two-lungs');
    reading.cancelRun();
    const state = await until(get, ({ active }) => !active);
    expect(state.findings).toEqual([]);
    expect(state.refusals).toEqual([]);
  });

  it('drops the result of a study that was left meanwhile', async () => {
    let finish = () => {};
    const { get, reading } = await openReading({
      engine: {
        run: () =>
          new Promise(resolve => {
            finish = () =>
              resolve(
                accept({
                  output: segmentation(),
                  engine: { engine: 'native', threads: 1 },
                  timing: {},
                }),
              );
          }),
      },
    });
    await until(get, ({ active }) => active !== undefined);
    reading.close();
    finish();
    await new Promise(resolve => setTimeout(resolve, 10));
    expect(get()).toMatchObject({ findings: [], runs: [], studyInstanceUID: undefined });
  });

  it('tells of an engine that fails, with its reason', async () => {
    const { get } = await openReading({
      engine: {
        run: async () => refuse('engineFailed', 'The GPU was lost twice', { detail: 'lost' }),
      },
    });
    const state = await until(get, ({ refusals, active }) => refusals.length > 0 && !active);
    expect(state.refusals[0]).toMatchObject({ code: 'engineFailed', modelId: 'two-lungs' });
  });
});
