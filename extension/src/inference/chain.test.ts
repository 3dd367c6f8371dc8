/**
 * @jest-environment ./extension/src/inference/testing/ortEnvironment.js
 */
import * as ort from 'onnxruntime-node';
import { networksOf } from '../core/model/networks';
import { readManifest } from '../core/model/validate';
import type { ModelManifest } from '../core/model/manifest';
import type { Progress } from '../core/reading/ports';
import type { Volume } from '../core/volume/types';
import { runPipeline } from './pipeline';
import { boxesVolume, tinyBytes, tinyPackage, type TinyNetwork } from './testing/tinyModels';

/**
 * Chains of the network `threshold`, whose scores are 0, x and 2x − 1 of the scaled voxel x: class 1
 * above 0, class 2 above 1.
 */

type Over = Partial<Record<keyof ModelManifest, unknown>>;

const { manifest: plain } = tinyPackage('threshold');
const [file] = plain.files;
const [output] = plain.outputs;
if (output.type !== 'labelMap') throw new Error(output.type);
const [outer, inner] = output.labels;

const stageMap = { type: 'labelMap', name: 'logits', activation: 'none', classes: 3 };
const boxes = {
  key: 'boxes',
  preprocessing: plain.preprocessing,
  inference: plain.inference,
  outputs: [stageMap],
  postprocessing: [{ transform: 'invert', resample: 'labels' }],
};
const filesOf = (stages: readonly string[]) => [
  ...stages.map(stage => ({ ...file, stage, path: `${stage}.onnx` })),
  file,
];

const chain = (
  stages: ReadonlyArray<{ key: string } & Record<string, unknown>>,
  over: Over = {},
): ModelManifest => {
  const { manifest } = tinyPackage('threshold', {
    files: filesOf(stages.map(({ key }) => key)),
    stages,
    ...over,
  });
  expect(readManifest(JSON.parse(JSON.stringify(manifest))).problems).toEqual([]);
  return manifest;
};

const run = async (
  manifest: ModelManifest,
  volume: Volume,
  networks: TinyNetwork[] = networksOf(manifest).map(() => 'threshold'),
) => {
  const sessions = await Promise.all(
    networks.map(name => ort.InferenceSession.create(tinyBytes(name), { intraOpNumThreads: 1 })),
  );
  const told: Progress[] = [];
  try {
    const outcome = await runPipeline({
      manifest,
      volumes: [volume],
      sessions,
      options: {},
      control: {
        signal: new AbortController().signal,
        onProgress: progress => told.push(progress),
      },
    });
    return { outcome, told };
  } finally {
    for (const session of sessions) await session.release();
  }
};

const segmentationOf = async (manifest: ModelManifest, volume: Volume) => {
  const { outcome, told } = await run(manifest, volume);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  const { output: found, memory } = outcome.value;
  if (found.kind !== 'segmentation') throw new Error(found.kind);
  return { voxels: found.labelMap.voxels, segments: found.segments, memory, told };
};

const cropped = [
  ...plain.preprocessing,
  { transform: 'cropForeground', stage: 'boxes', margin: [1, 1, 1] },
];
const labelled = (...labels: unknown[]) => [{ ...stageMap, labels }];
const fromStage = { ...outer, from: { stage: 'boxes', value: 1 } };

