import { readFile, readdir, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PNG } from 'pngjs';
import {
  partsOf,
  startArchive,
  temporaryFolder,
  type ArchiveServer,
} from '../../testing/archiveServer';
import { ctSlice, part10, uid } from '../../testing/dicom';

type Json = Record<string, { Value?: unknown[]; BulkDataURI?: string }>;
const value = (dataSet: Json, tag: string) => dataSet[tag]?.Value?.[0];

describe('the archive over HTTP', () => {
  let server: ArchiveServer;
  const study = uid();
  const series = uid();
  const instances = [uid(), uid(), uid()];
  const files = instances.map((sopInstanceUID, i) =>
    ctSlice({ studyInstanceUID: study, seriesInstanceUID: series, sopInstanceUID, number: i + 1 }),
  );
  const get = (at: string, accept?: string) =>
    fetch(`${server.root}${at}`, accept ? { headers: { Accept: accept } } : undefined);
  const json = async (at: string) => (await (await get(at)).json()) as Json[];
  const base = `/studies/${study}/series/${series}`;

  beforeAll(async () => {
    server = await startArchive();
    const answer = await server.store(files);
    expect(answer.status).toBe(200);
    const stored = (await answer.json()) as Json;
    expect(stored['00081199'].Value).toHaveLength(3);
    const other = ctSlice({
      attributes: {
        PatientName: 'Müller^Änne',
        SpecificCharacterSet: 'ISO_IR 192',
        StudyDate: '20230101',
        Modality: 'MR',
        PatientID: 'T2',
      },
    });
    expect((await server.store([other])).status).toBe(200);
  });
  afterAll(() => server.close());

  it.each([
    ['', 2],
    ['PatientName=archive*', 1],
    ['PatientName=*ll?r*', 1],
    ['PatientID=T?', 2],
    ['StudyDate=20240101-20241231', 1],
    ['StudyDate=-20231231', 1],
    ['StudyDate=20240305', 1],
    ['ModalitiesInStudy=MR', 1],
    ['ModalitiesInStudy=MR,CT', 2],
    ['00100020=T1&StudyDate=2023-', 1],
    [`StudyInstanceUID=${study},1.2.3`, 1],
    ['PatientID=nobody', 0],
    ['limit=1', 1],
    ['limit=1&offset=1', 1],
    ['offset=2', 0],
  ])('finds studies by "%s"', async (query, count) => {
    expect(await json(`/studies?${query}`)).toHaveLength(count);
  });

  it('counts, lists modalities, pages and says what is left', async () => {
    const [found] = await json('/studies?PatientID=T1&includefield=SliceThickness,00281052');
    expect(value(found, '00201206')).toBe(1);
    expect(value(found, '00201208')).toBe(3);
    expect(found['00080061'].Value).toEqual(['CT']);
    expect(value(found, '00281052')).toBe(-1024);
    const page = await get('/studies?limit=1');
    expect(page.headers.get('warning')).toContain('1 additional results');
    const listed = await json(`${base}/instances`);
    expect(listed.map(one => value(one, '00200013'))).toEqual([1, 2, 3]);
    expect((await get('/studies?Frobnication=1')).status).toBe(400);
    expect((await get('/studies?limit=-1')).status).toBe(400);
  });

  it('gives metadata with the pixels by reference', async () => {
    const metadata = await json(`${base}/metadata`);
    expect(metadata).toHaveLength(3);
    const [first] = metadata;
    expect(first['7FE00010'].BulkDataURI).toBe(
      `${server.root}${base}/instances/${instances[0]}/bulkdata/7FE00010`,
    );
    const pixels = await get(
      new URL(first['7FE00010'].BulkDataURI ?? '').pathname.slice('/dicom-web'.length),
      'application/octet-stream',
    );
    expect(Buffer.from(await pixels.arrayBuffer())).toHaveLength(512);
    expect((await get('/studies/1.2.3/metadata')).status).toBe(404);
  });

  it('gives frames and whole instances, byte for byte', async () => {
    const frames = await partsOf(
      await get(
        `${base}/instances/${instances[1]}/frames/1`,
        'multipart/related; type="application/octet-stream"; transfer-syntax=*',
      ),
    );
    expect(frames).toHaveLength(1);
    expect(frames[0].type).toBe('application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1');
    expect(frames[0].body.readUInt16LE(0)).toBe(2);
    const whole = await partsOf(
      await get(`/studies/${study}`, 'multipart/related; type="application/dicom"'),
    );
    expect(whole.map(({ body }) => body.toString('hex')).sort()).toEqual(
      files.map(file => file.toString('hex')).sort(),
    );
    expect((await get(`${base}/instances/${instances[1]}/frames/2`)).status).toBe(404);
    expect((await get(`${base}/instances/${instances[1]}/frames/1`, 'image/tiff')).status).toBe(
      406,
    );
  });

  it('renders with the window of the tags or one that is asked for', async () => {
    const at = `${base}/instances/${instances[0]}/rendered`;
    const png = PNG.sync.read(
      Buffer.from(
        await (await get(`${at}?window=-924,100,linear-exact`, 'image/png')).arrayBuffer(),
      ),
    );
    expect([png.width, png.height]).toEqual([16, 16]);
    // Stored 1 + i, less 1024: the window covers -974 to -874.
    expect(png.data[49 * 4]).toBe(0);
    expect(png.data[99 * 4]).toBe(Math.round(0.5 * 255));
    expect(png.data[149 * 4]).toBe(255);
    const jpeg = await get(`${base}/thumbnail?viewport=8,8`);
    expect(jpeg.headers.get('content-type')).toBe('image/jpeg');
    expect((await get(`${at}?window=a,b`)).status).toBe(400);
  });

  it('acknowledges the same bytes again and keeps the first of two that differ', async () => {
    const again = await server.store([files[0]]);
    expect(again.status).toBe(200);
    const differing = ctSlice({
      studyInstanceUID: study,
      seriesInstanceUID: series,
      sopInstanceUID: instances[0],
      number: 9,
    });
    const refused = await server.store([differing, files[1]]);
    expect(refused.status).toBe(202);
    const body = (await refused.json()) as Json;
    const [failed] = body['00081198'].Value as Json[];
    expect(value(failed, '00081155')).toBe(instances[0]);
    expect(value(failed, '00081197')).toBe(0x0111);
    const [kept] = await partsOf(await get(`${base}/instances/${instances[0]}`));
    expect(kept.body.equals(files[0])).toBe(true);
  });

  it('refuses what is cut short, foreign or no DICOM, part by part', async () => {
    const good = ctSlice();
    const answer = await server.store([
      files[0].subarray(0, 700),
      Buffer.from('hello'),
      part10({ PatientID: 'x' }),
      good,
    ]);
    expect(answer.status).toBe(202);
    const body = (await answer.json()) as Json;
    expect(body['00081199'].Value).toHaveLength(1);
    // Of the one that is cut short the UIDs are known; of the other two they are not.
    const reasons = ['00081198', '0008119A'].flatMap(tag =>
      (body[tag].Value as Json[]).map(one => value(one, '00000902')),
    );
    expect(reasons).toEqual([
      expect.stringContaining('cut short'),
      expect.stringContaining('Not a DICOM'),
      expect.stringContaining('StudyInstanceUID is missing'),
    ]);
    const none = await server.store([Buffer.from('hello')]);
    expect(none.status).toBe(409);
    const foreign = await server.store([ctSlice()], study);
    expect(foreign.status).toBe(409);
    const type = await fetch(`${server.root}/studies`, { method: 'POST', body: 'x' });
    expect(type.status).toBe(415);
    const headers = { 'Content-Type': 'multipart/related; type="application/dicom"; boundary=b' };
    const empty = await fetch(`${server.root}/studies`, {
      method: 'POST',
      headers,
      body: 'no parts here',
    });
    expect(empty.status).toBe(400);
    const torn = Buffer.concat([Buffer.from('--b\r\n\r\n'), ctSlice()]);
    const cut = await fetch(`${server.root}/studies`, { method: 'POST', headers, body: torn });
    expect(cut.status).toBe(409);
  });

  it('deletes', async () => {
    const one = uid();
    await server.store([ctSlice({ studyInstanceUID: one })]);
    expect((await fetch(`${server.root}/studies/${one}`, { method: 'DELETE' })).status).toBe(204);
    expect((await get(`/studies/${one}/metadata`)).status).toBe(404);
    expect(await readdir(path.join(server.archive.folder, 'instances'))).not.toContain(one);
    expect((await fetch(`${server.root}/studies/${one}`, { method: 'DELETE' })).status).toBe(404);
  });

  it('takes no path for a UID', async () => {
    for (const bad of [
      '/studies/..%2f..%2fetc',
      '/studies/1.2/series/a',
      '/frob',
      `/studies/${study}/frobnicate`,
    ]) {
      expect((await get(bad)).status).toBe(404);
    }
    const evil = await server.store([ctSlice({ sopInstanceUID: '../../evil' })]);
    expect(evil.status).toBe(409);
  });
});

describe('an archive that is opened again', () => {
  it('finds what was stored, and leaves damaged files aside', async () => {
    const folder = await temporaryFolder();
    const first = await startArchive(folder);
    const [whole, damaged] = [ctSlice({ size: 400 }), ctSlice({ size: 400 })];
    expect((await first.store([whole, damaged])).status).toBe(200);
    const files = first.archive.catalog.select().map(({ file }) => file);
    await first.close();
    const file = (
      await Promise.all(files.map(async name => ({ name, bytes: await readFile(name) })))
    ).find(({ bytes }) => bytes.equals(damaged));
    await truncate(file?.name ?? '', 200_000);
    await writeFile(path.join(folder, 'incoming', 'left.part'), 'half');
    const second = await startArchive(folder);
    expect(second.archive.catalog.size).toBe(1);
    expect(second.archive.skipped).toMatchObject([{ refusal: { code: 'truncatedDicom' } }]);
    expect(await readdir(path.join(folder, 'incoming'))).toEqual([]);
    await second.close();
  });
});
