import type { Refusal } from '../outcome';
import type { RunResult } from '../findings/types';
import type { Review } from '../review/types';
import type { RunState, WithdrawalState } from './state';

/** A result of the open study with what is known of its way to the archive. */
export interface RunRecord {
  run: RunResult;
  displaySetInstanceUID: string;
  origin: RunState['origin'];
  stored: RunState['stored'];
  storeError?: Refusal;
  /** Signature of the reviews that the archive has; see `reviewSignature`. */
  storedSignature?: string;
  /** SOP Instance UIDs that the archive has acknowledged, oldest first. */
  acknowledged: Set<string>;
  /** Those that were put in the outbox in this session, oldest first. */
  enqueued: string[];
  /** What the archive had to say of what it stored. */
  storeWarnings?: string[];
  /** Decided, and not acknowledged by the archive. */
  withdrawal?: WithdrawalState;
  /** The kind of segmentation that the archive has of it. */
  segmentationType?: 'binary' | 'labelmap';
}

export const reviewsOf = (run: RunResult, reviews: ReadonlyMap<string, Review>): Review[] =>
  run.findings.flatMap(finding => reviews.get(finding.id) ?? []);

/** Equal for equal reviews of a run, whatever order they were given in. */
export const reviewSignature = (run: RunResult, reviews: ReadonlyMap<string, Review>): string =>
  JSON.stringify(
    reviewsOf(run, reviews).map(({ findingId, verdict, reason, comment, reviewer, reviewedAt }) => [
      findingId,
      verdict,
      reason,
      comment,
      reviewer,
      reviewedAt,
    ]),
  );
