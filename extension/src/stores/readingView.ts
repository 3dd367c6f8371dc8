import type { FindingState, ModelState, ReadingState, RunState } from '../core/reading/state';
import type { Refusal } from '../core/outcome';

/** A run with the findings it made, as the panel lists them. */
export interface RunGroup {
  run: RunState;
  findings: FindingState[];
}

export function runGroups(state: ReadingState): RunGroup[] {
  return state.runs.map(run => ({
    run,
    findings: state.findings.filter(finding => finding.runId === run.runId),
  }));
}

export const selectedFinding = (state: ReadingState): FindingState | undefined =>
  state.findings.find(finding => finding.id === state.selectedFindingId);

export const unreviewedCount = (state: ReadingState): number =>
  state.findings.filter(finding => finding.verdict === 'notReviewed').length;

/** The results that one can be compared with: those of the same images first. */
export const comparableRuns = (state: ReadingState, { runId, displaySetInstanceUID }: RunState) =>
  state.runs
    .filter(run => run.runId !== runId)
    .sort(
      (a, b) =>
        Number(b.displaySetInstanceUID === displaySetInstanceUID) -
        Number(a.displaySetInstanceUID === displaySetInstanceUID),
    );

/** Whether a reader judged the two findings of a pair alike; `open` while one is not judged. */
export type VerdictAgreement = 'accepted' | 'rejected' | 'differ' | 'open';
export const verdictAgreement = (a: FindingState, b: FindingState): VerdictAgreement => {
  if (a.verdict === 'notReviewed' || b.verdict === 'notReviewed') return 'open';
  return a.verdict === b.verdict ? a.verdict : 'differ';
};

/**
 * Whether a result can be withdrawn from the archive: one of ours that the archive has something of,
 * where the site stores at all, and not while it is being stored.
 */
export function withdrawable(state: ReadingState, run: RunState): 'yes' | 'no' | 'whileStoring' {
  const isStored = !run.foreign && (run.storedObjects ?? 0) > 0;
  if (!isStored || (run.maturity ?? state.maturity) === 'research') return 'no';
  if (run.withdrawal?.state === 'pending') return 'no';
  return run.stored === 'pending' ? 'whileStoring' : 'yes';
}

export type ModelActivity = 'idle' | 'running' | 'queued';

export function modelActivity(state: ReadingState, modelId: string): ModelActivity {
  if (state.active?.modelId === modelId) {
    return 'running';
  }
  return state.queued.some(entry => entry.modelId === modelId) ? 'queued' : 'idle';
}

export const lastRunOf = (state: ReadingState, modelId: string): RunState | undefined =>
  state.runs.filter(run => run.modelId === modelId && !run.foreign).at(-1);

export const hasRun = (state: ReadingState, modelId: string): boolean =>
  lastRunOf(state, modelId) !== undefined;

/** Models that can run on this study, and those that cannot with their reason. */
export function modelsByFit(state: ReadingState): { fit: ModelState[]; unfit: ModelState[] } {
  return {
    fit: state.models.filter(model => model.admits.length > 0),
    unfit: state.models.filter(model => model.admits.length === 0),
  };
}

/**
 * What became of the evidence of the whole study. `changed`: it was stored, and verdicts were
 * changed since. A failure is told before what is under way, and that before what is done.
 */
export type StoredSummary =
  | { kind: 'nothing' }
  | { kind: 'research' }
  | { kind: 'no' }
  | { kind: 'changed' }
  | { kind: 'pending'; count: number; error?: Refusal }
  | { kind: 'failed'; error?: Refusal }
  | { kind: 'warned'; warning: string }
  | { kind: 'stored' };

export function storedSummary(state: ReadingState): StoredSummary {
  if (state.maturity === 'research') {
    return { kind: 'research' };
  }
  if (state.runs.length === 0) {
    return { kind: 'nothing' };
  }
  const failed = state.runs.find(run => run.stored === 'failed');
  if (failed) {
    return { kind: 'failed', error: failed.storeError ?? state.outbox.lastError };
  }
  const pending = state.runs.filter(run => run.stored === 'pending');
  if (pending.length > 0) {
    return {
      kind: 'pending',
      count: Math.max(pending.length, state.outbox.objects ?? state.outbox.pending),
      error: pending.find(run => run.storeError)?.storeError ?? state.outbox.lastError,
    };
  }
  if (state.runs.some(run => run.stored === 'no')) {
    return { kind: 'no' };
  }
  if (state.runs.some(run => run.changedSinceStored)) {
    return { kind: 'changed' };
  }
  const warning = state.runs.flatMap(run => run.storeWarnings ?? []).at(-1);
  return warning === undefined ? { kind: 'stored' } : { kind: 'warned', warning };
}

/** The value of `data-state`: what the archive has of the reading as it is now. */
export const STORED_STATE: Record<StoredSummary['kind'], RunState['stored']> = {
  nothing: 'no',
  research: 'no',
  no: 'no',
  changed: 'no',
  pending: 'pending',
  failed: 'failed',
  warned: 'stored',
  stored: 'stored',
};

/** Why the Store button does nothing now; undefined when it does. Key of `panel.store.<reason>`. */
export function storeBlocked(
  summary: StoredSummary,
): 'research' | 'nothing' | 'upToDate' | undefined {
  switch (summary.kind) {
    case 'research':
      return 'research';
    case 'nothing':
      return 'nothing';
    case 'stored':
    case 'warned':
      return 'upToDate';
    default:
      return undefined;
  }
}

/** What waits in the outbox of this workstation, of this study and of others. */
export interface OutboxView {
  /** DICOM objects; results where that is not known. */
  count: number;
  /** It is of other studies than this one, or withdraws a result of this one; else to be stored. */
  what: 'here' | 'elsewhere' | 'withdrawal';
  sending: boolean;
  nextAttemptAt?: string;
  lastError?: Refusal;
}

const waitsFor = (state: ReadingState, { kind }: StoredSummary): OutboxView['what'] => {
  if (kind === 'pending' || kind === 'failed') return 'here';
  return state.runs.some(({ withdrawal }) => withdrawal) ? 'withdrawal' : 'elsewhere';
};

export function outboxView(state: ReadingState, summary: StoredSummary): OutboxView | undefined {
  const { pending, objects, sending = false, nextAttemptAt, lastError } = state.outbox;
  if (pending === 0) {
    return undefined;
  }
  return {
    count: objects ?? pending,
    what: waitsFor(state, summary),
    sending,
    nextAttemptAt,
    lastError,
  };
}
