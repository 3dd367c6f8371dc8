import type { RunResult } from '../findings/types';
import { refusal, type Outcome, type Refusal } from '../outcome';
import type { Review } from '../review/types';
import type { WithdrawnRun } from '../review/withdrawal';
import { maturityOfRun, type MaturitySettings } from './maturity';
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
  /** Takes a result out of the session, with its verdicts and what is kept of it on the workstation. */
  remove(runId: string): void;
  /** Notes that the archive has withdrawn a run: from now on it is not a result of the study. */
  withdrawn(run: WithdrawnRun): void;
  /** The run was withdrawn, or is about to be: it is no more to be stored, nor to be made again. */
  isWithdrawn(runId: string): boolean;
  /** Shows on the viewports what is to be shown: no run that is hidden, nothing while all are. */
  showOverlays(): void;
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
  hiddenRuns: new Set<string>(),
  comparison: undefined,
  selectedFindingId: undefined,
  rejecting: undefined,
  refusals: [],
  withdrawn: [] as WithdrawnRun[],
});

export const createSession = (
  { overlay, drafts, notifier }: SessionPorts,
  settings: MaturitySettings & { crossOriginIsolated: boolean },
): Session => {
  const packages = new Map<string, ModelPackage>();
  const records = new Map<string, RunRecord>();
  const reviews = new Map<string, Review>();
  const empty = () => blank(settings.maturity, settings.crossOriginIsolated);
  const facts: ReadingFacts = {
    ...empty(),
    maturityOf: settings.maturityOf,
    packages,
    records,
    reviews,
    outbox: { pending: 0 },
  };
  const state = createObservable(projectState(facts));
  let generation = 0;

  const update: Session['update'] = changes => {
    Object.assign(facts, changes);
    state.set(projectState(facts));
  };

  const isShown = (runId: string) => facts.overlayVisible && !facts.hiddenRuns.has(runId);

  const draw = async (record: RunRecord) => {
    const { run, displaySetInstanceUID } = record;
    await overlay.show(run, displaySetInstanceUID);
    overlay.setVisible([run.runId], isShown(run.runId));
    run.findings
      .filter(({ id }) => reviews.get(id)?.verdict === 'rejected')
      .forEach(finding => overlay.setFindingVisible(run, finding, false));
  };

  /**
   * A new run takes the place of an earlier one of the same version of the model on the same images
   * that no one has judged. Other versions stay beside it, to be compared, and so does what was
   * stored with another operating point.
   */
  const takesPlaceOf = (
    { run }: RunRecord,
    { run: other, stored, withdrawal }: RunRecord,
  ): boolean => {
    // Its way out of the archive is not over yet, and may fail.
    if (withdrawal) return false;
    const [now, before] = [run.provenance, other.provenance];
    if (other.foreign || now.modelId !== before.modelId) return false;
    if (now.modelVersion !== before.modelVersion) return false;
    if (!sameImages(other.source, run.source)) return false;
    if (other.findings.some(({ id }) => reviews.has(id))) return false;
    return now.operatingPoint?.key === before.operatingPoint?.key || stored === 'no';
  };

  const remove = (runId: string) => {
    const findings = records.get(runId)?.run.findings ?? [];
    records.delete(runId);
    overlay.remove(runId);
    // What nobody sees any more need not come back after a reload.
    void drafts.remove(runId);
    findings.forEach(({ id }) => reviews.delete(id));
    if ([facts.comparison?.a, facts.comparison?.b].includes(runId)) facts.comparison = undefined;
    const isOfRun = (findingId?: string) => findings.some(({ id }) => id === findingId);
    if (isOfRun(facts.selectedFindingId)) facts.selectedFindingId = undefined;
    if (isOfRun(facts.rejecting)) facts.rejecting = undefined;
  };

  const supersede = (record: RunRecord) => {
    if (record.origin !== 'run') return;
    for (const [runId, other] of records) {
      if (takesPlaceOf(record, other)) remove(runId);
    }
  };

  const show: Session['show'] = (shown, modelId) => {
    const others = facts.refusals.filter(
      other => other.code !== shown.code || other.modelId !== modelId,
    );
    notifier.warn(shown);
    update({ refusals: [{ ...shown, modelId }, ...others] });
  };

  const keep = async ({ run }: RunRecord, save: () => Promise<Outcome<void>>) => {
    if (maturityOfRun(settings, run) === 'research') return;
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
      try {
        await draw(record);
      } catch (error) {
        // It stays in the list, to be read and judged; and what is adopted after it is drawn.
        const detail = error instanceof Error ? error.message : String(error);
        show(refusal('overlayFailed', `A result could not be drawn: ${detail}`, { detail }));
      }
      return true;
    },
    remove,
    withdrawn(run) {
      remove(run.runId);
      const others = facts.withdrawn.filter(({ runId }) => runId !== run.runId);
      facts.withdrawn = [...others, run];
      update();
    },
    isWithdrawn: runId =>
      facts.withdrawn.some(run => run.runId === runId) ||
      records.get(runId)?.withdrawal !== undefined,
    showOverlays() {
      const [shown, hidden] = [true, false].map(wanted =>
        [...records.keys()].filter(runId => isShown(runId) === wanted),
      );
      overlay.setVisible(shown, true);
      overlay.setVisible(hidden, false);
    },
    keepRun: record => keep(record, () => drafts.saveRun(record.run)),
    async keepReviews(record) {
      const { run } = record;
      await Promise.all([
        keep(record, () => drafts.saveReviews(run, reviewsOf(run, reviews))),
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
