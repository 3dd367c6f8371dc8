import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { accept, refuse, type Outcome, type Refusal } from '@second-reader/core/outcome';
import { metadataOf } from '../part10/dicomJson';
import { describePixels, frameTableOf, pixelElement } from '../part10/frames';
import { identityOf } from '../part10/identity';
import type { Part10File } from '../part10/dataSet';
import { readPart10, readPart10Head } from '../part10/reader';
import { Catalog, type Instance } from './catalog';
import { makeFolder, removeDurably, writeDurably } from './durable';

/** Enough for the header of nearly every image; longer ones are read whole. */
const HEAD_BYTES = 128 * 1024;

export interface Stored {
  instance: Instance;
  /** `alreadyThere`: the same bytes were stored before, nothing was written. */
  state: 'stored' | 'alreadyThere';
  warnings: string[];
}

/**
 * A development and demonstration archive: Part 10 files in a folder, an index in memory that is
 * rebuilt from them at start. What `store` has answered for is on the disk.
 */
export class Archive {
  readonly catalog = new Catalog();
  /** Files in the folder that are not what they should be; they are left where they are. */
  readonly skipped: Array<{ file: string; refusal: Refusal }> = [];
  private readonly instancesFolder: string;
  private readonly incomingFolder: string;
  /** Stores and deletions of one SOP Instance UID follow one another. */
  private readonly queues = new Map<string, Promise<unknown>>();

  private constructor(readonly folder: string) {
    this.instancesFolder = path.join(folder, 'instances');
    this.incomingFolder = path.join(folder, 'incoming');
  }

  /** Opens or makes the archive in `folder`. Refuses with `dataFolderUnusable`. */
  static async open(folder: string): Promise<Outcome<Archive>> {
    const archive = new Archive(path.resolve(folder));
    try {
      await makeFolder(archive.instancesFolder);
      // What a killed process left half written was never acknowledged.
      await rm(archive.incomingFolder, { recursive: true, force: true });
      await makeFolder(archive.incomingFolder);
      await access(archive.instancesFolder, constants.R_OK | constants.W_OK);
      await archive.rebuild();
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
      return refuse(
        'dataFolderUnusable',
        `The data folder ${archive.folder} cannot be used (${reason}); choose a folder you can write to with --data.`,
        { folder: archive.folder, reason },
      );
    }
    return accept(archive);
  }

