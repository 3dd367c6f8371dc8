/**
 * @jest-environment ./extension/src/inference/testing/ortEnvironment.js
 */
import * as ort from 'onnxruntime-node';
import { z } from 'zod';
import { manifestSchema, type ModelManifest } from '@second-reader/core/model/manifest';
import type { ModelResult } from '@second-reader/core/findings/types';
import type { Outcome } from '@second-reader/core/outcome';
import type { RunOptions } from '@second-reader/core/reading/ports';
import type { Volume } from '@second-reader/core/volume/types';
import type { VolumeGeometry } from '@second-reader/core/geometry/types';
import { runPipeline } from '@second-reader/inference/pipeline';
import type { MachineLimits } from '@second-reader/inference/memoryPlan';
import { GraphBuilder, tensor } from '../../cli/src/onnx/builder';
import { encodeModel } from '../../cli/src/onnx/proto';

/** Every task through the whole pipeline, on networks so small that their answers are known. */

const code = { value: '1', scheme: '99TEST', meaning: 'Test' };
const concept = (key: string, value: number) => ({
  value,
  key,
  name: { en: key },
  category: code,
  type: code,
  recommendedDisplayCIELab: [60, 10, 10],
});

const manifestOf = (over: Record<string, unknown>): ModelManifest =>
  manifestSchema.parse({
    schemaVersion: 1,
    id: 'test',
    version: '1.0.0',
    name: { en: 'Test' },
    task: 'segmentation',
    files: [{ role: 'network', path: 'model.onnx', sha256: '0'.repeat(64), bytes: 1 }],
    inputs: [{ name: 'image', spatialAxes: 'zyx', channels: [{ modality: 'CT' }] }],
    gates: [],
    preprocessing: [{ transform: 'orientation', axcodes: 'LPS' }],
    inference: { inferer: 'simple' },
    postprocessing: [],
    measurements: [],
    facts: {
      intendedUse: { en: 'Tests' },
      limitations: [{ en: 'Not a model of anything' }],
      licence: 'MIT',
      trainingData: { en: 'None' },
      manufacturer: 'Second Reader',
      algorithmFamily: { value: '123110', scheme: 'DCM', meaning: 'Artificial Intelligence' },
    },
    ...over,
  });

const [NI, NJ, NK] = [12, 10, 8];
const geometry: VolumeGeometry = {
  dimensions: [NI, NJ, NK],
  spacing: [2, 3, 4],
  origin: [-10, 20, 30],
  direction: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
};
const at = (i: number, j: number, k: number) => i + NI * (j + NJ * k);
const volumeOf = (fill: (i: number, j: number, k: number) => number): Volume => {
  const voxels = new Float32Array(NI * NJ * NK);
  for (let k = 0; k < NK; k++)
    for (let j = 0; j < NJ; j++) for (let i = 0; i < NI; i++) voxels[at(i, j, k)] = fill(i, j, k);
  return { geometry, voxels, modality: 'CT', slices: [] };
};

const sessionOf = async (make: (b: GraphBuilder) => void): Promise<ort.InferenceSession> => {
  const b = new GraphBuilder();
  make(b);
  const bytes = encodeModel(b.build());
  if (!bytes.ok) throw new Error(bytes.refusal.message);
  return ort.InferenceSession.create(bytes.value, { intraOpNumThreads: 1 });
};

const run = async (
  manifest: ModelManifest,
  makers: Array<(b: GraphBuilder) => void>,
  volumes: Volume[],
  { options = {}, limits }: { options?: RunOptions; limits?: MachineLimits } = {},
): Promise<Outcome<ModelResult>> => {
  const sessions = await Promise.all(makers.map(sessionOf));
  try {
    const outcome = await runPipeline({
      manifest,
      volumes,
      sessions,
      options,
      limits,
      control: { signal: new AbortController().signal, onProgress: () => undefined },
    });
    return outcome.ok ? { ok: true, value: outcome.value.output } : outcome;
  } finally {
    for (const session of sessions) await session.release();
  }
};

const resultOf = <K extends ModelResult['kind']>(
  outcome: Outcome<ModelResult>,
  kind: K,
): Extract<ModelResult, { kind: K }> => {
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  if (outcome.value.kind !== kind) throw new Error(`a ${outcome.value.kind} came`);
  return outcome.value as Extract<ModelResult, { kind: K }>;
};

const SPATIAL = ['d', 'h', 'w'];
/** Each channel of the output is `factors[c]` · x + `offsets[c]`, of a volume of 5 axes. */
const linear =
  (factors: number[], offsets: number[], name = 'y') =>
  (b: GraphBuilder) =>
    b.output(
      b.conv(
        b.input('image', [1, 1, ...SPATIAL]),
        { dims: [factors.length, 1, 1, 1, 1], data: factors },
        { bias: offsets },
      ),
      name,
    );

