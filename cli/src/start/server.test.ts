import { mkdir, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import vm from 'node:vm';
import { ctSlice, uid } from '../testing/dicom';
import { makePage } from '../testing/page';
import type { StartOptions } from './options';
import { startServer, type RunningServer } from './server';

type Page = Awaited<ReturnType<typeof makePage>>;

describe('startServer', () => {
  let page: Page;
  const running: RunningServer[] = [];
  beforeAll(async () => {
    page = await makePage();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map(server => server.close()));
  });
  afterAll(() => rm(page.root, { recursive: true, force: true }));

  const options = (given: Partial<StartOptions> = {}): StartOptions => ({
    port: 0,
    data: path.join(page.root, `data-${uid()}`),
    dicom: [],
    ohif: page.ohif,
    sample: false,
    ...given,
  });
  const start = async (given: Partial<StartOptions> = {}) => {
    const started = await startServer(options(given), page.workspace);
    if (!started.ok) throw new Error(started.refusal.message);
    running.push(started.value);
    return started.value;
  };
  const refusal = async (given: Partial<StartOptions>) => {
    const started = await startServer(options(given), page.workspace);
    if (started.ok) {
      running.push(started.value);
      throw new Error('it started');
    }
    return started.refusal;
  };

  it('serves the viewer, the plugin and the models on an isolated page', async () => {
    const { url, ohifVersion } = await start();
    expect(ohifVersion).toBe('3.13.2');
    const cases: Array<[string, number, string, string]> = [
      ['', 200, 'text/html', 'OHIF Viewer'],
      ['viewer?StudyInstanceUIDs=1.2', 200, 'text/html', 'OHIF Viewer'],
      ['second-reader', 200, 'text/html', 'OHIF Viewer'],
      ['second-reader/dicomweb', 200, 'text/html', 'OHIF Viewer'],
      ['app.bundle.0f6159c501addfe9.js', 200, 'text/javascript', 'app'],
      ['second-reader/extension.js', 200, 'text/javascript', 'extension'],
      ['second-reader/mode.js', 200, 'text/javascript', 'mode'],
      ['second-reader/ort/runtime.wasm', 200, 'application/wasm', 'asm'],
      ['second-reader/models/index.json', 200, 'application/json', '"ct-lungs/"'],
      ['second-reader/models/ct-lungs/network.onnx', 200, 'application/octet-stream', 'network'],
      ['second-reader/models/none/model.json', 404, 'application/json', 'not served'],
      ['second-reader/none.js', 404, 'application/json', 'not served'],
      ['none.js', 404, 'application/json', 'not served'],
    ];
    for (const [at, status, type, contents] of cases) {
      const answer = await fetch(url + at);
      expect([at, answer.status]).toEqual([at, status]);
      expect(answer.headers.get('content-type')).toContain(type);
      expect(await answer.text()).toContain(contents);
      expect(answer.headers.get('cross-origin-opener-policy')).toBe('same-origin');
      expect(answer.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
      expect(answer.headers.get('cross-origin-resource-policy')).toBe('same-origin');
    }
    const script = await fetch(`${url}second-reader/extension.js`);
    const again = await fetch(`${url}second-reader/extension.js`, {
      headers: { 'If-None-Match': script.headers.get('etag') ?? '' },
    });
    expect(again.status).toBe(304);
    const hashed = await fetch(`${url}app.bundle.0f6159c501addfe9.js`);
    expect(hashed.headers.get('cache-control')).toContain('immutable');
  });

  it('configures the stock viewer and nothing more', async () => {
    const { url } = await start();
    const script = await (await fetch(`${url}app-config.js`)).text();
    const window: Record<string, unknown> & { location: URL } = { location: new URL(url) };
    vm.runInNewContext(script, { window });
    const config = window.config as Record<string, unknown>;
    expect(config).toMatchObject({
      extensions: ['/second-reader/extension.js'],
      modes: ['/second-reader/mode.js'],
      investigationalUseDialog: { option: 'never' },
      customizationService: { 'ohif.tours': { $set: [] } },
      secondReader: { maturity: 'feedback', models: ['/second-reader/models/index.json'] },
      dataSources: [
        { configuration: { wadoRoot: `${url}dicom-web`, qidoRoot: `${url}dicom-web` } },
      ],
    });
  });

  it('answers only to the names of this machine', async () => {
    const { port } = await start();
    const status = await new Promise<number | undefined>(resolve => {
      http.get(
        { port, host: '127.0.0.1', path: '/', headers: { Host: 'evil.example' } },
        answer => {
          answer.resume();
          resolve(answer.statusCode);
        },
      );
    });
    expect(status).toBe(403);
  });

  it('adds DICOM folders, once, and says what it passed over', async () => {
    const folder = path.join(page.root, 'incoming');
    await mkdir(path.join(folder, 'deep'), { recursive: true });
    await writeFile(path.join(folder, 'a.dcm'), ctSlice());
    await writeFile(path.join(folder, 'deep', 'no-suffix'), ctSlice());
    await writeFile(path.join(folder, 'notes.txt'), 'hello');
    const data = path.join(page.root, 'twice');
    for (const expected of [
      'Added 2 instances; 0 were there already.',
      'Added 0 instances; 2 were there already.',
    ]) {
      const lines: string[] = [];
      const server = await start({ data, dicom: [folder], say: line => lines.push(line) });
      expect(lines).toEqual([expected, 'Passed over 1 file not DICOM: notes.txt']);
      expect(await (await fetch(`${server.url}dicom-web/studies`)).json()).toHaveLength(2);
      await server.close();
    }
  });

  it('refuses what cannot work with one sentence', async () => {
    const { port } = await start();
    const file = path.join(page.root, 'a-file');
    await writeFile(file, '');
    expect(await refusal({ port })).toMatchObject({ code: 'portInUse', values: { port } });
    expect((await refusal({ data: path.join(file, 'x') })).code).toBe('dataFolderUnusable');
    expect((await refusal({ ohif: page.root })).code).toBe('notOhifFolder');
    expect((await refusal({ ohif: 'latest' })).message).toContain('3.13.2');
    expect((await refusal({ models: page.ohif })).code).toBe('noModels');
    expect((await refusal({ dicom: ['/nowhere'] })).code).toBe('dicomNotFound');
    expect((await refusal({ dicomweb: 'ftp://pacs' })).code).toBe('badDicomWebUrl');
    expect((await refusal({ dicomweb: 'http://me:secret@pacs/' })).message).not.toContain('secret');
    expect((await refusal({ dicomweb: 'http://127.0.0.1:9/dicom-web' })).code).toBe(
      'pacsUnreachable',
    );
    const unbuilt = { ...page.workspace, extension: path.join(page.root, 'none') };
    const started = await startServer(options(), unbuilt);
    expect(started).toMatchObject({ ok: false, refusal: { code: 'pluginNotBuilt' } });
  });
});
