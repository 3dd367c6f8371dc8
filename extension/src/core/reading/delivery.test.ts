import { accept, refuse, type Refusal } from '../outcome';
import { backOff, createDelivery, type DeliveryListener } from './delivery';
import { memoryArchive, memoryOutbox, type MemoryArchive } from './memoryPorts.testing';
import type { EvidenceObject, InstanceAcknowledgement, OutboxEntry, OutboxStore } from './ports';
import type { ReadingState } from './state';

const object = (sopInstanceUID: string, sopClassUID = 'sr'): EvidenceObject => ({
  sopClassUID,
  sopInstanceUID,
  seriesInstanceUID: '1.1',
  studyInstanceUID: '1',
  part10: new ArrayBuffer(4),
});

const entryOf = (id: string, objects: EvidenceObject[], more: Partial<OutboxEntry> = {}) => ({
  id,
  studyInstanceUID: '1',
  runId: id,
  objects,
  signature: '[]',
  attempts: 0,
  enqueuedAt: '2026-01-01',
  ...more,
});

const stored = ({ sopInstanceUID }: EvidenceObject): InstanceAcknowledgement => ({
  state: 'stored',
  sopInstanceUID,
});

interface Told {
  outbox?: ReadingState['outbox'];
  delivered: string[];
  failed: Array<[id: string, why: Refusal]>;
  substituted: string[];
}

const deliveryOf = (outbox: OutboxStore, archive: MemoryArchive) => {
  const told: Told = { delivered: [], failed: [], substituted: [] };
  const listener: DeliveryListener = {
    delivered: (entry, acknowledged) =>
      told.delivered.push([entry.id, ...acknowledged.map(ack => ack.sopInstanceUID)].join(' ')),
    failed: (entry, why) => told.failed.push([entry.id, why]),
    substituted: entry => told.substituted.push(entry.id),
    pending: state => (told.outbox = state),
  };
  const delivery = createDelivery(outbox, archive, listener, { chance: () => 1 });
  return { delivery, told };
};

const setUp = async (...entries: OutboxEntry[]) => {
  const outbox = memoryOutbox();
  for (const entry of entries) await outbox.put(entry);
  const archive = memoryArchive();
  return { outbox, archive, ...deliveryOf(outbox, archive) };
};

const codes = ({ failed }: Told) => failed.map(([, { code }]) => code);

beforeEach(() => jest.useFakeTimers({ now: Date.parse('2026-01-01T08:00:00Z') }));
afterEach(() => jest.useRealTimers());

describe('waits between attempts', () => {
  it('double up to five minutes, and half of each is chance', () => {
    expect([1, 2, 3, 8, 9, 40].map(attempts => backOff(attempts) / 1000)).toEqual([
      2, 4, 8, 256, 300, 300,
    ]);
    expect(backOff(3, 0)).toBe(backOff(3) / 2);
  });
});

