import type { SourceSeries } from '../findings/types';
import { refusal } from '../outcome';
import { createDelivery } from './delivery';
import { lastingOutbox } from './lastingOutbox';
import { maturityOfRun, type MaturitySettings } from './maturity';
import type { DraftStore, EvidenceReader, OutboxEntry } from './ports';
import { reviewSignature, type RunRecord } from './records';
import type { Session } from './session';
import {
  createStoring,
  modelsStoreNothing,
  researchStoresNothing,
  type EvidenceSettings,
  type StoringPorts,
} from './storing';
import type { Maturity } from './state';
import { createWithdrawing, isWithdrawal, type Withdrawing } from './withdrawing';

/** Refusals that a successful store overtakes. */
const OVERTAKEN = new Set([
  'archiveUnreachable',
  'archiveUnauthorized',
  'archiveFailed',
  'archiveSilent',
  'archiveRefusedInstances',
]);
/** The archive could not be asked for what evidence is written from; it is asked again. */
const ASK_AGAIN = new Set(['archiveUnreachable', 'archiveUnauthorized']);
const ASK_AGAIN_AFTER = 15_000;

export interface SignOff extends Pick<Withdrawing, 'withdraw'> {
  /** Stores what the archive does not have yet of every result; at `research` says why not. */
  store(): Promise<void>;
  /** Sends what an earlier page left in the outbox. */
  resume(waiting: readonly OutboxEntry[]): void;
  /** Tries everything again now: what waits to be sent, and what could not be written yet. */
  retry(): Promise<void>;
  /** Asks for a source's attributes while the archive is known to be up. */
  prepare(source: SourceSeries, modelId: string): void;
  forget(): void;
  dispose(): void;
}

export interface SignOffSettings extends MaturitySettings, EvidenceSettings {
  reviewer(): string;
  now(): Date;
}

