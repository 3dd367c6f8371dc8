import type { OutboxEntry, OutboxStore } from '../../core/reading/ports';
import { writing, type Database } from './database';
import { keptOutboxEntry } from './records';

/** The outbox in IndexedDB: what is in it was promised to be stored, and survives the page. */
export const createOutboxStore = (database: Promise<Database>): OutboxStore => ({
  async put(entry) {
    const opened = await database;
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
});
