import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import { writeDurably } from '../archive/store/durable';

const FILE = 'archive.txt';

/** The DICOMweb root that what waits in the folder is for; credentials are never kept. */
export const destinationOf = async (folder: string): Promise<string | undefined> => {
  const text = await readFile(path.join(folder, FILE), 'utf8').catch(() => '');
  return text.trim() || undefined;
};

/**
 * Keeps the destination of a folder. One outbox is for one archive: with something in it for another
 * it refuses with `outboxOfAnotherArchive`.
 */
export const claimDestination = async (
  folder: string,
  archive: string,
  isEmpty: boolean,
): Promise<Outcome<void>> => {
  const before = await destinationOf(folder);
  if (before === archive) return accept(undefined);
  if (before !== undefined && !isEmpty) {
    return refuse(
      'outboxOfAnotherArchive',
      `What waits in ${folder} is for ${before}; send it first, or name another --outbox for ${archive}.`,
      { folder, before, archive },
    );
  }
  const incoming = path.join(folder, 'incoming');
  await writeDurably(path.join(folder, FILE), Buffer.from(`${archive}\n`), incoming);
  return accept(undefined);
};
