/**
 * @jest-environment ./extension/src/inference/testing/ortEnvironment.js
 */
import { GraphBuilder, float, tensor } from '../builder';
import { proveRewrite, type Proof } from '../prove';
import { ProofTable } from '../testing/proofTable';
import { biasOf, oneLayer, seeded, weightsOf } from '../testing/networks';
import type { OnnxModel } from '../types';
import { rewriteForWebGPU, type Rewritten } from '.';

/** Every rewrite over a grid of parameters, both graphs run on native ONNX Runtime. */

const table = new ProofTable();
afterAll(() => table.print('Rewrites over a grid of parameters'));

const rewritten = (model: OnnxModel): Rewritten => rewriteForWebGPU(model);

const operatorsOf = ({ model }: Rewritten): string[] => [
  ...new Set(model.graph.node.map(({ opType }) => opType)),
];

const proven = async (
  model: OnnxModel,
  shapes: Record<string, number[]>,
): Promise<{ proof: Proof; made: Rewritten }> => {
  const made = rewritten(model);
  const proof = await proveRewrite(model, made.model, { shapes, tolerance: 1e-5 });
  if (!proof.ok) throw new Error(`${made.rewrites[0]?.detail}: ${proof.refusal.message}`);
  for (const { kind } of made.rewrites) table.note(kind, proof.value);
  return { proof: proof.value, made };
};

const SIZE = [3, 4, 5];

interface Transposed {
  kernel: number[];
  strides: number[];
  pads: number[];
  outputPadding: number[];
  dilations: number[];
  group: number;
  bias: boolean;
  open: boolean;
  opset: number;
}

const transposed = (at: Transposed, random: () => number): OnnxModel => {
  const [channels, outputs] = [2 * at.group, 3];
  return oneLayer(
    at.open ? ['n', channels, 'd', 'h', 'w'] : [1, channels, ...SIZE],
    (b, x) =>
      b.convTranspose(x, weightsOf(random, [channels, outputs, ...at.kernel]), {
        strides: at.strides,
        pads: at.pads,
        outputPadding: at.outputPadding,
        dilations: at.dilations,
        group: at.group,
        bias: at.bias ? biasOf(random, outputs * at.group) : undefined,
      }),
    at.opset,
  );
};

const outputSize = (at: Transposed, i: number): number =>
  at.strides[i] * (SIZE[i] - 1) +
  at.outputPadding[i] +
  (at.kernel[i] - 1) * at.dilations[i] +
  1 -
  at.pads[i] -
  at.pads[i + 3];

