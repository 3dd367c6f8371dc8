import { z } from 'zod';
import {
  conceptOf,
  GRAPHIC_TYPES,
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
const image = { sopInstanceUID: z.string().min(1), frameNumber: z.number().int().optional() };
const shape = z.object({
  graphicType: z.enum(GRAPHIC_TYPES),
  points: z.array(vec3).min(1),
  referencedSOPInstanceUID: z.string().optional(),
  referencedFrameNumber: z.number().int().optional(),
  text: z.string().optional(),
});

/** What no content item of a group tells of a finding, or tells less exactly. */
const outputSchema = z.discriminatedUnion('kind', [
  common.extend({ kind: z.literal('segment'), segmentNumber: z.number().int() }),
  common.extend({ kind: z.literal('detection'), score, size: vec3 }),
  common.extend({ kind: z.literal('classification'), score }),
  common.extend({ kind: z.literal('regression') }),
  common.extend({
    kind: z.literal('annotation'),
    shapes: z.array(shape),
    score: score.optional(),
  }),
  common.extend({
    kind: z.literal('keyImage'),
    images: z.array(z.object(image)),
    text: z.string().optional(),
  }),
  common.extend({ kind: z.literal('map'), mapKey: z.string().min(1) }),
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

export function findingParametersText(run: RunResult, finding: Finding): string {
  const { modifier, recommendedDisplayCIELab: colour }: FindingConcept = conceptOf(finding);
  const shared = {
    ...findingPlace(finding),
    ...(modifier && { modifier }),
    ...(colour && { recommendedDisplayCIELab: vec3.parse(colour) }),
  };
  const outputOf = (): FindingOutput => {
    switch (finding.kind) {
      case 'segment': {
        const { segmentNumber } = finding.segment;
        return { kind: finding.kind, segmentNumber, ...shared };
      }
      case 'detection':
        return { kind: finding.kind, score: finding.score, size: [...finding.size], ...shared };
      case 'classification':
        return { kind: finding.kind, score: finding.score, ...shared };
      case 'regression':
        return { kind: finding.kind, ...shared };
      case 'annotation': {
        const { kind, shapes, score: stated } = finding;
        return {
          kind,
          shapes: shapes.map(each => shape.parse(each)),
          ...(stated !== undefined && { score: stated }),
          ...shared,
        };
      }
      case 'keyImage': {
        const { kind, images, text } = finding;
        return { kind, images: [...images], ...(text !== undefined && { text }), ...shared };
      }
      case 'map':
        return { kind: finding.kind, mapKey: finding.mapKey, ...shared };
    }
  };
  return JSON.stringify({ ...reportParameters(run), output: outputOf() });
}
