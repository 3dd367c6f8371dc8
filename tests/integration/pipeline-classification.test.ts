/**
 * @jest-environment ./extension/src/inference/testing/ortEnvironment.js
 */
import { z } from 'zod';
import type { Volume } from '@second-reader/core/volume/types';
import { GraphBuilder } from '../../cli/src/onnx/builder';
import {
  concept,
  code,
  manifestOf,
  NI,
  NJ,
  NK,
  volumeOf,
  run,
  resultOf,
  linear,
  labelMap,
  invert,
  SPATIAL,
  geometry,
} from '../support/pipelines';

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
