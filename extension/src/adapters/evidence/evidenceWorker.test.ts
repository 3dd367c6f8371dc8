import { accept, refuse, refusal } from '../../core/outcome';
import type { EvidenceReader, EvidenceWriter } from '../../core/reading/ports';
import { createEvidenceReader, createEvidenceWriter } from '../../dicom/evidence';
import { geometryOf, metadataOf, reviewsOf, runOn, slicesOf } from '../../dicom/testing/runs';
import { createEvidenceWorker, type WorkerLike } from './evidenceWorker';
import { createHandler } from './handler';

/** A worker in this thread: messages are cloned and transferred as a browser does it. */
const workerOf = (writer: EvidenceWriter, reader: EvidenceReader) => {
  const spawned: Array<WorkerLike & { ended: boolean; largest: number }> = [];
  const spawn = () => {
    const worker: (typeof spawned)[number] = {
      ended: false,
      largest: 0,
      onmessage: null,
      onerror: null,
      onmessageerror: null,
      postMessage(message, transfer) {
        for (const each of transfer as ArrayBuffer[]) {
          worker.largest = Math.max(worker.largest, each.byteLength);
        }
        const data = structuredClone(message, { transfer });
        queueMicrotask(() => void handle(data));
      },
      terminate: () => void (worker.ended = true),
    };
    const handle = createHandler({
      writer,
      reader,
      post(report, transfer = []) {
        const data = structuredClone(report, { transfer });
        queueMicrotask(() => {
          if (!worker.ended) worker.onmessage?.({ data } as MessageEvent);
        });
      },
    });
    spawned.push(worker);
    return worker;
  };
  return { spawn, spawned };
};

