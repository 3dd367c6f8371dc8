import { refusal, type Refusal } from '../outcome';
import { createSingleFlight } from './singleFlight';
import type { EvidenceArchive, InstanceAcknowledgement, OutboxEntry, OutboxStore } from './ports';
import type { ReadingState } from './state';

/** Waits between attempts, milliseconds: doubling, and never longer than five minutes. */
const FIRST_WAIT = 2_000;
const LONGEST_WAIT = 300_000;
/** How often a host that was refused access is looked at for a new token. */
const TOKEN_WAIT = 3_000;

/**
 * Milliseconds before the next attempt. Half of it is chance: workstations that lost the archive at
 * one moment do not all come back at one moment.
 *
 * @param chance 0–1
 */
export const backOff = (attempts: number, chance = 1): number =>
  (Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.max(0, attempts - 1)) * (1 + chance)) / 2;

type Stored = Extract<InstanceAcknowledgement, { state: 'stored' }>;
type Refused = Extract<InstanceAcknowledgement, { state: 'refused' }>;

export interface DeliveryListener {
  /** The archive has every object of the entry; the entry is gone from the outbox. */
  delivered(entry: OutboxEntry, acknowledged: Stored[]): void;
  /** The entry stays in the outbox with what is missing. */
  failed(entry: OutboxEntry, why: Refusal, acknowledged: Stored[]): void;
  /** The archive takes no objects of a class: the entry's alternative is sent in their place. */
  substituted?(entry: OutboxEntry, refused: readonly string[]): void;
  pending(outbox: ReadingState['outbox']): void;
}

export interface Delivery {
  /** Tries everything in the outbox now; resolves when each entry was tried once. */
  flush(): Promise<void>;
  /** Takes out of the outbox what waits there of a run, and never while it is being sent. */
  drop(runId: string): Promise<void>;
  /** Entries that this page waits for: it is told of their delivery even if another tab does it. */
  expect(entries: readonly OutboxEntry[]): void;
  stop(): void;
}

export interface DeliveryOptions {
  now?(): number;
  /** 0–1 */
  chance?(): number;
}

const refusalOf = (refused: readonly Refused[]): Refusal =>
  refusal(
    'archiveRefusedInstances',
    `The archive refused ${refused.length} object(s): ${refused[0].reason}`,
    { count: refused.length, reason: [...new Set(refused.map(({ reason }) => reason))].join('; ') },
  );

const unanswered = (count: number): Refusal =>
  refusal('archiveSilent', `The archive's answer does not name ${count} of the objects sent`, {
    count,
  });

/** After these the other objects would meet the same: they are not sent. */
const ENDS_THE_ATTEMPT = new Set(['archiveUnreachable', 'archiveUnauthorized', 'archiveAbsent']);

/**
 * Sends what waits in the outbox, and goes on trying until the archive has acknowledged every
 * instance: nothing is called stored before that. One attempt at a time, in one tab at a time.
 *
 * One instance a request (PS3.18 10.5 allows any number): an acknowledgement is then of exactly what
 * was sent, a reload or an expired token between two requests loses only the second, one instance
 * that the archive refuses takes no other with it, and no request grows past what a proxy admits.
 *
 * In the order of the entry: what refers to an object follows it.
 */
