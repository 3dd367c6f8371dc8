import { runResultFrom } from '../findings/fromInference';
import type { Finding, RunResult } from '../findings/types';
import type { ModelManifest } from '../model/manifest';
import { refusal, type Refusal } from '../outcome';
import type { RejectionReason, Review, Verdict } from '../review/types';
import { createAdmission } from './admission';
import { createDelivery } from './delivery';
import { createObservable } from './observable';
import type {
  DisplaySetSummary,
  DraftStore,
  EvidenceArchive,
  EvidenceReader,
  EvidenceWriter,
  InferenceEngine,
  ModelPackage,
  ModelRegistry,
  Notifier,
  OutboxStore,
  OverlayDisplay,
  VolumeSource,
} from './ports';
import { createProgressMeter } from './progressMeter';
import { projectState } from './projectState';
import { reviewSignature, reviewsOf, type RunRecord } from './records';
import { restoreReading } from './restore';
import { createRunQueue, type RunRequest } from './runQueue';
import type { ActiveRun, Maturity, ModelState, ReadingState } from './state';
import { createStoring, researchStoresNothing } from './storing';

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
}

export interface ReadingSettings {
  maturity: Maturity;
  /** Whether models that the study admits start by themselves, asked when it is opened. */
  autoRun(): boolean;
  crossOriginIsolated: boolean;
  softwareVersion: string;
  /** Who judges: PersonName of whoever is logged in. */
  reviewer(): string;
  now(): Date;
}

/** One radiologist, one study, from opening to sign-off. */
export interface Reading {
  state: { get(): ReadingState; subscribe(listener: (state: ReadingState) => void): () => void };
  open(studyInstanceUID: string): void;
  /** The host's display sets have changed: stored evidence is restored, models are admitted. */
  refresh(): Promise<void>;
  close(): void;
  runModel(request: { modelId: string; displaySetInstanceUID?: string }): void;
  cancelRun(): void;
  toggleAI(): void;
  selectFinding(request: { findingId: string }): void;
  reviewFinding(request: { findingId: string; verdict: Verdict; reason?: RejectionReason }): void;
  nextUnreviewedFinding(): void;
  openRejection(request: { findingId?: string }): void;
  closeRejection(): void;
  storeEvidence(): Promise<void>;
  dismissRefusal(request: { code: string }): void;
  /** Sends nothing more; what is in the outbox waits for the next page. */
  dispose(): void;
}

type ShownRefusal = Refusal & { modelId?: string };