/** Equal, whatever realm the arrays are of: a clone's are not this one's. */
const plain = (value: unknown): string =>
  JSON.stringify(value, (_key, each: unknown) => {
    const type = Object.prototype.toString.call(each);
    if (type === '[object ArrayBuffer]') return Buffer.from(each as ArrayBuffer).toString('base64');
    if (ArrayBuffer.isView(each)) {
      return [type, Buffer.from(each.buffer, each.byteOffset, each.byteLength).toString('base64')];
    }
    // What was parsed has its keys in the order of the schema.
    return type === '[object Object]'
      ? Object.fromEntries(Object.entries(each as object).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each;
  });
const same = (a: unknown, b: unknown) => plain(a) === plain(b);

const evidenceOf = (given: Partial<EvidenceWriter & EvidenceReader> = {}, idleMs?: number) => {
  const { spawn, spawned } = workerOf(
    { ...createEvidenceWriter(), ...given },
    { ...createEvidenceReader(), ...given },
  );
  const evidence = createEvidenceWorker({ baseUrl: 'http://localhost/', spawn, idleMs });
  return { ...evidence, spawned };
};

const run = runOn(slicesOf({ columns: 40, rows: 30, slices: 8 }));
const request = () => ({
  run,
  reviews: reviewsOf(run, 1),
  source: metadataOf(run),
  includeReviews: true,
  reviewer: 'Коваленко^Олена',
});

describe('evidence in a worker', () => {
  it('is written and read as on the page, to the last bit, and the page keeps its label map', async () => {
    const { writer, reader, dispose } = evidenceOf();
    const before = run.labelMap.voxels.slice();
    const [there, here] = [
      await writer.write(request()),
      await createEvidenceWriter().write(request()),
    ];
    expect(same(there, here)).toBe(true);
    expect(same(run.labelMap.voxels, before)).toBe(true);
    if (!there.ok) throw new Error(there.refusal.message);

    const files = there.value.map(({ part10 }) => part10);
    const read = await reader.read(files, [run.source]);
    expect(same(read, await createEvidenceReader().read(files, [run.source]))).toBe(true);
    if (!read.ok) throw new Error(read.refusal.message);
    expect(same(read.value[0].reviews, request().reviews)).toBe(true);
    expect(same(read.value[0].run.labelMap?.voxels, before)).toBe(true);
    dispose();
  });

  it('gets arrays in pieces, each again as what it was', async () => {
    const slices = slicesOf({ columns: 512, rows: 512, slices: 40 });
    const voxels = new Int16Array(512 * 512 * 40).map((_, index) => index % 4001);
    const values = Float32Array.from({ length: 99 }, (_, index) => index / 99);
    const geometry = geometryOf(slices);
    const large = {
      ...runOn(slices),
      maps: [
        {
          key: 'uncertainty',
          label: { en: 'Uncertainty' },
          concept: { value: '1', scheme: '99X', meaning: 'Uncertainty' },
          unit: { value: '1', scheme: 'UCUM', meaning: 'no units' },
          geometry,
          values,
        },
      ],
    };
    let got: Parameters<EvidenceWriter['write']>[0] | undefined;
    const { writer, spawned, dispose } = evidenceOf({
      write: async given => {
        got = given;
        return accept([]);
      },
    });
    const volume = { geometry, voxels, modality: 'CT', slices };
    await writer.write({ ...request(), run: large, volume });
    expect(same(got!.volume!.voxels, voxels)).toBe(true);
    expect(same(got!.run.maps![0].values, values)).toBe(true);
    expect(same(got!.run.labelMap!.voxels, large.labelMap.voxels)).toBe(true);
    expect(spawned[0].largest).toBe(8 << 20);
    expect(voxels.byteLength).toBeGreaterThan(2 * (8 << 20));
    dispose();
  });

  it('passes on refusals, of the whole and of single files', async () => {
    const told: string[] = [];
    const { writer, reader, dispose } = evidenceOf({
      write: async () => refuse('sourceMetadataMissing', 'No attributes', { met: 3 }),
      read: async (_files, _source, onRefused) => {
        onRefused?.(refusal('notDicom', 'one file is none'));
        return accept([]);
      },
    });
    expect(await writer.write(request())).toMatchObject(
      refuse('sourceMetadataMissing', 'No attributes', { met: 3 }),
    );
    expect(await reader.read([], [run.source], ({ code }) => told.push(code))).toMatchObject(
      accept([]),
    );
    expect(told).toEqual(['notDicom']);
    dispose();
  });

  it('that breaks is told, and the next request is served', async () => {
    let breaks = true;
    const { writer, spawned, dispose } = evidenceOf({
      write: async () => {
        if (breaks) throw new Error('a broken invariant');
        return accept([]);
      },
    });
    expect(await writer.write(request())).toMatchObject({
      ok: false,
      refusal: { code: 'evidenceWorkerFailed', values: { detail: 'a broken invariant' } },
    });
    breaks = false;
    expect(await writer.write(request())).toMatchObject(accept([]));
    expect(spawned).toHaveLength(1);
    dispose();
  });

  it('whose worker dies ends with a refusal, and another worker takes the next request', async () => {
    let answers = false;
    const { writer, reader, spawned, dispose } = evidenceOf({
      write: async () => (answers ? accept([]) : new Promise(() => undefined)),
      read: async () => new Promise(() => undefined),
    });
    const waiting = [writer.write(request()), reader.read([], [run.source])];
    await new Promise(resolve => setTimeout(resolve, 5));
    spawned[0].onerror?.({ message: 'out of memory' } as ErrorEvent);
    for (const end of await Promise.all(waiting)) {
      expect(end).toMatchObject({
        refusal: { code: 'evidenceWorkerFailed', values: { detail: 'out of memory' } },
      });
    }
    expect(spawned[0].ended).toBe(true);
    answers = true;
    expect(await writer.write(request())).toMatchObject(accept([]));
    expect(spawned).toHaveLength(2);
    dispose();
  });

  it('says so when it does not understand the page', async () => {
    const { writer, spawned, dispose } = evidenceOf();
    const waiting = writer.write(request());
    spawned[0].postMessage({ type: 'write', id: 0, request: { run: 'a newer one' } }, []);
    expect(await waiting).toMatchObject({ refusal: { code: 'evidenceWorkerFailed' } });
    expect(spawned[0].ended).toBe(true);
    dispose();
  });

  it('refuses what a page does not understand: an older worker that the browser kept', async () => {
    const { writer, spawned, dispose } = evidenceOf({
      write: async () => new Promise(() => undefined),
    });
    const waiting = writer.write(request());
    await new Promise(resolve => setTimeout(resolve, 5));
    spawned[0].onmessage?.({ data: { type: 'written', id: 0, objects: [] } } as MessageEvent);
    expect(await waiting).toMatchObject({ refusal: { code: 'evidenceWorkerFailed' } });
    dispose();
  });

  it('gives the worker back when there is nothing to do', async () => {
    const { writer, spawned } = evidenceOf({ write: async () => accept([]) }, 10);
    await writer.write(request());
    await new Promise(resolve => setTimeout(resolve, 40));
    expect(spawned[0].ended).toBe(true);
    expect(await writer.write(request())).toMatchObject(accept([]));
    expect(spawned).toHaveLength(2);
  });

  it('that a policy of the page forbids is told', async () => {
    const { writer } = createEvidenceWorker({
      baseUrl: 'http://localhost/',
      spawn() {
        throw new Error('worker-src forbids it');
      },
    });
    expect(await writer.write(request())).toMatchObject({
      refusal: { code: 'evidenceWorkerFailed', values: { detail: 'worker-src forbids it' } },
    });
  });
});
