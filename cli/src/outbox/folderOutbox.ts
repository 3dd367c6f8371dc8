import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { accept, refuse, type Outcome, type Refusal } from '@second-reader/core/outcome';
import type { EvidenceObject, OutboxEntry, OutboxStore } from '@second-reader/core/reading/ports';
import { makeFolder, removeDurably, writeDurably } from '../archive/store/durable';
import { createFolderLock } from './folderLock';

const object = z.object({
  sopClassUID: z.string(),
  sopInstanceUID: z.string(),
  seriesInstanceUID: z.string(),
  studyInstanceUID: z.string(),
  /** The Part 10 file beside the entry, and what is in it. */
  file: z.string().regex(/^[0-9a-f.]+\.dcm$/),
  sha256: z.string(),
});

/** An entry's own file: all but the bytes, which are Part 10 files that any reader opens. */
const entrySchema = z.object({
  id: z.string(),
  studyInstanceUID: z.string(),
  runId: z.string(),
  objects: z.array(object).min(1),
  alternative: z.array(object).min(1).optional(),
  held: z.boolean().optional(),
  signature: z.string(),
  attempts: z.number(),
  enqueuedAt: z.string(),
  lastError: z
    .object({
      code: z.string(),
      values: z.record(z.string(), z.union([z.string(), z.number()])),
      message: z.string(),
    })
    .optional(),
});
type KeptEntry = z.infer<typeof entrySchema>;
type KeptObject = z.infer<typeof object>;

const sha256 = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex');

const filesOf = ({ objects, alternative = [] }: KeptEntry): string[] =>
  [...objects, ...alternative].map(({ file }) => file);

const FULL = new Set(['ENOSPC', 'EDQUOT']);

export interface FolderOutbox extends OutboxStore {
  /** Entries that cannot be read; they are left where they are. */
  readonly unreadable: Array<{ file: string; reason: string }>;
}

/**
 * The outbox as a folder, for programs without a browser. An entry is a JSON file, its objects Part
 * 10 files beside it; the JSON file is written last and removed first, each durably, so a process
 * that is killed leaves an entry whole or not at all.
 *
 * Refuses with `outboxFolderUnusable`; what does not fit on the disk with `outboxFolderFull`.
 */
export const openFolderOutbox = async (given: string): Promise<Outcome<FolderOutbox>> => {
  const folder = path.resolve(given);
  const incoming = path.join(folder, 'incoming');
  const unreadable: FolderOutbox['unreadable'] = [];

  const refusalOf = (error: unknown): Refusal => {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    const outcome = FULL.has(reason)
      ? refuse(
          'outboxFolderFull',
          `The disk of the outbox ${folder} is full (${reason}); free some space, nothing was sent.`,
          { folder, reason },
        )
      : refuse(
          'outboxFolderUnusable',
          `The outbox ${folder} cannot be used (${reason}); choose a folder you can write to.`,
          { folder, reason },
        );
    return (outcome as { refusal: Refusal }).refusal;
  };

  const jsonOf = (id: string) => path.join(folder, `${sha256(id)}.json`);

  const readEntry = async (file: string): Promise<KeptEntry | undefined> => {
    try {
      return entrySchema.parse(JSON.parse(await readFile(file, 'utf8')));
    } catch {
      return undefined;
    }
  };

  const remove = async (files: Iterable<string>) => {
    for (const file of files) await removeDurably(path.join(folder, file), folder);
  };

  const write = async (entry: OutboxEntry): Promise<void> => {
    const prefix = sha256(entry.id).slice(0, 16);
    const keep = async ({ part10, ...rest }: EvidenceObject): Promise<KeptObject> => {
      const bytes = new Uint8Array(part10);
      const hash = sha256(bytes);
      // Named after what is in it: an attempt more does not write the objects again.
      const file = `${prefix}.${hash.slice(0, 32)}.dcm`;
      const there = await stat(path.join(folder, file)).catch(() => undefined);
      if (there?.size !== bytes.byteLength) {
        await writeDurably(path.join(folder, file), bytes, incoming);
      }
      return { ...rest, file, sha256: hash };
    };
    const keepAll = async (objects: EvidenceObject[]) => {
      const kept: KeptObject[] = [];
      for (const each of objects) kept.push(await keep(each));
      return kept;
    };
    const before = await readEntry(jsonOf(entry.id));
    const kept: KeptEntry = {
      ...entry,
      objects: await keepAll(entry.objects),
      alternative: entry.alternative && (await keepAll(entry.alternative)),
    };
    await writeDurably(jsonOf(entry.id), Buffer.from(JSON.stringify(kept, null, 1)), incoming);
    const used = new Set(filesOf(kept));
    await remove((before ? filesOf(before) : []).filter(file => !used.has(file)));
  };

  const load = async ({ file, sha256: hash, ...rest }: KeptObject): Promise<EvidenceObject> => {
    const bytes = await readFile(path.join(folder, file));
    if (sha256(bytes) !== hash) throw new Error(`${file} is not what was written`);
    return { ...rest, part10: new Uint8Array(bytes).buffer };
  };

  const loadAll = async (objects: KeptObject[]): Promise<EvidenceObject[]> => {
    const loaded: EvidenceObject[] = [];
    for (const each of objects) loaded.push(await load(each));
    return loaded;
  };

  try {
    await makeFolder(folder);
    await makeFolder(incoming);
  } catch (error) {
    return { ok: false, refusal: refusalOf(error) };
  }

  return accept({
    unreadable,
    async put(entry) {
      try {
        await write(entry);
        return accept(undefined);
      } catch (error) {
        return { ok: false, refusal: refusalOf(error) };
      }
    },
    async list() {
      const entries: OutboxEntry[] = [];
      unreadable.length = 0;
      for (const name of (await readdir(folder)).filter(each => each.endsWith('.json'))) {
        const file = path.join(folder, name);
        const kept = await readEntry(file);
        try {
          if (!kept) throw new Error(`${name} is no entry of an outbox`);
          const { objects, alternative } = kept;
          entries.push({
            ...kept,
            objects: await loadAll(objects),
            alternative: alternative && (await loadAll(alternative)),
          });
        } catch (error) {
          unreadable.push({ file, reason: (error as Error).message });
        }
      }
      return entries.sort((a, b) => a.enqueuedAt.localeCompare(b.enqueuedAt));
    },
    async remove(id) {
      const file = jsonOf(id);
      const kept = await readEntry(file);
      await removeDurably(file, folder);
      if (kept) await remove(filesOf(kept));
    },
    async room() {
      const { blocks, bavail, bsize } = await statfs(folder);
      return { usage: (blocks - bavail) * bsize, quota: blocks * bsize };
    },
    exclusively: createFolderLock(path.join(folder, 'lock'), async () => {
      // What a killed process left half written: nobody else is writing now.
      for (const name of await readdir(incoming)) await rm(path.join(incoming, name));
    }),
  });
};
