import { refusal } from '../outcome';
import type { RejectionReason, Verdict } from '../review/types';
import type { WithdrawalReason } from '../review/withdrawal';
import { createAdmission } from './admission';
import { storesAnything, type MaturitySettings } from './maturity';
import type {
  ArchiveTraits,
  DisplaySetSummary,
  DraftStore,
  EvidenceArchive,
  EvidenceReader,
  EvidenceWriter,
  InferenceEngine,
  ModelRegistry,
  Notifier,
  OutboxStore,
  OverlayDisplay,
  SideBySideDisplay,
  VolumeSource,
} from './ports';
import type { RunRecord } from './records';
import { restoreReading } from './restore';
import { createResultSets, type ResultSets } from './resultSets';
import { createRunning } from './running';
import { createSession } from './session';
import { createSignOff } from './signOff';
import { createSingleFlight } from './singleFlight';
import type { ReadingState } from './state';
import type { EvidenceSettings } from './storing';

export interface ReadingPorts {
  volumes: VolumeSource;
  engine: InferenceEngine;
  registry: ModelRegistry;
  overlay: OverlayDisplay;
  writer: EvidenceWriter;
  reader: EvidenceReader;
  archive: EvidenceArchive;
  outbox: OutboxStore;
  drafts: DraftStore;
  notifier: Notifier;
  /** Without it nothing is learnt of the archive. */
  traits?: ArchiveTraits;
  /** Absent where there is no grid of viewports to lay results out in. */
  sideBySide?: SideBySideDisplay;
}

export interface ReadingSettings extends MaturitySettings, EvidenceSettings {
  /** Whether models that the study admits start by themselves, asked when it is opened. */
  autoRun(): boolean;
  crossOriginIsolated: boolean;
  softwareVersion: string;
  /** Who judges: PersonName of whoever is logged in. */
  reviewer(): string;
  now(): Date;
}

/** One radiologist, one study, from opening to sign-off. */
export interface Reading extends ResultSets {
  state: { get(): ReadingState; subscribe(listener: (state: ReadingState) => void): () => void };
  open(studyInstanceUID: string): void;
  /** The host's display sets have changed: stored evidence is restored, models are admitted. */
  refresh(): Promise<void>;
  close(): void;
  /**
   * Runs a model on a display set, or on the first that it admits. The result takes the place of an
   * earlier one of the model on that series, with another operating point too.
   */
  runModel(request: {
    modelId: string;
    displaySetInstanceUID?: string;
    operatingPoint?: string;
  }): void;
  cancelRun(): void;
  toggleAI(): void;
  selectFinding(request: { findingId: string }): void;
  reviewFinding(request: { findingId: string; verdict: Verdict; reason?: RejectionReason }): void;
  nextUnreviewedFinding(): void;
  openRejection(request: { findingId?: string }): void;
  closeRejection(): void;
  storeEvidence(): Promise<void>;
  /**
   * Withdraws what the archive has of a result of ours: a rejection note marks it, nothing is
   * deleted. The result stays until the archive has acknowledged the note; the same result made
   * again is then a run of its own.
   */
  withdrawEvidence(request: { runId: string; reason: WithdrawalReason }): Promise<void>;
  /** Tries at once what waits to be stored, in place of the next attempt. */
  retryOutbox(): Promise<void>;
  dismissRefusal(request: { code: string }): void;
  /** Sends nothing more; what is in the outbox waits for the next page. */
  dispose(): void;
}

