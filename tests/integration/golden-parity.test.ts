import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { VolumeGeometry } from '@second-reader/core/geometry/types';
import type { PreprocessingStep } from '@second-reader/core/model/manifest';
import { preprocess, type SourceVolume } from '@second-reader/core/preprocessing/preprocess';
import {
  accumulate,
  createAccumulator,
  extractWindow,
  finish,
  importanceMap,
  planWindows,
} from '@second-reader/core/preprocessing/slidingWindow';
import { invertScores } from '@second-reader/core/postprocessing/invert';
import {
  fillHoles,
  keepLargestConnectedComponent,
  removeSmallObjects,
} from '@second-reader/core/postprocessing/labelMapSteps';

/**
 * Our transforms against MONAI's, on the arrays that tests/golden/make_golden.py made. Prints the
 * largest difference of each transform.
 */

const packed = z
  .object({
    type: z.enum(['int16', 'uint8', 'float32']),
    shape: z.array(z.number()),
    data: z.string(),
  })
  .transform(({ type, shape, data }) => {
    const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
    const values = {
      int16: () => new Int16Array(bytes.buffer),
      uint8: () => bytes,
      float32: () => new Float32Array(bytes.buffer),
    }[type]();
    return { values, shape };
  });
const triple = z.tuple([z.number(), z.number(), z.number()]);
const geometrySchema = z.object({
  dimensions: triple,
  spacing: triple,
  origin: triple,
  direction: z.tuple([triple, triple, triple]),
});

const DATA = path.resolve(__dirname, '../golden/data');
function casesOf<T extends z.ZodRawShape>(name: string, shape: T) {
  const schema = z.object({ cases: z.array(z.object({ name: z.string(), ...shape })).min(1) });
  return schema.parse(JSON.parse(readFileSync(path.join(DATA, `${name}.json`), 'utf8'))).cases;
}

const run = (volume: SourceVolume, steps: PreprocessingStep[]) => {
  const outcome = preprocess([volume], [{ key: 'image', modality: 'CT' }], steps);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value;
};

const report: Array<{ transform: string; cases: number; 'largest difference': string }> = [];
afterAll(() => {
  const width = Math.max(...report.map(({ transform }) => transform.length));
  const lines = report.map(
    row =>
      `${row.transform.padEnd(width)}  ${String(row.cases).padStart(3)} cases  ${row['largest difference']}`,
  );
  process.stdout.write(`\nOurs against MONAI:\n${lines.join('\n')}\n`);
});

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let largest = 0;
  for (let index = 0; index < a.length; index++) {
    largest = Math.max(largest, Math.abs(a[index] - b[index]));
  }
  expect(largest).not.toBeNaN();
  return largest;
}

function differingVoxels(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let count = 0;
  for (let index = 0; index < a.length; index++) {
    count += a[index] === b[index] ? 0 : 1;
  }
  return count;
}

function expectGeometry(met: VolumeGeometry, expected: VolumeGeometry): void {
  expect(met.dimensions).toEqual(expected.dimensions);
  const flat = (g: VolumeGeometry) => [...g.spacing, ...g.origin, ...g.direction.flat()];
  expect(largestDifference(flat(met), flat(expected))).toBeLessThan(1e-6);
}

const gridOf = (shape: number[], voxel: [number, number, number] = [1, 1, 1]): VolumeGeometry => ({
  dimensions: [shape[0], shape[1], shape[2]],
  spacing: voxel,
  origin: [0, 0, 0],
  direction: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
});

/** Intensities: the largest difference of a voxel, in the unit of the voxels. */
const record = (transform: string, cases: number, largest: number) => {
  report.push({ transform, cases, 'largest difference': largest.toExponential(1) });
  expect(largest).toBeLessThanOrEqual(1e-4);
};
const recordLabels = (transform: string, cases: number, voxels: number) => {
  report.push({ transform, cases, 'largest difference': `${voxels} voxels` });
  expect(voxels).toBe(0);
};

