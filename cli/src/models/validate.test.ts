import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { temporaryFolder } from '../testing/archiveServer';
import { validatePackage } from './validate';

const reference = path.resolve(__dirname, '../../../models/ct-lungs');

type Manifest = {
  files: Array<{ path: string; sha256: string; bytes: number }>;
  inputs: Array<{ name: string }>;
  outputs: Array<{ name: string }>;
};

describe('validatePackage', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await temporaryFolder();
    for (const name of ['model.json', 'MODEL_CARD.md', 'ct-lungs.onnx']) {
      await cp(path.join(reference, name), path.join(folder, name));
    }
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const codes = async () => (await validatePackage(folder)).problems.map(({ code }) => code);
  const change = async (edit: (manifest: Manifest) => void) => {
    const file = path.join(folder, 'model.json');
    const manifest = JSON.parse(await readFile(file, 'utf8')) as Manifest;
    edit(manifest);
    await writeFile(file, JSON.stringify(manifest));
  };

  it('accepts the reference model', async () => {
    const { manifest, problems } = await validatePackage(folder);
    expect(problems).toEqual([]);
    expect(manifest?.id).toBe('ct-lungs');
  });

  it('finds a network that was tampered with, with both hashes', async () => {
    const file = path.join(folder, 'ct-lungs.onnx');
    const bytes = await readFile(file);
    bytes[bytes.length >> 1] ^= 1;
    await writeFile(file, bytes);
    const { problems } = await validatePackage(folder);
    expect(problems.map(({ code }) => code)).toEqual(['modelFileHash']);
    await writeFile(file, bytes.subarray(1));
    expect(await codes()).toEqual(['modelFileSize']);
    await rm(file);
    expect(await codes()).toEqual(['modelFileMissing']);
  });

  it('compares the names of inputs and outputs with the network', async () => {
    await change(manifest => {
      manifest.inputs[0].name = 'no-such-input';
      manifest.outputs[0].name = 'no-such-output';
    });
    const { problems } = await validatePackage(folder);
    expect(problems.map(({ code }) => code)).toEqual(['modelNames', 'modelNames']);
    expect(problems[0].message).toContain('no-such-input');
  });

  it('asks for a card and a manifest that is one', async () => {
    await rm(path.join(folder, 'MODEL_CARD.md'));
    expect(await codes()).toEqual(['modelCardMissing']);
    await writeFile(path.join(folder, 'model.json'), '{');
    expect(await codes()).toEqual(['manifestNotJson']);
    await rm(path.join(folder, 'model.json'));
    expect(await codes()).toEqual(['manifestMissing']);
  });
});