export const createReading = (ports: ReadingPorts, settings: ReadingSettings): Reading => {
  const session = createSession(ports, settings);
  const { facts, records, reviews, packages, show, update } = session;
  const admission = createAdmission();
  const resultSets = createResultSets(session, ports);
  const signOff = createSignOff(session, ports, settings);
  /** Models that were started in this study without being asked for: each once only. */
  const autoStarted = new Set<string>();

  const displaySets = (): DisplaySetSummary[] =>
    ports.volumes.list().filter(set => set.studyInstanceUID === facts.studyInstanceUID);

  const queue = createRunning(session, ports, settings, displaySets, record => {
    void session.keepRun(record);
  });

  const restore = restoreReading({
    ...ports,
    keepsDrafts: storesAnything(settings),
    async adopt(record: RunRecord) {
      const { provenance, source } = record.run;
      if (await session.adopt(record)) signOff.prepare(source, provenance.modelId);
    },
    show,
    reviews,
    records,
    withdrawn: session.withdrawn,
    isWithdrawn: session.isWithdrawn,
  });

  /** Without being asked, a model runs once a study, on the series with the most slices. */
  const startByThemselves = () => {
    for (const { manifest } of packages.values()) {
      const { id: modelId, version, autoRun } = manifest;
      const admits = facts.models.find(model => model.modelId === modelId)?.admits ?? [];
      // A result that was withdrawn is not made again without being asked for.
      const done = [
        ...[...records.values()].map(({ run }) => run.provenance),
        ...facts.withdrawn,
      ].some(run => run.modelId === modelId && run.modelVersion === version);
      if (!autoRun || admits.length === 0 || done || autoStarted.has(modelId)) continue;
      autoStarted.add(modelId);
      queue.add({ modelId, displaySetInstanceUID: admits[0] });
    }
  };

  /** What evidence will be written from is asked for now, while the archive is known to be up. */
  const prepareToStore = (sets: DisplaySetSummary[]) => {
    for (const { modelId, admits } of facts.models) {
      for (const set of sets) {
        if (admits.includes(set.displaySetInstanceUID)) signOff.prepare(set, modelId);
      }
    }
  };

  const admitModels = async () => {
    const mine = session.generation();
    const { packages: found, refused } = await ports.registry.list();
    if (mine !== session.generation()) return;
    packages.clear();
    found.forEach(model => packages.set(model.manifest.id, model));
    refused
      .filter(({ url }) => !facts.refusals.some(shown => shown.modelId === url))
      .forEach(({ url, refusal: why }) => show(why, url));
    const sets = displaySets();
    update({ models: found.map(model => admission.modelState(model, sets)) });
    prepareToStore(sets);
    if (settings.autoRun()) startByThemselves();
  };

  /** One refresh at a time: display sets arrive series by series, in bursts. */
  const refresh = createSingleFlight(async () => {
    const mine = session.generation();
    const stale = () => mine !== session.generation();
    const study = facts.studyInstanceUID;
    const sets = displaySets();
    if (!study || sets.length === 0) return;
    facts.displaySets = sets;
    const { waiting } = await restore.run(study, sets, stale);
    if (stale()) return;
    update();
    if (waiting.length > 0) signOff.resume(waiting);
    await admitModels();
  });

  const refuseUnknownFinding = (findingId: string) =>
    show(refusal('unknownFinding', `No finding has the id "${findingId}"`, { findingId }));

  const reading: Reading = {
    ...resultSets,
    state: session.state,
    open(study) {
      if (study === facts.studyInstanceUID) return;
      reading.close();
      update({ studyInstanceUID: study });
    },
    refresh,
    close() {
      queue.cancel({ all: true });
      admission.forget();
      signOff.forget();
      restore.forget();
      autoStarted.clear();
      session.reset();
    },
    runModel({ modelId, displaySetInstanceUID, operatingPoint }) {
      const model = packages.get(modelId);
      if (!model) {
        const known = [...packages.keys()].join(', ') || '–';
        const message = `No model is called "${modelId}"; there are: ${known}`;
        return show(refusal('unknownModel', message, { modelId, known }));
      }
      const keys = (model.manifest.operatingPoints ?? []).map(({ key }) => key);
      if (operatingPoint !== undefined && !keys.includes(operatingPoint)) {
        const allowed = keys.join(', ') || '–';
        const message = `Model ${modelId} has no operating point "${operatingPoint}"; allowed: ${allowed}`;
        const values = { model: modelId, operatingPoint, allowed };
        return show(refusal('operatingPointUnknown', message, values), modelId);
      }
      const sets = displaySets();
      const { admits, refusal: why } = admission.modelState(model, sets);
      const target = displaySetInstanceUID ?? admits[0];
      const set = sets.find(other => other.displaySetInstanceUID === target);
      if (set) {
        const admitted = admission.admit(model, set, sets);
        if (!admitted.ok) return show(admitted.refusal, modelId);
        return queue.add({
          modelId,
          displaySetInstanceUID: set.displaySetInstanceUID,
          operatingPoint,
        });
      }
      if (why) return show(why, modelId);
      const met = target ?? '';
      const message = `${modelId} was asked to run on the display set "${met}", which is not in the open study`;
      show(refusal('noDisplaySet', message, { modelId, displaySetInstanceUID: met }), modelId);
    },
    cancelRun() {
      queue.cancel();
      update({ active: undefined });
    },
    toggleAI() {
      facts.overlayVisible = !facts.overlayVisible;
      session.showOverlays();
      update();
    },
    selectFinding({ findingId }) {
      const found = session.find(findingId);
      if (!found) return refuseUnknownFinding(findingId);
      ports.overlay.jumpTo(found.record.run, found.finding, found.record.displaySetInstanceUID);
      update({ selectedFindingId: findingId, rejecting: undefined });
    },
    reviewFinding({ findingId, verdict, reason }) {
      const found = session.find(findingId);
      if (!found) return refuseUnknownFinding(findingId);
      if (verdict === 'notReviewed') reviews.delete(findingId);
      else {
        reviews.set(findingId, {
          findingId,
          verdict,
          reason: verdict === 'rejected' ? (reason ?? 'other') : undefined,
          reviewer: settings.reviewer(),
          reviewedAt: settings.now().toISOString(),
        });
      }
      ports.overlay.setFindingVisible(found.record.run, found.finding, verdict !== 'rejected');
      update({ rejecting: undefined });
      void session.keepReviews(found.record);
    },
    nextUnreviewedFinding() {
      const all = [...records.values()].flatMap(({ run }) => run.findings);
      const from = all.findIndex(({ id }) => id === facts.selectedFindingId);
      const next = [...all.slice(from + 1), ...all.slice(0, from + 1)].find(
        ({ id }) => !reviews.has(id),
      );
      if (next) reading.selectFinding({ findingId: next.id });
      else ports.notifier.info('allReviewed', { count: all.length });
    },
    openRejection({ findingId = facts.selectedFindingId }) {
      if (!findingId) return;
      if (!session.find(findingId)) return refuseUnknownFinding(findingId);
      update({ rejecting: findingId });
    },
    closeRejection: () => update({ rejecting: undefined }),
    storeEvidence: () => signOff.store(),
    withdrawEvidence: ({ runId, reason }) => signOff.withdraw(runId, reason),
    retryOutbox: () => signOff.retry(),
    dismissRefusal({ code }) {
      session.withdraw(shown => shown.code === code);
      update();
    },
    dispose() {
      reading.close();
      signOff.dispose();
    },
  };
  return reading;
};