describe('a chain of networks', () => {
  it('crops the second to what the first found, and composes both label maps', async () => {
    const { volume, expected } = boxesVolume();
    // In a corner, far from the boxes: only a network that looks there would find it.
    volume.voxels[0] = 180;
    const own = { ...inner, from: { value: 2 } };
    const manifest = chain([{ ...boxes, postprocessing: keepBoxes }], {
      preprocessing: cropped,
      outputs: labelled(fromStage, own),
    });
    const { voxels, segments } = await segmentationOf(manifest, volume);
    expect(Buffer.from(voxels).equals(Buffer.from(expected))).toBe(true);
    const count = (label: number) => expected.filter(voxel => voxel === label).length;
    expect(segments.map(({ voxelCount }) => voxelCount)).toEqual([count(1), count(2)]);
    expect(segments.every(segment => !('from' in segment))).toBe(true);
  });

  it('nests a label inside those before it where the manifest says so', async () => {
    const { volume, expected } = boxesVolume();
    const nested = { ...inner, from: { value: 2, inside: true } };
    const within = await segmentationOf(
      chain([boxes], { preprocessing: cropped, outputs: labelled(fromStage, nested) }),
      volume,
    );
    // The stage calls the inner box 2, so nothing stands there before.
    expect(within.voxels).toEqual(expected.map(value => (value === 1 ? 1 : 0)));
    const outerOwn = { ...outer, from: { value: 1, inside: true } };
    const second = { ...inner, from: { stage: 'boxes', value: 2 } };
    const turned = await segmentationOf(
      chain([boxes], { preprocessing: cropped, outputs: labelled(second, outerOwn) }),
      volume,
    );
    expect(turned.voxels).toEqual(expected.map(value => (value === 2 ? 2 : 0)));
  });

  it.each([
    ['a channel', undefined, (expected: number) => expected],
    // x · x: 0.25 outside the boxes, which is above 0; 0.64 and 3.24 within.
    ['a channel times another', 1, (expected: number) => Math.max(expected, 1)],
  ])('feeds the second with %s of what the first gave', async (_, multiplyBy, labelOf) => {
    const { volume, expected } = boxesVolume();
    const tensor = {
      ...boxes,
      outputs: [{ type: 'tensor', name: 'logits', channels: 3 }],
      postprocessing: [],
    };
    const channel = { key: 'scaled', stage: 'boxes', output: 'logits', channel: 1, multiplyBy };
    const manifest = chain([tensor], {
      preprocessing: [],
      networkInputs: [{ name: 'image', spatialAxes: 'zyx', channels: [channel] }],
    });
    const { voxels, memory } = await segmentationOf(manifest, volume);
    expect(voxels).toEqual(expected.map(labelOf));
    // Three channels of floats are kept for the second network.
    expect(memory.source).toBe(volume.voxels.byteLength + 3 * 4 * expected.length);
  });

  it('does not run a network that has nothing to look at', async () => {
    const { volume } = boxesVolume();
    volume.voxels.fill(-50);
    const manifest = chain([boxes], {
      preprocessing: cropped,
      outputs: labelled(fromStage, { ...inner, from: { value: 2 } }),
    });
    // The last network would be refused for what it gives, if it ran.
    const { outcome } = await run(manifest, volume, ['threshold', 'nan']);
    if (!outcome.ok || outcome.value.output.kind !== 'segmentation')
      throw new Error('no label map');
    expect(outcome.value.output.labelMap.voxels.some(value => value !== 0)).toBe(false);
    expect(outcome.value.output.segments.map(({ voxelCount }) => voxelCount)).toEqual([0, 0]);
  });

  it('holds every network to what it promises, and says which did not keep it', async () => {
    const { volume } = boxesVolume();
    volume.voxels[0] = 0;
    const { outcome } = await run(chain([boxes]), volume, ['nan', 'threshold']);
    expect(outcome).toMatchObject({
      refusal: { code: 'modelOutputNotFinite', values: { model: 'test-threshold/boxes' } },
    });
    const wide = chain([{ ...boxes, outputs: [{ ...stageMap, classes: 4 }] }]);
    expect((await run(wide, volume)).outcome).toMatchObject({
      refusal: { code: 'modelOutputShape', values: { model: 'test-threshold/boxes' } },
    });
  });

  it('tells of one progress from the first network to the last', async () => {
    const { volume } = boxesVolume();
    const { told } = await segmentationOf(chain([boxes], { preprocessing: cropped }), volume);
    const order = ['preprocess', 'infer', 'postprocess', 'measure'];
    const places = told.map(({ phase, fraction = 0 }) => order.indexOf(phase) + fraction / 2);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(told.some(({ phase, fraction }) => phase === 'infer' && fraction === 0.5)).toBe(true);
  });
});

const keepBoxes = [
  { transform: 'invert', resample: 'labels' },
  { transform: 'keepLargestConnectedComponent', appliedLabels: [1, 2], independent: false },
];