const labelMap = (over: Record<string, unknown>) => ({
  type: 'labelMap',
  name: 'y',
  activation: 'softmax',
  classes: 3,
  labels: [concept('one', 1), concept('two', 2)],
  ...over,
});
const invert = [{ transform: 'invert', resample: 'logits' }];
const logit = (p: number) => Math.log(p / (1 - p));

describe('segmentation', () => {
  const windows = { inferer: 'slidingWindow', roiSize: [8, 6, 4], overlap: 0.5 };

  it('of regions: the later label wins where they overlap, by the operating point', async () => {
    // Region 1 where x ≥ 2, region 2 where x ≥ 5, at a threshold of one half.
    const manifest = manifestOf({
      inference: windows,
      outputs: [labelMap({ activation: 'sigmoid', classes: 2 })],
      postprocessing: invert,
      operatingPoints: [
        { key: 'even', name: { en: 'Even' }, threshold: 0.5 },
        { key: 'strict', name: { en: 'Strict' }, threshold: 0.9 },
      ],
    });
    const volume = volumeOf(i => i);
    const network = linear([1, 1], [-2, -5]);
    const labelsOf = async (options?: RunOptions) => {
      const outcome = await run(manifest, [network], [volume], { options });
      return [...resultOf(outcome, 'segmentation').labelMap.voxels.subarray(0, NI)];
    };
    expect(await labelsOf()).toEqual([0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2]);
    // logit(0.9) = 2.2 more is needed.
    const strict = Array.from({ length: NI }, (_, x) =>
      x - 5 >= logit(0.9) ? 2 : x - 2 >= logit(0.9) ? 1 : 0,
    );
    expect(await labelsOf({ operatingPoint: 'strict' })).toEqual(strict);
    expect(
      await run(manifest, [network], [volume], { options: { operatingPoint: 'lax' } }),
    ).toEqual(
      expect.objectContaining({
        refusal: expect.objectContaining({
          code: 'operatingPointUnknown',
          values: { model: 'test', operatingPoint: 'lax', allowed: 'even, strict' },
        }),
      }),
    );
  });

  const argMax = (b: GraphBuilder) =>
    b.output(
      b.argMax(
        b.conv(
          b.input('image', [1, 1, ...SPATIAL]),
          { dims: [3, 1, 1, 1, 1], data: [0, 1, 2] },
          { bias: [0, -2, -7] },
        ),
      ),
      'y',
      undefined,
      'int64',
    );

  it.each(['simple', 'slidingWindow'])(
    'of a network that ends in an arg-max, %s',
    async inferer => {
      const manifest = manifestOf({
        inference: inferer === 'simple' ? { inferer } : windows,
        outputs: [labelMap({ encoding: 'labels', activation: 'none' })],
        postprocessing: invert,
      });
      const outcome = await run(manifest, [argMax], [volumeOf((_i, j) => j)]);
      const { voxels } = resultOf(outcome, 'segmentation').labelMap;
      const column = Array.from({ length: NJ }, (_, j) => voxels[at(3, j, 5)]);
      // [0, x − 2, 2x − 7]: 1 above 2, 2 above 5.
      expect(column).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 2]);
    },
  );

  it('refuses a class number that is not declared, naming it', async () => {
    const manifest = manifestOf({
      outputs: [
        labelMap({ encoding: 'labels', activation: 'none', classes: 2, labels: [concept('a', 1)] }),
      ],
      postprocessing: invert,
    });
    const outcome = await run(manifest, [argMax], [volumeOf((_i, j) => j)]);
    expect(outcome).toMatchObject({
      ok: false,
      refusal: { code: 'modelLabelUnknown', values: { value: '2', allowed: '0 to 1' } },
    });
  });

  it.each([0, 1, 2] as const)('slice by slice across axis %i, neighbours as channels', async d => {
    const manifest = manifestOf({
      inputs: [{ name: 'image', spatialAxes: 'yx', channels: [{ modality: 'CT' }] }],
      inference: { inferer: 'slice', spatialDim: d, neighbours: 1 },
      outputs: [labelMap({ activation: 'none', classes: 2, labels: [concept('a', 1)] })],
      postprocessing: invert,
    });
    // Foreground where the slice before, itself and the one after add up to more than 10.
    const network = (b: GraphBuilder) =>
      b.output(
        b.conv(
          b.input('image', [1, 3, 'h', 'w']),
          { dims: [2, 3, 1, 1], data: [0, 0, 0, 1, 1, 1] },
          { bias: [0, -10] },
        ),
        'y',
      );
    const value = (i: number, j: number, k: number) => (i * 5 + j * 3 + k * 7) % 8;
    const volume = volumeOf(value);
    const { voxels } = resultOf(await run(manifest, [network], [volume]), 'segmentation').labelMap;
    const clamp = (x: number, axis: number) =>
      Math.min(Math.max(x, 0), geometry.dimensions[axis] - 1);
    const expected = volumeOf((i, j, k) => {
      const sum = [-1, 0, 1].reduce((total, step) => {
        const [x, y, w] = [i, j, k].map((n, axis) => (axis === d ? clamp(n + step, axis) : n));
        return total + value(x, y, w);
      }, 0);
      return sum > 10 ? 1 : 0;
    }).voxels;
    expect([...voxels]).toEqual([...expected]);
  });

  it('of several series as channels and as inputs', async () => {
    const inputs = [
      {
        name: 'ct',
        spatialAxes: 'zyx',
        channels: [
          { key: 'a', modality: 'CT' },
          { key: 'b', modality: 'CT' },
        ],
      },
      { name: 'pet', spatialAxes: 'xyz', channels: [{ key: 'c', modality: 'PT' }] },
    ];
    const manifest = manifestOf({
      inputs,
      inference: windows,
      outputs: [labelMap({ activation: 'none', classes: 2, labels: [concept('a', 1)] })],
      postprocessing: invert,
    });
    // a + 10 b + 100 c > 700, with c's axes the other way round.
    const network = (b: GraphBuilder) => {
      const ct = b.conv(b.input('ct', [1, 2, ...SPATIAL]), {
        dims: [2, 2, 1, 1, 1],
        data: [0, 0, 1, 10],
      });
      const pet = b.conv(
        b.transpose(b.input('pet', [1, 1, ...SPATIAL]), [0, 1, 4, 3, 2]),
        { dims: [2, 1, 1, 1, 1], data: [0, 100] },
        { bias: [0, -700] },
      );
      b.output(b.add(ct, pet), 'y');
    };
    const [a, b, c] = [volumeOf(i => i), volumeOf((_i, j) => j), volumeOf((_i, _j, k) => k)];
    const outcome = await run(manifest, [network], [a, b, c]);
    const { voxels } = resultOf(outcome, 'segmentation').labelMap;
    const expected = volumeOf((i, j, k) => (i + 10 * j + 100 * k > 700 ? 1 : 0)).voxels;
    expect([...voxels]).toEqual([...expected]);
  });

  it('of an ensemble: the weighted mean of the networks’ scores', async () => {
    const over = {
      inference: windows,
      outputs: [labelMap({ activation: 'none', classes: 2, labels: [concept('a', 1)] })],
    };
    const networks = [linear([0, 1], [0, -2]), linear([0, 1], [0, -8])];
    const firstOf = async (weights?: number[]) => {
      const manifest = manifestOf({
        ...over,
        postprocessing: [{ transform: 'meanEnsemble', weights }, ...invert],
      });
      const outcome = await run(manifest, networks, [volumeOf(i => i)]);
      return resultOf(outcome, 'segmentation').labelMap.voxels.indexOf(1);
    };
    // Means of the two offsets: above 5, and with 2 : 1 above 4.
    expect(await firstOf()).toBe(6);
    expect(await firstOf([2, 1])).toBe(5);
  });

  it('with a map beside it, on the network’s grid', async () => {
    const network = (b: GraphBuilder) => {
      const image = b.input('image', [1, 1, ...SPATIAL]);
      b.output(b.conv(image, { dims: [3, 1, 1, 1, 1], data: [0, 1, 0] }), 'y');
      b.output(b.conv(image, { dims: [2, 1, 1, 1, 1], data: [1, 0.5] }), 'u');
    };
    const manifest = manifestOf({
      inference: windows,
      outputs: [
        {
          type: 'map',
          name: 'u',
          channel: 1,
          activation: 'sigmoid',
          key: 'doubt',
          label: { en: 'Doubt' },
          concept: code,
          unit: code,
        },
        labelMap({}),
      ],
      postprocessing: invert,
    });
    const { maps } = resultOf(
      await run(manifest, [network], [volumeOf(i => i - 6)]),
      'segmentation',
    );
    expect(maps).toHaveLength(1);
    expect(maps![0]).toMatchObject({ key: 'doubt', geometry });
    expect(maps![0].values[at(2, 3, 4)]).toBeCloseTo(1 / (1 + Math.exp(2)), 5);
  });

  it('is refused beforehand where it cannot fit, with numbers', async () => {
    const manifest = manifestOf({
      inference: windows,
      outputs: [labelMap({})],
      postprocessing: invert,
    });
    const network = linear([0, 1, 2], [0, 0, -1]);
    const outcome = await run(manifest, [network], [volumeOf(i => i)], {
      limits: { maxBufferSize: 1000, maxStorageBufferBindingSize: 500 },
    });
    expect(outcome).toMatchObject({ ok: false, refusal: { code: 'memoryTooLarge' } });
    const tight = { deviceMemory: 1000 };
    expect(await run(manifest, [network], [volumeOf(i => i)], { limits: tight })).toMatchObject({
      refusal: { code: 'memoryTooLarge', values: { what: 'volume, scores and result' } },
    });
  });
});

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

