import { mkdir, open, rename, rm, rmdir, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { randomUUID } from 'node:crypto';

async function synced(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, 'r');
    await handle.sync();
  } catch (error) {
    // Windows cannot open a folder; there the rename itself is journaled.
    if (process.platform !== 'win32') throw error;
  } finally {
    await handle?.close();
  }
}

/** Makes a folder and its missing parents, each one entered durably in its own parent. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (!first) {
    return;
  }
  for (let made = folder; ; made = path.dirname(made)) {
    await synced(path.dirname(made));
    if (made === first || path.dirname(made) === made) break;
  }
}

/**
 * Writes a file so that it is there, whole, once the promise resolves, even when the process is
 * killed or the power fails a moment later: a temporary file in `temporary` (same file system), fsync,
 * rename, fsync of the folder. Rejects with the system's error, leaving nothing behind.
 */
export async function writeDurably(
  file: string,
  bytes: Uint8Array,
  temporary: string,
): Promise<void> {
  const partial = path.join(temporary, `${randomUUID()}.part`);
  try {
    const handle = await open(partial, 'wx');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await makeFolder(path.dirname(file));
    await rename(partial, file);
    await synced(path.dirname(file));
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** Removes a file durably, and its folder and parents below `root` where they are empty then. */
export async function removeDurably(file: string, root: string): Promise<void> {
  await rm(file, { force: true });
  let folder = path.dirname(file);
  while (folder.startsWith(root + path.sep)) {
    try {
      await rmdir(folder);
    } catch {
      break;
    }
    folder = path.dirname(folder);
  }
  await synced(folder);
}
