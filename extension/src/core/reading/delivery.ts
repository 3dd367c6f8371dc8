import { refusal, type Refusal } from '../outcome';
import { createSingleFlight } from './singleFlight';
import type { EvidenceArchive, InstanceAcknowledgement, OutboxEntry, OutboxStore } from './ports';

/** Waits between attempts, milliseconds: doubling, and never longer than five minutes. */
const FIRST_WAIT = 2_000;
const LONGEST_WAIT = 300_000;
export const backOff = (attempts: number): number =>
  Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.max(0, attempts - 1));

export interface DeliveryListener {
  /** The archive has every object of the entry; the entry is gone from the outbox. */
  delivered(entry: OutboxEntry, acknowledged: InstanceAcknowledgement[]): void;
  /** The entry stays in the outbox and is tried again. */
  failed(entry: OutboxEntry, why: Refusal, acknowledged: InstanceAcknowledgement[]): void;
  pending(count: number, lastError?: Refusal): void;
}

export interface Delivery {
  /** Tries everything in the outbox now; resolves when each entry was tried once. */
  flush(): Promise<void>;
  stop(): void;
}

const refusalOf = (refused: Array<InstanceAcknowledgement & { state: 'refused' }>): Refusal =>
  refusal(
    'archiveRefusedInstances',
    `The archive refused ${refused.length} object(s): ${refused[0].reason}`,
    { count: refused.length, reason: refused[0].reason },
  );

const unanswered = (count: number): Refusal =>
  refusal('archiveSilent', `The archive's answer does not name ${count} of the objects sent`, {
    count,
  });

/**
 * Sends what waits in the outbox, and goes on trying until the archive has acknowledged every
 * instance: nothing is called stored before that. One attempt at a time.
 */
export const createDelivery = (
  outbox: OutboxStore,
  archive: EvidenceArchive,
  listener: DeliveryListener,
): Delivery => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;

  const attempt = async (entry: OutboxEntry): Promise<OutboxEntry | undefined> => {
    const answer = await archive.store(entry.objects);
    const acknowledged = answer.ok ? answer.value : [];
    const stored = new Set(
      acknowledged.filter(ack => ack.state === 'stored').map(ack => ack.sopInstanceUID),
    );
    const left = entry.objects.filter(object => !stored.has(object.sopInstanceUID));
    if (answer.ok && left.length === 0) {
      await outbox.remove(entry.id);
      listener.delivered(entry, acknowledged);
      return undefined;
    }
    const refused = acknowledged.filter(ack => ack.state === 'refused');
    const why = !answer.ok
      ? answer.refusal
      : refused.length > 0
        ? refusalOf(refused)
        : unanswered(left.length);
    const kept = { ...entry, objects: left, attempts: entry.attempts + 1, lastError: why };
    // A full disk leaves the older record, which holds more than it needs to: nothing is lost.
    await outbox.put(kept);
    listener.failed(kept, why, acknowledged);
    return kept;
  };

  const pass = async () => {
    const waiting: OutboxEntry[] = [];
    const entries = await outbox.list();
    listener.pending(entries.length, entries.find(entry => entry.lastError)?.lastError);
    for (const entry of entries) {
      if (stopped) return;
      const kept = await attempt(entry);
      if (kept) waiting.push(kept);
    }
    listener.pending(waiting.length, waiting.at(-1)?.lastError);
    if (waiting.length > 0 && !stopped) {
      const wait = Math.min(...waiting.map(entry => backOff(entry.attempts)));
      timer = setTimeout(() => void flush(), wait);
    }
  };

  const flush = createSingleFlight(async () => {
    clearTimeout(timer);
    if (!stopped) await pass();
  });

  return {
    flush,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
};
