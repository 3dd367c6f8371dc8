import { z } from 'zod';
import { GRAPHIC_TYPES, type RunResult, type ScalarMap } from '../../core/findings/types';
import { REJECTION_REASONS } from '../../core/review/types';
import { WITHDRAWAL_REASONS } from '../../core/review/withdrawal';
import type { LabelMap } from '../../core/volume/types';

/** What IndexedDB gives back is parsed here: it may be of an earlier version, or damaged. */

/** By name: what comes out of a database may be of another realm than this script. */
const named = <T>(name: string) =>
  z.custom<T>(value => Object.prototype.toString.call(value) === `[object ${name}]`);

const vec3 = z.tuple([z.number(), z.number(), z.number()]);
const coded = z.object({ value: z.string(), scheme: z.string(), meaning: z.string() });

const slice = z.looseObject({
  sopInstanceUID: z.string(),
  sopClassUID: z.string(),
  rows: z.number(),
  columns: z.number(),
  photometricInterpretation: z.string(),
  samplesPerPixel: z.number(),
  rescaleSlope: z.number(),
  rescaleIntercept: z.number(),
  modality: z.string(),
});

const label = z.record(z.string(), z.string()).and(z.object({ en: z.string() }));

const measurement = z.object({
  name: z.string(),
  concept: coded,
  derivation: coded.optional(),
  value: z.number(),
  unit: coded,
});

const reference = { sopInstanceUID: z.string(), frameNumber: z.number().optional() };

const concept = z.object({
  key: z.string(),
  label,
  category: coded.optional(),
  type: coded,
  modifier: coded.optional(),
  recommendedDisplayCIELab: vec3.optional(),
});
const segment = concept.extend({
  segmentNumber: z.number(),
  category: coded,
  recommendedDisplayCIELab: vec3,
});

const base = {
  id: z.string(),
  trackingIdentifier: z.string(),
  runId: z.string(),
  measurements: z.array(measurement),
  middleSlice: z.number(),
  centroid: vec3,
  referencedSOPInstanceUID: z.string(),
  referencedFrameNumber: z.number().optional(),
  evaluations: z
    .array(z.object({ concept: coded, value: z.union([coded, z.string()]) }))
    .optional(),
};
const score = z.number();
const shape = z.object({
  graphicType: z.enum(GRAPHIC_TYPES),
  points: z.array(vec3),
  referencedSOPInstanceUID: z.string().optional(),
  referencedFrameNumber: z.number().optional(),
  text: z.string().optional(),
});
const finding = z.discriminatedUnion('kind', [
  z.object({ ...base, kind: z.literal('segment'), segment }),
  z.object({ ...base, kind: z.literal('detection'), concept, score, size: vec3 }),
  z.object({ ...base, kind: z.literal('classification'), concept, score }),
  z.object({ ...base, kind: z.literal('regression'), concept }),
  z.object({
    ...base,
    kind: z.literal('annotation'),
    concept,
    shapes: z.array(shape),
    score: score.optional(),
  }),
  z.object({
    ...base,
    kind: z.literal('keyImage'),
    concept,
    images: z.array(z.object(reference)),
    text: z.string().optional(),
  }),
  z.object({ ...base, kind: z.literal('map'), concept, mapKey: z.string() }),
]);

/** Who made a result that this program did not. */
const foreign = z.object({
  instances: z.array(
    z.object({
      sopClassUID: z.string(),
      sopInstanceUID: z.string(),
      seriesInstanceUID: z.string(),
    }),
  ),
  manufacturer: z.string().optional(),
  manufacturerModelName: z.string().optional(),
  softwareVersions: z.string().optional(),
  seriesDescription: z.string().optional(),
  author: z.string().optional(),
  algorithmType: z.enum(['automatic', 'semiautomatic', 'manual', 'unknown']),
});

const engine = z.object({
  engine: z.enum(['webgpu', 'wasm-threads', 'wasm', 'native', 'remote']),
  threads: z.number(),
  fallbackReason: z.string().optional(),
  detail: z.string().optional(),
});

const geometry = z.object({
  dimensions: vec3,
  spacing: vec3,
  origin: vec3,
  direction: z.tuple([vec3, vec3, vec3]),
});

const map = z
  .object({
    key: z.string(),
    label,
    concept: coded,
    unit: coded,
    geometry,
    values: named<Float32Array>('Float32Array'),
  })
  .refine(
    ({ geometry: { dimensions }, values }) =>
      values.length === dimensions[0] * dimensions[1] * dimensions[2],
  );

