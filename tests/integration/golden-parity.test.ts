import { z } from 'zod';
import { voxelCount } from '@second-reader/core/geometry/transform';
import { manifestSchema, preprocessingSchema } from '@second-reader/core/model/manifest';
import { invertScores } from '@second-reader/core/postprocessing/wholeScores.testing';
import { createScoreRing } from '@second-reader/core/postprocessing/scoreRing';
import {
  extractSliceStack,
  extractWindow,
  importanceMap,
  planWindows,
  tensorStrides,
  type SpatialAxes,
  type WindowPlan,
} from '@second-reader/core/preprocessing/slidingWindow';
import {
  casesOf,
  chainShape,
  channelsDifference,
  expectGeometry,
  gridOf,
  packed,
  printReport,
  record,
  recordLabels,
  run,
  triple,
} from '../golden/golden';

/**
 * Our transforms against MONAI's, on the arrays that tests/golden/make_golden.py made. Prints the
 * largest difference of each transform.
 */
afterAll(printReport);

const PREPROCESSING = [
  'orientation',
  'spacing-bilinear',
  'spacing-nearest',
  'spacing-antiAliasing',
  'resampleToMatch',
  'cropForeground',
  'centerSpatialCrop',
  'spatialCrop',
  'flip',
  'spatialPad',
  'divisiblePad',
  'resizeWithPadOrCrop',
  'resize-bilinear',
  'resize-nearest',
  'resize-area',
  'letterbox',
  'scaleIntensityRange',
  'scaleIntensityRangePercentiles',
  'scaleIntensity',
  'normalizeIntensity',
  'thresholdIntensity',
  'voiLut',
  'suvbw',
  'repeatChannel',
  'chain-ct',
  'chain-mr',
  'chain-xray',
];

test.each(PREPROCESSING)('%s', name => {
  const cases = casesOf(name, chainShape);
  let largest = 0;
  for (const item of cases) {
    const met = run(item);
    expectGeometry(met.geometry, item.expectedGeometry);
    expect(met.channels).toBe(item.expected.length);
    largest = Math.max(largest, channelsDifference(met.data, item.expected));
  }
  record(name, cases.length, largest);
});

/** Of chains of networks, which MONAI has no transform for: tested beside their code. */
const OWN = ['fillWithNoise', 'resampleToTemplate'];

test('has golden arrays for every preprocessing transform', () => {
  const covered = PREPROCESSING.flatMap(name =>
    casesOf(name, chainShape).flatMap(({ steps }) => steps.map(({ transform }) => transform)),
  );
  const known = preprocessingSchema.options.map(({ shape }) => shape.transform.value);
  expect([...new Set([...covered, ...OWN])].sort()).toEqual([...known].sort());
  expect(manifestSchema.shape.preprocessing.element).toBe(preprocessingSchema);
});

/**
 * MONAI brings a crop back by padding it with zeros, and interpolates between them and the outermost
 * scores, so its labels reach up to one of the network's voxels beyond the crop; ours end with it.
 */
test.each(['chain-ct', 'chain-mr'])('%s, and back (invert)', name => {
  const cases = casesOf(name, {
    ...chainShape,
    scores: z.array(packed),
    expectedLabels: packed,
  });
  let differing = 0;
  for (const item of cases) {
    const { geometry: network, seen } = run(item);
    const source = item.channels[0].geometry;
    const size = voxelCount(network);
    const scores = new Float32Array(size * item.scores.length);
    item.scores.forEach(({ values }, c) => scores.set(values, c * size));
    const given = { scores, classes: item.scores.length, geometry: network };
    const met = invertScores(given, source, undefined, seen);
    const [ni, nj] = source.dimensions;
    met.forEach((label, index) => {
      const at = [index % ni, Math.floor(index / ni) % nj, Math.floor(index / (ni * nj))];
      const outside = Math.max(
        ...at.map((x, axis) => Math.max(seen.from[axis] - x, x - seen.to[axis] + 1)),
      );
      const expected = item.expectedLabels.values[index];
      if (outside <= 0) {
        differing += label === expected ? 0 : 1;
        return;
      }
      differing += label === 0 ? 0 : 1;
      if (outside > Math.max(...network.spacing) / Math.min(...source.spacing)) {
        differing += expected === 0 ? 0 : 1;
      }
    });
  }
  recordLabels(`${name}, invert (logits, arg-max)`, cases.length, differing);
});

