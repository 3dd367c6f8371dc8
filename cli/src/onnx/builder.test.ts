/**
 * @jest-environment ./extension/src/inference/testing/ortEnvironment.js
 */
import * as ort from 'onnxruntime-node';
import { GraphBuilder, foldBatchNormalization, float, node, tensor } from './builder';
import { decodeModel, encodeModel, type OnnxModel } from './proto';

const run = async (model: OnnxModel, dims: number[], data: number[]): Promise<ort.Tensor> => {
  const bytes = encodeModel(model);
  if (!bytes.ok) throw new Error(bytes.refusal.message);
  const session = await ort.InferenceSession.create(bytes.value);
  const answer = await session.run({
    x: new ort.Tensor('float32', Float32Array.from(data), dims),
  });
  return answer.y as ort.Tensor;
};

const ramp = (count: number): number[] => Array.from({ length: count }, (_, i) => i / 4 - 2);

/** One layer of [1, 2, 4] values. */
const layer = async (make: (b: GraphBuilder, x: string) => string, rows = 2): Promise<number[]> => {
  const b = new GraphBuilder();
  b.output(make(b, b.input('x', [1, rows, 'n'])), 'y');
  const y = await run(b.build(), [1, rows, 4], ramp(rows * 4));
  return Array.from(y.data as Float32Array);
};

const expectClose = (found: number[], expected: number[]) => {
  expect(found).toHaveLength(expected.length);
  found.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 5));
};

describe('GraphBuilder', () => {
  const x = ramp(8);

  it.each<[string, (b: GraphBuilder, x: string) => string, (v: number) => number]>([
    ['relu', (b, v) => b.relu(v), v => Math.max(0, v)],
    ['elu', (b, v) => b.elu(v, 0.5), v => (v < 0 ? 0.5 * Math.expm1(v) : v)],
    ['leakyRelu', (b, v) => b.leakyRelu(v, 0.2), v => (v < 0 ? 0.2 * v : v)],
    ['sigmoid', (b, v) => b.sigmoid(v), v => 1 / (1 + Math.exp(-v))],
    ['tanh', (b, v) => b.tanh(v), v => Math.tanh(v)],
    ['prelu', (b, v) => b.prelu(v, [0.3], 3), v => (v < 0 ? 0.3 * v : v)],
  ])('%s is the function of that name', async (_, make, expected) => {
    expectClose(await layer(make), x.map(expected));
  });

  it('gelu has the known values', async () => {
    // x·Φ(x) at −2 … −0.25 in steps of 0.25, from tables of the normal distribution.
    const phi = [
      0.0227501, 0.0400592, 0.0668072, 0.1056498, 0.1586553, 0.2266274, 0.3085375, 0.4012937,
    ];
    expectClose(
      await layer((b, v) => b.gelu(v)),
      x.map((v, i) => v * phi[i]),
    );
  });

  it('a dilated convolution reads its samples apart', async () => {
    const found = await layer(
      (b, v) => b.conv(v, { dims: [1, 1, 2], data: [1, 10] }, { dilations: [3], bias: [100] }),
      1,
    );
    expectClose(found, [100 + x[0] + 10 * x[3]]);
  });

  it('a folded batch normalisation is the same as one that follows', async () => {
    const weights = { dims: [2, 2, 1], data: [1, 2, 3, 4] };
    const bias = [0.5, -0.5];
    const statistics = {
      scale: [2, 0.5],
      bias: [1, -1],
      mean: [0.2, 0.1],
      variance: [4, 0.25],
      epsilon: 1e-3,
    };
    const folded = foldBatchNormalization(weights, bias, statistics);
    const apart = await layer((b, v) =>
      b.batchNormalization(b.conv(v, weights, { bias }), statistics, 3),
    );
    const first = (x[0] + 2 * x[4] + 0.5 - 0.2) / Math.sqrt(4 + 1e-3);
    expect(apart[0]).toBeCloseTo(first * 2 + 1, 4);
    expectClose(await layer((b, v) => b.conv(v, folded.weights, { bias: folded.bias })), apart);
  });

  it('argMax, softmax, concat, transpose, reshape, pad and slice compose', async () => {
    const b = new GraphBuilder();
    const input = b.input('x', [1, 2, 4]);
    const padded = b.pad(input, [0, 0, 1, 0, 0, 0], 7);
    const twice = b.concat([padded, b.slice(padded, [0], [1], [1])]);
    const turned = b.transpose(b.softmax(twice, 1), [0, 2, 1]);
    b.output(b.argMax(b.reshape(turned, [5, 3]), 1), 'y', [5], 'int64');
    const y = await run(b.build(), [1, 2, 4], [1, 5, 3, 0, 2, 4, 6, 0]);
    expect(Array.from(y.data as BigInt64Array, Number)).toEqual([0, 1, 0, 1, 0]);
  });

  it('max pooling and resizing by repetition', async () => {
    expect(
      await layer(
        (b, v) => b.resize(b.maxPool(v, { kernelShape: [2], strides: [2] }), [1, 1, 2]),
        1,
      ),
    ).toEqual([x[1], x[1], x[3], x[3]]);
  });

  it('a fraction where an integer attribute would be written is a mistake', () => {
    expect(() => node('Elu', ['x'], ['y'], { alpha: 0.5 })).toThrow('write float(0.5)');
    expect(node('Elu', ['x'], ['y'], { alpha: float(1) }).attribute[0]).toMatchObject({ f: 1 });
  });

  it('a tensor whose numbers do not fill its dims is a mistake', () => {
    expect(() => tensor.float32('w', [2, 3], [1, 2, 3])).toThrow('3 elements for dims [2, 3]');
  });

  it('is read back as it was built', () => {
    const b = new GraphBuilder({ metadata: { task: 'test' } });
    b.output(b.conv(b.input('x', [1, 1, 'd', undefined]), { dims: [1, 1, 1, 1], data: [2] }), 'y');
    const bytes = encodeModel(b.build());
    const read = bytes.ok && decodeModel(bytes.value);
    if (!read || !read.ok) throw new Error('not read');
    expect(read.value.graph.node.map(({ opType }) => opType)).toEqual(['Conv', 'Identity']);
    expect(read.value.graph.input).toEqual(b.build().graph.input);
    expect(read.value.metadataProps).toEqual([{ key: 'task', value: 'test' }]);
  });
});
