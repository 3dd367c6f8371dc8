import { createEvidenceArchive } from './adapters/dicomweb/archive';
import { createEvidenceWorker } from './adapters/evidence/evidenceWorker';
import { createHost, type Host } from './adapters/host';
import { createModelRegistry } from './adapters/inference/registry';
import { createWorkerInference } from './adapters/inference/workerInference';
import { createFindingMarkers } from './adapters/ohif/findingMarkers';
import { createOverlayDisplay } from './adapters/ohif/overlayDisplay';
import { createSideBySide } from './adapters/ohif/sideBySide';
import { createVolumeSource } from './adapters/ohif/volumeSource';
import { openDatabase } from './adapters/storage/database';
import { createDraftStore } from './adapters/storage/drafts';
import { createOutboxStore } from './adapters/storage/outbox';
import { createArchiveTraits } from './adapters/storage/traits';
import { refusal, refuse, type Outcome, type Refusal } from './core/outcome';
import { createReading, type Reading } from './core/reading/reading';
import type { ModelRegistry, Notifier } from './core/reading/ports';
import type { ReadingContext } from './hooks/ReadingContext';
import { MODEL_CACHE } from './inference/network';
import { textsFor } from './locales';
import { COMMANDS_CONTEXT } from './commandsModule';
import {
  secondReaderServiceRegistration,
  SecondReaderService,
} from './services/SecondReaderService';
import type { HostManagers } from './types/host';
import { MANUFACTURER, SOFTWARE_VERSION } from './version';

/** What the extension's modules are given, once the host has handed over its managers. */
export interface Composition {
  host: Host;
  reading: Reading;
  context: ReadingContext;
  warn(shown: Refusal): void;
}

const notifierOf = (host: Host): Notifier => {
  const texts = () => textsFor(host.language());
  const title = 'Second Reader';
  return {
    info: (code, values) =>
      host.notify({ level: 'info', title, message: texts().info(code, values) }),
    warn: shown => host.notify({ level: 'warn', title, message: texts().refusal(shown) }),
  };
};

const cardReader =
  (registry: ModelRegistry) =>
  async (modelId: string): Promise<Outcome<string>> => {
    const { packages } = await registry.list();
    const model = packages.find(({ manifest }) => manifest.id === modelId);
    if (model) return registry.card(model);
    const known = packages.map(({ manifest }) => manifest.id).join(', ') || '–';
    const message = `No model is called "${modelId}"; there are: ${known}`;
    return refuse('unknownModel', message, { modelId, known });
  };

/** The composition root: everything is made here, and nowhere else. */
export const compose = (managers: HostManagers): Composition => {
  const host = createHost(managers);
  const notifier = notifierOf(host);
  const database = openDatabase();
  const registry = createModelRegistry({
    indexUrls: host.config.models,
    sitePackages: host.config.sitePackages,
    fetch: globalThis.fetch.bind(globalThis),
    // Only secure contexts have it.
    openCache: 'caches' in globalThis ? () => caches.open(MODEL_CACHE) : undefined,
  });
  const evidence = createEvidenceWorker({ baseUrl: host.config.assets });
  const sideBySide = createSideBySide(host);
  const reading = createReading(
    {
      volumes: createVolumeSource(host),
      engine: createWorkerInference({
        baseUrl: host.config.assets,
        preference: host.config.engine,
        onModelNotCached: (modelId, reason) =>
          notifier.warn(
            refusal('modelNotCached', `${modelId} could not be kept for the next run: ${reason}`, {
              modelId,
              reason,
            }),
          ),
      }),
      registry,
      overlay: createOverlayDisplay(host, sideBySide.scope),
      sideBySide,
      writer: evidence.writer,
      reader: evidence.reader,
      archive: createEvidenceArchive(host.dicomWeb, MANUFACTURER),
      outbox: createOutboxStore(database),
      traits: createArchiveTraits(),
      drafts: createDraftStore(database),
      notifier,
    },
    {
      maturity: host.config.maturity,
      maturityOf: host.config.maturityOf,
      evidence: host.config.evidence,
      segmentationType: host.config.segmentationType,
      autoRun: () => host.config.autoRun && host.inReadingMode(),
      crossOriginIsolated: globalThis.crossOriginIsolated,
      softwareVersion: SOFTWARE_VERSION,
      reviewer: host.reviewer,
      now: () => new Date(),
    },
  );

  host.onStudyOpened(study => reading.open(study));
  host.onDisplaySetsChanged(() => void reading.refresh());
  host.onModeExit(() => reading.close());
  globalThis.addEventListener('online', () => void reading.retryOutbox());
  const choose = (findingId: string) => {
    managers.commandsManager.runCommand('selectFinding', { findingId }, COMMANDS_CONTEXT);
  };
  const markers = createFindingMarkers(host, choose, sideBySide.scope);
  reading.state.subscribe(state => markers.draw(state));
  if (!host.configOutcome.ok) notifier.warn(host.configOutcome.refusal);

  const service = new SecondReaderService(reading);
  managers.servicesManager.registerService(secondReaderServiceRegistration(service));

  const context: ReadingContext = {
    getState: () => service.getState(),
    subscribe: listener => service.subscribe(service.EVENTS.STATE_CHANGED, listener).unsubscribe,
    run: (command, options) => {
      managers.commandsManager.runCommand(command, options, COMMANDS_CONTEXT);
    },
    modelCard: cardReader(registry),
    language: () => host.language(),
    onLanguageChange: listener => host.onLanguageChange(listener),
  };
  return { host, reading, context, warn: notifier.warn };
};
