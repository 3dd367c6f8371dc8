import { z } from 'zod';
import type { ModelResult } from '../../core/findings/types';

/**
 * `ModelResult` as it crosses from the worker to the page. Strict: a field that one side learnt and
 * the other did not must be an error, not a loss.
 */

export const vec3 = z.tuple([z.number(), z.number(), z.number()]).readonly();
export const geometry = z.object({
  dimensions: vec3,
  spacing: vec3,
  origin: vec3,
  direction: z.tuple([vec3, vec3, vec3]).readonly(),
});
const codedConcept = z.object({ value: z.string(), scheme: z.string(), meaning: z.string() });
const localized = z
  .record(z.string(), z.string())
  .transform(text => text as Record<string, string> & { en: string });

const measurement = z.strictObject({
  name: z.string(),
  concept: codedConcept,
  derivation: codedConcept.optional(),
  value: z.number(),
  unit: codedConcept,
});
const concept = {
  key: z.string(),
  label: localized,
  category: codedConcept.optional(),
  type: codedConcept,
  modifier: codedConcept.optional(),
  recommendedDisplayCIELab: vec3.optional(),
};
const place = { middleSlice: z.number().int(), centroid: vec3 };

const maps = z
  .array(
    z.strictObject({
      key: z.string(),
      label: localized,
      concept: codedConcept,
      unit: codedConcept,
      geometry,
      values: z.custom<Float32Array>(
        value => value instanceof Float32Array,
        'values as Float32Array',
      ),
    }),
  )
  .optional();

export const resultSchema: z.ZodType<ModelResult> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('segmentation'),
    labelMap: z.strictObject({
      geometry,
      voxels: z.custom<Uint8Array>(value => value instanceof Uint8Array, 'labels as Uint8Array'),
    }),
    segments: z.array(
      z.strictObject({
        ...concept,
        segmentNumber: z.number().int().positive(),
        category: codedConcept,
        recommendedDisplayCIELab: vec3,
        measurements: z.array(measurement),
        voxelCount: z.number().int().nonnegative(),
        ...place,
      }),
    ),
    maps,
  }),
  z.strictObject({
    kind: z.literal('detection'),
    threshold: z.number(),
    detections: z.array(
      z.strictObject({
        ...concept,
        score: z.number(),
        size: vec3,
        measurements: z.array(measurement),
        ...place,
      }),
    ),
    maps,
  }),
  z.strictObject({
    kind: z.literal('classification'),
    threshold: z.number(),
    classes: z.array(z.strictObject({ ...concept, score: z.number(), positive: z.boolean() })),
    maps,
  }),
  z.strictObject({
    kind: z.literal('regression'),
    values: z.array(z.strictObject({ ...concept, measurement })),
    maps,
  }),
]);

/** What of a result is handed over and not copied. */
export const transferablesOf = (result: ModelResult): ArrayBuffer[] => [
  ...(result.kind === 'segmentation' ? [result.labelMap.voxels.buffer as ArrayBuffer] : []),
  ...(result.maps ?? []).map(({ values }) => values.buffer as ArrayBuffer),
];
