import type { RunResult, SourceSeries } from '../findings/types';
import { refusal, type Refusal } from '../outcome';
import type { Review } from '../review/types';
import type { WithdrawnRun } from '../review/withdrawal';
import type {
  DisplaySetSummary,
  DraftStore,
  EvidenceArchive,
  EvidenceReader,
  OutboxEntry,
  OutboxStore,
} from './ports';
import { reviewSignature, type RunRecord } from './records';
import { sameImages } from './sameImages';
import type { WithdrawalState } from './state';
import { isWithdrawal } from './withdrawing';

export interface RestoreContext {
  archive: EvidenceArchive;
  reader: EvidenceReader;
  drafts: DraftStore;
  outbox: OutboxStore;
  keepsDrafts: boolean;
  reviews: Map<string, Review>;
  records: ReadonlyMap<string, RunRecord>;
  adopt(record: RunRecord): Promise<void>;
  show(shown: Refusal, modelId?: string): void;
  /** Told of runs whose evidence the archive has marked as withdrawn. */
  withdrawn(run: WithdrawnRun): void;
  isWithdrawn(runId: string): boolean;
}

const sourceOf = (set: DisplaySetSummary): SourceSeries => ({
  studyInstanceUID: set.studyInstanceUID,
  seriesInstanceUID: set.seriesInstanceUID,
  frameOfReferenceUID: set.frameOfReferenceUID,
  slices: set.slices,
});

/** Others' results on images that are not open are passed over, as ours are: they may still come. */
const MAY_STILL_COME: ReadonlySet<string> = new Set([
  'foreignSourceAbsent',
  'foreignFrameOfReferenceUnknown',
]);

/** What waits in the outbox: runs of which evidence does, and those that are to be withdrawn. */
interface Waiting {
  stores: ReadonlySet<string>;
  withdrawals: ReadonlyMap<string, WithdrawalState>;
}

const waitingOf = (entries: readonly OutboxEntry[]): Waiting => ({
  stores: new Set(entries.filter(each => !isWithdrawal(each)).map(({ runId }) => runId)),
  withdrawals: new Map(
    entries
      .filter(isWithdrawal)
      .map(({ runId, withdrawal }) => [runId, { ...withdrawal, state: 'pending' }]),
  ),
});

/**
 * Brings back what is known of a study: evidence in the archive first, then drafts kept on this
 * workstation, then what still waits in the outbox. Series that arrive later are matched with what
 * was fetched already; nothing is fetched twice.
 */
