/**
 * @jest-environment ./extension/src/inference/testing/ortEnvironment.js
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { tinyBytes, TINY_FOLDER } from '@second-reader/inference/testing/tinyModels';
import { decodeModel, encodeModel } from '../../../onnx/proto';
import { runNetwork, type Runtime } from '../../network/run';
import { detectSource } from '../detect';
import { withScoreSteps } from './scores';
import { readChain } from './source';

const runtime = ort as unknown as Runtime;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'second-reader-chain-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const described = async (json: unknown): Promise<string> => {
  const file = path.join(folder, `${Math.abs(JSON.stringify(json).length)}.json`);
  await writeFile(file, JSON.stringify(json));
  return file;
};
const onnx = path.join(TINY_FOLDER, 'threshold.onnx');
const region = { type: 'labelMap', name: 'logits', activation: 'sigmoid', classes: 3 };
const manifest = { stages: [{ key: 'first', outputs: [region] }], outputs: [region] };

describe('a description of a chain', () => {
  it('is known by its networks and its manifest', async () => {
    const file = await described({ networks: [{ onnx }, { onnx }], manifest });
    expect(await detectSource(file)).toMatchObject({ value: { kind: 'chain of networks' } });
    const other = await described({ format: 'layers-model', modelTopology: {} });
    expect(await detectSource(other)).toMatchObject({ value: { kind: 'TF.js layers model' } });
  });

  it('gives each network with its stage, one that is used twice once', async () => {
    const second = { onnx, gives: 'probabilities', then: [] };
    const outcome = await readChain(
      await described({ networks: [{ stage: 'first', onnx }, second, second], manifest }),
    );
    if (!outcome.ok) throw new Error(outcome.refusal.message);
    const { networks, stages, notes } = outcome.value;
    expect(stages).toEqual(['first', undefined, undefined]);
    expect(networks[1]).toBe(networks[2]);
    expect(networks[0]).not.toBe(networks[1]);
    expect(notes).toHaveLength(1);
  });

  it.each([
    ['no manifest', { networks: [{ onnx }, { onnx }] }, 'chainUnreadable', '$.manifest'],
    ['one network only', { networks: [{ onnx }], manifest }, 'chainUnreadable', '$.networks'],
    [
      'a misspelt key',
      { networks: [{ onnx }, { onnx, give: 'logits' }], manifest },
      'chainUnreadable',
      'give',
    ],
    [
      'probabilities of what has no regions',
      {
        networks: [{ stage: 'first', onnx, gives: 'probabilities' }, { onnx }],
        manifest: { stages: [{ key: 'first', outputs: [{ ...region, activation: 'none' }] }] },
      },
      'chainProbabilities',
      'stage "first"',
    ],
    [
      'a file that is not there',
      { networks: [{ stage: 'first', onnx: 'none.onnx' }, { onnx }], manifest },
      'onnxFileMissing',
      'none.onnx',
    ],
  ])('is refused with %s', async (_, json, code, word) => {
    const outcome = await readChain(await described(json));
    if (outcome.ok) throw new Error('was read');
    expect(outcome.refusal.code).toBe(code);
    expect(outcome.refusal.message).toContain(word);
  });
});

it('does the steps on scores in the graph', async () => {
  const model = decodeModel(tinyBytes('threshold'));
  if (!model.ok) throw new Error(model.refusal.message);
  const changed = withScoreSteps(model.value, 'logits', [
    { transform: 'thresholdIntensity', threshold: 0.5 },
    { transform: 'scaleIntensityRange', aMin: 0.25, aMax: 0.75 },
  ]);
  const bytes = encodeModel(changed);
  if (!bytes.ok) throw new Error(bytes.refusal.message);
  const data = Float32Array.from([-1, 0.2, 0.5, 0.6, 0.7, 0.74, 0.8, 3]);
  const image = { dtype: 'F32' as const, dims: [1, 1, 2, 2, 2], data };
  const { outputs } = await runNetwork(runtime, bytes.value, new Map([['image', image]]));
  // Channel 1 of the network is its input.
  const found = [...outputs.get('logits')!.data].slice(8, 16).map(Number);
  const expected = [0, 0, 0, 0.7, 0.9, 0.98, 1, 1];
  found.forEach((value, at) => expect(value).toBeCloseTo(expected[at], 5));
});
