import type { Refusal } from '../outcome';
import type { CodedConcept, EngineReport, Finding, ForeignOrigin, Phase } from '../findings/types';
import type { ModelManifest, OperatingPoint, Task } from '../model/manifest';
import type { RejectionReason, Verdict } from '../review/types';
import type { Withdrawal, WithdrawnRun } from '../review/withdrawal';
import type { FindingPair } from '../compare/compareRuns';

export type Maturity = 'research' | 'production' | 'feedback';

export interface ModelState {
  modelId: string;
  version: string;
  name: Record<string, string> & { en: string };
  task: Task;
  /** Display sets of the open study that the model admits; of several channels, the first one's. */
  admits: string[];
  /** Why it does not run on this study: the first failed gate of the nearest display set. */
  refusal?: Refusal;
  /** All that the nearest display set fails, each with the value met. */
  refusals: Refusal[];
  operatingPoints: OperatingPoint[];
  /** Bytes to fetch before the first run, and whether the site's configuration added the model. */
  bytes: number;
  fromSite: boolean;
  /** SHA-256 of the network file, and what a reader must know before trusting it. */
  sha256: string;
  facts: ModelManifest['facts'];
}

export interface ActiveRun {
  modelId: string;
  displaySetInstanceUID: string;
  phase: Phase;
  /** Of the whole run, 0–100. */
  percent: number;
  /** Seconds left, once there is something to reckon with. */
  secondsLeft?: number;
}

export interface RunState {
  runId: string;
  modelId: string;
  modelName: Record<string, string> & { en: string };
  modelVersion: string;
  /** Absent of a result that another program made; `foreign` then says whose it is. */
  engine?: EngineReport;
  foreign?: ForeignOrigin;
  operatingPoint?: { key: string; threshold: number };
  displaySetInstanceUID: string;
  /** What may be stored of it: its model's maturity, or the site's. */
  maturity?: Maturity;
  /** When it was made, ISO 8601; empty where its maker does not say. */
  madeAt: string;
  /** From a run in this session, a draft kept on this workstation, or the archive. */
  origin: 'run' | 'draft' | 'archive';
  timing: Partial<Record<Phase, number>>;
  stored: 'no' | 'pending' | 'stored' | 'failed';
  /** Reviews were changed since the last time they were stored. */
  changedSinceStored: boolean;
  storeError?: Refusal;
  /** Stored, and this is what the archive had to say of it. */
  storeWarnings?: string[];
  /** SOP instances that the archive is known to have of it. */
  storedObjects?: number;
  /** It is to be withdrawn, and the archive has not acknowledged that yet. */
  withdrawal?: WithdrawalState;
  /** The reader has put this result out of sight; its findings stay in the list. */
  hidden?: boolean;
  /** Who made the model, or the program (manufacturer's name). */
  manufacturer?: string;
}

/** A withdrawal that is on its way (`pending`), or that could not be made (`failed`). */
export type WithdrawalState = Withdrawal & { state: 'pending' | 'failed'; error?: Refusal };

/** Two results of the study laid on one another. */
export interface ComparisonState {
  /** Ids of the runs. */
  a: string;
  b: string;
  status: 'comparing' | 'done';
  /** In the order of `a`'s findings, then what only `b` has. */
  pairs: FindingPair[];
  /** Why contours, or places, were not laid one on the other. */
  refusals: Refusal[];
  /** They stand beside one another in the viewer's grid. */
  sideBySide: boolean;
}

/** What a map's colours stand for, lowest to highest. */
export interface MapRange {
  min: number;
  max: number;
  unit: CodedConcept;
}

export type FindingState = Finding & {
  modelId: string;
  modelVersion: string;
  verdict: Verdict;
  reason?: RejectionReason;
  reviewer?: string;
  reviewedAt?: string;
  selected: boolean;
  /** Of a `map`. */
  range?: MapRange;
};

/** Everything the panels show; plain JSON, made anew on every change. */
export interface ReadingState {
  studyInstanceUID?: string;
  maturity: Maturity;
  overlayVisible: boolean;
  models: ModelState[];
  active?: ActiveRun;
  queued: Array<{ modelId: string; displaySetInstanceUID: string }>;
  runs: RunState[];
  findings: FindingState[];
  comparison?: ComparisonState;
  selectedFindingId?: string;
  /** The finding whose rejection waits for a reason: the reject menu is open for it. */
  rejecting?: string;
  /** What went wrong or could not be done, newest first; shown until dismissed or overtaken. */
  refusals: Array<Refusal & { modelId?: string }>;
  /**
   * What waits to be stored: entries, objects in them, whether they are being sent just now, and else
   * when that is tried again (ISO 8601).
   */
  outbox: {
    pending: number;
    objects?: number;
    sending?: boolean;
    nextAttemptAt?: string;
    lastError?: Refusal;
  };
  /** Results of the study that were withdrawn from the archive, oldest first. */
  withdrawn?: WithdrawnRun[];
  /** What the host calls each display set of the study, for people. */
  displaySetDescriptions?: Record<string, string>;
  /** The page may use threads (cross-origin isolated). */
  crossOriginIsolated: boolean;
}
