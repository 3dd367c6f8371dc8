import { z } from 'zod';
import type {
  CodedConcept,
  Measurement,
  RunResult,
  SegmentFinding,
} from '../../core/findings/types';

/**
 * What a run is made again from and no attribute of its own holds: kept as JSON in Algorithm
 * Parameters (0066,0032) of each segment, which archives keep where they drop private attributes.
 * `secondReader` is the version of this form.
 */
export const parametersSchema = z.object({
  secondReader: z.literal(1),
  runId: z.string().min(1),
  model: z.object({
    id: z.string().min(1),
    name: z.string(),
    version: z.string().min(1),
    sha256: z.string(),
    licence: z.string(),
  }),
  engine: z.object({
    engine: z.enum(['webgpu', 'wasm-threads', 'wasm', 'native', 'remote']),
    threads: z.number(),
    fallbackReason: z.string().optional(),
    detail: z.string().optional(),
  }),
  startedAt: z.string().min(1),
  /** Milliseconds by phase. */
  timing: z.partialRecord(
    z.enum(['queued', 'model', 'voxels', 'preprocess', 'infer', 'postprocess', 'measure']),
    z.number(),
  ),
  softwareVersion: z.string(),
  output: z.object({
    /** The value in the model's own label map: Segment Number must count from 1. */
    value: z.number().int().min(1).max(255),
    key: z.string().min(1),
    label: z
      .record(z.string(), z.string())
      .refine(label => 'en' in label)
      .transform(label => label as Record<string, string> & { en: string }),
    middleSlice: z.number().int().min(0),
    centroid: z.tuple([z.number(), z.number(), z.number()]),
    /** Names of the measurements in the report, by `measurementKey`. */
    measurements: z.record(z.string(), z.string()),
  }),
});
export type RunParameters = z.infer<typeof parametersSchema>;

/** Tells the measurements of a finding from one another by what a report says of them. */
export const measurementKey = ({
  concept,
  derivation,
}: {
  concept: CodedConcept;
  derivation?: CodedConcept;
}): string =>
  [concept, derivation].flatMap(code => (code ? [`${code.scheme}:${code.value}`] : [])).join(' ');

const namesOf = (measurements: readonly Measurement[]): Record<string, string> =>
  Object.fromEntries(measurements.map(each => [measurementKey(each), each.name]));

/** The JSON text for one finding; keys are always in this order, so the same run has one text. */
export function parametersText(run: RunResult, finding: SegmentFinding): string {
  const { provenance } = run;
  const { engine, threads, fallbackReason, detail } = provenance.engine;
  const parameters: RunParameters = {
    secondReader: 1,
    runId: run.runId,
    model: {
      id: provenance.modelId,
      name: provenance.modelName,
      version: provenance.modelVersion,
      sha256: provenance.modelSha256,
      licence: provenance.licence,
    },
    engine: { engine, threads, fallbackReason, detail },
    startedAt: provenance.startedAt,
    timing: Object.fromEntries(
      Object.entries(provenance.timing).sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    softwareVersion: provenance.softwareVersion,
    output: {
      value: finding.segment.segmentNumber,
      key: finding.segment.key,
      label: finding.segment.label,
      middleSlice: finding.middleSlice,
      centroid: [...finding.centroid],
      measurements: namesOf(finding.measurements),
    },
  };
  return JSON.stringify(parameters);
}