test('orientation', () => {
  const cases = casesOf('orientation', {
    input: packed,
    geometry: geometrySchema,
    axcodes: z.string(),
    expected: packed,
    expectedGeometry: geometrySchema,
  });
  let largest = 0;
  for (const item of cases) {
    const met = run({ voxels: item.input.values, geometry: item.geometry }, [
      { transform: 'orientation', axcodes: item.axcodes },
    ]);
    expectGeometry(met.geometry, item.expectedGeometry);
    largest = Math.max(largest, largestDifference(met.data, item.expected.values));
  }
  record('orientation', cases.length, largest);
});

test.each(['bilinear', 'nearest'] as const)('spacing, %s', mode => {
  const cases = casesOf('spacing', {
    input: packed,
    geometry: geometrySchema,
    pixdim: triple,
    mode: z.enum(['bilinear', 'nearest']),
    paddingMode: z.enum(['border', 'zeros']),
    expected: packed,
    expectedGeometry: geometrySchema,
  }).filter(item => item.mode === mode);
  let largest = 0;
  for (const item of cases) {
    const met = run({ voxels: item.input.values, geometry: item.geometry }, [
      {
        transform: 'spacing',
        pixdim: item.pixdim,
        mode: item.mode,
        paddingMode: item.paddingMode,
        antiAliasing: false,
      },
    ]);
    expectGeometry(met.geometry, item.expectedGeometry);
    largest = Math.max(largest, largestDifference(met.data, item.expected.values));
  }
  record(`spacing (${mode})`, cases.length, largest);
});

test('scaleIntensityRange', () => {
  const cases = casesOf('scaleIntensityRange', {
    input: packed,
    geometry: geometrySchema,
    aMin: z.number(),
    aMax: z.number(),
    bMin: z.number(),
    bMax: z.number(),
    clip: z.boolean(),
    expected: packed,
  });
  let largest = 0;
  for (const item of cases) {
    const met = run({ voxels: item.input.values, geometry: item.geometry }, [
      {
        transform: 'scaleIntensityRange',
        aMin: item.aMin,
        aMax: item.aMax,
        bMin: item.bMin,
        bMax: item.bMax,
        clip: item.clip,
      },
    ]);
    largest = Math.max(largest, largestDifference(met.data, item.expected.values));
  }
  record('scaleIntensityRange', cases.length, largest);
});

const chainShape = {
  input: packed,
  geometry: geometrySchema,
  axcodes: z.string(),
  pixdim: triple,
  scaleFirst: z.boolean(),
  range: z.object({
    aMin: z.number(),
    aMax: z.number(),
    bMin: z.number(),
    bMax: z.number(),
    clip: z.boolean(),
  }),
  expected: packed,
  expectedGeometry: geometrySchema,
  scores: z.array(packed),
  expectedLabels: packed,
  leastMargin: z.number(),
};

test('orientation, spacing and scaleIntensityRange in one walk', () => {
  const cases = casesOf('chain', chainShape);
  let largest = 0;
  for (const item of cases) {
    const scale = { transform: 'scaleIntensityRange' as const, ...item.range };
    const spatial = [
      { transform: 'orientation' as const, axcodes: item.axcodes },
      {
        transform: 'spacing' as const,
        pixdim: item.pixdim,
        mode: 'bilinear' as const,
        paddingMode: 'border' as const,
        antiAliasing: false,
      },
    ];
    const steps = item.scaleFirst ? [scale, ...spatial] : [...spatial, scale];
    const met = run({ voxels: item.input.values, geometry: item.geometry }, steps);
    expectGeometry(met.geometry, item.expectedGeometry);
    largest = Math.max(largest, largestDifference(met.data, item.expected.values));
  }
  record('chain of the three, fused', cases.length, largest);
});

test('invert', () => {
  const cases = casesOf('chain', chainShape);
  let differing = 0;
  for (const item of cases) {
    const size = item.scores[0].values.length;
    const scores = new Float32Array(size * item.scores.length);
    item.scores.forEach(({ values }, c) => scores.set(values, c * size));
    const met = invertScores(
      { scores, classes: item.scores.length, geometry: item.expectedGeometry },
      item.geometry,
    );
    differing += differingVoxels(met, item.expectedLabels.values);
  }
  recordLabels('invert (logits, arg-max)', cases.length, differing);
});

