import { existsSync } from 'node:fs';
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

async function madeOne(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/**
 * Makes a folder and its missing parents, each one entered durably in its own parent. (Node's own
 * recursive mkdir does not return on file systems that answer ENOENT where they take no folders.)
 */
export async function makeFolder(folder: string): Promise<void> {
  const parent = path.dirname(folder);
  try {
    if (!(await madeOne(folder))) return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    // The parent may have come meanwhile: instances of one series are stored side by side.
    if (!existsSync(parent)) await makeFolder(parent);
    await madeOne(folder);
  }
  await synced(parent);
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
