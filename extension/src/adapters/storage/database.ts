import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import { accept, refuse, type Outcome } from '../../core/outcome';

/**
 * What is kept on the workstation. Records are written by this version or an earlier one, so each
 * is parsed when it is read (see `drafts.ts`, `outbox.ts`).
 */
interface Schema extends DBSchema {
  runs: { key: string; value: unknown; indexes: { study: string } };
  reviews: { key: string; value: unknown; indexes: { study: string } };
  marks: { key: string; value: unknown; indexes: { study: string } };
  outbox: { key: string; value: unknown };
}
export type Database = IDBPDatabase<Schema>;

/** One database an origin: two tabs of one site share the drafts and the outbox. */
export const openDatabase = (name = 'second-reader'): Promise<Database> =>
  openDB<Schema>(name, 1, {
    upgrade(database) {
      for (const store of ['runs', 'reviews'] as const) {
        database.createObjectStore(store, { keyPath: 'runId' }).createIndex('study', 'study');
      }
      database.createObjectStore('marks', { keyPath: 'key' }).createIndex('study', 'study');
      database.createObjectStore('outbox', { keyPath: 'id' });
    },
  });

/**
 * A write that the browser refuses is told, not thrown: a full disk, a disk that fails, a database
 * that was taken away. Any other failure is a broken invariant, and so is what cannot be cloned.
 */
export const writing = async (write: () => Promise<unknown>): Promise<Outcome<void>> => {
  try {
    await write();
    return accept(undefined);
  } catch (error) {
    if (!(error instanceof DOMException) || error.name === 'DataCloneError') throw error;
    if (error.name === 'QuotaExceededError') {
      return refuse(
        'workstationStorageFull',
        'The disk space this browser may use is full: results and reviews are kept only while this page is open',
      );
    }
    const detail = `${error.name}: ${error.message}`;
    return refuse(
      'workstationStorageFailed',
      `This browser could not write to the disk (${detail}): results and reviews are kept only while this page is open`,
      { detail },
    );
  }
};