test.each(['zyx', 'xyz'] as const)('slidingWindow, %s tensors', spatialAxes => {
  const cases = casesOf('slidingWindow', {
    input: packed,
    roiSize: triple,
    overlap: z.number(),
    mode: z.enum(['constant', 'gaussian']),
    sigmaScale: z.number(),
    paddingMode: z.enum(['constant', 'replicate']),
    cval: z.number(),
    expected: z.array(packed),
  });
  /** The same fake network as in make_golden.py: [x, 1 − x + mean / 10, x² + place]. */
  const network = (window: Float32Array, [ni, nj, nk]: readonly number[]): Float32Array => {
    const size = window.length;
    const scores = new Float32Array(size * 3);
    const mean = window.reduce((sum, x) => sum + x, 0) / size;
    for (let k = 0; k < nk; k++) {
      for (let j = 0; j < nj; j++) {
        for (let i = 0; i < ni; i++) {
          const at = spatialAxes === 'zyx' ? i + ni * (j + nj * k) : k + nk * (j + nj * i);
          const x = window[at];
          scores[at] = x;
          scores[size + at] = 1 - x + 0.1 * mean;
          scores[2 * size + at] = x * x + 0.01 * i + 0.02 * j - 0.03 * k;
        }
      }
    }
    return scores;
  };
  let largest = 0;
  for (const item of cases) {
    const [ni, nj, nk] = item.input.shape;
    const plan = planWindows([ni, nj, nk], item);
    const importance = importanceMap(item.roiSize, item);
    const accumulator = createAccumulator(plan, 3);
    const data = Float32Array.from(item.input.values);
    plan.starts.forEach((_, window) => {
      const tensor = extractWindow({ data, channels: 1 }, plan, window, item, spatialAxes);
      const scores = network(tensor, item.roiSize);
      accumulate(accumulator, plan, window, scores, importance, spatialAxes);
    });
    const met = finish(accumulator);
    item.expected.forEach(({ values }, c) => {
      const size = values.length;
      largest = Math.max(
        largest,
        largestDifference(met.subarray(c * size, (c + 1) * size), values),
      );
    });
  }
  record(`slidingWindow (${spatialAxes})`, cases.length, largest);
});

test('keepLargestConnectedComponent', () => {
  const cases = casesOf('keepLargestConnectedComponent', {
    input: packed,
    appliedLabels: z.array(z.number()),
    independent: z.boolean(),
    connectivity: z.union([z.literal(1), z.literal(2), z.literal(3)]),
    numComponents: z.number(),
    expected: packed,
  });
  let differing = 0;
  for (const item of cases) {
    const voxels = Uint8Array.from(item.input.values);
    keepLargestConnectedComponent({ voxels, geometry: gridOf(item.input.shape) }, item);
    differing += differingVoxels(voxels, item.expected.values);
  }
  recordLabels('keepLargestConnectedComponent', cases.length, differing);
});

test('fillHoles', () => {
  const cases = casesOf('fillHoles', {
    input: packed,
    appliedLabels: z.array(z.number()),
    expected: packed,
  });
  let differing = 0;
  let filled = 0;
  for (const item of cases) {
    const voxels = Uint8Array.from(item.input.values);
    fillHoles({ voxels, geometry: gridOf(item.input.shape) }, item);
    differing += differingVoxels(voxels, item.expected.values);
    filled += differingVoxels(item.input.values, item.expected.values);
  }
  expect(filled).toBeGreaterThan(100);
  recordLabels('fillHoles', cases.length, differing);
});

test('removeSmallObjects', () => {
  const cases = casesOf('removeSmallObjects', {
    input: packed,
    spacing: triple,
    appliedLabels: z.array(z.number()),
    minSizeMm3: z.number(),
    expected: packed,
  });
  let differing = 0;
  for (const item of cases) {
    const voxels = Uint8Array.from(item.input.values);
    const geometry = gridOf(item.input.shape, item.spacing);
    removeSmallObjects({ voxels, geometry }, item);
    differing += differingVoxels(voxels, item.expected.values);
  }
  recordLabels('removeSmallObjects', cases.length, differing);
});
