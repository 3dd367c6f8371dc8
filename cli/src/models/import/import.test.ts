/**
 * @jest-environment ./extension/src/inference/testing/ortEnvironment.js
 */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { readModel, writeModel } from '../../onnx/file';
import { DataType } from '../../onnx/proto';
import { numbersOf } from '../../onnx/tensors';
import { validatePackage } from '../validate';
import { detectSource } from './detect';
import { importPackage } from './import';
import { intensitySteps } from './intensity';
import { normalizationSteps } from './nnunet/normalization';
import { parseImportOptions } from './options';
import { unzip } from './zip';

const TINY = path.resolve(__dirname, '../../../../tests/fixtures/onnx');
const BUNDLES = path.resolve(__dirname, '../../../../tests/fixtures/bundles');

let folder: string;
beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'second-reader-import-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const run = async (source: string, given: Record<string, unknown> = {}) => {
  const options = parseImportOptions({ out: path.join(folder, 'out'), ...given });
  if (!options.ok) throw new Error(options.refusal.message);
  return importPackage(source, options.value);
};

/** A bundle changed by one edit of its inference configuration. */
const bundleWith = async (edit: (config: { [key: string]: never }) => void): Promise<string> => {
  const copy = path.join(folder, 'bundle');
  await cp(path.join(BUNDLES, 'monai'), copy, { recursive: true });
  const file = path.join(copy, 'configs/inference.json');
  const config = JSON.parse(await readFile(file, 'utf8'));
  edit(config);
  await writeFile(file, JSON.stringify(config));
  return copy;
};

