/**
 * @jest-environment ./extension/src/inference/testing/ortEnvironment.js
 */
import { GraphBuilder, tensor } from '../../cli/src/onnx/builder';
import { concept, manifestOf, volumeOf, run, resultOf, SPATIAL } from '../support/pipelines';

describe('detection', () => {
  const heat = (over: Record<string, unknown> = {}) =>
    manifestOf({
      task: 'detection',
      inference: { inferer: 'slidingWindow', roiSize: [8, 8, 8], overlap: 0.5, cval: -20 },
      outputs: [
        {
          type: 'centerHeatmap',
          name: 'heat',
          activation: 'sigmoid',
          stride: [2, 2, 2],
          size: 'size',
          sizeEncoding: 'logMm',
          labels: [concept('nodule', 0)],
          ...over,
        },
      ],
      operatingPoints: [{ key: 'usual', name: { en: 'Usual' }, threshold: 0.5 }],
      measurements: ['longAxis'],
    });
  /** Heat: the mean of the 2×2×2 voxels of a cell; size: the logarithm of 6 mm everywhere. */
  const network = (b: GraphBuilder) => {
    const pooled = b.averagePool(b.input('image', [1, 1, ...SPATIAL]), {
      kernelShape: [2, 2, 2],
      strides: [2, 2, 2],
    });
    b.output(pooled, 'heat');
    b.output(b.conv(pooled, { dims: [1, 1, 1, 1, 1], data: [0] }, { bias: [Math.log(6)] }), 'size');
  };
  const blob = (...centers: Array<[number, number, number, number]>) =>
    volumeOf((i, j, k) => {
      const inside = centers.find(
        ([x, y, w]) => i >> 1 === x >> 1 && j >> 1 === y >> 1 && k >> 1 === w >> 1,
      );
      return inside ? inside[3] : -20;
    });

  it('finds peaks of a heat map where they lie in the patient, strongest first', async () => {
    const outcome = await run(
      heat(),
      [network],
      [blob([2, 2, 2, 1], [10, 8, 6, 3], [6, 2, 6, -1])],
    );
    const { detections, threshold } = resultOf(outcome, 'detection');
    expect(threshold).toBe(0.5);
    expect(detections.map(({ score }) => score)).toEqual([
      expect.closeTo(1 / (1 + Math.exp(-3)), 5),
      expect.closeTo(1 / (1 + Math.exp(-1)), 5),
    ]);
    // The middle of voxels 10–11, 8–9 and 6–7.
    const [strongest] = detections;
    expect(strongest.centroid).toEqual([
      expect.closeTo(-10 + 10.5 * 2, 9),
      expect.closeTo(20 + 8.5 * 3, 9),
      expect.closeTo(30 + 6.5 * 4, 9),
    ]);
    expect(strongest.size).toEqual([6, 6, 6].map(mm => expect.closeTo(mm, 4)));
    expect(strongest.middleSlice).toBe(7);
    expect(strongest.key).toBe('nodule');
    expect(strongest.measurements).toMatchObject([{ name: 'longAxis', unit: { value: 'mm' } }]);
  });

  it('drops the weaker of two that overlap, and keeps it when more overlap is allowed', async () => {
    const volume = blob([4, 4, 4, 3], [4, 8, 4, 2]);
    const wide = (b: GraphBuilder) => {
      network(b);
    };
    const one = await run(heat({ size: undefined, fixedSize: 20 }), [wide], [volume]);
    expect(resultOf(one, 'detection').detections).toHaveLength(1);
    const both = heat({ size: undefined, fixedSize: 20, iouThreshold: 0.9 });
    expect(resultOf(await run(both, [wide], [volume]), 'detection').detections).toHaveLength(2);
  });

  const boxes = (over: Record<string, unknown> = {}) =>
    manifestOf({
      task: 'detection',
      outputs: [
        {
          type: 'boxes',
          boxes: 'boxes',
          scores: 'scores',
          classes: 'classes',
          boxAxes: 'zyx',
          labels: [concept('first', 3), concept('second', 5)],
          ...over,
        },
      ],
    });
  /** Boxes as the network gives them, whatever is in the image. */
  const giving =
    (rows: number[][], scores: number[], classes: number[], dims = [1, rows.length, 6]) =>
    (b: GraphBuilder) => {
      const zero = b.op(
        'ReduceMax',
        [b.mul(b.input('image', [1, 1, ...SPATIAL]), constant(b, 0))],
        {
          keepdims: 0,
        },
      );
      const give = (name: string, shape: number[], data: number[]) =>
        b.output(b.add(b.initializer(tensor.float32(name + '_values', shape, data)), zero), name);
      give('boxes', dims, rows.flat());
      give('scores', [1, rows.length], scores);
      give('classes', [1, rows.length], classes);
    };
  const constant = (b: GraphBuilder, value: number) =>
    b.initializer(tensor.float32(b.fresh('constant'), [], [value]));

  it('takes boxes as the network gives them: its axes, classes, overlaps, middles outside', async () => {
    const rows = [
      [1, 2, 3, 3, 6, 7], // k 1–3, j 2–6, i 3–7
      [1, 2, 3, 3, 6, 8], // nearly the same, weaker
      [1, 2, 3, 3, 6, 7], // the same, of the other class
      [5, 5, 20, 6, 6, 22], // outside
      [0, 0, 0, 0, 0, 0], // filler
    ];
    const network = giving(rows, [0.9, 0.8, 0.7, 0.95, 0], [3, 3, 5, 3, 0]);
    const { detections } = resultOf(
      await run(boxes(), [network], [volumeOf(() => 1)]),
      'detection',
    );
    expect(detections.map(({ key, score }) => [key, Math.fround(score)])).toEqual([
      ['first', Math.fround(0.9)],
      ['second', Math.fround(0.7)],
    ]);
    expect(detections[0].centroid).toEqual([-10 + 5 * 2, 20 + 4 * 3, 30 + 2 * 4]);
    expect(detections[0].size).toEqual([4 * 2, 4 * 3, 2 * 4]);
  });

  it.each<[string, ReturnType<typeof giving>, object]>([
    [
      'a class without a label',
      giving([[1, 1, 1, 2, 2, 2]], [0.9], [4]),
      { code: 'modelLabelUnknown', values: { value: '4', allowed: '3, 5' } },
    ],
    [
      'corners the wrong way round',
      giving([[3, 1, 1, 2, 2, 2]], [0.9], [3]),
      { code: 'modelBoxInvalid' },
    ],
    [
      'a score above 1',
      giving([[1, 1, 1, 2, 2, 2]], [1.5], [3]),
      { code: 'modelScoreRange', values: { value: 1.5 } },
    ],
    [
      'five numbers a box',
      giving([[1, 1, 1, 2, 2]], [0.9], [3], [1, 1, 5]),
      { code: 'modelOutputShape', values: { actual: '1×1×5', declared: 'boxes×6' } },
    ],
    [
      'coordinates that are no numbers',
      giving([[NaN, 1, 1, 2, 2, 2]], [0.9], [3]),
      { code: 'modelOutputNotFinite' },
    ],
  ])('refuses %s', async (_, network, refusal) => {
    expect(await run(boxes(), [network], [volumeOf(() => 1)])).toMatchObject({
      ok: false,
      refusal,
    });
  });
});
