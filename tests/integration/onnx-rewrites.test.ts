/**
 * @jest-environment ./extension/src/inference/testing/ortEnvironment.js
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { toFloat16 } from '../../cli/src/onnx/float16';
import { readModel } from '../../cli/src/onnx/file';
import { dimsOfValue } from '../../cli/src/onnx/graph';
import { encodeModel, type OnnxModel } from '../../cli/src/onnx/proto';
import { proveRewrite } from '../../cli/src/onnx/prove';
import { rewriteForWebGPU } from '../../cli/src/onnx/rewrite';
import { ProofTable } from '../../cli/src/onnx/testing/proofTable';
import { DATA, needs } from '../support/needs';

/**
 * Networks as researchers export them from PyTorch (tests/golden/make_onnx_models.py: MONAI's and nnU-Net's
 * architectures, seeded random weights), rewritten for WebGPU and proven on native ONNX Runtime: the two
 * graphs against each other, and the rewritten one against what PyTorch itself computed.
 */
const NETWORKS = path.resolve(__dirname, '../fixtures/onnx/networks');

const load = async (name: string): Promise<OnnxModel> => {
  const model = await readModel(path.join(NETWORKS, `${name}.onnx`));
  if (!model.ok) throw new Error(model.refusal.message);
  return model.value;
};

const floatsOf = (file: string): Float32Array => {
  const bytes = readFileSync(path.join(NETWORKS, file));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

const CASES: [name: string, data: string, dims: number[], kinds: string[]][] = [
  ['monai_unet_open', 'monai_unet', [1, 1, 12, 12, 12], ['convTranspose3d']],
  ['monai_segresnet_open', 'monai_segresnet', [1, 1, 8, 8, 8], ['convTranspose3d']],
  ['nnunet_plain_open', 'nnunet_plain', [1, 2, 8, 8, 8], ['convTranspose3d']],
  ['grouped_open', 'grouped', [1, 2, 8, 8, 8], ['groupedConv3d', 'convTranspose3d']],
  [
    'grouped_fixed',
    'grouped',
    [1, 2, 8, 8, 8],
    ['groupNormalization', 'groupedConv3d', 'convTranspose3d'],
  ],
];

describe('PyTorch exports, rewritten for WebGPU', () => {
  const table = new ProofTable();
  afterAll(() => table.print('Rewrites of exported networks'));

  it.each(CASES)('%s', async (name, data, dims, kinds) => {
    const original = await load(name);
    const { model, rewrites, gaps } = rewriteForWebGPU(original);
    expect([...new Set(rewrites.map(({ kind }) => kind))]).toEqual(kinds);
    expect(gaps).toEqual([]);

    const proof = await proveRewrite(original, model, { rewrites, tolerance: 1e-5 });
    if (!proof.ok) throw new Error(proof.refusal.message);
    expect(proof.value.rewrites).toHaveLength(rewrites.length);
    for (const { kind, value } of rewrites) {
      table.note(
        kind,
        proof.value.rewrites.find(difference => difference.name === value)!,
      );
    }
    table.note('whole network', proof.value.outputs[0]);

    const bytes = encodeModel(model);
    if (!bytes.ok) throw new Error(bytes.refusal.message);
    const session = await ort.InferenceSession.create(bytes.value);
    const image = new ort.Tensor('float32', floatsOf(`${data}.image.f32`), dims);
    const { logits } = await session.run({ image });
    const expected = floatsOf(`${data}.logits.f32`);
    const found = logits.data as Float32Array;
    expect(found).toHaveLength(expected.length);
    const absolute = found.reduce((most, x, i) => Math.max(most, Math.abs(x - expected[i])), 0);
    const scale = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    expect(absolute / scale).toBeLessThan(1e-5);
    table.note('against PyTorch', { absolute, relative: absolute / scale });
  });

  it.each(CASES)('%s in float16 loses what eleven bits lose', async name => {
    const { model } = rewriteForWebGPU(await load(name));
    const half = toFloat16(model);
    if (!half.ok) throw new Error(half.refusal.message);
    const proof = await proveRewrite(model, half.value.model, { tolerance: 1e-2 });
    if (!proof.ok) throw new Error(proof.refusal.message);
    expect(proof.value.relative).toBeGreaterThan(0);
    table.note('float16, whole network', proof.value.outputs[0]);
  });

  it('a wrong rewrite is not accepted', async () => {
    const original = await load('monai_unet_open');
    const { model } = rewriteForWebGPU(original);
    const [weights] = model.graph.initializer.filter(({ name }) => name?.endsWith('/weights'));
    const floats = new Float32Array(
      weights.rawData!.buffer.slice(
        weights.rawData!.byteOffset,
        weights.rawData!.byteOffset + weights.rawData!.length,
      ) as ArrayBuffer,
    );
    floats[0] += 0.5;
    weights.rawData = new Uint8Array(floats.buffer);
    expect(await proveRewrite(original, model)).toMatchObject({
      ok: false,
      refusal: { code: 'rewriteDiffers' },
    });
  });

  it('sizes that the graph leaves open stay open', async () => {
    const { model } = rewriteForWebGPU(await load('monai_unet_open'));
    expect(dimsOfValue(model.graph.input[0])).toEqual(['batch', 1, 'depth', 'height', 'width']);
    for (const shape of [
      [1, 1, 8, 12, 16],
      [2, 1, 4, 8, 4],
    ]) {
      const proof = await proveRewrite(await load('monai_unet_open'), model, {
        shapes: { image: shape },
      });
      expect(proof.ok && proof.value.outputs[0].dims).toEqual([shape[0], 3, ...shape.slice(2)]);
    }
  });

  // Five transposed convolutions of 1×3×3, from a published network (see the INDEX of the shared data).
  const data = 'models/brain_tumour_msnet_wt/model.onnx';
  needs({ data }).it('a published network with its own weights', async () => {
    const original = await readModel(path.join(DATA, data));
    if (!original.ok) throw new Error(original.refusal.message);
    const { model, rewrites, gaps } = rewriteForWebGPU(original.value);
    expect(rewrites).toHaveLength(5);
    expect(gaps).toEqual([]);
    const proof = await proveRewrite(original.value, model, { rewrites, tolerance: 1e-5 });
    if (!proof.ok) throw new Error(proof.refusal.message);
    table.note('MSNet, whole network', proof.value.outputs[0]);
  });
});
