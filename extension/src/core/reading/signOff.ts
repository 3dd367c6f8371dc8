import { refusal } from '../outcome';
import { createDelivery } from './delivery';
import type { DraftStore } from './ports';
import { reviewSignature, type RunRecord } from './records';
import type { Session } from './session';
import { createStoring, researchStoresNothing, type StoringPorts } from './storing';
import type { Maturity } from './state';

/** Refusals that a successful store overtakes. */
const OVERTAKEN = new Set([
  'archiveUnreachable',
  'archiveUnauthorized',
  'archiveFailed',
  'archiveSilent',
  'archiveRefusedInstances',
]);

export interface SignOff {
  /** Stores what the archive does not have yet of every result; at `research` says why not. */
  store(): Promise<void>;
  /** Sends what an earlier page left in the outbox. */
  resume(): void;
  /** Asks for the source's attributes while the archive is known to be up. */
  prepare(record: RunRecord): void;
  forget(): void;
  dispose(): void;
}

/** From verdicts to what the archive has acknowledged. */
export const createSignOff = (
  session: Session,
  ports: StoringPorts & { drafts: DraftStore },
  settings: { maturity: Maturity; reviewer(): string; now(): Date },
): SignOff => {
  const { maturity } = settings;
  const storing = createStoring(ports);

  const delivery = createDelivery(ports.outbox, ports.archive, {
    delivered(entry, acknowledged) {
      const record = session.records.get(entry.runId);
      acknowledged.forEach(ack => record?.acknowledged.add(ack.sopInstanceUID));
      if (record) {
        record.stored = 'stored';
        record.storeError = undefined;
        record.storedSignature = entry.signature;
        session.withdraw(shown => OVERTAKEN.has(shown.code));
      }
      // The draft goes only when it says nothing that the archive does not have.
      if (!record || record.storedSignature === reviewSignature(record.run, session.reviews)) {
        void ports.drafts.remove(entry.runId);
      }
      for (const ack of acknowledged) {
        if (ack.state !== 'stored' || !ack.warning) continue;
        const { warning } = ack;
        session.show(refusal('archiveWarned', `Stored, with a warning: ${warning}`, { warning }));
      }
      session.update();
    },
    failed(entry, why, acknowledged) {
      const record = session.records.get(entry.runId);
      acknowledged
        .filter(ack => ack.state === 'stored')
        .forEach(ack => record?.acknowledged.add(ack.sopInstanceUID));
      if (record) {
        record.stored = why.code === 'archiveRefusedInstances' ? 'failed' : 'pending';
        record.storeError = why;
      }
      // Told once, not at every attempt.
      if (entry.attempts === 1) session.show(why);
      else session.update();
    },
    pending: (count, lastError) => session.update({ outbox: { pending: count, lastError } }),
  });

  const enqueue = async (
    record: RunRecord,
    stores: Exclude<Maturity, 'research'>,
  ): Promise<void> => {
    const before = record.stored;
    record.stored = 'pending';
    session.update();
    const outcome = await storing.enqueue(record, session.reviews, {
      maturity: stores,
      reviewer: settings.reviewer(),
      now: settings.now().toISOString(),
    });
    if (!outcome.ok) {
      record.stored = 'failed';
      record.storeError = outcome.refusal;
      return session.show(outcome.refusal);
    }
    if (outcome.value.entry) return;
    // Nothing is missing there: the archive has it from an earlier time.
    record.stored = before === 'no' ? 'stored' : before;
    record.storedSignature = outcome.value.signature;
  };

  return {
    async store() {
      if (maturity === 'research') return session.show(researchStoresNothing());
      for (const record of [...session.records.values()]) await enqueue(record, maturity);
      await delivery.flush();
    },
    resume: () => void delivery.flush(),
    prepare(record) {
      if (maturity !== 'research') storing.prefetch(record);
    },
    forget: () => storing.forget(),
    dispose: () => delivery.stop(),
  };
};