describe('3D ConvTranspose in sub-pixel form', () => {
  const three = (value: number): number[] => [value, value, value];

  // Kernel by stride, each with its usual padding and output padding; bias and open sizes alternate.
  const grid = [1, 2, 3, 4].flatMap(kernel =>
    [1, 2, 3].flatMap(stride =>
      [0, 1].flatMap(pad =>
        [0, 1, 2]
          .filter(outputPadding => outputPadding < stride)
          .map((outputPadding, i): Transposed => ({
            kernel: three(kernel),
            strides: three(stride),
            pads: Array(6).fill(pad),
            outputPadding: three(outputPadding),
            dilations: three(1),
            group: 1,
            bias: (kernel + pad + i) % 2 === 0,
            open: (kernel + stride + i) % 2 === 0,
            opset: 17,
          })),
      ),
    ),
  );

  it.each(grid.filter(at => outputSize(at, 0) > 0))(
    'kernel $kernel, stride $strides, pads $pads, output padding $outputPadding, bias $bias, open $open',
    async at => {
      const model = transposed(at, seeded(7));
      const { proof, made } = await proven(model, { x: [1, 2, ...SIZE] });
      expect(proof.outputs[0].dims.slice(2)).toEqual([0, 1, 2].map(i => outputSize(at, i)));
      expect(made.rewrites).toHaveLength(1);
      expect(operatorsOf(made)).not.toContain('ConvTranspose');
      expect(made.gaps).toEqual([]);
    },
  );

  it('any kernel, stride, padding, output padding, dilation, groups and opset (120 random cases)', async () => {
    const random = seeded(3);
    const pick = (...from: number[]): number =>
      from[Math.floor(((random() + 1) / 2) * from.length)];
    let proved = 0;
    for (let n = 0; n < 120; n++) {
      const strides = [pick(1, 2, 3), pick(1, 2, 3), pick(1, 2, 4)];
      const at: Transposed = {
        kernel: [pick(1, 2, 3, 4), pick(1, 2, 3, 5), pick(1, 2, 3)],
        strides,
        pads: Array.from({ length: 6 }, () => pick(0, 0, 1, 2, 3)),
        outputPadding: strides.map(stride => Math.min(stride - 1, pick(0, 1, 2))),
        dilations: [pick(1, 1, 2), pick(1, 1, 3), 1],
        group: pick(1, 1, 2, 9),
        bias: n % 2 === 0,
        open: n % 3 === 0,
        opset: [8, 9, 11, 13, 17, 18, 21][n % 7],
      };
      if ([0, 1, 2].some(i => outputSize(at, i) < 1)) continue;
      const model = transposed(at, random);
      const { made } = await proven(model, { x: [at.open ? 2 : 1, 2 * at.group, ...SIZE] });
      expect(operatorsOf(made)).not.toContain('ConvTranspose');
      proved++;
    }
    expect(proved).toBeGreaterThan(60);
  });

  it('kernel = stride is a 1×1×1 Conv and one transposition', () => {
    const at = { ...grid[0], kernel: three(2), strides: three(2), pads: Array(6).fill(0) };
    const made = rewritten(transposed({ ...at, open: false }, seeded(1)));
    expect(made.model.graph.node.map(({ opType }) => opType)).toEqual(
      'Conv Reshape Transpose Reshape Identity'.split(' '),
    );
    expect(made.rewrites[0].detail).toBe(
      'kernel 2×2×2, stride 2×2×2 → Conv 1×1×1 to 24 channels + depth-to-space',
    );
    expect(made.rewrites[0].costRatio).toBe(1);
  });

  it("MONAI's UNet (3, 2, padding 1, output padding 1) needs no cropping", () => {
    const at = {
      ...grid[0],
      kernel: three(3),
      strides: three(2),
      pads: Array<number>(6).fill(1),
      outputPadding: three(1),
      open: true,
    };
    const made = rewritten(transposed(at, seeded(1)));
    expect(made.rewrites[0].detail).toContain('Conv 2×2×2 to 24 channels');
    // The one Slice takes the sizes out of Shape.
    expect(made.model.graph.node.filter(({ opType }) => opType === 'Slice')).toHaveLength(1);
  });

  it.each(['SAME_UPPER', 'SAME_LOWER', 'VALID'] as const)('auto_pad %s', async autoPad => {
    for (const [kernel, stride] of [
      [2, 2],
      [3, 2],
      [4, 2],
      [5, 2],
      [4, 3],
      [3, 1],
    ]) {
      const random = seeded(kernel);
      const model = oneLayer([1, 2, ...SIZE], (b, x) =>
        b.convTranspose(x, weightsOf(random, [2, 3, ...three(kernel)]), {
          strides: three(stride),
          autoPad,
        }),
      );
      await proven(model, {});
    }
  });

  it('output_shape, where the input size is fixed', async () => {
    const layer = (dims: (number | string)[]) =>
      oneLayer(dims, (b, x) =>
        b.convTranspose(x, weightsOf(seeded(1), [2, 3, 3, 3, 3]), {
          strides: [2, 2, 2],
          outputShape: [6, 8, 10],
        }),
      );
    await proven(layer([1, 2, ...SIZE]), {});
    const open = rewritten(layer([1, 2, 'd', 'h', 'w']));
    expect(open.rewrites).toEqual([]);
    expect(open.gaps).toMatchObject([
      { op: 'ConvTranspose', severity: 'fails', why: expect.stringContaining('[6, 8, 10]') },
    ]);
  });

  it('2D ConvTranspose is left as it is', () => {
    const model = oneLayer([1, 2, 4, 4], (b, x) =>
      b.convTranspose(x, weightsOf(seeded(1), [2, 3, 2, 2]), { strides: [2, 2] }),
    );
    expect(rewritten(model)).toMatchObject({ rewrites: [], gaps: [] });
  });

  it('weights that the graph computes are a gap with advice', () => {
    const model = oneLayer([1, 2, 4, 4, 4], (b, x) => {
      const w = b.op('Relu', [b.float32([2, 3, 2, 2, 2], weightsOf(seeded(1), [48]).data)]);
      return b.op('ConvTranspose', [x, w]);
    });
    const made = rewritten(model);
    expect(made.rewrites).toEqual([]);
    expect(made.gaps).toEqual([
      expect.objectContaining({ severity: 'fails', advice: expect.stringContaining('folding') }),
    ]);
  });
});