/** From verdicts to what the archive has acknowledged. */
export const createSignOff = (
  session: Session,
  given: StoringPorts & { drafts: DraftStore; reader: EvidenceReader },
  settings: SignOffSettings,
): SignOff => {
  const ports = { ...given, outbox: lastingOutbox(given.outbox) };
  const storing = createStoring(
    ports,
    settings,
    modelId => session.packages.get(modelId)?.manifest,
  );
  let askAgain: ReturnType<typeof setTimeout> | undefined;
  /** Results that a person wanted stored and that could not be written yet. */
  const unwritten = new Set<string>();

  const tellWarnings = (acknowledged: ReadonlyArray<{ warning?: string }>) => {
    for (const { warning } of acknowledged) {
      if (!warning) continue;
      session.show(refusal('archiveWarned', `Stored, with a warning: ${warning}`, { warning }));
    }
  };

  const delivery = createDelivery(ports.outbox, ports.archive, {
    delivered(entry, acknowledged) {
      if (isWithdrawal(entry)) {
        withdrawing.delivered(entry);
        session.withdraw(shown => OVERTAKEN.has(shown.code));
        tellWarnings(acknowledged);
        return session.update();
      }
      const record = session.records.get(entry.runId);
      acknowledged.forEach(ack => record?.acknowledged.add(ack.sopInstanceUID));
      if (entry.alternative) storing.learn('labelmap');
      if (record) {
        record.stored = 'stored';
        record.storeError = undefined;
        record.storedSignature = entry.signature;
        if (entry.alternative) record.segmentationType = 'labelmap';
        const warnings = acknowledged.flatMap(({ warning }) => warning ?? []);
        record.storeWarnings = warnings.length > 0 ? warnings : undefined;
        session.withdraw(shown => OVERTAKEN.has(shown.code));
      }
      // The draft goes only when it says nothing that the archive does not have.
      if (!record || record.storedSignature === reviewSignature(record.run, session.reviews)) {
        void ports.drafts.remove(entry.runId);
      }
      tellWarnings(acknowledged);
      session.update();
    },
    failed(entry, why, acknowledged) {
      const record = session.records.get(entry.runId);
      if (isWithdrawal(entry)) withdrawing.failed(entry, why);
      else if (record) {
        acknowledged.forEach(ack => record.acknowledged.add(ack.sopInstanceUID));
        record.stored = why.code === 'archiveRefusedInstances' ? 'failed' : 'pending';
        record.storeError = why;
      }
      // Told once, not at every attempt; another reason is another message.
      const isNew = !session.facts.refusals.some(shown => shown.code === why.code);
      if (entry.attempts === 1 || isNew) session.show(why);
      else session.update();
    },
    substituted(entry, refused) {
      storing.learn('binary');
      const record = session.records.get(entry.runId);
      if (!record) return;
      record.segmentationType = 'binary';
      const replaced = new Set(refused);
      record.enqueued = [
        ...record.enqueued.filter(uid => !replaced.has(uid)),
        ...entry.objects.map(({ sopInstanceUID }) => sopInstanceUID),
      ];
    },
    pending: outbox => session.update({ outbox }),
  });
  const withdrawing = createWithdrawing(session, ports, settings, delivery, storing.metadataOf);

  const enqueue = async (
    record: RunRecord,
    stores: Exclude<Maturity, 'research'>,
  ): Promise<void> => {
    const before = record.stored;
    record.stored = 'pending';
    session.update();
    const outcome = await storing.enqueue(
      record,
      session.reviews,
      {
        maturity: stores,
        reviewer: settings.reviewer(),
        now: settings.now().toISOString(),
      },
      session.show,
    );
    unwritten.delete(record.run.runId);
    if (!outcome.ok) {
      const { code } = outcome.refusal;
      record.stored = 'failed';
      record.storeError = outcome.refusal;
      if (ASK_AGAIN.has(code)) {
        unwritten.add(record.run.runId);
        clearTimeout(askAgain);
        askAgain = setTimeout(() => void retry(), ASK_AGAIN_AFTER);
      }
      return session.show(outcome.refusal);
    }
    const { entry, signature } = outcome.value;
    if (entry) return delivery.expect([entry]);
    // Nothing is missing there: the archive has it from an earlier time.
    record.stored = before === 'no' || before === 'failed' ? 'stored' : before;
    record.storeError = undefined;
    record.storedSignature = signature;
    session.update();
  };

  /** A verdict on another's result is ours to store; the result is not. */
  const hasSomethingOfOurs = ({ run, storedSignature }: RunRecord, level: Maturity): boolean =>
    !run.foreign ||
    (level === 'feedback' && storedSignature !== reviewSignature(run, session.reviews));

  const storeThese = async (records: readonly RunRecord[]): Promise<number> => {
    let stored = 0;
    for (const record of records) {
      const level = maturityOfRun(settings, record.run);
      if (level === 'research') continue;
      stored += 1;
      // On its way out of the archive: nothing more of it goes there.
      if (record.withdrawal) continue;
      if (hasSomethingOfOurs(record, level)) await enqueue(record, level);
    }
    return stored;
  };

  const retry = async () => {
    clearTimeout(askAgain);
    await storeThese([...session.records.values()].filter(({ run }) => unwritten.has(run.runId)));
    await delivery.flush();
  };

  return {
    async store() {
      const records = [...session.records.values()];
      const stored = await storeThese(records);
      const research = records.filter(
        ({ run }) => !run.foreign && maturityOfRun(settings, run) === 'research',
      );
      if (stored === 0 && settings.maturity === 'research') session.show(researchStoresNothing());
      else if (research.length > 0) {
        const models = new Set(research.map(({ run }) => run.provenance.modelId));
        session.show(modelsStoreNothing([...models]));
      }
      if (stored > 0) await delivery.flush();
    },
    resume(waiting) {
      delivery.expect(waiting);
      void delivery.flush();
    },
    retry,
    withdraw: withdrawing.withdraw,
    prepare(source, modelId) {
      const level = settings.maturityOf?.[modelId] ?? settings.maturity;
      if (level !== 'research') storing.prefetch(source);
    },
    forget() {
      clearTimeout(askAgain);
      unwritten.clear();
      storing.forget();
    },
    dispose() {
      clearTimeout(askAgain);
      delivery.stop();
    },
  };
};
