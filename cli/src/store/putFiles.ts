import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { accept, refuse, type Outcome, type Refusal } from '@second-reader/core/outcome';
import type { OutboxEntry } from '@second-reader/core/reading/ports';
import { identityOf } from '../archive/part10/identity';
import { readPart10 } from '../archive/part10/reader';
import type { FolderOutbox } from '../outbox/folderOutbox';
import { filesOf, REASONS } from '../start/ingest';

export interface PutReport {
  added: number;
  /** Waiting there already, from a run before. */
  already: number;
  /** Files by the reason why they are no objects that an archive takes. */
  passedOver: Map<string, string[]>;
  /** Among them is one that is no mere companion of DICOM files in a folder. */
  damaged: boolean;
}

/** Of a folder these are left out without a word: they are no objects. */
const COMPANIONS = new Set(['notDicom', 'dicomDirectory']);

const collect = async (given: readonly string[]) => {
  const files: Array<{ file: string; named: boolean }> = [];
  for (const place of given) {
    try {
      const found = await filesOf(place);
      const named = found.length === 1 && found[0] === place;
      files.push(...found.map(file => ({ file, named })));
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
      return refuse('dicomNotFound', `${place} cannot be read (${reason}).`, {
        path: place,
        reason,
      });
    }
  }
  return accept(files);
};

/** One entry an object, named by its UID and contents: put twice it is there once. */
const entryOf = (bytes: Buffer, order: number, now: number): Outcome<OutboxEntry> => {
  const read = readPart10(bytes);
  const identity = read.ok ? identityOf(read.value) : read;
  if (!identity.ok) return identity;
  const { sopInstanceUID, studyInstanceUID } = identity.value;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return accept({
    id: `${sopInstanceUID} ${sha256}`,
    studyInstanceUID,
    runId: sopInstanceUID,
    objects: [{ ...identity.value, part10: new Uint8Array(bytes).buffer }],
    signature: '',
    attempts: 0,
    // A millisecond apart: they are sent in the order in which they were named.
    enqueuedAt: new Date(now + order).toISOString(),
  });
};

/**
 * Puts DICOM files and the files of folders into an outbox, alone with it. What cannot be put there
 * ends it: `dicomNotFound`, `outboxFolderFull`, `outboxFolderUnusable`.
 *
 * @param allowed - asked first, with whether the outbox is empty
 */
export const putFiles = async (
  outbox: FolderOutbox,
  given: readonly string[],
  allowed: (isEmpty: boolean) => Promise<Outcome<void>>,
  progress: (line: string) => void = () => undefined,
): Promise<Outcome<PutReport>> => {
  const files = await collect(given);
  if (!files.ok) return files;
  const report: PutReport = { added: 0, already: 0, passedOver: new Map(), damaged: false };
  let refused: Refusal | undefined;
  const passOver = (reason: string, file: string) =>
    report.passedOver.set(reason, [...(report.passedOver.get(reason) ?? []), file]);

  const put = async (): Promise<void> => {
    const waiting = new Set((await outbox.list()).map(({ id }) => id));
    const isAllowed = await allowed(waiting.size + outbox.unreadable.length === 0);
    if (!isAllowed.ok) {
      refused = isAllowed.refusal;
      return;
    }
    const now = Date.now();
    for (const [order, { file, named }] of files.value.entries()) {
      progress(`Putting files into the outbox: ${order + 1} of ${files.value.length}`);
      let bytes: Buffer;
      try {
        bytes = await readFile(file);
      } catch (error) {
        passOver(`not readable (${(error as NodeJS.ErrnoException).code ?? 'error'})`, file);
        report.damaged = true;
        continue;
      }
      const entry = entryOf(bytes, order, now);
      if (!entry.ok) {
        const { code } = entry.refusal;
        passOver(REASONS[code] ?? code, file);
        report.damaged ||= named || !COMPANIONS.has(code);
        continue;
      }
      if (waiting.has(entry.value.id)) {
        report.already += 1;
        continue;
      }
      const kept = await outbox.put(entry.value);
      if (!kept.ok) {
        refused = kept.refusal;
        return;
      }
      waiting.add(entry.value.id);
      report.added += 1;
    }
  };
  await outbox.exclusively!(put);
  return refused ? { ok: false, refusal: refused } : accept(report);
};