describe('delivery', () => {
  it('sends one instance a request and leaves the outbox empty', async () => {
    const { delivery, told, archive, outbox } = await setUp(
      entryOf('a', [object('1'), object('2')]),
      entryOf('b', [object('3')]),
    );
    await delivery.flush();
    expect(archive.stores).toBe(3);
    expect(told.delivered).toEqual(['a 1 2', 'b 3']);
    expect(outbox.entries.size).toBe(0);
    expect(told.outbox).toEqual({ pending: 0, objects: 0 });
  });

  it('goes on all night while the archive is down, says when next, and delivers in the morning', async () => {
    const { delivery, told, archive } = await setUp(entryOf('a', [object('1'), object('2')]));
    archive.down = true;
    await delivery.flush();
    expect(told.outbox).toMatchObject({
      pending: 1,
      objects: 2,
      nextAttemptAt: '2026-01-01T08:00:02.000Z',
      lastError: { code: 'archiveUnreachable' },
    });
    await jest.advanceTimersByTimeAsync(24 * 3_600_000);
    // A request that nobody answers ends the attempt; in a day there are some three hundred.
    expect(archive.stores).toBeGreaterThan(280);
    expect(archive.stores).toBeLessThan(310);
    expect(told.delivered).toEqual([]);

    archive.down = false;
    await jest.advanceTimersByTimeAsync(300_000);
    expect(told.delivered).toEqual(['a 1 2']);
    expect([...archive.objects.keys()]).toEqual(['1', '2']);
    const { stores } = archive;
    await jest.advanceTimersByTimeAsync(3_600_000);
    expect(archive.stores).toBe(stores);
  });

  it('keeps only the one of five that is refused for good, and sends it when asked to', async () => {
    const five = ['1', '2', '3', '4', '5'].map(uid => object(uid, uid === '3' ? 'odd' : 'sr'));
    const { delivery, told, archive, outbox } = await setUp(entryOf('a', five));
    archive.answer = ([sent]) =>
      accept([
        sent.sopClassUID === 'odd'
          ? { ...sent, state: 'refused', reason: 'too odd', cause: 'content' }
          : stored(sent),
      ]);
    await delivery.flush();
    expect(codes(told)).toEqual(['archiveRefusedInstances']);
    expect(outbox.entries.get('a')).toMatchObject({ held: true, objects: [five[2]] });
    expect(told.outbox).toMatchObject({ pending: 1, objects: 1, nextAttemptAt: undefined });
    await jest.advanceTimersByTimeAsync(3_600_000);
    expect(archive.stores).toBe(5);

    archive.answer = undefined;
    await delivery.flush();
    expect(told.delivered).toEqual(['a 3']);
    expect(outbox.entries.size).toBe(0);
  });

  it('does not let one object that the archive stumbles over hold up the others', async () => {
    const { delivery, archive, outbox } = await setUp(entryOf('a', [object('1'), object('2')]));
    archive.answer = ([sent]) =>
      sent.sopInstanceUID === '1' ? refuse('archiveFailed', 'status 500') : accept([stored(sent)]);
    await delivery.flush();
    expect(outbox.entries.get('a')?.objects.map(each => each.sopInstanceUID)).toEqual(['1']);
  });

  it('sends after an expired token only what is missing, as soon as there is a new one', async () => {
    const { delivery, told, archive, outbox } = await setUp(
      entryOf('a', [object('1'), object('2'), object('3')]),
    );
    archive.token = 'old';
    const seen: string[] = [];
    archive.answer = ([sent]) => {
      seen.push(`${archive.token} ${sent.sopInstanceUID}`);
      return archive.token === 'old' && seen.length > 1
        ? refuse('archiveUnauthorized', 'refused access (401)')
        : accept([stored(sent)]);
    };
    await delivery.flush();
    expect(codes(told)).toEqual(['archiveUnauthorized']);
    expect(outbox.entries.get('a')?.objects.map(each => each.sopInstanceUID)).toEqual(['2', '3']);
    // The first wait is over before the new token is there.
    await jest.advanceTimersByTimeAsync(2_000);
    archive.token = 'new';
    await jest.advanceTimersByTimeAsync(3_000);
    expect(told.delivered).toEqual(['a 2 3']);
    expect(seen).toEqual(['old 1', 'old 2', 'old 2', 'new 2', 'new 3']);
  });

  it('stores the other kind of segmentation where the archive does not take the first', async () => {
    const entry = entryOf('a', [object('1', 'labelmap'), object('2')], {
      alternative: [object('3', 'binary'), object('4')],
    });
    const { delivery, told, archive } = await setUp(entry);
    archive.answer = ([sent]) =>
      accept([
        sent.sopClassUID === 'labelmap'
          ? { ...sent, state: 'refused', reason: 'no', cause: 'classNotSupported' }
          : stored(sent),
      ]);
    await delivery.flush();
    // What refers to the first segmentation was never sent.
    expect(archive.stores).toBe(3);
    expect(told.substituted).toEqual(['a']);
    expect(told.delivered).toEqual(['a 3 4']);
    expect(told.failed).toEqual([]);
  });

  it('keeps the alternative through an archive that is down', async () => {
    const alternative = [object('3', 'binary')];
    const { delivery, archive, outbox } = await setUp(
      entryOf('a', [object('1', 'labelmap')], { alternative }),
    );
    archive.down = true;
    await delivery.flush();
    expect(outbox.entries.get('a')).toMatchObject({ alternative, attempts: 1 });
    delivery.stop();
  });

  it('in two tabs sends everything once, and tells both', async () => {
    const { outbox, archive } = await setUp();
    let last: Promise<unknown> = Promise.resolve();
    const shared: OutboxStore = {
      ...outbox,
      exclusively: work => {
        const mine = last.then(work);
        last = mine;
        return mine;
      },
    };
    const [one, other] = [deliveryOf(shared, archive), deliveryOf(shared, archive)];
    const entry = entryOf('a', [object('1'), object('2')]);
    await shared.put(entry);
    one.delivery.expect([entry]);
    other.delivery.expect([entry]);
    await Promise.all([one.delivery.flush(), other.delivery.flush()]);
    expect(archive.stores).toBe(2);
    expect(one.told.delivered).toEqual(['a 1 2']);
    expect(other.told.delivered).toEqual(['a 1 2']);
    expect(other.told.outbox?.pending).toBe(0);
  });

  it('that is stopped between two requests loses nothing', async () => {
    const { delivery, told, archive, outbox } = await setUp(
      entryOf('a', [object('1'), object('2')]),
    );
    archive.answer = ([sent]) => {
      delivery.stop();
      return accept([stored(sent)]);
    };
    await delivery.flush();
    expect(archive.stores).toBe(1);
    expect(told.delivered).toEqual([]);
    expect(outbox.entries.get('a')?.objects).toHaveLength(2);
  });

  it('says that it is sending, or until when it waits, never both', async () => {
    const archive = memoryArchive();
    archive.down = true;
    const outbox = memoryOutbox();
    await outbox.put(entryOf('a', [object('1')]));
    const said: unknown[] = [];
    const listener: DeliveryListener = {
      delivered: () => undefined,
      failed: () => undefined,
      pending: ({ pending, sending, nextAttemptAt }) =>
        said.push([pending, sending === true, nextAttemptAt !== undefined]),
    };
    const delivery = createDelivery(outbox, archive, listener);
    await delivery.flush();
    archive.down = false;
    await delivery.flush();
    delivery.stop();
    expect(said).toEqual([
      [1, true, false],
      [1, false, true],
      [1, true, false],
      [0, false, false],
    ]);
  });

  it('takes what waits of one run out, once nothing of it is being sent', async () => {
    const { delivery, archive, outbox, told } = await setUp(
      entryOf('a', [object('1')]),
      entryOf('b', [object('2')]),
    );
    let answer: () => void = () => undefined;
    const answered = new Promise<void>(resolve => (answer = resolve));
    archive.store = async () => {
      await answered;
      return refuse('archiveUnreachable', 'The archive cannot be reached');
    };
    const flushed = delivery.flush();
    const dropped = delivery.drop('a');
    await Promise.resolve();
    expect([...outbox.entries.keys()]).toEqual(['a', 'b']);
    answer();
    await Promise.all([flushed, dropped]);
    expect([...outbox.entries.keys()]).toEqual(['b']);
    expect(told.delivered).toEqual([]);
    delivery.stop();
  });
});
