import { rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { startArchive, type ArchiveServer } from '../testing/archiveServer';
import { ctSlice, stowBody } from '../testing/dicom';
import { makePage } from '../testing/page';
import { authorizationFrom } from './proxy';
import { startServer, type RunningServer } from './server';

type Page = Awaited<ReturnType<typeof makePage>>;

describe('the proxy to a PACS', () => {
  let page: Page;
  let pacs: ArchiveServer;
  let running: RunningServer | undefined;
  beforeAll(async () => {
    page = await makePage();
    pacs = await startArchive();
    expect((await pacs.store([ctSlice()])).status).toBe(200);
  });
  afterEach(async () => {
    await running?.close();
    running = undefined;
    delete process.env.SECOND_READER_DICOMWEB_AUTHORIZATION;
  });
  afterAll(async () => {
    await pacs.close();
    await rm(page.root, { recursive: true, force: true });
  });

  const start = async (dicomweb: string, maturity?: 'feedback') => {
    const started = await startServer(
      { port: 0, data: page.root, dicom: [], ohif: page.ohif, sample: true, dicomweb, maturity },
      page.workspace,
    );
    if (!started.ok) throw new Error(started.refusal.message);
    running = started.value;
    return `${started.value.url}dicom-web`;
  };

  it("passes answers on, with the PACS's URLs turned to the page's", async () => {
    const root = await start(pacs.root);
    const [study] = (await (await fetch(`${root}/studies`)).json()) as Array<
      Record<string, { Value: string[] }>
    >;
    expect(study['00081190'].Value[0]).toMatch(new RegExp(`^${root}/studies/`));
    const whole = await fetch(`${root}/studies/${study['0020000D'].Value[0]}`);
    expect(whole.headers.get('content-type')).toContain('multipart/related');
    expect(whole.headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect((await fetch(`${root}/studies/1.2.3/metadata`)).status).toBe(404);
  });

  it('writes nothing at maturity research, and writes when told', async () => {
    const readOnly = await start(pacs.root);
    const before = pacs.archive.catalog.size;
    const refused = await fetch(`${readOnly}/studies`, {
      method: 'POST',
      ...stowBody([ctSlice()]),
    });
    expect(refused.status).toBe(403);
    expect(((await refused.json()) as { error: string }).error).toContain('research');
    expect(pacs.archive.catalog.size).toBe(before);
    await running?.close();
    const writable = await start(pacs.root, 'feedback');
    const stored = await fetch(`${writable}/studies`, { method: 'POST', ...stowBody([ctSlice()]) });
    expect(stored.status).toBe(200);
    expect(pacs.archive.catalog.size).toBe(before + 1);
    expect((await fetch(`${writable}/studies/1.2`, { method: 'DELETE' })).status).toBe(405);
  });

  it('adds credentials of the environment, hides those of the page, and unpacks what it rewrites', async () => {
    const seen: http.IncomingHttpHeaders[] = [];
    const server = http.createServer((request, response) => {
      seen.push(request.headers);
      if (request.headers.authorization !== 'Bearer secret') {
        response.writeHead(401, { 'WWW-Authenticate': 'Basic' }).end();
        return;
      }
      response.writeHead(200, {
        'Content-Type': 'application/dicom+json',
        'Content-Encoding': 'gzip',
        'Set-Cookie': 'session=1',
        'Access-Control-Allow-Origin': '*',
      });
      response.end(gzipSync(JSON.stringify([{ at: `http://${request.headers.host}/x` }])));
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(start(at)).rejects.toThrow('refuses the credentials');
    process.env.SECOND_READER_DICOMWEB_AUTHORIZATION = 'Bearer secret';
    const root = await start(at);
    const answer = await fetch(`${root}/studies`, {
      headers: { Authorization: 'Basic page', Cookie: 'a=b' },
    });
    expect(await answer.json()).toEqual([{ at: `${root}/x` }]);
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(seen.at(-1)).toMatchObject({ authorization: 'Bearer secret' });
    expect(seen.at(-1)).not.toHaveProperty('cookie');
    const config = await (await fetch(`${running?.url}app-config.js`)).text();
    expect(config).not.toContain('secret');
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
    const gone = await fetch(`${root}/studies`);
    expect(gone.status).toBe(502);
    expect(((await gone.json()) as { error: string }).error).toContain('does not answer');
  });

  it('reads credentials of the environment', () => {
    expect(authorizationFrom({})).toBeUndefined();
    const basic = authorizationFrom({
      SECOND_READER_DICOMWEB_USER: 'u',
      SECOND_READER_DICOMWEB_PASSWORD: 'p',
    });
    expect(basic).toBe(`Basic ${Buffer.from('u:p').toString('base64')}`);
  });
});
