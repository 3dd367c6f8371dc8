import type { EvidenceObject, OutboxEntry, OutboxStore } from '../../core/reading/ports';
import { blobOf, bytesOf } from './blobs';
import { writing, type Database } from './database';
import { keptOutboxEntry, type KeptEvidence } from './records';

/** Held while a page sends: the outbox is one for all tabs of the site. */
const LOCK = 'second-reader-outbox';

const kept = (objects: readonly EvidenceObject[]): Promise<KeptEvidence[]> =>
  Promise.all(objects.map(async object => ({ ...object, part10: await blobOf(object.part10) })));

const read = (objects: readonly KeptEvidence[]): Promise<EvidenceObject[]> =>
  Promise.all(
    objects.map(async ({ part10, ...identity }) => ({
      ...identity,
      part10: part10 instanceof Blob ? await bytesOf(part10) : part10,
    })),
  );

/** Nothing where a record cannot be read: it is left where it is, a later version may know how. */
const entryOf = async (record: unknown): Promise<OutboxEntry | undefined> => {
  const parsed = keptOutboxEntry.safeParse(record);
  if (!parsed.success) return undefined;
  const { objects, alternative, ...entry } = parsed.data;
  try {
    return {
      ...entry,
      objects: await read(objects),
      ...(alternative && { alternative: await read(alternative) }),
    };
  } catch (error) {
    if (error instanceof DOMException) return undefined;
    throw error;
  }
};

/** The outbox in IndexedDB: what is in it was promised to be stored, and survives the page. */
export const createOutboxStore = (database: Promise<Database>): OutboxStore => ({
  async put(entry) {
    const opened = await database;
    // Without it the browser may clear the origin when the disk runs low. Asked once is enough.
    void globalThis.navigator?.storage?.persist?.().catch(() => false);
    const { objects, alternative } = entry;
    const record = {
      ...entry,
      objects: await kept(objects),
      ...(alternative && { alternative: await kept(alternative) }),
    };
    return writing(() => opened.put('outbox', record));
  },
  async list() {
    const records = await (await database).getAll('outbox');
    const entries: OutboxEntry[] = [];
    for (const record of records) {
      const entry = await entryOf(record);
      if (entry) entries.push(entry);
    }
    return entries.sort((a, b) => a.enqueuedAt.localeCompare(b.enqueuedAt));
  },
  async remove(id) {
    await (await database).delete('outbox', id);
  },
  async room() {
    const estimate = await globalThis.navigator?.storage?.estimate?.().catch(() => undefined);
    if (estimate?.usage === undefined || !estimate.quota) return undefined;
    return { usage: estimate.usage, quota: estimate.quota };
  },
  async exclusively(work) {
    // Only secure contexts have locks. Two tabs that send the same thing change nothing: its UIDs
    // are the same.
    const locks = globalThis.navigator?.locks;
    if (!locks) return work();
    await locks.request(LOCK, work);
  },
});