describe('importPackage', () => {
  it('leaves to people what only people can say, and validation waits for it', async () => {
    const outcome = await run(path.join(BUNDLES, 'nnunet'));
    if (!outcome.ok) throw new Error(outcome.refusal.message);
    expect(outcome.value.todos).toEqual([
      '$.facts.intendedUse.en',
      '$.facts.limitations[0].en',
      '$.facts.licence',
      '$.facts.trainingData.en',
      '$.facts.manufacturer',
    ]);
    const card = await readFile(path.join(folder, 'out/MODEL_CARD.md'), 'utf8');
    expect(card).toContain('TODO: the licence of the weights');
    const open = card.split('\n').flatMap((line, at) => (line.includes('TODO:') ? [at + 1] : []));
    expect(open.length).toBeGreaterThan(4);
    expect(outcome.value.cardNotes).toEqual([
      `MODEL_CARD.md is still to be filled in, where it says TODO: line ${open.join(', ')}.`,
    ]);
    expect(await run(path.join(BUNDLES, 'nnunet'))).toMatchObject({
      refusal: { code: 'importFolderFull' },
    });
  });

  it('an nnU-Net is called by what it was trained on, not by its trainer', async () => {
    const copy = path.join(folder, 'nnUNetTrainer__nnUNetPlans__3d_fullres');
    await cp(path.join(BUNDLES, 'nnunet'), copy, { recursive: true });
    const file = path.join(copy, 'plans.json');
    const plans = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify({ ...plans, dataset_name: 'Dataset007_Pancreas' }));
    const outcome = await run(copy);
    if (!outcome.ok) throw new Error(outcome.refusal.message);
    expect(outcome.value.manifest).toMatchObject({ id: 'pancreas' });
    expect(await run(copy, { id: 'mine', force: true })).toMatchObject({
      value: { manifest: { id: 'mine' } },
    });
  });

  it('halves a network on request, and says by how much the answers change', async () => {
    const whole = await run(path.join(BUNDLES, 'nnunet'));
    const half = await run(path.join(BUNDLES, 'nnunet'), {
      fp16: true,
      out: path.join(folder, 'half'),
      licence: 'MIT',
      intendedUse: 'Tests',
      limitation: ['None of it is known'],
      trainingData: 'None',
      manufacturer: 'Second Reader',
    });
    if (!whole.ok) throw new Error(whole.refusal.message);
    if (!half.ok) throw new Error(half.refusal.message);
    const bytesOf = ({ files }: typeof whole.value.manifest) => files[0].bytes;
    const ratio = bytesOf(half.value.manifest) / bytesOf(whole.value.manifest);
    expect(ratio).toBeGreaterThan(0.4);
    // Of so small a network the names of its nodes are a good part.
    expect(ratio).toBeLessThan(0.7);
    const loss = half.value.notes.find(note => note.startsWith('float16: largest loss'));
    const found = Number(/largest loss (\S+)/.exec(loss ?? '')?.[1]);
    expect(found).toBeGreaterThan(0);
    expect(found).toBeLessThan(0.05);
    expect(whole.value.notes.some(note => note.startsWith('float16'))).toBe(false);
    const network = await readModel(path.join(folder, 'half', half.value.manifest.files[0].path));
    if (!network.ok) throw new Error(network.refusal.message);
    const types = network.value.graph.initializer.map(({ dataType }) => dataType);
    expect(types).toContain(DataType.float16);
    expect(network.value.graph.input[0].type?.tensorType?.elemType).toBe(DataType.float32);
    // What is kept in the fixture are the halved network's own answers.
    const checked = await validatePackage(path.join(folder, 'half'), { engines: ['native'] });
    expect(checked.problems).toEqual([]);
    expect(checked.networks[0].engines).toMatchObject([{ engine: 'native', state: 'ran' }]);
  });

  it('an author’s own part of the manifest replaces what the import makes', async () => {
    const part = path.join(folder, 'part.json');
    await writeFile(
      part,
      '{"autoRun": false, "facts": {"licence": "MIT"}, "measurements": ["volume"]}',
    );
    const outcome = await run(path.join(BUNDLES, 'nnunet'), { manifest: part });
    if (!outcome.ok) throw new Error(outcome.refusal.message);
    expect(outcome.value.manifest).toMatchObject({ autoRun: false, measurements: ['volume'] });
    expect(outcome.value.todos).not.toContain('$.facts.licence');
    expect(outcome.value.todos).toContain('$.facts.manufacturer');
  });

  it.each([
    [
      'a random transform',
      { _target_: 'RandFlipd', keys: 'image' },
      'preprocessing::transforms::0: RandFlipd cannot be run: it is random',
    ],
    ['code', { _target_: 'Lambdad', keys: 'image' }, 'it is Python code'],
    [
      'a class of its own',
      { _target_: 'scripts.Mine', keys: 'image' },
      'scripts.Mine cannot be run: it is not known',
    ],
  ])('%s is refused by name and place', async (_, transform, words) => {
    const bundle = await bundleWith(config => {
      (config.preprocessing as { transforms: unknown[] }).transforms.unshift(transform);
    });
    const outcome = await run(bundle);
    expect(outcome).toMatchObject({ ok: false, refusal: { code: 'bundleConfig' } });
    if (!outcome.ok) expect(outcome.refusal.message).toContain(words);
  });

  it('says how to export a bundle that has no ONNX file', async () => {
    const bundle = await bundleWith(() => undefined);
    await rm(path.join(bundle, 'models/model.onnx'));
    await writeFile(path.join(bundle, 'models/model.pt'), 'x');
    const outcome = await run(bundle);
    expect(outcome).toMatchObject({
      refusal: { code: 'bundleNoOnnx', values: { found: 'model.pt' } },
    });
    if (!outcome.ok) expect(outcome.refusal.message).toContain('monai.bundle onnx_export');
  });
});

describe('a network as PyTorch’s exporter writes it', () => {
  const options = {
    task: 'segmentation',
    modality: 'CT',
    axes: 'zyx',
    orientation: 'LPS',
    spacing: 'own',
    window: '0,100',
    roi: '8,8,8',
    activation: 'softmax',
  };
  /** The tiny network with its weights in a file beside it. */
  const external = async (): Promise<{ onnx: string; data: string }> => {
    const read = await readModel(path.join(TINY, 'tiny.onnx'));
    if (!read.ok) throw new Error(read.refusal.message);
    const model = read.value;
    const parts: Uint8Array[] = [];
    let offset = 0;
    for (const tensor of model.graph.initializer) {
      const numbers = numbersOf(tensor);
      const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
      tensor.externalData = [
        { key: 'location', value: 'network.onnx.data' },
        { key: 'offset', value: String(offset) },
        { key: 'length', value: String(bytes.length) },
      ];
      tensor.dataLocation = 1;
      for (const kept of ['rawData', 'floatData', 'int32Data', 'int64Data'] as const) {
        delete tensor[kept];
      }
      offset += bytes.length;
      parts.push(bytes);
    }
    expect(offset).toBeGreaterThan(0);
    const onnx = path.join(folder, 'network.onnx');
    const data = path.join(folder, 'network.onnx.data');
    const written = await writeModel(onnx, model);
    expect(written.ok).toBe(true);
    await writeFile(data, Buffer.concat(parts));
    return { onnx, data };
  };

  it('is imported with the weights that lie beside it, and without them refused by name', async () => {
    const labels = path.join(folder, 'labels.json');
    await writeFile(labels, '{"1": "One", "2": "Two"}');
    const { onnx, data } = await external();
    const apart = await run(onnx, { ...options, labels });
    const whole = await run(path.join(TINY, 'tiny.onnx'), {
      ...options,
      labels,
      out: path.join(folder, 'whole'),
      id: 'network',
    });
    if (!apart.ok) throw new Error(apart.refusal.message);
    if (!whole.ok) throw new Error(whole.refusal.message);
    const fixtureOf = (package_: string) => readFile(path.join(package_, 'fixture.safetensors'));
    expect(await fixtureOf(apart.value.folder)).toEqual(await fixtureOf(whole.value.folder));
    await rm(data);
    expect(await run(onnx, { ...options, labels, force: true })).toMatchObject({
      refusal: { code: 'onnxExternalMissing', values: { location: 'network.onnx.data' } },
    });
  });
});

