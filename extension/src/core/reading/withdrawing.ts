import type { SourceSeries } from '../findings/types';
import { accept, refusal, type Outcome, type Refusal } from '../outcome';
import type { Withdrawal, WithdrawalReason, WithdrawnRun } from '../review/withdrawal';
import type { Delivery } from './delivery';
import { maturityOfRun, type MaturitySettings } from './maturity';
import type {
  EvidenceArchive,
  EvidenceReader,
  EvidenceWriter,
  OutboxEntry,
  OutboxStore,
  SourceMetadata,
} from './ports';
import type { RunRecord } from './records';
import type { Session } from './session';
import { modelsStoreNothing, researchStoresNothing } from './storing';

export interface WithdrawingPorts {
  archive: EvidenceArchive;
  writer: EvidenceWriter;
  reader: EvidenceReader;
  outbox: OutboxStore;
}

export interface WithdrawingSettings extends MaturitySettings {
  reviewer(): string;
  now(): Date;
}

export interface Withdrawing {
  /** Marks what the archive has of a result of ours as withdrawn; nothing there is deleted. */
  withdraw(runId: string, reason: WithdrawalReason): Promise<void>;
  /** The archive has the note. */
  delivered(entry: OutboxEntry & { withdrawal: Withdrawal }): void;
  /** It does not; a refusal of the note is told apart from an archive that does not answer. */
  failed(entry: OutboxEntry & { withdrawal: Withdrawal }, why: Refusal): void;
}

/** What a withdrawn run is called when it is gone. */
export const withdrawnRun = ({ run }: RunRecord, withdrawal: Withdrawal): WithdrawnRun => {
  const { modelId, modelVersion, modelName } = run.provenance;
  const { reason, withdrawnAt, withdrawnBy } = withdrawal;
  return { runId: run.runId, modelId, modelVersion, modelName, reason, withdrawnAt, withdrawnBy };
};

/**
 * Withdrawing stored evidence (IHE Imaging Object Change Management): a rejection note goes through
 * the outbox as evidence does, and the result stays in the list until the archive has acknowledged
 * it. A run that was withdrawn never comes back: made again, the same result is another run.
 */
export const createWithdrawing = (
  session: Session,
  { archive, writer, reader, outbox }: WithdrawingPorts,
  settings: WithdrawingSettings,
  delivery: Pick<Delivery, 'drop' | 'expect' | 'flush'>,
  metadataOf: (source: SourceSeries) => Promise<Outcome<SourceMetadata>>,
): Withdrawing => {
  /** Why a result cannot be withdrawn. */
  const obstacle = (runId: string, record: RunRecord | undefined): Refusal | undefined => {
    if (!record) {
      const message = `No result of the open study has the id "${runId}"`;
      return refusal('unknownRun', message, { runId });
    }
    const { run, stored, acknowledged, withdrawal } = record;
    const model = run.provenance.modelName;
    if (run.foreign) {
      const message = `The result of ${model} was not withdrawn: another program made it, and only that program may withdraw it`;
      return refusal('withdrawalOfOthers', message, { model });
    }
    if (maturityOfRun(settings, run) === 'research') {
      return settings.maturity === 'research'
        ? researchStoresNothing()
        : modelsStoreNothing([run.provenance.modelId]);
    }
    if (withdrawal?.state === 'pending') {
      const message = `The result of ${model} is being withdrawn already`;
      return refusal('withdrawalUnderWay', message, { model });
    }
    if (stored === 'pending') {
      const message = `The result of ${model} was not withdrawn: it is still being stored. Try again when it is stored`;
      return refusal('withdrawalWhileStoring', message, { model });
    }
    if (acknowledged.size === 0) {
      return refusal(
        'rejectionOfNothing',
        'Nothing was withdrawn: a rejection note names one stored object at least, and 0 were given',
      );
    }
    return undefined;
  };

  /**
   * All that the archive has of a run, also what other workstations stored of it; what this page
   * knows of it where the archive does not answer.
   */
  const storedInstances = async ({ run, acknowledged }: RunRecord): Promise<string[]> => {
    const files = await archive.retrieveEvidence(run.source.studyInstanceUID);
    const read = files.ok && (await reader.read(files.value, [run.source]));
    const same = read && read.ok ? read.value.filter(other => other.run.runId === run.runId) : [];
    return [...new Set([...acknowledged, ...same.flatMap(({ instances }) => instances)])];
  };

  const enqueue = async (record: RunRecord, withdrawal: Withdrawal): Promise<Outcome<void>> => {
    const { run } = record;
    const source = await metadataOf(run.source);
    if (!source.ok) return source;
    const instances = await storedInstances(record);
    const note = await writer.withdraw({ run, source: source.value, instances, withdrawal });
    if (!note.ok) return note;
    // What the archive refused to take of the run must not come there after the note.
    await delivery.drop(run.runId);
    const entry: OutboxEntry = {
      id: note.value.sopInstanceUID,
      studyInstanceUID: run.source.studyInstanceUID,
      runId: run.runId,
      objects: [note.value],
      withdrawal,
      signature: '',
      attempts: 0,
      enqueuedAt: withdrawal.withdrawnAt,
    };
    const kept = await outbox.put(entry);
    if (!kept.ok) session.show(kept.refusal);
    delivery.expect([entry]);
    return accept(undefined);
  };

  return {
    async withdraw(runId, reason) {
      const record = session.records.get(runId);
      const why = obstacle(runId, record);
      if (!record || why) return why && session.show(why);
      const withdrawal: Withdrawal = {
        reason,
        withdrawnAt: settings.now().toISOString(),
        withdrawnBy: settings.reviewer(),
      };
      record.withdrawal = { ...withdrawal, state: 'pending' };
      session.update();
      const enqueued = await enqueue(record, withdrawal);
      if (!enqueued.ok) {
        record.withdrawal = { ...withdrawal, state: 'failed', error: enqueued.refusal };
        return session.show(enqueued.refusal);
      }
      await delivery.flush();
    },
    delivered({ runId, withdrawal }) {
      const record = session.records.get(runId);
      // Of another study than the open one nothing is shown that could change.
      if (record) session.withdrawn(withdrawnRun(record, withdrawal));
    },
    failed({ runId, withdrawal }, why) {
      const record = session.records.get(runId);
      const state = why.code === 'archiveRefusedInstances' ? 'failed' : 'pending';
      if (record) record.withdrawal = { ...withdrawal, state, error: why };
    },
  };
};

/** Whether what waits in the outbox is a note that withdraws, and no evidence. */
export const isWithdrawal = (
  entry: OutboxEntry,
): entry is OutboxEntry & { withdrawal: Withdrawal } => entry.withdrawal !== undefined;
