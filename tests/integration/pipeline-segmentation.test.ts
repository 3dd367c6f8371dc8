/**
 * @jest-environment ./extension/src/inference/testing/ortEnvironment.js
 */
import type { RunOptions } from '@second-reader/core/reading/ports';
import { GraphBuilder } from '../../cli/src/onnx/builder';
import {
  concept,
  code,
  manifestOf,
  NI,
  NJ,
  geometry,
  at,
  volumeOf,
  run,
  resultOf,
  linear,
  labelMap,
  invert,
  logit,
  SPATIAL,
} from '../support/pipelines';

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
        files: networks.map((_, fold) => ({
          role: 'network',
          path: `fold-${fold}.onnx`,
          sha256: String(fold).repeat(64),
          bytes: 1,
        })),
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