describe('grouped 3D Conv, split', () => {
  const grid = [1, 2, 3].flatMap(kernel =>
    [1, 2].flatMap(stride =>
      [2, 4, 8].map((group, i) => ({
        kernel,
        stride,
        group,
        per: 1 + (i % 2),
        bias: (kernel + i) % 2 === 0,
        opset: [11, 13, 18][i],
      })),
    ),
  );

  it.each(grid)(
    'kernel $kernel, stride $stride, $group groups of $per, bias $bias, opset $opset',
    async ({ kernel, stride, group, per, bias, opset }) => {
      const random = seeded(group);
      const model = oneLayer(
        [1, group * per, 'd', 'h', 'w'],
        (b, x) =>
          b.conv(x, weightsOf(random, [group * 3, per, kernel, kernel, kernel]), {
            group,
            strides: [stride, 1, stride],
            pads: [1, 0, 1, 0, 1, 1],
            dilations: [1, 2, 1],
            bias: bias ? biasOf(random, group * 3) : undefined,
          }),
        opset,
      );
      const { made } = await proven(model, { x: [1, group * per, 4, 6, 5] });
      expect(made.gaps).toEqual([]);
      for (const { opType, attribute } of made.model.graph.node) {
        if (opType === 'Conv') expect(attribute.map(({ name }) => name)).not.toContain('group');
      }
    },
  );

  it('auto_pad is kept', async () => {
    const model = oneLayer([1, 4, 5, 5, 5], (b, x) =>
      b.conv(x, weightsOf(seeded(1), [4, 2, 3, 3, 3]), {
        group: 2,
        strides: [2, 2, 2],
        autoPad: 'SAME_UPPER',
      }),
    );
    await proven(model, {});
  });

  it('a depthwise convolution of many channels is right, and said to be slow', async () => {
    const model = oneLayer([1, 20, 4, 4, 4], (b, x) =>
      b.conv(x, weightsOf(seeded(1), [20, 1, 3, 3, 3]), { group: 20, pads: Array(6).fill(1) }),
    );
    const { made } = await proven(model, {});
    expect(made.gaps).toMatchObject([
      { severity: 'slow', why: expect.stringContaining('20 groups') },
    ]);
    // Eight storage buffers are all that WebGPU promises to a shader.
    expect(operatorsOf(made)).not.toContain('Split');
  });

  it('grouped 2D Conv is left as it is', () => {
    const model = oneLayer([1, 4, 4, 4], (b, x) =>
      b.conv(x, weightsOf(seeded(1), [4, 1, 3, 3]), { group: 4 }),
    );
    expect(rewritten(model)).toMatchObject({ rewrites: [], gaps: [] });
  });
});

describe('other rewrites', () => {
  const five = [1, 6, 3, 4, 5];

  it.each([
    [18, 3],
    [21, 6],
  ])('GroupNormalization of opset %i', async (opset, scales) => {
    const model = oneLayer(
      [1, 6, 'd', 'h', 'w'],
      (b, x) =>
        b.op(
          'GroupNormalization',
          [
            x,
            b.float32([scales], biasOf(seeded(1), scales)!),
            b.float32([scales], biasOf(seeded(2), scales)!),
          ],
          { num_groups: 3, epsilon: float(1e-3) },
        ),
      opset,
    );
    const { made } = await proven(model, { x: five });
    expect(made.rewrites).toMatchObject([{ kind: 'groupNormalization' }]);
    expect(made.gaps).toEqual([]);
  });

  it('Softmax over several axes together (opset 12 and older)', async () => {
    const model = oneLayer(five, (b, x) => b.softmax(x, 1), 11);
    const { made } = await proven(model, {});
    expect(made.rewrites).toMatchObject([{ kind: 'flattenedSoftmax' }]);
    expect(rewritten(oneLayer(five, (b, x) => b.softmax(x, 1), 13)).rewrites).toEqual([]);
    expect(rewritten(oneLayer(five, (b, x) => b.softmax(x, 4), 11)).rewrites).toEqual([]);
  });

  it.each([11, 13])('a Split into twelve (opset %i)', async opset => {
    const model = oneLayer(
      [1, 12, 3, 3, 3],
      (b, x) => b.concat(b.ops('Split', [x], 12, { axis: 1 }).reverse()),
      opset,
    );
    const { made } = await proven(model, {});
    expect(made.rewrites).toMatchObject([{ kind: 'manyWaySplit' }]);
    expect(made.gaps).toEqual([]);
  });

  it('MaxPool with indices that nothing takes', async () => {
    const pool = { kernel_shape: [2, 2, 2], strides: [2, 2, 2] };
    const unused = oneLayer(five, (b, x) => b.ops('MaxPool', [x], 2, pool)[0]);
    const { made } = await proven(unused, {});
    expect(made.rewrites).toMatchObject([{ kind: 'unusedIndices' }]);
    const used = oneLayer(five, (b, x) => {
      const [y, indices] = b.ops('MaxPool', [x], 2, pool);
      return b.add(y, b.op('Cast', [indices], { to: 1 }));
    });
    expect(rewritten(used).gaps).toMatchObject([{ op: 'MaxPool', severity: 'fails' }]);
  });
});

