import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadNetwork, type NetworkCache } from './network';
import { tinyBytes, tinyPackage } from './testing/tinyModels';

/** Cache Storage's rules in memory: a Response can be read once, so it is stored as bytes. */
const memoryCache = () => {
  const entries = new Map<string, Uint8Array<ArrayBuffer>>();
  const cache: NetworkCache = {
    match: async url => {
      const bytes = entries.get(url);
      return bytes && new Response(bytes);
    },
    put: async (url, response) => {
      entries.set(url, new Uint8Array(await response.arrayBuffer()));
    },
    delete: async url => entries.delete(url),
  };
  return { entries, cache };
};

describe('loadNetwork', () => {
  let server: Server;
  let baseUrl: string;
  let served: Map<string, Buffer>;
  let requests: string[];

  beforeEach(async () => {
    served = new Map([['/m/tiny.onnx', tinyBytes('tiny')]]);
    requests = [];
    server = createServer((request, response) => {
      requests.push(request.url ?? '');
      const body = served.get(request.url ?? '');
      response.writeHead(body ? 200 : 404).end(body);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/m/`;
  });
  afterEach(() => new Promise(resolve => server.close(resolve)));

  const model = () => ({ ...tinyPackage('tiny'), baseUrl });
  const load = (openCache?: () => Promise<NetworkCache>, signal = new AbortController().signal) => {
    const fractions: number[] = [];
    const loading = loadNetwork(
      model(),
      model().manifest.files[0],
      { fetch, openCache },
      { signal, onFraction: fraction => fractions.push(fraction) },
    );
    return loading.then(outcome => ({ outcome, fractions }));
  };

  it('downloads, verifies and keeps the file; the next time the server is not asked', async () => {
    const { cache, entries } = memoryCache();
    const first = await load(async () => cache);
    expect(first.outcome).toMatchObject({ ok: true, value: { from: 'download' } });
    expect(first.fractions.at(-1)).toBe(1);
    expect([...entries.keys()][0]).toContain(model().manifest.files[0].sha256);

    const second = await load(async () => cache);
    expect(second.outcome).toMatchObject({ ok: true, value: { from: 'cache' } });
    expect(second.outcome.ok && Buffer.from(second.outcome.value.bytes)).toEqual(tinyBytes('tiny'));
    expect(requests).toHaveLength(1);
  });

  it('refuses a file with one bit changed, naming both hashes', async () => {
    const bytes = tinyBytes('tiny');
    bytes[bytes.length >> 1] ^= 1;
    served.set('/m/tiny.onnx', bytes);
    const { outcome } = await load(async () => memoryCache().cache);
    expect(outcome).toMatchObject({ ok: false, refusal: { code: 'modelTampered' } });
    if (outcome.ok) return;
    expect(outcome.refusal.values.declared).toBe(model().manifest.files[0].sha256);
    expect(outcome.refusal.values.actual).toMatch(/^[0-9a-f]{64}$/);
    expect(outcome.refusal.message).toContain(String(outcome.refusal.values.actual));
  });

  it.each([
    ['shorter', (bytes: Buffer) => bytes.subarray(0, 100), 100],
    [
      'longer',
      (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(7)]),
      tinyBytes('tiny').length + 7,
    ],
  ])('refuses a file that is %s than declared, naming both sizes', async (_, change, actual) => {
    served.set('/m/tiny.onnx', change(tinyBytes('tiny')));
    const { outcome } = await load();
    expect(outcome).toMatchObject({
      ok: false,
      refusal: { code: 'modelSizeDiffers', values: { actual, declared: tinyBytes('tiny').length } },
    });
  });

  it('throws a spoilt cache entry away and downloads again', async () => {
    const { cache, entries } = memoryCache();
    await load(async () => cache);
    const key = [...entries.keys()][0];
    entries.set(key, new Uint8Array(entries.get(key)!.length));
    const { outcome } = await load(async () => cache);
    expect(outcome).toMatchObject({ ok: true, value: { from: 'download' } });
    expect(Buffer.from(entries.get(key)!)).toEqual(tinyBytes('tiny'));
  });

  it('runs without a cache that is full, missing or broken, and says so', async () => {
    const full: NetworkCache = {
      ...memoryCache().cache,
      put: () => Promise.reject(new DOMException('Quota exceeded.', 'QuotaExceededError')),
    };
    expect((await load(async () => full)).outcome).toMatchObject({
      ok: true,
      value: { from: 'download', notCached: expect.stringMatching(/Quota exceeded/) },
    });
    const broken = () => Promise.reject(new Error('The operation is insecure'));
    expect((await load(broken)).outcome).toMatchObject({
      value: { notCached: 'The operation is insecure' },
    });
    expect((await load()).outcome).toMatchObject({
      value: { notCached: expect.stringMatching(/secure context/) },
    });
  });

  it('refuses what is not there, cannot be reached or was cancelled', async () => {
    served.clear();
    expect((await load()).outcome).toMatchObject({
      ok: false,
      refusal: { code: 'modelNotFound', values: { status: 404 } },
    });
    const abort = new AbortController();
    abort.abort();
    expect((await load(undefined, abort.signal)).outcome).toMatchObject({
      refusal: { code: 'runCancelled' },
    });
    const outcome = await loadNetwork(
      { ...model(), baseUrl: 'http://127.0.0.1:1/' },
      model().manifest.files[0],
      { fetch },
      { signal: new AbortController().signal, onFraction: () => undefined },
    );
    expect(outcome).toMatchObject({ refusal: { code: 'modelUnreachable' } });
  });
});
