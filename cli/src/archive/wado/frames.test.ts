import { readFile } from 'node:fs/promises';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { partsOf, startArchive, type ArchiveServer } from '../../testing/archiveServer';
import { parseAccept } from '../http/accept';
import { chooseRepresentation } from './frames';

const JPEG_LS = '1.2.840.10008.1.2.4.80';
const NATIVE = '1.2.840.10008.1.2.1';

describe('chooseRepresentation', () => {
  it.each([
    [
      'multipart/related; type=application/octet-stream; transfer-syntax=*',
      JPEG_LS,
      'image/jls',
      false,
      true,
    ],
    ['multipart/related; type="image/jls"', JPEG_LS, 'image/jls', false, true],
    [
      'multipart/related; type="application/octet-stream"',
      JPEG_LS,
      'application/octet-stream',
      true,
      true,
    ],
    [
      `multipart/related; type="application/octet-stream"; transfer-syntax=${NATIVE}`,
      JPEG_LS,
      'application/octet-stream',
      true,
      true,
    ],
    ['image/jls', JPEG_LS, 'image/jls', false, false],
    ['*/*', JPEG_LS, 'image/jls', false, true],
    [
      'multipart/related; type="image/jp2";q=0.9, multipart/related; type="image/jls";q=0.1',
      JPEG_LS,
      'image/jls',
      false,
      true,
    ],
    [
      'multipart/related; type="application/octet-stream"',
      NATIVE,
      'application/octet-stream',
      false,
      true,
    ],
  ])('%s of %s', (header, stored, mediaType, decode, multipart) => {
    expect(chooseRepresentation(parseAccept(header), stored)).toMatchObject({
      mediaType,
      decode,
      multipart,
    });
  });

  it('has nothing for other types', () => {
    expect(chooseRepresentation(parseAccept('image/tiff'), JPEG_LS)).toBeUndefined();
    expect(
      chooseRepresentation(parseAccept('multipart/related; type="image/jp2"'), JPEG_LS),
    ).toBeUndefined();
  });
});

const data =
  process.env.SECOND_READER_DATA ?? path.resolve(__dirname, '../../../../../shared/data');
const folder = path.join(data, 'dicom', 'odd_transfer_syntaxes_wado');
const reason = existsSync(folder) ? '' : ` (skipped: ${folder} is not there)`;

(reason ? describe.skip : describe)(`one CT in every transfer syntax${reason}`, () => {
  let server: ArchiveServer;
  beforeAll(async () => {
    server = await startArchive();
  });
  afterAll(() => server.close());

  it('is decoded to the same pixels where it is lossless, and shown where it is not', async () => {
    const files = (readdirSync(folder, { recursive: true, encoding: 'utf8' }) as string[])
      .filter(name => /CTImage.*\.dcm$/.test(name))
      .sort();
    expect(files.length).toBeGreaterThan(8);
    const lossless = new Map<string, Buffer>();
    for (const name of files) {
      const bytes = await readFile(path.join(folder, name));
      const stored = await server.archive.store(bytes);
      if (!stored.ok) throw new Error(`${name}: ${stored.refusal.message}`);
      const { studyInstanceUID, seriesInstanceUID, sopInstanceUID, transferSyntaxUID } =
        stored.value.instance;
      const at = `${server.root}/studies/${studyInstanceUID}/series/${seriesInstanceUID}/instances/${sopInstanceUID}`;
      const rendered = await fetch(`${at}/rendered`, { headers: { Accept: 'image/jpeg' } });
      expect([name, rendered.status]).toEqual([name, 200]);
      const frame = await fetch(`${at}/frames/1`, {
        headers: {
          Accept: `multipart/related; type="application/octet-stream"; transfer-syntax=${NATIVE}`,
        },
      });
      expect([name, frame.status]).toEqual([name, 200]);
      const [{ body }] = await partsOf(frame);
      const isLossless = !/\.4\.(50|51|53|55|81|91|203)$/.test(transferSyntaxUID);
      if (isLossless) lossless.set(name, body);
      expect((await fetch(at, { method: 'DELETE' })).status).toBe(204);
    }
    const [, original] = [...lossless].find(([name]) => name === 'CTImage.dcm') ?? [];
    const differing = [...lossless].filter(
      ([, pixels]) => !pixels.equals(original ?? Buffer.alloc(0)),
    );
    expect(differing.map(([name]) => name)).toEqual([]);
  }, 240_000);
});
