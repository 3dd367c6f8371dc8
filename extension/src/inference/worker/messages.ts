import { z } from 'zod';
import { manifestSchema } from '../../core/model/manifest';
import type { VoxelArray } from '../../core/volume/types';
import { enginePreferences, fallbackReasons } from '../engineChoice';
import { geometry, resultSchema } from './resultSchema';

/**
 * What the page and the inference worker say to each other. Both sides parse what they receive: the
 * two are built into separate files, and a browser may have kept an older one of them.
 */

const VOXEL_ARRAYS = [Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Float32Array];
const voxels = z.custom<VoxelArray>(
  value => VOXEL_ARRAYS.some(type => value instanceof type),
  'voxels as Int8, Uint8, Int16, Uint16, Int32 or Float32Array',
);

const refusal = z.object({
  code: z.string(),
  values: z.record(z.string(), z.union([z.string(), z.number()])),
  message: z.string(),
});

const voi = z.object({
  center: z.number(),
  width: z.number(),
  function: z.enum(['LINEAR', 'LINEAR_EXACT', 'SIGMOID']),
});
/** An `Outcome`, as it stands in a volume. */
const suvbwFactor = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: z.number() }),
  z.object({ ok: z.literal(false), refusal }),
]);

const engine = z.enum(['webgpu', 'wasm-threads', 'wasm', 'native', 'remote']);
const engineReport = z.object({
  engine,
  threads: z.number().int().positive(),
  fallbackReason: z.string().optional(),
  detail: z.string().optional(),
});

const phase = z.enum([
  'queued',
  'model',
  'voxels',
  'preprocess',
  'infer',
  'postprocess',
  'measure',
]);
/** Page → worker. */
export const requestSchema = z.discriminatedUnion('type', [
  /** First: hold this Web Lock while alive, so that the page learns at once when the worker dies. */
  z.object({ type: z.literal('hello'), lock: z.string(), ortUrl: z.url() }),
  z.object({
    type: z.literal('run'),
    id: z.number().int(),
    model: z.object({ manifest: manifestSchema, baseUrl: z.url() }),
    /** Each series once, without slice headers: nothing after the gates reads them. */
    volumes: z
      .array(
        z.object({
          geometry,
          voxels,
          modality: z.string(),
          voi: voi.optional(),
          suvbwFactor: suvbwFactor.optional(),
        }),
      )
      .min(1),
    /** For each channel the index of its volume. */
    volumeOfChannel: z.array(z.number().int().nonnegative()).min(1),
    options: z.object({ operatingPoint: z.string().optional() }),
    preference: z.enum(enginePreferences),
    failed: z.object({ engine, reason: z.enum(fallbackReasons), detail: z.string() }).optional(),
  }),
  z.object({ type: z.literal('cancel'), id: z.number().int() }),
]);

/** Worker → page. */
export const reportSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), locked: z.boolean() }),
  z.object({ type: z.literal('engine'), id: z.number().int(), engine: engineReport }),
  z.object({
    type: z.literal('progress'),
    id: z.number().int(),
    progress: z.object({ phase, fraction: z.number().optional() }),
  }),
  z.object({
    type: z.literal('done'),
    id: z.number().int(),
    output: resultSchema,
    engine: engineReport,
    timing: z.partialRecord(phase, z.number()),
    /** Why the model file was not kept for the next run. */
    notCached: z.string().optional(),
  }),
  /** The run may not go on, and would not on another engine either. */
  z.object({ type: z.literal('refused'), id: z.number().int(), refusal }),
  /** The engine failed; on another the run may do. */
  z.object({
    type: z.literal('engineFailed'),
    id: z.number().int(),
    engine,
    reason: z.enum(fallbackReasons).optional(),
    detail: z.string(),
  }),
]);

export type WorkerRequest = z.infer<typeof requestSchema>;
export type RunMessage = Extract<WorkerRequest, { type: 'run' }>;
export type WorkerReport = z.infer<typeof reportSchema>;
