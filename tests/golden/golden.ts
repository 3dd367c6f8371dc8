import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { VolumeGeometry } from '@second-reader/core/geometry/types';
import { preprocessingSchema, type PreprocessingStep } from '@second-reader/core/model/manifest';
import { preprocess, type SourceVolume } from '@second-reader/core/preprocessing/preprocess';

/** Reads what make_golden.py wrote, and keeps the table of transforms and their differences. */

export const packed = z
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
export const triple = z.tuple([z.number(), z.number(), z.number()]);
const geometrySchema = z.object({
  dimensions: triple,
  spacing: triple,
  origin: triple,
  direction: z.tuple([triple, triple, triple]),
});

/** A grid of that many voxels along i, j, k at the world's origin; `voxel` in mm. */
export const gridOf = (
  shape: number[],
  voxel: [number, number, number] = [1, 1, 1],
): VolumeGeometry => ({
  dimensions: [shape[0], shape[1], shape[2]],
  spacing: voxel,
  origin: [0, 0, 0],
  direction: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
});

const DATA = path.resolve(__dirname, 'data');

export function casesOf<T extends z.ZodRawShape>(name: string, shape: T) {
  const schema = z.object({ cases: z.array(z.object({ name: z.string(), ...shape })).min(1) });
  return schema.parse(JSON.parse(readFileSync(path.join(DATA, `${name}.json`), 'utf8'))).cases;
}

/** What `case_of` in arrays.py writes; steps are parsed by the manifest's own schema. */
export const chainShape = {
  channels: z
    .array(
      z.object({
        key: z.string(),
        input: packed,
        geometry: geometrySchema,
        voi: z
          .object({
            center: z.number(),
            width: z.number(),
            function: z.enum(['LINEAR', 'LINEAR_EXACT', 'SIGMOID']),
          })
          .optional(),
        suvbwFactor: z.object({ ok: z.literal(true), value: z.number() }).optional(),
      }),
    )
    .min(1),
  steps: z.array(preprocessingSchema),
  expected: z.array(packed),
  expectedGeometry: geometrySchema,
};
export type Chain = z.infer<z.ZodObject<typeof chainShape>>;

/** Runs a case's steps on its channels. */
export function run({
  channels,
  steps,
}: {
  channels: Chain['channels'];
  steps: PreprocessingStep[];
}) {
  const outcome = preprocess(
    channels.map(({ input, ...facts }): SourceVolume => ({ ...facts, voxels: input.values })),
    channels.map(({ key }) => ({ key, modality: 'CT' })),
    steps,
  );
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value;
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let largest = 0;
  for (let index = 0; index < a.length; index++) {
    largest = Math.max(largest, Math.abs(a[index] - b[index]));
  }
  expect(largest).not.toBeNaN();
  return largest;
}

/** The largest difference of [channel][voxel] from one array a channel. */
export function channelsDifference(
  data: Float32Array,
  expected: ReadonlyArray<{ values: ArrayLike<number> }>,
): number {
  const size = data.length / expected.length;
  return Math.max(
    ...expected.map(({ values }, channel) =>
      largestDifference(data.subarray(channel * size, (channel + 1) * size), values),
    ),
  );
}

export function differingVoxels(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let count = 0;
  for (let index = 0; index < a.length; index++) {
    count += a[index] === b[index] ? 0 : 1;
  }
  return count;
}

export function expectGeometry(met: VolumeGeometry, expected: VolumeGeometry): void {
  expect(met.dimensions).toEqual(expected.dimensions);
  const flat = (g: VolumeGeometry) => [...g.spacing, ...g.origin, ...g.direction.flat()];
  expect(largestDifference(flat(met), flat(expected))).toBeLessThan(1e-6);
}

const report: Array<{ transform: string; cases: number; difference: string }> = [];

/** Intensities: the largest difference of a voxel, in the unit of the voxels. */
export const record = (transform: string, cases: number, largest: number) => {
  report.push({ transform, cases, difference: largest.toExponential(1) });
  expect(largest).toBeLessThanOrEqual(1e-4);
};

export const recordLabels = (transform: string, cases: number, voxels: number) => {
  report.push({ transform, cases, difference: `${voxels} voxels` });
  expect(voxels).toBe(0);
};

/** To be called when all tests are done. */
export const printReport = () => {
  const width = Math.max(...report.map(({ transform }) => transform.length));
  const lines = report.map(
    ({ transform, cases, difference }) =>
      `${transform.padEnd(width)}  ${String(cases).padStart(3)} cases  ${difference}`,
  );
  process.stdout.write(`\nOurs against MONAI, largest difference:\n${lines.join('\n')}\n`);
};