describe('classification and regression', () => {
  /** [N, C] from the mean of the image. */
  const pooled = (factors: number[], offsets: number[], rank: 2 | 3) => (b: GraphBuilder) => {
    const image = b.input('image', [1, 1, ...SPATIAL.slice(3 - rank)]);
    const mean = b.op('GlobalAveragePool', [image]);
    const ones = new Array<number>(rank).fill(1);
    const scores = b.conv(
      mean,
      { dims: [factors.length, 1, ...ones], data: factors },
      { bias: offsets },
    );
    b.output(b.reshape(scores, [1, factors.length]), 'y');
  };
  const classes = (over: Record<string, unknown>, task = 'classification') => ({
    task,
    outputs: [
      {
        type: 'classification',
        name: 'y',
        activation: 'softmax',
        labels: [concept('a', 0), concept('b', 1), concept('c', 2)],
        ...over,
      },
    ],
  });

  it('of a volume: the most probable class is positive', async () => {
    const network = pooled([1, 2, 0], [0, 0, 0], 3);
    const outcome = await run(manifestOf(classes({})), [network], [volumeOf(() => 1)]);
    const result = resultOf(outcome, 'classification');
    const sum = Math.E + Math.E ** 2 + 1;
    expect(result.classes.map(({ score }) => score)).toEqual(
      [Math.E / sum, Math.E ** 2 / sum, 1 / sum].map(p => expect.closeTo(p, 6)),
    );
    expect(result.classes.map(({ positive }) => positive)).toEqual([false, true, false]);
  });

  it('of a picture, several labels: each that reaches the operating point', async () => {
    const flat: Volume = {
      ...volumeOf(() => 1),
      geometry: { ...geometry, dimensions: [NI, NJ, 1] },
      voxels: new Float32Array(NI * NJ).fill(1),
    };
    const manifest = manifestOf({
      ...classes({ activation: 'sigmoid', multiLabel: true }),
      inputs: [{ name: 'image', spatialAxes: 'yx', channels: [{ modality: 'CT' }] }],
      operatingPoints: [{ key: 'p', name: { en: 'P' }, threshold: 0.6 }],
    });
    const network = pooled([1, 0.2, 0.5], [0, 0, 0], 2);
    const result = resultOf(await run(manifest, [network], [flat]), 'classification');
    expect(result.threshold).toBe(0.6);
    expect(result.classes.map(({ positive }) => positive)).toEqual([true, false, true]);
    expect(await run(manifest, [network], [volumeOf(() => 1)])).toMatchObject({
      ok: false,
      refusal: { code: 'volumeNotFlat', values: { slices: NK } },
    });
  });

  it('refuses fewer classes than are declared', async () => {
    const outcome = await run(
      manifestOf(classes({})),
      [pooled([1, 2], [0, 0], 3)],
      [volumeOf(() => 1)],
    );
    expect(outcome).toMatchObject({
      refusal: { code: 'modelOutputShape', values: { actual: '1×2', declared: '1×(3 or more)' } },
    });
  });

  it('of a number: scaled, with its unit', async () => {
    const value = { key: 'age', name: { en: 'Age' }, concept: code, unit: code };
    const manifest = manifestOf({
      task: 'regression',
      outputs: [
        { type: 'regression', name: 'y', values: [{ ...value, index: 1, scale: 10, offset: 3 }] },
      ],
    });
    const outcome = await run(manifest, [pooled([1, 2], [0, 0.5], 3)], [volumeOf(() => 2)]);
    const [age] = resultOf(outcome, 'regression').values;
    expect(age).toMatchObject({ key: 'age', label: { en: 'Age' } });
    expect(age.measurement.value).toBeCloseTo(48, 5);
  });
});

test('what comes of the pipeline passes the worker’s message schema', async () => {
  const { resultSchema } = await import('@second-reader/inference/worker/resultSchema');
  const manifest = manifestOf({ outputs: [labelMap({})], postprocessing: invert });
  const outcome = await run(manifest, [linear([0, 1, 2], [0, 0, -1])], [volumeOf(i => i / 6)]);
  const result = resultOf(outcome, 'segmentation');
  expect(resultSchema.parse(result)).toEqual(result);
  expect(() => resultSchema.parse({ ...result, extra: 1 })).toThrow(z.ZodError);
});
