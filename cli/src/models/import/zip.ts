import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import { readSourceFile } from './files';

/** Signatures of PKWARE's APPNOTE 4.3: end of central directory, central header. */
const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const END_SIZE = 22;
const CENTRAL_SIZE = 46;
const LOCAL_SIZE = 30;

interface Entry {
  name: string;
  bytes: Buffer;
}

/** Files of a ZIP archive, stored or deflated. A broken archive throws. */
export const unzip = (archive: Buffer): Entry[] => {
  let end = archive.length - END_SIZE;
  while (end >= 0 && archive.readUInt32LE(end) !== END) end--;
  if (end < 0) throw new Error('it has no central directory');
  const count = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  if (count === 0xffff || at === 0xffffffff) throw new Error('ZIP64 is not read');
  const entries: Entry[] = [];
  for (let index = 0; index < count; index++) {
    if (archive.readUInt32LE(at) !== CENTRAL) throw new Error('its central directory is broken');
    const method = archive.readUInt16LE(at + 10);
    const [packed, nameLength, extra, comment, local] = [
      archive.readUInt32LE(at + 20),
      archive.readUInt16LE(at + 28),
      archive.readUInt16LE(at + 30),
      archive.readUInt16LE(at + 32),
      archive.readUInt32LE(at + 42),
    ];
    const name = archive.toString('utf8', at + CENTRAL_SIZE, at + CENTRAL_SIZE + nameLength);
    const start =
      local + LOCAL_SIZE + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    const data = archive.subarray(start, start + packed);
    if (!name.endsWith('/')) {
      if (method !== 0 && method !== 8) throw new Error(`${name} is packed by method ${method}`);
      entries.push({ name, bytes: method === 0 ? data : inflateRawSync(data) });
    }
    at += CENTRAL_SIZE + nameLength + extra + comment;
  }
  return entries;
};

/**
 * Unpacks an archive into a new temporary folder. Refuses `importFileUnreadable`, `importZip` (broken, or
 * a name that leads out of the folder).
 */
export const unpackZip = async (file: string): Promise<Outcome<string>> => {
  const bytes = await readSourceFile(file);
  if (!bytes.ok) return bytes;
  try {
    const entries = unzip(bytes.value);
    const folder = await mkdtemp(path.join(tmpdir(), 'second-reader-zip-'));
    for (const { name, bytes: content } of entries) {
      const target = path.resolve(folder, name);
      if (!target.startsWith(folder + path.sep))
        throw new Error(`${name} leads out of the archive`);
      await mkdir(path.dirname(target), { recursive: true });
      await writeFile(target, content);
    }
    return accept(folder);
  } catch (error) {
    const reason = (error as Error).message;
    return refuse('importZip', `${file} cannot be unpacked: ${reason}.`, { file, reason });
  }
};