const windowShape = {
  roiSize: triple,
  overlap: z.number(),
  mode: z.enum(['constant', 'gaussian']),
  sigmaScale: z.number(),
  paddingMode: z.enum(['constant', 'replicate', 'reflect']),
  cval: z.number(),
};
type Window = z.infer<z.ZodObject<typeof windowShape>>;

/**
 * The same network as in inferers.py, of a tensor [channel, …spatial] of `size` voxels along i, j, k:
 * [x, 1 − x + mean / 10, x² + place].
 */
function network(
  tensor: Float32Array,
  channels: number,
  [ni, nj, nk]: readonly number[],
  spatialAxes: SpatialAxes,
): Float32Array {
  const size = tensor.length / channels;
  const x = new Float32Array(size);
  for (let c = 0; c < channels; c++) {
    for (let at = 0; at < size; at++) {
      x[at] += (tensor[c * size + at] * (c + 1)) / channels;
    }
  }
  const scores = new Float32Array(size * 3);
  const mean = x.reduce((sum, value) => sum + value, 0) / size;
  const isReversed = spatialAxes === 'zyx' || spatialAxes === 'yx';
  for (let k = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++) {
      for (let i = 0; i < ni; i++) {
        const at = isReversed ? i + ni * (j + nj * k) : k + nk * (j + nj * i);
        scores[at] = x[at];
        scores[size + at] = 1 - x[at] + 0.1 * mean;
        scores[2 * size + at] = x[at] * x[at] + 0.01 * i + 0.02 * j - 0.03 * k;
      }
    }
  }
  return scores;
}

/** What windows answered, averaged over the volume as the pipeline does it: [class][k][j][i]. */
const averaged = (
  plan: WindowPlan,
  classes: number,
  window: Pick<Window, 'mode' | 'sigmaScale'>,
  spatialAxes: SpatialAxes,
  answerOf: (call: number) => Float32Array,
): Float32Array => {
  const { dimensions, outputSize, outputMargin } = plan;
  const layerSize = dimensions[0] * dimensions[1];
  const scores = new Float32Array(layerSize * dimensions[2] * classes);
  let k = 0;
  const ring = createScoreRing(
    {
      dimensions,
      size: outputSize,
      starts: plan.starts.map(([i, j, l]) => [
        i + outputMargin[0],
        j + outputMargin[1],
        l + outputMargin[2],
      ]),
      strides: tensorStrides(outputSize, spatialAxes),
    },
    classes,
    importanceMap(outputSize, window),
    {
      push(layer) {
        for (let c = 0; c < classes; c++) {
          const from = layer.subarray(c * layerSize, (c + 1) * layerSize);
          scores.set(from, (c * dimensions[2] + k) * layerSize);
        }
        k++;
      },
    },
  );
  plan.starts.forEach((_, call) => {
    ring.add(call, answerOf(call), 1);
    ring.endCall(call);
  });
  expect(k).toBe(dimensions[2]);
  return scores;
};

const windowScores = (
  data: Float32Array,
  channels: number,
  dimensions: readonly [number, number, number],
  window: Window,
  spatialAxes: SpatialAxes,
): Float32Array => {
  const plan = planWindows(dimensions, window);
  return averaged(plan, 3, window, spatialAxes, call => {
    const tensor = extractWindow({ data, channels }, plan, call, window, spatialAxes);
    return network(tensor, channels, window.roiSize, spatialAxes);
  });
};

const joined = (channels: ReadonlyArray<{ values: ArrayLike<number> }>): Float32Array =>
  Float32Array.from(channels.flatMap(({ values }) => Array.from(values)));

