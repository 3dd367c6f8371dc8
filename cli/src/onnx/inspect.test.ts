import { readFileSync } from 'node:fs';
import path from 'node:path';
import { GraphBuilder } from './builder';
import { inspectModel, type OnnxFacts } from './inspect';
import { decodeModel } from './proto';
import { inferShapes } from './shapes';
import { oneLayer, seeded, weightsOf } from './testing/networks';

const NETWORKS = path.resolve(__dirname, '../../../tests/fixtures/onnx/networks');

const factsOf = (name: string): OnnxFacts => {
  const model = decodeModel(readFileSync(path.join(NETWORKS, `${name}.onnx`)));
  if (!model.ok) throw new Error(model.refusal.message);
  return inspectModel(model.value);
};

describe('inspectModel', () => {
  it("reads MONAI's UNet", () => {
    expect(factsOf('monai_unet_open')).toMatchObject({
      producer: expect.stringContaining('pytorch'),
      opset: 17,
      inputs: [{ name: 'image', type: 'float32', dims: ['batch', 1, 'depth', 'height', 'width'] }],
      outputs: [{ name: 'logits', type: 'float32', activation: 'none', channels: 3 }],
      operators: { Conv: 8, ConvTranspose: 2 },
      spatialAxes: 3,
      spatialDivisor: [4, 4, 4],
    });
  });

  it('reads a divisor per axis, and through group norms', () => {
    expect(factsOf('nnunet_plain_open').spatialDivisor).toEqual([2, 4, 4]);
    expect(factsOf('monai_segresnet_open').spatialDivisor).toEqual([2, 2, 2]);
    expect(factsOf('grouped_fixed')).toMatchObject({ opset: 21, spatialDivisor: [2, 2, 2] });
  });

  it.each<[OnnxFacts['outputs'][0]['activation'], (b: GraphBuilder, x: string) => string]>([
    ['softmax', (b, x) => b.slice(b.softmax(x), [1], [2], [1])],
    ['sigmoid', (b, x) => b.op('Identity', [b.sigmoid(x)])],
    ['logSoftmax', (b, x) => b.op('LogSoftmax', [x], { axis: 1 })],
    ['argMax', (b, x) => b.op('Cast', [b.argMax(x)], { to: 2 })],
    ['none', (b, x) => b.mul(b.sigmoid(x), x)],
  ])('an end in %s', (activation, end) => {
    const model = oneLayer(['n', 2, 'd', 'h', 'w'], (b, x) =>
      end(b, b.conv(x, weightsOf(seeded(1), [4, 2, 1, 1, 1]))),
    );
    const [output] = inspectModel(model).outputs;
    expect(output.activation).toBe(activation);
    if (activation !== 'softmax') expect(output.channels).toBe(4);
  });

  it('reads a classifier of films', () => {
    const model = oneLayer(['n', 3, 224, 224], (b, x) => {
      const pooled = b.op('GlobalAveragePool', [
        b.conv(x, weightsOf(seeded(1), [8, 3, 3, 3]), { strides: [2, 2] }),
      ]);
      const weights = b.float32([14, 8], weightsOf(seeded(2), [14, 8]).data);
      return b.sigmoid(b.op('Gemm', [b.op('Flatten', [pooled]), weights], { transB: 1 }));
    });
    expect(inspectModel(model)).toMatchObject({
      spatialAxes: 2,
      spatialDivisor: [2, 2],
      weights: 8 * 3 * 9 + 14 * 8,
      outputs: [{ activation: 'sigmoid', channels: 14 }],
    });
  });
});

describe('inferShapes', () => {
  it('follows a network with given input sizes', () => {
    const b = new GraphBuilder();
    const x = b.input('x', ['n', 2, 'd', 'h', 'w']);
    const down = b.conv(x, weightsOf(seeded(1), [4, 2, 3, 3, 3]), {
      strides: [2, 2, 2],
      pads: Array(6).fill(1),
    });
    const up = b.convTranspose(down, weightsOf(seeded(1), [4, 3, 3, 3, 3]), {
      strides: [2, 2, 2],
      pads: Array(6).fill(1),
      outputPadding: [1, 1, 1],
    });
    const both = b.concat([x, up]);
    const turned = b.transpose(both, [0, 2, 3, 4, 1]);
    const flat = b.reshape(turned, [0, -1, 5]);
    b.output(b.argMax(flat, 2), 'y', undefined, 'int64');
    const shapes = inferShapes(b.build(), { x: [1, 2, 8, 10, 10] });
    expect(shapes.get(down)).toEqual([1, 4, 4, 5, 5]);
    expect(shapes.get(up)).toEqual([1, 3, 8, 10, 10]);
    expect(shapes.get(flat)).toEqual([1, 800, 5]);
    expect(shapes.get('y')).toEqual([1, 800]);
    expect(inferShapes(b.build()).get(down)).toEqual(['n', 4, undefined, undefined, undefined]);
  });
});
