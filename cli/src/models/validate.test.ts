/**
 * @jest-environment ./extension/src/inference/testing/ortEnvironment.js
 */
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { temporaryFolder } from '../testing/archiveServer';
import { readModel, writeModel } from '../onnx/file';
import { numbersOf } from '../onnx/tensors';
import { importPackage } from './import/import';
import { parseImportOptions } from './import/options';
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

describe('the networks of an ensemble', () => {
  const bundle = path.resolve(__dirname, '../../../tests/fixtures/bundles/nnunet');
  // ONNX Runtime Web does not load in Jest.
  const engines = ['native'] as const;
  let folder: string;
  let out: string;

  beforeAll(async () => {
    folder = await temporaryFolder();
    out = path.join(folder, 'out');
    const source = path.join(folder, 'source');
    await cp(bundle, source, { recursive: true });
    await mkdir(path.join(source, 'fold_1'));
    const fold = await readModel(path.join(source, 'fold_0/model.onnx'));
    if (!fold.ok) throw new Error(fold.refusal.message);
    const [weights] = fold.value.graph.initializer.filter(({ rawData }) => rawData);
    const halved = Float32Array.from(numbersOf(weights) as Float32Array, x => x / 2);
    weights.rawData = new Uint8Array(halved.buffer);
    await writeModel(path.join(source, 'fold_1/model.onnx'), fold.value);
    const options = parseImportOptions({
      out,
      licence: 'MIT',
      intendedUse: 'Tests',
      limitation: ['None of it is known'],
      trainingData: 'None',
      manufacturer: 'Second Reader',
    });
    if (!options.ok) throw new Error(options.refusal.message);
    const imported = await importPackage(source, options.value);
    if (!imported.ok) throw new Error(imported.refusal.message);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const tried = async () => {
    const { problems, networks, notes } = await validatePackage(out, { engines });
    expect(problems).toEqual([]);
    for (const { engines: checks } of networks) {
      expect(checks.map(({ engine, state }) => `${engine} ${state}`)).toEqual(['native ran']);
    }
    return { sources: networks.map(({ file, source }) => [file.slice(-7), source]), notes };
  };

  it('are all tried: the first against the fixture, later ones against native', async () => {
    const { sources, notes } = await tried();
    expect(sources).toEqual([
      ['-0.onnx', 'against its fixture'],
      ['-1.onnx', 'against native ONNX Runtime'],
    ]);
    expect(notes).toEqual([expect.stringMatching(/^MODEL_CARD\.md .* line \d+\.$/)]);
  });

  it('are tried where the package keeps no fixture, too', async () => {
    const file = path.join(out, 'model.json');
    const manifest = JSON.parse(await readFile(file, 'utf8')) as {
      files: Array<{ role: string }>;
    };
    manifest.files = manifest.files.filter(({ role }) => role === 'network');
    await writeFile(file, JSON.stringify(manifest));
    const { sources } = await tried();
    expect(sources.map(([, source]) => source)).toEqual([
      'against native ONNX Runtime',
      'against native ONNX Runtime',
    ]);
  });

  it('are held against the answers that the fixture keeps', async () => {
    const file = path.join(out, 'model.json');
    const manifest = JSON.parse(await readFile(file, 'utf8')) as {
      files: Array<{ role: string; path: string; sha256: string; bytes: number }>;
    };
    const fixture = path.join(out, 'fixture.safetensors');
    const bytes = await readFile(fixture);
    // The last value of the last tensor: an answer.
    bytes.writeFloatLE(1e6, bytes.length - 4);
    await writeFile(fixture, bytes);
    manifest.files = [
      ...manifest.files.filter(({ role }) => role === 'network'),
      {
        role: 'fixture',
        path: 'fixture.safetensors',
        sha256: createHash('sha256').update(bytes).digest('hex'),
        bytes: bytes.length,
      },
    ];
    await writeFile(file, JSON.stringify(manifest));
    const { problems } = await validatePackage(out, { engines: ['native'] });
    expect(problems.map(({ code }) => code)).toEqual(['engineDiffers']);
    expect(problems[0].message).toContain('-0.onnx');
  });
});
