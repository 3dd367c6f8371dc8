import { z } from 'zod';
import type { SourceSeries } from '../../core/findings/types';
import type { EvidenceWriter, StoredReading } from '../../core/reading/ports';
import {
  evidenceObject,
  refusalSchema,
  review,
  runResult,
  withdrawal,
  withdrawnRun,
} from '../storage/records';

/**
 * What the page and the evidence worker say to each other. Both sides parse what they receive: the
 * two are built into separate files, and a browser may have kept an older one of them.
 */

export type WriteRequest = Parameters<EvidenceWriter['write']>[0];

const id = z.number().int();
const index = z.number().int().nonnegative();
const buffer = z.custom<ArrayBuffer>(
  value => Object.prototype.toString.call(value) === '[object ArrayBuffer]',
  'bytes as ArrayBuffer',
);

const source = z.object({
  studyInstanceUID: z.string(),
  seriesInstanceUID: z.string(),
  frameOfReferenceUID: z.string().optional(),
  slices: z.array(z.looseObject({ sopInstanceUID: z.string() })),
});
const sources = z.custom<SourceSeries[]>(
  value => z.array(source).safeParse(value).success,
  'series with their slices',
);

/** What the worker is to do with what it was given; the run itself is this program's own. */
const writeRequest = z.custom<WriteRequest>(
  value =>
    z
      .looseObject({
        run: z.looseObject({ runId: z.string(), source, findings: z.array(z.unknown()) }),
        reviews: z.array(review),
        source: z.custom(each => Object.prototype.toString.call(each) === '[object Map]'),
        includeReviews: z.boolean(),
        reviewer: z.string(),
      })
      .safeParse(value).success,
  'a run with its reviews and the attributes of its source',
);

export type WithdrawRequest = Parameters<EvidenceWriter['withdraw']>[0];

const withdrawRequest = z.custom<WithdrawRequest>(
  value =>
    z
      .looseObject({
        run: z.looseObject({ runId: z.string(), source, findings: z.array(z.unknown()) }),
        source: z.custom(each => Object.prototype.toString.call(each) === '[object Map]'),
        instances: z.array(z.string()),
        withdrawal,
      })
      .safeParse(value).success,
  'a run that is to be withdrawn, with the attributes of its source',
);

/** Page → worker. Large arrays come before what they belong to, in pieces; see `pieces.ts`. */
export const requestSchema = z.discriminatedUnion('type', [
  /** First: hold this Web Lock while alive, so that the page learns at once when the worker dies. */
  z.object({ type: z.literal('hello'), lock: z.string() }),
  z.object({
    type: z.literal('piece'),
    id,
    /** Which array of the request, where in it, and how many bytes that has in all. */
    array: index,
    offset: index,
    byteLength: index,
    bytes: buffer,
  }),
  z.object({ type: z.literal('write'), id, request: writeRequest }),
  z.object({ type: z.literal('withdraw'), id, request: withdrawRequest }),
  z.object({ type: z.literal('read'), id, files: index, source: sources }),
]);

const refusedOutcome = z.object({ ok: z.literal(false), refusal: refusalSchema });

const storedReading = z
  .object({
    run: runResult,
    reviews: z.array(review),
    instances: z.array(z.string()),
    segmentationType: z.enum(['binary', 'labelmap']).optional(),
  })
  .transform(reading => reading as StoredReading);

/** Worker → page. */
export const reportSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), locked: z.boolean() }),
  z.object({
    type: z.literal('written'),
    id,
    outcome: z.union([
      z.object({ ok: z.literal(true), value: z.array(evidenceObject) }),
      refusedOutcome,
    ]),
  }),
  z.object({
    type: z.literal('read'),
    id,
    outcome: z.union([
      z.object({ ok: z.literal(true), value: z.array(storedReading) }),
      refusedOutcome,
    ]),
    /** Of files that could not be read, beside those that could. */
    refused: z.array(refusalSchema),
    withdrawn: z.array(withdrawnRun),
  }),
  /** The page speaks another version's language. */
  z.object({ type: z.literal('misunderstood'), detail: z.string() }),
  /** A broken invariant of the writer or the reader. */
  z.object({ type: z.literal('failed'), id, detail: z.string() }),
]);

export type WorkerRequest = z.input<typeof requestSchema>;
export type WorkerReport = z.infer<typeof reportSchema>;
