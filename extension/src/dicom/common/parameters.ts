import { z } from 'zod';
import {
  conceptOf,
  type CodedConcept,
  type EngineReport,
  type Finding,
  type Measurement,
  type RunResult,
} from '../../core/findings/types';

/**
 * What a run is made again from and no attribute of its own holds: kept as JSON in the algorithm's
 * parameters. `secondReader` is the version of this form.
 */
export const runParametersSchema = z.object({
  secondReader: z.literal(1),
  runId: z.string().min(1),
  model: z.object({
    id: z.string().min(1),
    name: z.string(),
    version: z.string().min(1),
    sha256: z.string(),
    licence: z.string(),
  }),
  operatingPoint: z.object({ key: z.string(), threshold: z.number() }).optional(),
  engine: z
    .object({
      engine: z.enum(['webgpu', 'wasm-threads', 'wasm', 'native', 'remote']),
      threads: z.number(),
      fallbackReason: z.string().optional(),
      detail: z.string().optional(),
    })
    .optional(),
  startedAt: z.string().min(1),
  /** Milliseconds by phase. */
  timing: z.partialRecord(
    z.enum(['queued', 'model', 'voxels', 'preprocess', 'infer', 'postprocess', 'measure']),
    z.number(),
  ),
  softwareVersion: z.string(),
});
export type RunParameters = z.infer<typeof runParametersSchema>;

/** What a finding is called and where it is shown. */
export const findingPlaceSchema = z.object({
  key: z.string().min(1),
  label: z
    .record(z.string(), z.string())
    .refine(label => 'en' in label)
    .transform(label => label as Record<string, string> & { en: string }),
  middleSlice: z.number().int().min(0),
  centroid: z.tuple([z.number(), z.number(), z.number()]),
  /** Names of the measurements in the report, by `measurementKey`. */
  measurements: z.record(z.string(), z.string()),
});

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

const engineParameters = ({ engine, threads, fallbackReason, detail }: EngineReport) => ({
  engine,
  threads,
  fallbackReason,
  detail,
});

/** Keys are always in this order, so that the same run has one text. */
export function runParameters(run: RunResult): RunParameters {
  const { provenance } = run;
  return {
    secondReader: 1,
    runId: run.runId,
    model: {
      id: provenance.modelId,
      name: provenance.modelName,
      version: provenance.modelVersion,
      sha256: provenance.modelSha256,
      licence: provenance.licence,
    },
    ...(provenance.operatingPoint && {
      operatingPoint: {
        key: provenance.operatingPoint.key,
        threshold: provenance.operatingPoint.threshold,
      },
    }),
    ...(provenance.engine && { engine: engineParameters(provenance.engine) }),
    startedAt: provenance.startedAt,
    timing: Object.fromEntries(
      Object.entries(provenance.timing).sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    softwareVersion: provenance.softwareVersion,
  };
}

export const findingPlace = (finding: Finding): z.infer<typeof findingPlaceSchema> => ({
  key: conceptOf(finding).key,
  label: conceptOf(finding).label,
  middleSlice: finding.middleSlice,
  centroid: [...finding.centroid],
  measurements: namesOf(finding.measurements),
});

/** The provenance that the parameters tell; what else evidence says of the model is added to it. */
export const provenanceOf = ({
  model,
  operatingPoint,
  engine,
  startedAt,
  timing,
  softwareVersion,
}: RunParameters): RunResult['provenance'] => ({
  modelId: model.id,
  modelVersion: model.version,
  modelName: model.name,
  modelSha256: model.sha256,
  licence: model.licence,
  engine,
  startedAt,
  timing,
  softwareVersion,
  ...(operatingPoint && { operatingPoint }),
});
