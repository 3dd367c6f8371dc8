import 'fake-indexeddb/auto';
import { manifest, segmentation, slices } from '../../core/reading/memoryPorts.testing';
import { runResultFrom } from '../../core/findings/fromInference';
import type { RunResult } from '../../core/findings/types';
import type { OutboxEntry } from '../../core/reading/ports';
import type { Review } from '../../core/review/types';
import { openDatabase, writing } from './database';
import { createDraftStore } from './drafts';
import { createOutboxStore } from './outbox';

let names = 0;
const database = () => openDatabase(`test-${names++}`);

const run = () =>
  runResultFrom({
    model: { manifest, baseUrl: '/' },
    source: { studyInstanceUID: '1.2', seriesInstanceUID: '1.2.1', slices: slices() },
    inference: { output: segmentation(), engine: { engine: 'wasm', threads: 1 }, timing: {} },
    startedAt: '2026-01-02T03:04:05.678Z',
    softwareVersion: '0.1.0',
  });

describe('drafts', () => {
  it('give back a run and its reviews as they were saved, to whoever opens the study next', async () => {
    const opened = database();
    const result = await run();
    const review: Review = {
      findingId: result.findings[0].id,
      verdict: 'rejected',
      reason: 'wrongExtent',
      reviewer: 'Петренко^Олена',
      reviewedAt: '2026-01-02T03:05:00.000Z',
    };
    const drafts = createDraftStore(opened);
    expect(await drafts.saveRun(result)).toEqual({ ok: true, value: undefined });
    await drafts.saveReviews(result, [review]);

    const [draft, ...others] = await createDraftStore(opened).load('1.2');
    expect(others).toEqual([]);
    expect(draft.run).toEqual(result);
    expect(draft.reviews).toEqual([review]);
    expect(await drafts.load('9.9')).toEqual([]);
    await drafts.remove(result.runId);
    expect(await drafts.load('1.2')).toEqual([]);
  });

  const nodule = {
    key: 'nodule-1',
    label: { en: 'Nodule 1', uk: 'Вогнище 1' },
    type: { value: '27925004', scheme: 'SCT', meaning: 'Nodule' },
  };
  const measured = {
    name: 'meanIntensity',
    concept: { value: '112031', scheme: 'DCM', meaning: 'Attenuation Coefficient' },
    derivation: { value: '373098007', scheme: 'SCT', meaning: 'Mean' },
    value: -120.5,
    unit: { value: "[hnsf'U]", scheme: 'UCUM', meaning: 'Hounsfield unit' },
  };
  const others = async (): Promise<Record<string, RunResult>> => {
    const { labelMap, findings, ...rest } = await run();
    const {
      kind: _kind,
      segment: _segment,
      ...base
    } = findings[0] as Extract<RunResult['findings'][number], { kind: 'segment' }>;
    const common = { ...base, concept: nodule, measurements: [measured] };
    const map = {
      key: 'uncertainty',
      label: { en: 'Uncertainty' },
      concept: nodule.type,
      unit: measured.unit,
      geometry: labelMap!.geometry,
      values: Float32Array.from({ length: 512 }, (_, index) => index / 512),
    };
    const provenance = {
      ...rest.provenance,
      operatingPoint: { key: 'balanced', threshold: 0.5 },
    };
    return {
      'a detection': {
        ...rest,
        provenance,
        findings: [{ ...common, kind: 'detection', score: 0.9, size: [8, 7, 9] }],
      },
      'a classification': {
        ...rest,
        findings: [{ ...common, kind: 'classification', score: 0.9 }],
      },
      'a regression': { ...rest, findings: [{ ...common, kind: 'regression' }] },
      'nothing found': { ...rest, findings: [] },
      'a map beside the result': { ...rest, maps: [map], findings: [] },
      'a map beside a label map': { ...rest, labelMap, maps: [map], findings },
    };
  };

  it.each([
    'a detection',
    'a classification',
    'a regression',
    'nothing found',
    'a map beside the result',
    'a map beside a label map',
  ])('give back %s as it was saved', async name => {
    const drafts = createDraftStore(database());
    const result = (await others())[name];
    await drafts.saveRun(result);
    const [draft] = await drafts.load('1.2');
    expect(draft.run).toEqual(result);
  });

  it('pass over a map that is cut short, and a grid that lost its label map', async () => {
    const { 'a map beside the result': withMap, 'nothing found': empty } = await others();
    const opened = database();
    const drafts = createDraftStore(opened);
    const [map] = withMap.maps!;
    await drafts.saveRun({ ...withMap, maps: [{ ...map, values: map.values.slice(1) }] });
    const { geometry } = map;
    await (await opened).put('runs', { ...empty, runId: 'half', study: '1.2', geometry });
    expect(await drafts.load('1.2')).toEqual([]);
  });

  it('have the reviews on their way to the disk when the call returns', async () => {
    const opened = await database();
    const drafts = createDraftStore(Promise.resolve(opened));
    const result = await run();
    const transactions = jest.spyOn(IDBDatabase.prototype, 'transaction');
    const saving = drafts.saveReviews(result, []);
    await Promise.resolve();
    expect(transactions).toHaveBeenCalledTimes(1);
    transactions.mockRestore();
    await saving;
    expect(await drafts.reviewsOf(result.runId)).toMatchObject({ reviews: [] });
    expect(await drafts.reviewsOf('9.9')).toBeUndefined();
  });

  it('pass over a damaged record', async () => {
    const opened = database();
    const result = await run();
    const drafts = createDraftStore(opened);
    await drafts.saveRun(result);
    const db = await opened;
    const record = (await db.get('runs', result.runId)) as { runLengths: { lengths: Uint32Array } };
    record.runLengths.lengths = record.runLengths.lengths.slice(1);
    await db.put('runs', record);
    await db.put('runs', { runId: 'other', study: '1.2', nonsense: true });
    expect(await drafts.load('1.2')).toEqual([]);
  });

  it('remember a run that began and did not end', async () => {
    const opened = database();
    const mark = { studyInstanceUID: '1.2', seriesInstanceUID: '1.2.1', modelId: 'two-lungs' };
    const drafts = createDraftStore(opened);
    await drafts.markRun(mark, 'begun');
    expect(await createDraftStore(opened).interrupted('1.2')).toEqual([mark]);
    await drafts.markRun(mark, 'ended');
    expect(await drafts.interrupted('1.2')).toEqual([]);
  });
});

