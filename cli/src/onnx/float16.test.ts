/**
 * @jest-environment ./extension/src/inference/testing/ortEnvironment.js
 */
import { GraphBuilder, float } from './builder';
import { toFloat16, type Float16Options, type Float16Result } from './float16';
import { GraphView } from './graph';
import { fromHalf, toHalf, toHalves } from './halves';
import { encodeModel } from './proto';
import { proveRewrite } from './prove';
import { oneLayer, seeded, weightsOf } from './testing/networks';
import { DataType, type OnnxModel } from './types';

const halved = (model: OnnxModel, options?: Float16Options): Float16Result => {
  const result = toFloat16(model, options);
  if (!result.ok) throw new Error(result.refusal.message);
  return result.value;
};

const five = [1, 2, 6, 6, 6];

const network = (): OnnxModel => {
  const random = seeded(5);
  const b = new GraphBuilder();
  const x = b.input('image', [1, 2, 'd', 'h', 'w']);
  const pads = Array<number>(6).fill(1);
  let y = b.conv(x, weightsOf(random, [8, 2, 3, 3, 3]), {
    pads,
    bias: Float32Array.from({ length: 8 }, random),
  });
  y = b.leakyRelu(b.instanceNormalization(y, Array(8).fill(1), Array(8).fill(0)));
  const skip = y;
  y = b.maxPool(y, { kernelShape: [2, 2, 2], strides: [2, 2, 2] });
  y = b.relu(b.conv(y, weightsOf(random, [8, 8, 3, 3, 3]), { pads }));
  y = b.concat([skip, b.resize(y, [1, 1, 2, 2, 2])]);
  const logits = b.conv(y, weightsOf(random, [3, 16, 1, 1, 1]));
  b.output(b.softmax(logits), 'probabilities', [1, 3, 'd', 'h', 'w']);
  b.output(logits, 'logits', [1, 3, 'd', 'h', 'w']);
  b.output(b.argMax(logits), 'labels', [1, 'd', 'h', 'w'], 'int64');
  return b.build();
};

describe('halves', () => {
  it.each([
    [0, 0],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65520, 0x7c00],
    [Infinity, 0x7c00],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [1.5 * 2 ** -25, 0x0001],
    // Half way between two: to the even one.
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [1023.5 * 2 ** -24, 0x0400],
  ])('%d is %d', (value, half) => expect(toHalf(value)).toBe(half));

  it('every half is itself', () => {
    const all = Array.from({ length: 65536 }, (_, half) => half);
    const changed = all.filter(half => {
      const value = fromHalf(half);
      return !Number.isNaN(value) && toHalf(value) !== half;
    });
    expect(changed).toEqual([]);
    const values = Float32Array.from(all, fromHalf).filter(value => !Number.isNaN(value));
    expect(Array.from(toHalves(values), fromHalf)).toEqual(Array.from(values));
    expect(fromHalf(toHalf(NaN))).toBeNaN();
  });
});

describe('toFloat16', () => {
  it('keeps the answer within what eleven bits hold, inputs and outputs in float32', async () => {
    const before = network();
    const { model, losses, float32Nodes, gaps } = halved(before);
    const proof = await proveRewrite(before, model, { tolerance: 1e-2 });
    if (!proof.ok) throw new Error(proof.refusal.message);
    const [probabilities, logits, labels] = proof.value.outputs;
    expect(logits.relative).toBeLessThan(3e-3);
    expect(probabilities.absolute).toBeLessThan(1e-2);
    expect(labels.relative).toBeLessThan(0.01);
    // It would be a poor measure that sees nothing.
    expect(logits.relative).toBeGreaterThan(1e-5);
    expect(losses).toEqual([]);
    expect(gaps).toEqual([]);
    expect(float32Nodes).toEqual(expect.arrayContaining(['softmax', 'argmax']));
    expect(float32Nodes).not.toContain('conv');
    const size = (m: OnnxModel) => {
      const bytes = encodeModel(m);
      return bytes.ok ? bytes.value.length : NaN;
    };
    expect(size(model)).toBeLessThan(0.65 * size(before));
    const kinds = model.graph.initializer.map(({ dataType }) => dataType);
    expect(kinds).toContain(DataType.float16);
    expect(model.graph.input.map(({ type }) => type?.tensorType?.elemType)).toEqual([1]);
  });

  it('inputs and outputs in float16 too, where asked', () => {
    const { model } = halved(network(), { keepIO: false });
    const types = [...model.graph.input, ...model.graph.output].map(
      ({ type }) => type?.tensorType?.elemType,
    );
    expect(types).toEqual([10, 10, 10, 7]);
  });

  it('a weight beyond the range keeps its node in float32, and is named', async () => {
    const model = oneLayer(five, (b, x) =>
      b.mul(b.relu(x), b.float32([2, 1, 1, 1], [1e5, 1], 'large')),
    );
    const { losses, float32Nodes, model: made } = halved(model);
    expect(losses).toEqual([
      { name: 'large', node: 'mul', overflow: 1, underflow: 0, elements: 2 },
    ]);
    expect(float32Nodes).toEqual(['mul']);
    expect((await proveRewrite(model, made, { tolerance: 1 })).ok).toBe(false);
  });

  it('an epsilon that would become zero keeps its node in float32', async () => {
    const model = oneLayer(five, (b, x) => {
      const epsilon = b.float32([], [1e-8], 'epsilon');
      return b.op('Div', [x, b.add(b.op('Abs', [x]), epsilon)]);
    });
    const { losses, float32Nodes, model: made } = halved(model);
    expect(losses).toEqual([
      { name: 'epsilon', node: 'add', overflow: 0, underflow: 1, elements: 1 },
    ]);
    expect(float32Nodes).toEqual(['add']);
    expect((await proveRewrite(model, made, { tolerance: 1e-2 })).ok).toBe(true);
  });

  it('a long sum is a caution: only WebGPU adds it up in float16', () => {
    const model = oneLayer([1, 64, 4, 4, 4], (b, x) =>
      b.conv(x, weightsOf(seeded(1), [2, 64, 3, 3, 3])),
    );
    expect(halved(model).gaps).toMatchObject([
      { severity: 'differs', why: expect.stringContaining('1728 products') },
    ]);
  });

  it('operators named by the caller stay in float32', () => {
    const { float32Nodes } = halved(network(), { float32Operators: ['InstanceNormalization'] });
    expect(float32Nodes).toContain('instancenormalization');
  });

  it('a network with branches is refused', () => {
    const branch = oneLayer(five, (b, x) => b.relu(x)).graph;
    const model = oneLayer(five, (b, x) =>
      b.op('If', [b.op('ReduceMax', [x])], { then_branch: branch, else_branch: branch }),
    );
    expect(toFloat16(model)).toMatchObject({ refusal: { code: 'float16Branches' } });
  });

  it('numbers given as attributes stay numbers', async () => {
    const model = oneLayer(five, (b, x) =>
      b.op('Elu', [b.op('Clip', [x, b.float32([], [-1]), b.float32([], [1])])], {
        alpha: float(0.3),
      }),
    );
    const { model: made } = halved(model);
    const view = new GraphView(made.graph);
    expect(view.graph.node.map(({ opType }) => opType)).toEqual(
      'Cast Clip Elu Identity Cast'.split(' '),
    );
    expect((await proveRewrite(model, made, { tolerance: 2e-3 })).ok).toBe(true);
  });
});
