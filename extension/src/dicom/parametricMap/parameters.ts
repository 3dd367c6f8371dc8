import { z } from 'zod';
import type { RunResult, ScalarMap } from '../../core/findings/types';
import type { VolumeGeometry } from '../../core/geometry/types';
import { runParameters, runParametersSchema } from '../common/parameters';

const vec3 = z.tuple([z.number(), z.number(), z.number()]);

/**
 * Kept as the text of Algorithm Parameters (111002, DCM) in the map's Quantity Definition: what no
 * attribute holds, and the grid to the last bit, which decimal strings round.
 */
export const mapParametersSchema = runParametersSchema.extend({
  map: z.object({
    key: z.string().min(1),
    label: z
      .record(z.string(), z.string())
      .refine(label => 'en' in label)
      .transform(label => label as Record<string, string> & { en: string }),
    geometry: z.object({
      dimensions: vec3,
      spacing: vec3,
      origin: vec3,
      direction: z.tuple([vec3, vec3, vec3]),
    }),
  }),
});

/**
 * The JSON text of one map; keys are always in this order, so the same run has one text.
 * @param geometry the grid that it is written on
 */
export const mapParametersText = (
  run: RunResult,
  map: ScalarMap,
  { dimensions, spacing, origin, direction }: VolumeGeometry,
): string => {
  return JSON.stringify({
    ...runParameters(run),
    map: {
      key: map.key,
      label: map.label,
      geometry: { dimensions, spacing, origin, direction },
    },
  });
};
