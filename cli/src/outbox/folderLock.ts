import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';

const LOOK_AGAIN = 100;

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It lives, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/**
 * One process at a time, by a file that names it; the file of a process that was killed is taken
 * away. Two that take it away at one moment may both go on: what they send has the same UIDs, and
 * the archive keeps one.
 *
 * @param entered - done first by whoever holds the lock
 */
export const createFolderLock = (file: string, entered: () => Promise<void>) => {
  const taken = async (): Promise<boolean> => {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const pid = Number(await readFile(file, 'utf8').catch(() => ''));
    // Empty: made this moment, its owner is about to write its name.
    if (pid > 0 && !isAlive(pid)) {
      const aside = `${file}.${randomUUID()}`;
      await rename(file, aside).catch(() => undefined);
      await rm(aside, { force: true });
    }
    return false;
  };

  return async (work: () => Promise<void>): Promise<void> => {
    while (!(await taken())) await new Promise(resolve => setTimeout(resolve, LOOK_AGAIN));
    try {
      await entered();
      await work();
    } finally {
      await rm(file, { force: true });
    }
  };
};
