import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sha256Hex } from '../../core/model/identity';
import type { NetworkCache } from '../../inference/network';
import { tinyPackage } from '../../inference/testing/tinyModels';
import { createModelRegistry } from './registry';

describe('createModelRegistry', () => {
  let server: Server;
  let origin: string;
  let files: Record<string, unknown>;
  let asked: string[];

  beforeEach(async () => {
    files = {};
    asked = [];
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      const found = files[request.url ?? ''];
      const body = typeof found === 'string' ? found : JSON.stringify(found);
      response
        .writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' })
        .end(body);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => new Promise(resolve => server.close(resolve)));

  const list = (indexUrls: string[]) =>
    createModelRegistry({ indexUrls, fetch, pageUrl: `${origin}/viewer` }).list();
  const manifestOf = (id: string, version = '1.0.0') => ({
    ...tinyPackage('tiny').manifest,
    id,
    version,
  });

  it('reads the packages of an index, with URLs relative to it and to the page', async () => {
    files['/models/index.json'] = {
      packages: [
        { id: 'lungs', url: 'lungs' },
        { id: 'liver', url: './liver/' },
      ],
    };
    files['/models/lungs/model.json'] = manifestOf('lungs');
    files['/models/liver/model.json'] = manifestOf('liver');
    const { packages, refused } = await list(['/models/index.json']);
    expect(refused).toEqual([]);
    expect(packages.map(({ manifest, baseUrl }) => [manifest.id, baseUrl])).toEqual([
      ['lungs', `${origin}/models/lungs/`],
      ['liver', `${origin}/models/liver/`],
    ]);
  });

  it('lists what it cannot read, and the others all the same', async () => {
    files['/models/index.json'] = {
      packages: [
        { id: 'gone', url: 'gone' },
        { id: 'broken', url: 'broken' },
        { id: 'wrong', url: 'wrong' },
        { id: 'renamed', url: 'renamed' },
        { id: 'good', url: 'good' },
      ],
    };
    files['/models/broken/model.json'] = '{"schemaVersion": 1,';
    files['/models/wrong/model.json'] = { ...manifestOf('wrong'), task: 'segmentaton' };
    files['/models/renamed/model.json'] = manifestOf('other');
    files['/models/good/model.json'] = manifestOf('good');
    files['/list.json'] = { models: [] };
    const { packages, refused } = await list(['/models/index.json', '/nowhere.json', '/list.json']);
    expect(packages.map(({ manifest }) => manifest.id)).toEqual(['good']);
    expect(refused.map(({ url, refusal }) => [url.slice(origin.length), refusal.code])).toEqual([
      ['/models/gone/', 'modelListUnreachable'],
      ['/models/broken/', 'modelListUnreachable'],
      ['/models/wrong/', 'manifestInvalid'],
      ['/models/renamed/', 'modelIdDiffers'],
      ['/nowhere.json', 'modelListUnreachable'],
      ['/list.json', 'modelListInvalid'],
    ]);
    expect(refused[0].refusal.message).toContain('404');
    expect(refused[2].refusal.message).toContain('segmentaton');
  });

  it("takes a site's own version before ours when two indexes name one id", async () => {
    files['/site/index.json'] = { packages: [{ id: 'lungs', url: 'lungs' }] };
    files['/site/lungs/model.json'] = manifestOf('lungs', '2.0.0');
    files['/models/index.json'] = { packages: [{ id: 'lungs', url: 'lungs' }] };
    files['/models/lungs/model.json'] = manifestOf('lungs', '1.0.0');
    const { packages, refused } = await list(['/site/index.json', '/models/index.json']);
    expect(packages.map(({ manifest }) => manifest.version)).toEqual(['2.0.0']);
    const [used, other] = ['/site/lungs/', '/models/lungs/'].map(at => `${origin}${at}`);
    expect(refused).toEqual([
      {
        url: other,
        refusal: {
          code: 'modelIdTaken',
          message: `lungs 1.0.0 at ${other} is not used: 2.0.0 at ${used} has the same id and is listed first`,
          values: {
            ...{ model: 'lungs', version: '1.0.0', url: other },
            ...{ usedVersion: '2.0.0', usedUrl: used },
          },
        },
      },
    ]);
  });

  it('lists a package once that two indexes name', async () => {
    files['/site/index.json'] = { packages: [{ id: 'lungs', url: '/models/lungs' }] };
    files['/models/index.json'] = { packages: [{ id: 'lungs', url: 'lungs' }] };
    files['/models/lungs/model.json'] = manifestOf('lungs');
    const { packages, refused } = await list(['/site/index.json', '/models/index.json']);
    expect([packages.length, refused.length]).toEqual([1, 0]);
  });

  describe('with packages that the site names one by one', () => {
    const memoryCache = () => {
      const kept = new Map<string, ArrayBuffer>();
      const cache: NetworkCache = {
        match: async url => (kept.has(url) ? new Response(kept.get(url)!.slice(0)) : undefined),
        put: async (url, response) => void kept.set(url, await response.arrayBuffer()),
        delete: async url => kept.delete(url),
      };
      return { kept, openCache: async () => cache };
    };
    const registry = (
      sitePackages: Array<{ url: string; sha256?: string }>,
      openCache?: () => Promise<NetworkCache>,
    ) =>
      createModelRegistry({
        indexUrls: [],
        sitePackages,
        fetch,
        openCache,
        pageUrl: `${origin}/viewer`,
      });
    const hashOf = (json: unknown) => sha256Hex(new TextEncoder().encode(JSON.stringify(json)));

    it('reads a folder or a manifest, and says that the site added it', async () => {
      files['/liver/model.json'] = manifestOf('liver');
      files['/spleen/v2/model.json'] = manifestOf('spleen');
      const { packages, refused } = await registry([
        { url: 'liver' },
        { url: `${origin}/spleen/v2/model.json` },
      ]).list();
      expect(refused).toEqual([]);
      expect(packages.map(({ baseUrl, fromSite }) => [baseUrl, fromSite])).toEqual([
        [`${origin}/liver/`, true],
        [`${origin}/spleen/v2/`, true],
      ]);
    });

    it('refuses a manifest that is not the one whose hash is written down', async () => {
      files['/liver/model.json'] = manifestOf('liver', '1.0.1');
      const actual = await hashOf(files['/liver/model.json']);
      const declared = await hashOf(manifestOf('liver', '1.0.0'));
      const { packages, refused } = await registry([{ url: '/liver/', sha256: declared }]).list();
      expect(packages).toEqual([]);
      expect(refused[0]).toMatchObject({
        url: `${origin}/liver/model.json`,
        refusal: { code: 'manifestTampered', values: { actual, declared } },
      });
      expect(refused[0].refusal.message).toContain(actual);
      expect(refused[0].refusal.message).toContain(declared);
    });

    it('fetches what has a hash once, and again only if the kept copy is damaged', async () => {
      files['/liver/model.json'] = manifestOf('liver');
      const site = [{ url: '/liver/', sha256: await hashOf(files['/liver/model.json']) }];
      const { kept, openCache } = memoryCache();
      const first = registry(site, openCache);
      expect((await first.list()).packages).toHaveLength(1);
      expect((await first.list()).packages).toHaveLength(1);
      expect((await registry(site, openCache).list()).packages).toHaveLength(1);
      expect(asked).toEqual(['/liver/model.json']);
      for (const key of kept.keys()) kept.set(key, new ArrayBuffer(3));
      expect((await registry(site, openCache).list()).packages).toHaveLength(1);
      expect(asked).toHaveLength(2);
    });

    it('works where nothing can be kept', async () => {
      files['/liver/model.json'] = manifestOf('liver');
      const site = [{ url: '/liver/', sha256: await hashOf(files['/liver/model.json']) }];
      const full = () => Promise.reject(new DOMException('full', 'QuotaExceededError'));
      expect((await registry(site, full).list()).packages).toHaveLength(1);
    });

    it('takes them before those of an index', async () => {
      files['/liver/model.json'] = manifestOf('liver', '2.0.0');
      files['/models/index.json'] = { packages: [{ id: 'liver', url: 'liver' }] };
      files['/models/liver/model.json'] = manifestOf('liver', '1.0.0');
      const { packages } = await createModelRegistry({
        indexUrls: ['/models/index.json'],
        sitePackages: [{ url: '/liver' }],
        fetch,
        pageUrl: `${origin}/viewer`,
      }).list();
      expect(packages.map(({ manifest }) => manifest.version)).toEqual(['2.0.0']);
    });
  });

  it('asks no origin that the site has not listed', async () => {
    files['/models/index.json'] = {
      packages: [{ id: 'far', url: 'https://elsewhere.example/far/' }],
    };
    const { packages, refused } = await list(['/models/index.json']);
    expect(packages).toEqual([]);
    expect(refused).toMatchObject([
      {
        url: 'https://elsewhere.example/far/',
        refusal: {
          code: 'modelOriginNotListed',
          values: { origin: 'https://elsewhere.example', listed: origin },
        },
      },
    ]);
    expect(asked).toEqual(['/models/index.json']);
  });

  it('reads the card of a package, or says why not', async () => {
    files['/models/lungs/MODEL_CARD.md'] = '# Lungs';
    const registry = createModelRegistry({ indexUrls: [], fetch, pageUrl: origin });
    const lungs = { ...tinyPackage('tiny'), baseUrl: `${origin}/models/lungs/` };
    expect(await registry.card(lungs)).toEqual({ ok: true, value: '# Lungs' });
    expect(await registry.card({ ...lungs, baseUrl: `${origin}/models/liver/` })).toMatchObject({
      ok: false,
      refusal: {
        code: 'modelCardUnreachable',
        values: { url: `${origin}/models/liver/MODEL_CARD.md`, reason: 'HTTP status 404' },
      },
    });
  });
});