export const createDelivery = (
  outbox: OutboxStore,
  archive: EvidenceArchive,
  listener: DeliveryListener,
  { now = Date.now, chance = Math.random }: DeliveryOptions = {},
): Delivery => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tokenTimer: ReturnType<typeof setInterval> | undefined;
  let stopped = false;
  /** Without their bytes, and what each holds. */
  const expected = new Map<string, { entry: OutboxEntry; uids: string[] }>();
  const credentials = () => archive.identity()?.credentials;

  /** What the archive said of each object; `why` where it could not be asked on. */
  const send = async (entry: OutboxEntry) => {
    const stored: Stored[] = [];
    const refused: Refused[] = [];
    let why: Refusal | undefined;
    for (const object of entry.objects) {
      if (stopped) break;
      const answer = await archive.store([object]);
      if (!answer.ok) {
        why = answer.refusal;
        if (ENDS_THE_ATTEMPT.has(why.code)) break;
        continue;
      }
      const said = answer.value.find(ack => ack.sopInstanceUID === object.sopInstanceUID);
      if (said?.state === 'stored') stored.push(said);
      if (said?.state !== 'refused') continue;
      refused.push(said);
      const { alternative } = entry;
      const isReplaced = alternative?.every(other => other.sopClassUID !== object.sopClassUID);
      if (said.cause === 'classNotSupported' && isReplaced) {
        return { stored, refused, alternative };
      }
    }
    return { stored, refused, why };
  };

  const attempt = async (entry: OutboxEntry): Promise<OutboxEntry | undefined> => {
    const { stored, refused, why: ended, alternative } = await send(entry);
    const has = new Set(stored.map(ack => ack.sopInstanceUID));
    const notYet = (objects: OutboxEntry['objects']) =>
      objects.filter(object => !has.has(object.sopInstanceUID));
    if (alternative) {
      const replaced = { ...entry, objects: notYet(alternative), alternative: undefined };
      await outbox.put(replaced);
      listener.substituted?.(
        replaced,
        notYet(entry.objects).map(object => object.sopInstanceUID),
      );
      return attempt(replaced);
    }
    const left = notYet(entry.objects);
    if (left.length === 0) {
      await outbox.remove(entry.id);
      expected.delete(entry.id);
      listener.delivered(entry, stored);
      return undefined;
    }
    // A page that is leaving has not heard an answer to each: the entry stays as it is.
    if (stopped) return entry;
    const why = ended ?? (refused.length > 0 ? refusalOf(refused) : unanswered(left.length));
    const kept: OutboxEntry = {
      ...entry,
      objects: left,
      attempts: entry.attempts + 1,
      lastError: why,
      held: refused.length === left.length && refused.every(({ cause }) => cause !== undefined),
    };
    // A full disk leaves the older record, which holds more than it needs to: nothing is lost.
    await outbox.put(kept);
    listener.failed(kept, why, stored);
    return kept;
  };

  const report = (entries: readonly OutboxEntry[], sending: boolean, nextAttempt?: number) =>
    listener.pending({
      sending: sending || undefined,
      pending: entries.length,
      objects: entries.reduce((sum, { objects }) => sum + objects.length, 0),
      nextAttemptAt: nextAttempt === undefined ? undefined : new Date(nextAttempt).toISOString(),
      lastError: entries.findLast(({ lastError }) => lastError)?.lastError,
    });

  /** Entries leave the outbox only when they are stored: what is missing, another tab has sent. */
  const tellOfOthers = (entries: readonly OutboxEntry[]) => {
    const listed = new Set(entries.map(({ id }) => id));
    for (const [id, { entry, uids }] of expected) {
      if (listed.has(id)) continue;
      expected.delete(id);
      listener.delivered(
        entry,
        uids.map(sopInstanceUID => ({ state: 'stored', sopInstanceUID })),
      );
    }
  };

  /** A new token is worth an attempt at once; hosts do not say that they have one. */
  const watchToken = (refusedWith: string | undefined) => {
    tokenTimer = setInterval(() => {
      if (credentials() !== refusedWith) void flush();
    }, TOKEN_WAIT);
  };

  const pass = async () => {
    const entries = await outbox.list();
    tellOfOthers(entries);
    report(entries, entries.length > 0);
    const asked = credentials();
    const waiting: OutboxEntry[] = [];
    for (const entry of entries) {
      if (stopped) return;
      const kept = await attempt(entry);
      if (kept) waiting.push(kept);
    }
    if (stopped) return;
    const again = waiting.filter(({ held }) => !held);
    if (again.length === 0) return report(waiting, false);
    const wait = Math.min(...again.map(({ attempts }) => backOff(attempts, chance())));
    timer = setTimeout(() => void flush(), wait);
    if (again.some(({ lastError }) => lastError?.code === 'archiveUnauthorized')) watchToken(asked);
    report(waiting, false, now() + wait);
  };

  const forgetTimers = () => {
    clearTimeout(timer);
    clearInterval(tokenTimer);
  };

  let last: Promise<void> = Promise.resolve();
  /** One after the other on this page, and alone among the pages of the site. */
  const alone = (work: () => Promise<void>): Promise<void> => {
    const mine = last.then(() => (outbox.exclusively ? outbox.exclusively(work) : work()));
    last = mine.catch(() => undefined);
    return mine;
  };

  const flush = createSingleFlight(async () => {
    forgetTimers();
    if (stopped) return;
    await alone(pass);
  });

  return {
    flush,
    drop: runId =>
      alone(async () => {
        for (const entry of await outbox.list()) {
          if (entry.runId !== runId) continue;
          expected.delete(entry.id);
          await outbox.remove(entry.id);
        }
      }),
    expect(entries) {
      for (const { alternative: _alternative, ...entry } of entries) {
        const uids = entry.objects.map(({ sopInstanceUID }) => sopInstanceUID);
        expected.set(entry.id, { entry: { ...entry, objects: [] }, uids });
      }
    },
    stop() {
      stopped = true;
      forgetTimers();
    },
  };
};