test.each(['zyx', 'xyz'] as const)('slidingWindow, %s tensors', order => {
  const cases = casesOf('slidingWindow', {
    input: z.array(packed),
    flat: z.boolean(),
    ...windowShape,
    expected: z.array(packed),
  });
  let largest = 0;
  for (const item of cases) {
    const [ni, nj, nk] = item.input[0].shape;
    const axes = item.flat ? (order === 'zyx' ? 'yx' : 'xy') : order;
    const data = joined(item.input);
    const met = windowScores(data, item.input.length, [ni, nj, nk], item, axes);
    largest = Math.max(largest, channelsDifference(met, item.expected));
  }
  record(`slidingWindow (${order})`, cases.length, largest);
});

test('slidingWindow, over the channels of the MR chain', () => {
  const cases = casesOf('chain-mr', {
    ...chainShape,
    window: z.object(windowShape),
    scores: z.array(packed),
  });
  let largest = 0;
  for (const item of cases) {
    const { data, channels, geometry } = run(item);
    const met = windowScores(data, channels, geometry.dimensions, item.window, 'xyz');
    largest = Math.max(largest, channelsDifference(met, item.scores));
  }
  record('chain-mr, slidingWindow', cases.length, largest);
});

test('slidingWindow, of a network without padding', () => {
  const cases = casesOf('outputMargin', {
    input: packed,
    roiSize: triple,
    outputMargin: triple,
    paddingMode: z.enum(['constant', 'replicate', 'reflect']),
    cval: z.number(),
    expected: packed,
  });
  let largest = 0;
  for (const item of cases) {
    const [ni, nj, nk] = item.input.shape;
    const plan = planWindows([ni, nj, nk], { ...item, overlap: 0.3 });
    const [mi, mj, mk] = item.outputMargin;
    const [oi, oj, ok] = plan.outputSize;
    const [wi, wj] = item.roiSize;
    const data = Float32Array.from(item.input.values);
    const weights = { mode: 'gaussian', sigmaScale: 0.125 } as const;
    const met = averaged(plan, 1, weights, 'zyx', call => {
      const window = extractWindow({ data, channels: 1 }, plan, call, item, 'zyx');
      /** The mean of what stands within the margin of each voxel that is answered for. */
      return Float32Array.from({ length: oi * oj * ok }, (_, index) => {
        const [i, j, k] = [index % oi, Math.floor(index / oi) % oj, Math.floor(index / (oi * oj))];
        let sum = 0;
        for (let c = k; c <= k + 2 * mk; c++) {
          for (let b = j; b <= j + 2 * mj; b++) {
            for (let a = i; a <= i + 2 * mi; a++) sum += window[a + wi * (b + wj * c)];
          }
        }
        return sum / ((2 * mi + 1) * (2 * mj + 1) * (2 * mk + 1));
      });
    });
    largest = Math.max(largest, channelsDifference(met, [item.expected]));
  }
  record('slidingWindow (outputMargin)', cases.length, largest);
});

test('slice, without neighbours', () => {
  const cases = casesOf('sliceInferer', {
    input: z.array(packed),
    spatialDim: z.union([z.literal(0), z.literal(1), z.literal(2)]),
    expected: z.array(packed),
  });
  let largest = 0;
  for (const { input, spatialDim, expected } of cases) {
    const [ni, nj, nk] = input[0].shape;
    const geometry = gridOf([ni, nj, nk]);
    const data = joined(input);
    const met = new Float32Array(ni * nj * nk * 3);
    const strides = [1, ni, ni * nj];
    const [a, b] = [0, 1, 2].filter(axis => axis !== spatialDim);
    const [na, nb] = [geometry.dimensions[a], geometry.dimensions[b]];
    for (let slice = 0; slice < geometry.dimensions[spatialDim]; slice++) {
      const tensor = extractSliceStack(
        { data, channels: input.length, geometry },
        slice,
        { spatialDim, neighbours: 0 },
        'yx',
      );
      network(tensor, input.length, [na, nb, 1], 'yx').forEach((score, at) => {
        const [c, y, x] = [Math.floor(at / (na * nb)), Math.floor(at / na) % nb, at % na];
        met[c * ni * nj * nk + slice * strides[spatialDim] + x * strides[a] + y * strides[b]] =
          score;
      });
    }
    largest = Math.max(largest, channelsDifference(met, expected));
  }
  record('slice', cases.length, largest);
});
