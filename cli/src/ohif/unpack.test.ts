import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { temporaryFolder } from '../testing/archiveServer';
import { integrityOf, unpack } from './unpack';

async function tarball(folder: string, files: Record<string, string>): Promise<string> {
  const tar = pack();
  Object.entries(files).forEach(([name, contents]) => tar.entry({ name }, contents));
  tar.entry({ name: 'package/dist/link', type: 'symlink', linkname: '/etc/passwd' });
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  const file = path.join(folder, 'package.tgz');
  await writeFile(file, gzipSync(Buffer.concat(chunks)));
  return file;
}

describe('unpack', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('takes the plain files below a prefix', async () => {
    const file = await tarball(folder, {
      'package/package.json': '{}',
      'package/dist/index.html': 'page',
      'package/dist/ort/a.wasm': 'wasm',
    });
    const target = path.join(folder, 'out');
    expect(await unpack(file, 'package/dist/', target)).toBe(2);
    expect((await readdir(target)).sort()).toEqual(['index.html', 'ort']);
    expect(await readFile(path.join(target, 'ort', 'a.wasm'), 'utf8')).toBe('wasm');
  });

  it('takes no file that would lie outside', async () => {
    const file = await tarball(folder, { 'package/dist/../../../evil': 'x' });
    await expect(unpack(file, 'package/dist/', path.join(folder, 'out'))).rejects.toThrow(
      'outside',
    );
  });

  it('computes the hash as npm writes it', async () => {
    const file = path.join(folder, 'abc');
    await writeFile(file, 'abc');
    // FIPS 180-2, appendix C.1.
    const digest =
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f';
    expect(await integrityOf(file)).toBe(`sha512-${Buffer.from(digest, 'hex').toString('base64')}`);
  });
});