describe('the outbox', () => {
  const entry = (id: string, enqueuedAt: string): OutboxEntry => ({
    id,
    studyInstanceUID: '1.2',
    runId: '1.2.3',
    objects: [
      {
        sopClassUID: '1',
        sopInstanceUID: id,
        seriesInstanceUID: '3',
        studyInstanceUID: '1.2',
        part10: Uint8Array.from([1, 2, 3]).buffer,
      },
    ],
    signature: '[]',
    attempts: 0,
    enqueuedAt,
  });

  it('keeps entries in the order they came, and one of an id', async () => {
    const outbox = createOutboxStore(database());
    await outbox.put(entry('b', '2026-01-02'));
    await outbox.put(entry('a', '2026-01-01'));
    await outbox.put({ ...entry('b', '2026-01-02'), attempts: 3 });
    expect((await outbox.list()).map(({ id, attempts }) => [id, attempts])).toEqual([
      ['a', 0],
      ['b', 3],
    ]);
    await outbox.remove('a');
    expect((await outbox.list()).map(({ id }) => id)).toEqual(['b']);
  });

  /** Over two pieces of what is copied at once, and no whole number of them. */
  const large = () => {
    const bytes = new Uint8Array((9 << 20) + 5);
    for (let at = 0; at < bytes.length; at += 1021) bytes[at] = at % 251;
    return bytes.buffer;
  };

  it('gives large evidence back to the last byte, also what is put again as it was listed', async () => {
    const opened = database();
    const outbox = createOutboxStore(opened);
    const { objects, ...rest } = entry('a', '2026-01-01');
    const part10 = large();
    const alternative = [{ ...objects[0], part10: Uint8Array.of(1, 2).buffer }];
    await outbox.put({ ...rest, objects: [{ ...objects[0], part10 }], alternative });
    const [listed] = await outbox.list();
    await outbox.put({ ...listed, attempts: 1 });
    const [again] = await createOutboxStore(opened).list();
    expect(again.attempts).toBe(1);
    expect(Buffer.compare(Buffer.from(again.objects[0].part10), Buffer.from(part10))).toBe(0);
    expect(Array.from(new Uint8Array(again.alternative![0].part10))).toEqual([1, 2]);
  });

  it('reads what an earlier version kept, which was the bytes themselves', async () => {
    const opened = database();
    const kept = entry('a', '2026-01-01');
    await (await opened).put('outbox', kept);
    expect(await createOutboxStore(opened).list()).toEqual([kept]);
  });
});

describe('a full disk', () => {
  it('is told as a refusal; another failure is not taken for it', async () => {
    const full = await writing(() =>
      Promise.reject(new DOMException('no room', 'QuotaExceededError')),
    );
    expect(full).toMatchObject({ ok: false, refusal: { code: 'workstationStorageFull' } });
    await expect(writing(() => Promise.reject(new Error('else')))).rejects.toThrow('else');
  });
});
