import type { RunResult } from '../findings/types';
import type { Outcome, Refusal } from '../outcome';
import type { Review } from '../review/types';
import { createObservable, type Observable } from './observable';
import type {
  DisplaySetSummary,
  DraftStore,
  ModelPackage,
  OverlayDisplay,
  Notifier,
} from './ports';
import { projectState, type ReadingFacts } from './projectState';
import { reviewsOf, type RunRecord } from './records';
import { sameImages } from './sameImages';
import type { Maturity, ReadingState } from './state';

export type ShownRefusal = Refusal & { modelId?: string };

/**
 * What one reading holds between opening a study and leaving it, and how it is told. Everything
 * that acts on a reading (runs, sign-off, commands) works on one of these.
 */
export interface Session {
  facts: ReadingFacts;
  state: Observable<ReadingState>;
  packages: Map<string, ModelPackage>;
  records: Map<string, RunRecord>;
  reviews: Map<string, Review>;
  /** Merges changes into the facts and tells the listeners. */
  update(changes?: Partial<ReadingFacts>): void;
  /** Shows why something was not done, once for each code and model. */
  show(shown: Refusal, modelId?: string): void;
  withdraw(applies: (shown: ShownRefusal) => boolean): void;
  /** Whether the study has changed since `generation` was read: what was begun then is dropped. */
  generation(): number;
  /** Forgets the study. */
  reset(): void;
  /** Takes a result in and draws it; one that is there already keeps its reviews and its state. */
  adopt(record: RunRecord): Promise<boolean>;
  /** Keeps a result on this workstation until the archive has it. */
  keepRun(record: RunRecord): Promise<void>;
  /** Keeps the reviews of a result on this workstation until the archive has them. */
  keepReviews(record: RunRecord): Promise<void>;
  find(
    findingId: string,
  ): { record: RunRecord; finding: RunResult['findings'][number] } | undefined;
}

export interface SessionPorts {
  overlay: OverlayDisplay;
  drafts: DraftStore;
  notifier: Notifier;
}

const blank = (maturity: Maturity, crossOriginIsolated: boolean) => ({
  studyInstanceUID: undefined,
  maturity,
  crossOriginIsolated,
  overlayVisible: true,
  models: [],
  displaySets: [] as DisplaySetSummary[],
  active: undefined,
  queued: [],
  selectedFindingId: undefined,
  rejecting: undefined,
  refusals: [],
});

export const createSession = (
  { overlay, drafts, notifier }: SessionPorts,
  settings: { maturity: Maturity; crossOriginIsolated: boolean },
): Session => {
  const packages = new Map<string, ModelPackage>();
  const records = new Map<string, RunRecord>();
  const reviews = new Map<string, Review>();
  const empty = () => blank(settings.maturity, settings.crossOriginIsolated);
  const facts: ReadingFacts = { ...empty(), packages, records, reviews, outbox: { pending: 0 } };
  const state = createObservable(projectState(facts));
  let generation = 0;

  const update: Session['update'] = changes => {
    Object.assign(facts, changes);
    state.set(projectState(facts));
  };

  const draw = async (record: RunRecord) => {
    const { run, displaySetInstanceUID } = record;
    await overlay.show(run, displaySetInstanceUID);
    overlay.setVisible([run.runId], facts.overlayVisible);
    run.findings
      .filter(({ id }) => reviews.get(id)?.verdict === 'rejected')
      .forEach(finding => overlay.setFindingVisible(run, finding, false));
  };

  /** A new run of a model on the same images takes the place of the earlier one. */
  const supersede = ({ run, origin }: RunRecord) => {
    if (origin !== 'run') return;
    for (const [runId, other] of records) {
      const { provenance, source, findings } = other.run;
      if (provenance.modelId !== run.provenance.modelId) continue;
      if (!sameImages(source, run.source)) continue;
      records.delete(runId);
      overlay.remove(runId);
      // What no one judged and nobody sees any more need not come back after a reload.
      if (!findings.some(({ id }) => reviews.has(id))) void drafts.remove(runId);
      if (findings.some(({ id }) => id === facts.selectedFindingId)) {
        facts.selectedFindingId = undefined;
      }
    }
  };

  const show: Session['show'] = (shown, modelId) => {
    const others = facts.refusals.filter(
      other => other.code !== shown.code || other.modelId !== modelId,
    );
    notifier.warn(shown);
    update({ refusals: [{ ...shown, modelId }, ...others] });
  };

  const keep = async (save: () => Promise<Outcome<void>>) => {
    if (settings.maturity === 'research') return;
    const kept = await save();
    if (!kept.ok) show(kept.refusal);
  };

  return {
    facts,
    state,
    packages,
    records,
    reviews,
    update,
    show,
    withdraw(applies) {
      facts.refusals = facts.refusals.filter(shown => !applies(shown));
    },
    generation: () => generation,
    reset() {
      generation += 1;
      for (const runId of records.keys()) overlay.remove(runId);
      records.clear();
      reviews.clear();
      update(empty());
    },
    async adopt(record) {
      if (records.has(record.run.runId)) return false;
      supersede(record);
      records.set(record.run.runId, record);
      update();
      await draw(record);
      return true;
    },
    keepRun: ({ run }) => keep(() => drafts.saveRun(run)),
    async keepReviews(record) {
      const { run } = record;
      await Promise.all([
        keep(() => drafts.saveReviews(run, reviewsOf(run, reviews))),
        this.keepRun(record),
      ]);
    },
    find(findingId) {
      for (const record of records.values()) {
        const finding = record.run.findings.find(({ id }) => id === findingId);
        if (finding) return { record, finding };
      }
      return undefined;
    },
  };
};