describe('what is given', () => {
  it('a source of no known kind is told what would be one', async () => {
    const weights = path.join(folder, 'weights.pth');
    await writeFile(weights, 'x');
    for (const source of [weights, folder, path.join(folder, 'none')]) {
      expect(await detectSource(source)).toMatchObject({ refusal: { code: 'importSource' } });
    }
  });

  it('wrong options are named with what is allowed, all at once', () => {
    const outcome = parseImportOptions({ out: 'x', spacing: '1,2', axes: 'xzy', roi: 'half' });
    if (outcome.ok) throw new Error('accepted');
    for (const words of ['--spacing 1,2', '--axes xzy: allowed are xyz, zyx', '--roi half']) {
      expect(outcome.refusal.message).toContain(words);
    }
  });

  it('intensities are read, and a misspelt one is refused', () => {
    expect(intensitySteps(['window:-57,164', 'mean-std:0.5/0.25'])).toEqual({
      ok: true,
      value: [
        { transform: 'scaleIntensityRange', aMin: -57, aMax: 164, bMin: 0, bMax: 1, clip: true },
        { transform: 'normalizeIntensity', subtrahend: [0.5], divisor: [0.25] },
      ],
    });
    for (const wrong of ['windw:1,2', 'window:1', 'mean-std:1,2/3', 'percentiles:a,b']) {
      expect(intensitySteps([wrong])).toMatchObject({ refusal: { code: 'intensityUnknown' } });
    }
  });

  it('nnU-Net’s CT scheme is one linear range', () => {
    const properties = { '0': { mean: 100, std: 50, percentile_00_5: 0, percentile_99_5: 300 } };
    const steps = normalizationSteps(
      ['CTNormalization', 'ZScoreNormalization'],
      [false, true],
      properties,
      ['ct', 'mr'],
    );
    expect(steps).toEqual({
      ok: true,
      value: [
        {
          transform: 'scaleIntensityRange',
          aMin: 0,
          aMax: 300,
          bMin: -2,
          bMax: 4,
          clip: true,
          keys: ['ct'],
        },
        { transform: 'normalizeIntensity', nonzero: true, channelWise: true, keys: ['mr'] },
      ],
    });
    expect(normalizationSteps(['Own'], [], {}, [])).toMatchObject({
      refusal: { code: 'nnunetNormalization' },
    });
  });
});

/** A ZIP of one deflated file, by APPNOTE 4.3. */
const zipOf = (name: string, text: string): Buffer => {
  const [file, data] = [Buffer.from(name), deflateRawSync(Buffer.from(text))];
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(8, 8);
  local.writeUInt16LE(file.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(8, 10);
  central.writeUInt32LE(data.length, 20);
  central.writeUInt16LE(file.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(local.length + file.length + data.length, 16);
  return Buffer.concat([local, file, data, central, file, end]);
};

describe('zipped bundles', () => {
  it('are unpacked', () => {
    const [entry] = unzip(zipOf('configs/metadata.json', '{"a": 1}'));
    expect([entry.name, entry.bytes.toString()]).toEqual(['configs/metadata.json', '{"a": 1}']);
    expect(() => unzip(Buffer.from('no archive at all, only words'))).toThrow('central directory');
  });

  it('cannot write outside their folder', async () => {
    const file = path.join(folder, 'evil.zip');
    await writeFile(file, zipOf('../../evil.txt', 'x'));
    const outcome = await run(file);
    expect(outcome).toMatchObject({ refusal: { code: 'importZip' } });
  });
});