const result = {
  runId: z.string(),
  source: z.object({
    studyInstanceUID: z.string(),
    seriesInstanceUID: z.string(),
    frameOfReferenceUID: z.string().optional(),
    slices: z.array(slice),
  }),
  provenance: z.object({
    modelId: z.string(),
    modelVersion: z.string(),
    modelName: z.string(),
    modelSha256: z.string(),
    licence: z.string(),
    engine: engine.optional(),
    startedAt: z.string(),
    timing: z.record(z.string(), z.number()),
    softwareVersion: z.string(),
    manufacturer: z.string().optional(),
    algorithmFamily: coded.optional(),
    operatingPoint: z.object({ key: z.string(), threshold: z.number() }).optional(),
  }),
  maps: z.array(map).optional(),
  findings: z.array(finding),
  foreign: foreign.optional(),
};

/** A result as it is, for what crosses from a worker. */
export const runResult = z
  .object({
    ...result,
    labelMap: z.object({ geometry, voxels: named<Uint8Array>('Uint8Array') }).optional(),
  })
  .transform(run => run as RunResult);

/** A run; the label map of a segmentation as runs (values and lengths) in place of voxels. */
export const keptRun = z.object({
  ...result,
  study: z.string(),
  geometry: geometry.optional(),
  runLengths: z
    .object({
      values: named<Uint8Array>('Uint8Array'),
      lengths: named<Uint32Array>('Uint32Array'),
    })
    .optional(),
});
export type KeptRun = z.infer<typeof keptRun>;

/** A run with maps: their values are kept as Blobs, by earlier versions as what they are. */
export const keptMaps = z.looseObject({
  maps: z.array(z.looseObject({ values: named<Blob>('Blob') })),
});

/** The parsed record as the domain's own type; the label map is its runs, decoded. */
export const runOf = (kept: KeptRun, labelMap: LabelMap | undefined): RunResult => ({
  runId: kept.runId,
  source: kept.source as RunResult['source'],
  provenance: kept.provenance,
  ...(labelMap && { labelMap }),
  ...(kept.maps && { maps: kept.maps as ScalarMap[] }),
  findings: kept.findings,
  ...(kept.foreign && { foreign: kept.foreign }),
});

export const review = z.object({
  findingId: z.string(),
  verdict: z.enum(['accepted', 'rejected']),
  reason: z.enum(REJECTION_REASONS).optional(),
  comment: z.string().optional(),
  reviewer: z.string(),
  reviewedAt: z.string(),
});

export const withdrawal = z.object({
  reason: z.enum(WITHDRAWAL_REASONS),
  withdrawnAt: z.string(),
  withdrawnBy: z.string(),
});

export const withdrawnRun = withdrawal.extend({
  runId: z.string(),
  modelId: z.string(),
  modelVersion: z.string(),
  modelName: z.string(),
});

export const keptReviews = z.object({
  runId: z.string(),
  study: z.string(),
  savedAt: z.string(),
  reviews: z.array(review),
});

export const keptMark = z.object({
  key: z.string(),
  study: z.string(),
  seriesInstanceUID: z.string(),
  modelId: z.string(),
});

export const evidenceObject = z.object({
  sopClassUID: z.string(),
  sopInstanceUID: z.string(),
  seriesInstanceUID: z.string(),
  studyInstanceUID: z.string(),
  part10: named<ArrayBuffer>('ArrayBuffer'),
});

/** Earlier versions kept the bytes themselves. */
const keptEvidence = evidenceObject.extend({
  part10: z.union([named<Blob>('Blob'), named<ArrayBuffer>('ArrayBuffer')]),
});
export type KeptEvidence = z.infer<typeof keptEvidence>;

export const refusalSchema = z.object({
  code: z.string(),
  values: z.record(z.string(), z.union([z.string(), z.number()])),
  message: z.string(),
});

export const keptOutboxEntry = z.object({
  id: z.string(),
  studyInstanceUID: z.string(),
  runId: z.string(),
  objects: z.array(keptEvidence).min(1),
  alternative: z.array(keptEvidence).min(1).optional(),
  held: z.boolean().optional(),
  withdrawal: withdrawal.optional(),
  signature: z.string(),
  attempts: z.number(),
  enqueuedAt: z.string(),
  lastError: refusalSchema.optional(),
});
