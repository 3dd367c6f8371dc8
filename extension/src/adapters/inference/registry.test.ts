import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tinyPackage } from '../../inference/testing/tinyModels';
import { createModelRegistry } from './registry';

describe('createModelRegistry', () => {
  let server: Server;
  let origin: string;
  let files: Record<string, unknown>;

  beforeEach(async () => {
    files = {};
    server = createServer((request, response) => {
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
    const { packages } = await list(['/site/index.json', '/models/index.json']);
    expect(packages.map(({ manifest }) => manifest.version)).toEqual(['2.0.0']);
  });
});