export const createReading = (ports: ReadingPorts, settings: ReadingSettings): Reading => {
  const { maturity } = settings;
  const keepsDrafts = maturity !== 'research';
  const admission = createAdmission();
  const storing = createStoring(ports);

  let studyInstanceUID: string | undefined;
  /** Goes up when the study changes: what was begun for an earlier one is dropped when it ends. */
  let generation = 0;
  let overlayVisible = true;
  let models: ModelState[] = [];
  /** The study's display sets as they were at the last refresh. */
  let known: DisplaySetSummary[] = [];
  let packages = new Map<string, ModelPackage>();
  let active: ActiveRun | undefined;
  let selectedFindingId: string | undefined;
  let rejecting: string | undefined;
  let refusals: ShownRefusal[] = [];
  let outboxState: ReadingState['outbox'] = { pending: 0 };
  const records = new Map<string, RunRecord>();
  const reviews = new Map<string, Review>();
  /** `modelId seriesInstanceUID` of what was started without being asked for, so it is once only. */
  const autoStarted = new Set<string>();

  const project = () =>
    projectState({
      studyInstanceUID,
      maturity,
      crossOriginIsolated: settings.crossOriginIsolated,
      overlayVisible,
      models,
      displaySets: known,
      manifests: new Map<string, ModelManifest>(
        [...packages].map(([id, { manifest }]) => [id, manifest]),
      ),
      active,
      queued: queue.waiting(),
      records,
      reviews,
      selectedFindingId,
      rejecting,
      refusals,
      outbox: outboxState,
    });
  const emit = () => state.set(project());

  const show = (shown: Refusal, modelId?: string) => {
    refusals = [
      { ...shown, modelId },
      ...refusals.filter(other => other.code !== shown.code || other.modelId !== modelId),
    ];
    ports.notifier.warn(shown);
    emit();
  };
  const withdraw = (applies: (shown: ShownRefusal) => boolean) => {
    refusals = refusals.filter(shown => !applies(shown));
  };

  const displaySets = (): DisplaySetSummary[] =>
    ports.volumes.list().filter(set => set.studyInstanceUID === studyInstanceUID);

  const sourceOf = (set: DisplaySetSummary, slices: RunResult['source']['slices']) => ({
    studyInstanceUID: set.studyInstanceUID,
    seriesInstanceUID: set.seriesInstanceUID,
    frameOfReferenceUID: set.frameOfReferenceUID,
    slices,
  });

  const keepDraft = async (record: RunRecord) => {
    if (!keepsDrafts) return;
    const run = await ports.drafts.saveRun(record.run);
    const kept = run.ok
      ? await ports.drafts.saveReviews(record.run, reviewsOf(record.run, reviews))
      : run;
    if (!kept.ok) show(kept.refusal);
  };

  const draw = async (record: RunRecord) => {
    await ports.overlay.show(record.run, record.displaySetInstanceUID);
    ports.overlay.setVisible([record.run.runId], overlayVisible);
    for (const finding of record.run.findings) {
      if (reviews.get(finding.id)?.verdict === 'rejected') {
        ports.overlay.setFindingVisible(record.run, finding, false);
      }
    }
  };

  /** Takes a result into the reading; one that is there already keeps its reviews and its state. */
  const adopt = async (record: RunRecord) => {
    const { runId, provenance, source } = record.run;
    if (records.has(runId)) return;
    for (const [otherId, other] of records) {
      const replaced =
        other.run.provenance.modelId === provenance.modelId &&
        other.run.source.seriesInstanceUID === source.seriesInstanceUID;
      if (replaced && record.origin === 'run') {
        records.delete(otherId);
        ports.overlay.remove(otherId);
        if (other.run.findings.some(({ id }) => id === selectedFindingId)) {
          selectedFindingId = undefined;
        }
      }
    }
    records.set(runId, record);
    emit();
    await draw(record);
    if (maturity !== 'research') storing.prefetch(record);
  };

  const execute = async (request: RunRequest, signal: AbortSignal) => {
    const mine = generation;
    const stale = () => mine !== generation;
    const model = packages.get(request.modelId);
    const set = displaySets().find(
      ({ displaySetInstanceUID }) => displaySetInstanceUID === request.displaySetInstanceUID,
    );
    if (!model || !set) return;
    const { id: modelId } = model.manifest;
    const mark = {
      studyInstanceUID: set.studyInstanceUID,
      seriesInstanceUID: set.seriesInstanceUID,
      modelId,
    };
    const startedAt = settings.now().toISOString();
    const meter = createProgressMeter(() => settings.now().getTime());
    const onProgress: Parameters<InferenceEngine['run']>[2]['onProgress'] = progress => {
      if (stale() || signal.aborted) return;
      active = { ...request, ...meter(progress) };
      emit();
    };
    withdraw(shown => shown.modelId === modelId);
    onProgress({ phase: 'queued' });
    await ports.drafts.markRun(mark, 'begun');
    try {
      const voxelsFrom = settings.now().getTime();
      const volume = await ports.volumes.read(request.displaySetInstanceUID, {
        signal,
        onProgress,
      });
      if (stale() || signal.aborted) return;
      if (!volume.ok) return show(volume.refusal, modelId);
      const voxelsTook = settings.now().getTime() - voxelsFrom;
      const { slices } = volume.value;
      const inference = await ports.engine.run(model, volume.value, { signal, onProgress });
      if (stale() || signal.aborted) return;
      if (!inference.ok) return show(inference.refusal, modelId);
      const run = await runResultFrom({
        model,
        source: sourceOf(set, slices),
        inference: {
          ...inference.value,
          timing: { voxels: voxelsTook, ...inference.value.timing },
        },
        startedAt,
        softwareVersion: settings.softwareVersion,
      });
      if (stale() || signal.aborted) return;
      const record: RunRecord = {
        run,
        displaySetInstanceUID: request.displaySetInstanceUID,
        origin: 'run',
        stored: 'no',
        acknowledged: new Set(),
        enqueued: [],
      };
      await adopt(record);
      await keepDraft(record);
    } catch (error) {
      if (stale() || signal.aborted) return;
      const detail = error instanceof Error ? error.message : String(error);
      show(refusal('runFailed', `The run of ${modelId} failed: ${detail}`, { detail }), modelId);
    } finally {
      active = undefined;
      await ports.drafts.markRun(mark, 'ended');
    }
  };

  const queue = createRunQueue(execute, () => emit());
  const state = createObservable<ReadingState>(project());

  const delivery = createDelivery(ports.outbox, ports.archive, {
    delivered(entry, acknowledged) {
      const record = records.get(entry.runId);
      acknowledged.forEach(ack => record?.acknowledged.add(ack.sopInstanceUID));
      if (record) {
        record.stored = 'stored';
        record.storeError = undefined;
        record.storedSignature = entry.signature;
        withdraw(shown => STORE_REFUSALS.has(shown.code));
      }
      // The draft goes only when it says nothing that the archive does not have.
      if (!record || record.storedSignature === reviewSignature(record.run, reviews)) {
        void ports.drafts.remove(entry.runId);
      }
      const warning = acknowledged.find(ack => ack.state === 'stored' && ack.warning);
      if (warning?.state === 'stored' && warning.warning) {
        const values = { warning: warning.warning };
        show(refusal('archiveWarned', `Stored, with a warning: ${warning.warning}`, values));
      }
      emit();
    },
    failed(entry, why, acknowledged) {
      const record = records.get(entry.runId);
      acknowledged
        .filter(ack => ack.state === 'stored')
        .forEach(ack => record?.acknowledged.add(ack.sopInstanceUID));
      if (record) {
        record.stored = why.code === 'archiveRefusedInstances' ? 'failed' : 'pending';
        record.storeError = why;
      }
      // Told once, not at every attempt.
      if (entry.attempts === 1) show(why);
      emit();
    },
    pending(count, lastError) {
      outboxState = { pending: count, lastError };
      emit();
    },
  });

  const admitModels = async () => {
    const mine = generation;
    const { packages: found, refused } = await ports.registry.list();
    if (mine !== generation) return;
    packages = new Map(found.map(model => [model.manifest.id, model]));
    refused
      .filter(({ url }) => !refusals.some(other => other.modelId === url))
      .forEach(({ url, refusal: why }) => show(why, url));
    const sets = displaySets();
    models = found.map(model => admission.modelState(model, sets));
    emit();
    if (!settings.autoRun()) return;
    for (const model of found.filter(({ manifest }) => manifest.autoRun)) {
      const { id: modelId, version } = model.manifest;
      const admits = models.find(other => other.modelId === modelId)?.admits ?? [];
      // Without being asked, a model runs on one series: the one with the most slices.
      const [displaySetInstanceUID] = admits;
      const series = sets.find(set => set.displaySetInstanceUID === displaySetInstanceUID);
      if (!series) continue;
      const done = [...records.values()].some(
        ({ run }) => run.provenance.modelId === modelId && run.provenance.modelVersion === version,
      );
      const key = `${modelId} ${studyInstanceUID}`;
      if (done || autoStarted.has(key)) continue;
      autoStarted.add(key);
      queue.add({ modelId, displaySetInstanceUID });
    }
  };

  /** One refresh at a time: display sets arrive series by series, in bursts. */
  let refreshing: Promise<void> | undefined;
  let refreshAgain = false;
  const restore = restoreReading({
    ...ports,
    keepsDrafts,
    adopt,
    show,
    reviews,
    records,
  });

  const refreshOnce = async () => {
    const mine = generation;
    const study = studyInstanceUID;
    known = displaySets();
    if (!study || known.length === 0) return;
    const wanted = await restore.run(study, displaySets(), () => mine !== generation);
    if (mine !== generation) return;
    emit();
    if (wanted.deliver) void delivery.flush();
    await admitModels();
  };

  const findFinding = (findingId: string): { record: RunRecord; finding: Finding } | undefined => {
    for (const record of records.values()) {
      const finding = record.run.findings.find(({ id }) => id === findingId);
      if (finding) return { record, finding };
    }
    return undefined;
  };

  const refuseUnknownFinding = (findingId: string) =>
    show(refusal('unknownFinding', `No finding has the id "${findingId}"`, { findingId }));

  const reading: Reading = {
    state,
    open(study) {
      if (study === studyInstanceUID) return;
      reading.close();
      studyInstanceUID = study;
      emit();
    },
    refresh() {
      if (refreshing) {
        refreshAgain = true;
        return refreshing;
      }
      refreshing = (async () => {
        do {
          refreshAgain = false;
          await refreshOnce();
        } while (refreshAgain);
      })().finally(() => {
        refreshing = undefined;
      });
      return refreshing;
    },
    close() {
      generation += 1;
      queue.cancel({ all: true });
      for (const runId of records.keys()) ports.overlay.remove(runId);
      records.clear();
      reviews.clear();
      admission.forget();
      storing.forget();
      restore.forget();
      autoStarted.clear();
      studyInstanceUID = undefined;
      models = [];
      known = [];
      active = undefined;
      selectedFindingId = undefined;
      rejecting = undefined;
      refusals = [];
      overlayVisible = true;
      emit();
    },
    runModel({ modelId, displaySetInstanceUID }) {
      const model = packages.get(modelId);
      if (!model) {
        const known = [...packages.keys()].join(', ') || '–';
        const message = `No model is called "${modelId}"; there are: ${known}`;
        return show(refusal('unknownModel', message, { modelId, known }));
      }
      const sets = displaySets();
      const admits = admission.modelState(model, sets);
      const target = displaySetInstanceUID ?? admits.admits[0];
      const set = sets.find(other => other.displaySetInstanceUID === target);
      if (set) {
        const admitted = admission.admit(model, set);
        if (!admitted.ok) return show(admitted.refusal, modelId);
        queue.add({ modelId, displaySetInstanceUID: set.displaySetInstanceUID });
        return;
      }
      if (admits.refusal) return show(admits.refusal, modelId);
      const met = target ?? '';
      const message = `${modelId} was asked to run on the display set "${met}", which is not in the open study`;
      show(refusal('noDisplaySet', message, { modelId, displaySetInstanceUID: met }), modelId);
    },
    cancelRun() {
      queue.cancel();
      active = undefined;
      emit();
    },
    toggleAI() {
      overlayVisible = !overlayVisible;
      ports.overlay.setVisible([...records.keys()], overlayVisible);
      emit();
    },
    selectFinding({ findingId }) {
      const found = findFinding(findingId);
      if (!found) return refuseUnknownFinding(findingId);
      selectedFindingId = findingId;
      rejecting = undefined;
      ports.overlay.jumpTo(found.record.run, found.finding, found.record.displaySetInstanceUID);
      emit();
    },
    reviewFinding({ findingId, verdict, reason }) {
      const found = findFinding(findingId);
      if (!found) return refuseUnknownFinding(findingId);
      rejecting = undefined;
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
      emit();
      void keepDraft(found.record);
    },
    nextUnreviewedFinding() {
      const all = [...records.values()].flatMap(({ run }) => run.findings);
      const from = all.findIndex(({ id }) => id === selectedFindingId);
      const next = [...all.slice(from + 1), ...all.slice(0, from + 1)].find(
        ({ id }) => !reviews.has(id),
      );
      if (next) reading.selectFinding({ findingId: next.id });
      else ports.notifier.info('allReviewed', { count: all.length });
    },
    openRejection({ findingId = selectedFindingId }) {
      if (!findingId) return;
      if (!findFinding(findingId)) return refuseUnknownFinding(findingId);
      rejecting = findingId;
      emit();
    },
    closeRejection() {
      rejecting = undefined;
      emit();
    },
    async storeEvidence() {
      if (maturity === 'research') {
        return show(researchStoresNothing());
      }
      for (const record of [...records.values()]) {
        const before = record.stored;
        record.stored = 'pending';
        emit();
        const outcome = await storing.enqueue(record, reviews, {
          maturity,
          reviewer: settings.reviewer(),
          now: settings.now().toISOString(),
        });
        if (!outcome.ok) {
          record.stored = 'failed';
          record.storeError = outcome.refusal;
          show(outcome.refusal);
        } else if (!outcome.value.entry) {
          record.stored = before === 'no' ? 'stored' : before;
          record.storedSignature = outcome.value.signature;
        }
      }
      await delivery.flush();
    },
    dismissRefusal({ code }) {
      withdraw(shown => shown.code === code);
      emit();
    },
    dispose() {
      reading.close();
      delivery.stop();
    },
  };
  return reading;
};

/** Refusals that a successful store overtakes. */
const STORE_REFUSALS = new Set([
  'archiveUnreachable',
  'archiveUnauthorized',
  'archiveFailed',
  'archiveSilent',
  'archiveRefusedInstances',
]);
