import { z } from 'zod';
import {
  conceptOf,
  type Finding,
  type FindingConcept,
  type RunResult,
} from '../../core/findings/types';
import {
  findingPlace,
  findingPlaceSchema,
  runParameters,
  runParametersSchema,
} from '../common/parameters';

const vec3 = z.tuple([z.number(), z.number(), z.number()]);
const coded = z.object({ value: z.string(), scheme: z.string(), meaning: z.string() });

const common = findingPlaceSchema.extend({
  modifier: coded.optional(),
  recommendedDisplayCIELab: vec3.optional(),
});
const score = z.number();

/** What no content item of a group tells of a finding that is no segment. */
const outputSchema = z.discriminatedUnion('kind', [
  common.extend({ kind: z.literal('detection'), score, size: vec3 }),
  common.extend({ kind: z.literal('classification'), score }),
  common.extend({ kind: z.literal('regression') }),
]);
export type FindingOutput = z.infer<typeof outputSchema>;

const modelSchema = {
  manufacturer: z.string().optional(),
  algorithmFamily: coded.optional(),
};
/** Of a run without findings there is no output. */
export const reportParametersSchema = runParametersSchema.extend({
  ...modelSchema,
  output: outputSchema.optional(),
});
export type ReportParameters = z.infer<typeof reportParametersSchema>;

const reportParameters = (run: RunResult): ReportParameters => ({
  ...runParameters(run),
  manufacturer: run.provenance.manufacturer,
  algorithmFamily: run.provenance.algorithmFamily,
});

export const runParametersText = (run: RunResult): string => JSON.stringify(reportParameters(run));

export function findingParametersText(
  run: RunResult,
  finding: Extract<Finding, { kind: FindingOutput['kind'] }>,
): string {
  const { modifier, recommendedDisplayCIELab: colour }: FindingConcept = conceptOf(finding);
  const shared = {
    ...findingPlace(finding),
    ...(modifier && { modifier }),
    ...(colour && { recommendedDisplayCIELab: vec3.parse(colour) }),
  };
  const outputOf = (): FindingOutput => {
    switch (finding.kind) {
      case 'detection':
        return { kind: finding.kind, score: finding.score, size: [...finding.size], ...shared };
      case 'classification':
        return { kind: finding.kind, score: finding.score, ...shared };
      case 'regression':
        return { kind: finding.kind, ...shared };
    }
  };
  return JSON.stringify({ ...reportParameters(run), output: outputOf() });
}