  private async rebuild(): Promise<void> {
    const files = (await readdir(this.instancesFolder, { recursive: true, withFileTypes: true }))
      .filter(entry => entry.isFile() && entry.name.endsWith('.dcm'))
      .map(entry => path.join(entry.parentPath, entry.name))
      .sort();
    const concurrency = 8;
    let next = 0;
    const worker = async () => {
      while (next < files.length) {
        const file = files[next++];
        const indexed = await this.index(file);
        if (indexed.ok) this.catalog.add(indexed.value);
        else this.skipped.push({ file, refusal: indexed.refusal });
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
  }

  /** Reads the header of a stored file; checks that native pixel data are all there. */
  private async index(file: string): Promise<Outcome<Instance>> {
    const handle = await open(file, 'r');
    let read: Outcome<Part10File>;
    let size: number;
    try {
      size = (await handle.stat()).size;
      const head = Buffer.alloc(Math.min(size, HEAD_BYTES));
      await handle.read(head, 0, head.length, 0);
      read = size > HEAD_BYTES ? readPart10Head(head) : readPart10(head);
    } finally {
      await handle.close();
    }
    if (!read.ok) {
      read = readPart10(await readFile(file));
    }
    if (!read.ok) {
      return read;
    }
    const element = pixelElement(read.value);
    const defined = element !== undefined && element.length !== 0xffffffff && !element.fragments;
    if (read.value.headOnly && defined && element.offset + element.length > size) {
      const reason = `the pixel data end at byte ${element.offset + element.length}, the file at ${size}`;
      return refuse('truncatedDicom', `The DICOM file is damaged or cut short: ${reason}.`, {
        reason,
      });
    }
    return this.instanceOf(read.value, file, size);
  }

  private instanceOf(part10: Part10File, file: string, size: number): Outcome<Instance> {
    const identity = identityOf(part10);
    if (!identity.ok) {
      return identity;
    }
    return accept({
      ...identity.value,
      file,
      size,
      transferSyntaxUID: part10.transferSyntaxUID,
      metadataText: JSON.stringify(metadataOf(part10)),
    });
  }

  /**
   * Stores a Part 10 file; resolves when it is durable. Refuses: `notDicom`, `truncatedDicom`, missing
   * or invalid UIDs, `duplicateInstance` where other bytes are stored under the same SOP Instance UID
   * (the first ones stay), `archiveFull` and `archiveWriteFailed`.
   */
  async store(bytes: Buffer): Promise<Outcome<Stored>> {
    const read = readPart10(bytes);
    if (!read.ok) {
      return read;
    }
    const identity = identityOf(read.value);
    if (!identity.ok) {
      return identity;
    }
    return this.inTurn(identity.value.sopInstanceUID, () => this.storeRead(read.value, bytes));
  }

  private async storeRead(part10: Part10File, bytes: Buffer): Promise<Outcome<Stored>> {
    const identity = identityOf(part10);
    if (!identity.ok) {
      return identity;
    }
    const { studyInstanceUID, seriesInstanceUID, sopInstanceUID } = identity.value;
    if (describesMissingPixels(part10)) {
      const reason = 'it describes an image and ends before the pixel data';
      return refuse('truncatedDicom', `The DICOM file is damaged or cut short: ${reason}.`, {
        reason,
      });
    }
    const existing = this.catalog.find(sopInstanceUID);
    if (existing) {
      return (await sameBytes(existing, bytes))
        ? accept({ instance: existing, state: 'alreadyThere', warnings: [] })
        : refuse(
            'duplicateInstance',
            `SOP Instance UID ${sopInstanceUID} is stored already with other contents; the first were kept.`,
            { sopInstanceUID },
          );
    }
    const file = path.join(
      this.instancesFolder,
      studyInstanceUID,
      seriesInstanceUID,
      `${sopInstanceUID}.dcm`,
    );
    const made = this.instanceOf(part10, file, bytes.length);
    if (!made.ok) {
      return made;
    }
    const warnings = [...part10.warnings];
    if (pixelElement(part10)) {
      const table = frameTableOf(part10);
      if (table.ok) made.value.frames = { table: table.value, pixels: describePixels(part10) };
      else if (warnings.some(warning => warning.includes('no sequence delimiter'))) {
        const reason = table.refusal.message;
        return refuse('truncatedDicom', `The DICOM file is damaged or cut short: ${reason}`, {
          reason,
        });
      } else warnings.push(table.refusal.message);
    }
    try {
      await writeDurably(file, bytes, this.incomingFolder);
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
      return reason === 'ENOSPC' || reason === 'EDQUOT'
        ? refuse('archiveFull', 'The disk of the archive is full; nothing was stored.', { reason })
        : refuse(
            'archiveWriteFailed',
            `The archive cannot write (${reason}); nothing was stored.`,
            {
              reason,
            },
          );
    }
    this.catalog.add(made.value);
    return accept({ instance: made.value, state: 'stored', warnings });
  }

  /** Deletes instances; answers how many there were. */
  async remove(studyUID: string, seriesUID?: string, sopUID?: string): Promise<number> {
    const instances = this.catalog.select(studyUID, seriesUID, sopUID);
    for (const instance of instances) {
      await this.inTurn(instance.sopInstanceUID, async () => {
        this.catalog.remove(instance);
        await removeDurably(instance.file, this.instancesFolder);
      });
    }
    return instances.length;
  }

  /** The whole stored file, parsed. Refuses where it has since been damaged or removed. */
  async read(instance: Instance): Promise<Outcome<Part10File>> {
    try {
      return readPart10(await readFile(instance.file));
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
      return refuse('archiveReadFailed', `The stored file cannot be read (${reason}).`, { reason });
    }
  }

  private inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.queues.get(key) ?? Promise.resolve();
    const turn = before.then(work, work);
    const settled = turn.catch(() => undefined);
    this.queues.set(key, settled);
    void settled.then(() => {
      if (this.queues.get(key) === settled) this.queues.delete(key);
    });
    return turn;
  }
}

/** Rows and Bits Allocated without pixels, nor a place to get them from (0028,7FE0). */
const describesMissingPixels = (part10: Part10File): boolean =>
  !pixelElement(part10) &&
  ['00280010', '00280100'].every(tag => part10.dataSet.has(tag)) &&
  !part10.dataSet.has('00287FE0');

async function sameBytes(existing: Instance, bytes: Buffer): Promise<boolean> {
  try {
    if ((await stat(existing.file)).size !== bytes.length) return false;
    const digest = (data: Buffer) => createHash('sha256').update(data).digest('hex');
    return digest(await readFile(existing.file)) === digest(bytes);
  } catch {
    return false;
  }
}