export const restoreReading = (context: RestoreContext) => {
  let evidence: Promise<ArrayBuffer[]> | undefined;
  let draftsOf: ReturnType<DraftStore['load']> | undefined;
  let interruptionsTold = false;
  const told = new Set<string>();
  const matched = new Set<string>();

  /** Evidence is read again for each burst of series: what was told of it is not told again. */
  const tell = (shown: Refusal): void => {
    if (MAY_STILL_COME.has(shown.code) || told.has(shown.message)) return;
    told.add(shown.message);
    context.show(shown);
  };

  const fetchEvidence = async (study: string): Promise<ArrayBuffer[]> => {
    const files = await context.archive.retrieveEvidence(study, context.show);
    if (files.ok) return files.value;
    context.show(files.refusal);
    return [];
  };

  const placed = (run: RunResult, sets: DisplaySetSummary[]) =>
    sets.find(set => sameImages(set, run.source));

  /**
   * A draft is what this workstation knew last, so it overtakes what the archive says of a finding,
   * a withdrawn verdict included, unless someone judged the finding later elsewhere.
   */
  const mergeDraft = (run: RunResult, reviews: Review[], savedAt: string) => {
    for (const { id } of run.findings) {
      const stored = context.reviews.get(id);
      if (stored && stored.reviewedAt > savedAt) continue;
      const drafted = reviews.find(({ findingId }) => findingId === id);
      if (drafted) context.reviews.set(id, drafted);
      else context.reviews.delete(id);
    }
  };

  const fromArchive = async (
    study: string,
    sets: DisplaySetSummary[],
    waiting: Waiting,
    stale: () => boolean,
  ) => {
    evidence ??= fetchEvidence(study);
    const files = await evidence;
    if (stale() || files.length === 0) return;
    const withdrawn: WithdrawnRun[] = [];
    const stored = await context.reader.read(files, sets.map(sourceOf), tell, run =>
      withdrawn.push(run),
    );
    if (stale()) return;
    withdrawn.filter(({ runId }) => !context.isWithdrawn(runId)).forEach(context.withdrawn);
    if (!stored.ok) return tell(stored.refusal);
    draftsOf ??= context.keepsDrafts ? context.drafts.load(study) : undefined;
    const drafts = (await draftsOf) ?? [];
    for (const { run: read, reviews, instances, segmentationType } of stored.value) {
      // Of a store that was interrupted the draft says all, where the archive has but a part.
      const run = drafts.find(draft => draft.run.runId === read.runId)?.run ?? read;
      const set = placed(run, sets);
      if (!set || context.records.has(run.runId) || context.isWithdrawn(run.runId)) continue;
      reviews.forEach(review => context.reviews.set(review.findingId, review));
      const known = new Map(reviews.map(review => [review.findingId, review]));
      const kept = context.keepsDrafts && (await context.drafts.reviewsOf(run.runId));
      if (stale()) return;
      if (kept) mergeDraft(run, kept.reviews, kept.savedAt);
      await context.adopt({
        run,
        displaySetInstanceUID: set.displaySetInstanceUID,
        origin: 'archive',
        // What the archive does not have of it is in the outbox.
        stored: waiting.stores.has(run.runId) ? 'pending' : 'stored',
        withdrawal: waiting.withdrawals.get(run.runId),
        storedSignature: reviewSignature(run, known),
        acknowledged: new Set(instances),
        enqueued: [],
        segmentationType,
      });
    }
  };

  const fromDrafts = async (
    study: string,
    sets: DisplaySetSummary[],
    waiting: Waiting,
    stale: () => boolean,
  ) => {
    draftsOf ??= context.drafts.load(study);
    for (const { run, reviews, savedAt } of await draftsOf) {
      const set = placed(run, sets);
      if (stale() || !set || context.isWithdrawn(run.runId)) continue;
      mergeDraft(run, reviews, savedAt);
      await context.adopt({
        run,
        displaySetInstanceUID: set.displaySetInstanceUID,
        origin: 'draft',
        stored: waiting.stores.has(run.runId) ? 'pending' : 'no',
        withdrawal: waiting.withdrawals.get(run.runId),
        acknowledged: new Set(),
        enqueued: [],
      });
    }
  };

  const tellInterruptions = async (study: string) => {
    if (interruptionsTold) return;
    interruptionsTold = true;
    for (const mark of await context.drafts.interrupted(study)) {
      await context.drafts.markRun(mark, 'ended');
      const message = `A run of ${mark.modelId} was interrupted before it ended; it left no result`;
      context.show(refusal('runInterrupted', message, { modelId: mark.modelId }), mark.modelId);
    }
  };

  return {
    /** @returns what waits in the outbox, of whatever study */
    async run(
      study: string,
      sets: DisplaySetSummary[],
      stale: () => boolean,
    ): Promise<{ waiting: OutboxEntry[] }> {
      const arrived = sets.filter(set => !matched.has(set.displaySetInstanceUID));
      if (arrived.length === 0) return { waiting: [] };
      arrived.forEach(set => matched.add(set.displaySetInstanceUID));
      const entries = context.keepsDrafts ? await context.outbox.list() : [];
      const waiting = waitingOf(entries);
      await fromArchive(study, arrived, waiting, stale);
      if (context.keepsDrafts && !stale()) await fromDrafts(study, arrived, waiting, stale);
      if (!stale()) await tellInterruptions(study);
      return { waiting: entries };
    },
    forget() {
      evidence = undefined;
      draftsOf = undefined;
      interruptionsTold = false;
      told.clear();
      matched.clear();
    },
  };
};