describe('what cannot run on WebGPU is named', () => {
  const five = [1, 2, 4, 4, 4];
  const tail = (b: GraphBuilder, x: string) => b.relu(x);

  it.each<[string, (b: GraphBuilder, x: string) => string, string, number]>([
    ['an operator of the CPU', (b, x) => b.op('Selu', [x]), 'slow', 17],
    ['LogSoftmax', (b, x) => b.op('LogSoftmax', [x], { axis: 1 }), 'slow', 17],
    [
      'Upsample of opset 9',
      (b, x) => b.op('Upsample', [x, b.float32([5], [1, 1, 2, 2, 2])]),
      'slow',
      9,
    ],
    ['Clip of opset 9', (b, x) => b.op('Clip', [x], { min: float(0) }), 'slow', 9],
    [
      'anti-aliased Resize',
      (b, x) =>
        b.op('Resize', [x, undefined, b.float32([5], [1, 1, 0.5, 0.5, 0.5])], { antialias: 1 }),
      'fails',
      18,
    ],
    [
      'float64',
      (b, x) => b.op('Mul', [x, b.initializer(tensor.float64('double', [1], [2]))]),
      'slow',
      17,
    ],
  ])('%s', (_, make, severity, opset) => {
    const { gaps } = rewritten(oneLayer(five, (b, x) => tail(b, make(b, x)), opset));
    expect(gaps).toHaveLength(1);
    expect(gaps[0]).toMatchObject({ severity });
    expect(gaps[0].advice.length).toBeGreaterThan(20);
  });

  it('a CPU operator at the end of the graph costs nothing more', () => {
    const model = oneLayer(five, (b, x) => b.op('Cast', [b.argMax(b.relu(x))], { to: 1 }));
    expect(rewritten(model).gaps).toEqual([]);
  });

  it('reading sizes costs nothing', () => {
    const model = oneLayer([1, 2, 'd', 'h', 'w'], (b, x) => {
      const sizes = b.op('Slice', [b.op('Shape', [x]), b.int64([0]), b.int64([2])]);
      return tail(b, b.op('Reshape', [x, b.op('Concat', [sizes, b.int64([-1])], { axis: 0 })]));
    });
    expect(rewritten(model).gaps).toEqual([]);
  });
});

it('old files that list their weights among the inputs become ones that new engines take as constants', async () => {
  const model = oneLayer(
    [1, 2, ...SIZE],
    (b, x) => b.convTranspose(x, weightsOf(seeded(1), [2, 3, 2, 2, 2]), { strides: [2, 2, 2] }),
    9,
  );
  const [weights] = model.graph.initializer;
  const dim = weights.dims.map(size => ({ dimValue: size }));
  model.irVersion = 3;
  model.graph.input.push({
    name: weights.name,
    type: { tensorType: { elemType: 1, shape: { dim } } },
  });
  const { made } = await proven(model, {});
  expect(made.model.graph.input.map(({ name }) => name)).toEqual(['x']);
  expect(made.model.irVersion).toBeGreaterThanOrEqual(4);
  // The old weights are gone.
  expect(made.model.graph.initializer.map(({ name }) => name)).not.toContain(weights.name);
});
