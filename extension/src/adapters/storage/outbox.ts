import type { OutboxEntry, OutboxStore } from '../../core/reading/ports';
import { writing, type Database } from './database';
import { keptOutboxEntry } from './records';

/** Held while a page sends: the outbox is one for all tabs of the site. */
const LOCK = 'second-reader-outbox';

/** The outbox in IndexedDB: what is in it was promised to be stored, and survives the page. */
export const createOutboxStore = (database: Promise<Database>): OutboxStore => ({
  async put(entry) {
    const opened = await database;
    // Without it the browser may clear the origin when the disk runs low. Asked once is enough.
    void globalThis.navigator?.storage?.persist?.().catch(() => false);
    return writing(() => opened.put('outbox', entry));
  },
  async list() {
    const records = await (await database).getAll('outbox');
    // A record that cannot be read is left where it is: a later version may know how.
    const entries = records.flatMap((record): OutboxEntry[] => {
      const parsed = keptOutboxEntry.safeParse(record);
      return parsed.success ? [parsed.data] : [];
    });
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
