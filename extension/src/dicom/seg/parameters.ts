import { z } from 'zod';
import type { RunResult, SegmentFinding } from '../../core/findings/types';
import {
  findingPlaceSchema,
  findingPlace,
  runParameters,
  runParametersSchema,
} from '../common/parameters';

/**
 * Kept in Algorithm Parameters (0066,0032) of each segment, which archives keep where they drop
 * private attributes.
 */
export const parametersSchema = runParametersSchema.extend({
  output: findingPlaceSchema.extend({
    /** The value in the model's own label map: Segment Number must count from 1. */
    value: z.number().int().min(1).max(255),
  }),
});
export type RunParameters = z.infer<typeof parametersSchema>;

/** The JSON text for one finding; keys are always in this order, so the same run has one text. */
export function parametersText(run: RunResult, finding: SegmentFinding): string {
  const parameters: RunParameters = {
    ...runParameters(run),
    output: {
      value: finding.segment.segmentNumber,
      ...findingPlace(finding),
    },
  };
  return JSON.stringify(parameters);
}
