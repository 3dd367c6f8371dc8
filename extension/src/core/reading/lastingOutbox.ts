import type { OutboxEntry, OutboxStore } from './ports';

/**
 * An outbox that goes on in memory where the disk takes nothing more. The refusal is told all the
 * same (what is in memory ends with the page), and the evidence still is sent: with a full disk and
 * an archive that answers, nothing need be lost.
 */
export const lastingOutbox = (disk: OutboxStore): OutboxStore => {
  const inMemory = new Map<string, OutboxEntry>();
  return {
    ...disk,
    async put(entry) {
      const kept = await disk.put(entry);
      if (kept.ok) inMemory.delete(entry.id);
      else inMemory.set(entry.id, entry);
      return kept;
    },
    async list() {
      const entries = new Map((await disk.list()).map(entry => [entry.id, entry]));
      // The later record of an entry: the disk still has the one before it.
      inMemory.forEach((entry, id) => entries.set(id, entry));
      return [...entries.values()].sort((a, b) => a.enqueuedAt.localeCompare(b.enqueuedAt));
    },
    async remove(id) {
      inMemory.delete(id);
      await disk.remove(id);
    },
  };
};
