/**
 * @jest-environment ./extension/src/inference/testing/ortEnvironment.js
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { encodeModel } from '../../../onnx/proto';
import { convertLayersModel } from './convert';

/** Expected numbers are worked out by hand from TensorFlow's definitions, on an image of one row. */

interface Layer {
  class_name: string;
  name: string;
  config: Record<string, unknown>;
}

let folder: string;
beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'second-reader-tfjs-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A Sequential model [1, 1, width, channels], its weights in the order given. */
const write = async (
  layers: Layer[],
  weights: Array<{ name: string; shape: number[]; data: number[] }>,
  channels = 1,
) => {
  const input = { batch_input_shape: [null, 1, null, channels] };
  const first = { class_name: 'InputLayer', name: 'in', config: input };
  const model = {
    format: 'layers-model',
    modelTopology: {
      model_config: { class_name: 'Sequential', config: { layers: [first, ...layers] } },
    },
    weightsManifest: [
      {
        paths: ['weights.bin'],
        weights: weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })),
      },
    ],
  };
  const file = path.join(folder, 'model.json');
  await writeFile(file, JSON.stringify(model));
  const all = Float32Array.from(weights.flatMap(({ data }) => data));
  await writeFile(path.join(folder, 'weights.bin'), new Uint8Array(all.buffer));
  return file;
};

const run = async (file: string, row: number[], argMax = false) => {
  const converted = await convertLayersModel(file, { argMax });
  if (!converted.ok) throw new Error(converted.refusal.message);
  const bytes = encodeModel(converted.value.model);
  if (!bytes.ok) throw new Error(bytes.refusal.message);
  const session = await ort.InferenceSession.create(bytes.value);
  const { channels } = converted.value.input;
  const dims = [1, channels, 1, row.length / channels];
  const answer = await session.run({
    input: new ort.Tensor('float32', Float32Array.from(row), dims),
  });
  return Array.from(answer[converted.value.output.name].data as Float32Array, Number);
};

const conv = (config: Record<string, unknown>, name = 'c'): Layer => ({
  class_name: 'Conv2D',
  name,
  config: { filters: 1, padding: 'same', use_bias: false, ...config },
});
const kernel = (shape: number[], data: number[], name = 'c') => ({
  name: `${name}/kernel`,
  shape,
  data,
});

describe('convertLayersModel', () => {
  it('a dilated "same" convolution sees its samples apart, zeros outside', async () => {
    const file = await write(
      [conv({ dilation_rate: [1, 2] })],
      [kernel([1, 3, 1, 1], [1, 10, 100])],
    );
    expect(await run(file, [1, 2, 3, 4])).toEqual([310, 420, 31, 42]);
  });

  it('an even kernel and a stride pad more behind, as TensorFlow does', async () => {
    const even = await write([conv({})], [kernel([1, 2, 1, 1], [1, 10])]);
    expect(await run(even, [1, 2, 3])).toEqual([21, 32, 3]);
    const strided = await write([conv({ strides: [1, 2] })], [kernel([1, 3, 1, 1], [1, 10, 100])]);
    expect(await run(strided, [1, 2, 3, 4])).toEqual([321, 43]);
  });

  it('a transposed "same" convolution is as long as stride × input', async () => {
    const layer = { ...conv({ strides: [1, 2] }), class_name: 'Conv2DTranspose' };
    const file = await write([layer], [kernel([1, 3, 1, 1], [1, 10, 100])]);
    expect(await run(file, [1, 2])).toEqual([1, 10, 102, 20]);
  });

  it('batch normalisation, activation and upsampling', async () => {
    const layers = [
      { class_name: 'BatchNormalization', name: 'b', config: { epsilon: 0, axis: [3] } },
      { class_name: 'Activation', name: 'a', config: { activation: 'relu' } },
      { class_name: 'UpSampling2D', name: 'u', config: { size: [1, 2] } },
    ];
    const one = (name: string, number: number) => ({
      name: `b/${name}`,
      shape: [1],
      data: [number],
    });
    const statistics = [
      one('gamma', 2),
      one('beta', 1),
      one('moving_mean', 3),
      one('moving_variance', 4),
    ];
    // (x − 3) / 2 · 2 + 1 = x − 2
    expect(await run(await write(layers, statistics), [1, 5])).toEqual([0, 0, 3, 3]);
  });

  it('a convolution named "_gn" is normalised over space, as brainchop does', async () => {
    const file = await write([conv({}, 'x_gn')], [kernel([1, 1, 1, 1], [1], 'x_gn')]);
    const [a, b] = await run(file, [1, 3]);
    expect(a).toBeCloseTo(-1, 4);
    expect(b).toBeCloseTo(1, 4);
  });

  it('ends in the class of each voxel where asked', async () => {
    const file = await write([conv({ filters: 2 })], [kernel([1, 1, 1, 2], [1, -1])]);
    expect(await run(file, [3, -2, 5], true)).toEqual([0, 1, 0]);
  });

  it('names the layer it cannot convert, and what it knows', async () => {
    const file = await write([{ class_name: 'Lambda', name: 'mine', config: {} }], []);
    const outcome = await convertLayersModel(file, { argMax: false });
    expect(outcome).toMatchObject({ ok: false, refusal: { code: 'tfjsLayer' } });
    if (!outcome.ok) expect(outcome.refusal.message).toContain('"mine"');
    const short = await write([conv({})], [kernel([1, 3, 1, 1], [1, 2])]);
    expect(await convertLayersModel(short, { argMax: false })).toMatchObject({
      refusal: { code: 'tfjsWeightsShort' },
    });
  });
});
