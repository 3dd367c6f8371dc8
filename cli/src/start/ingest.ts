import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import type { Archive } from '../archive/store/archive';

/** Files below the given ones, in a stable order. Links to folders are not followed. */
export async function filesOf(given: string): Promise<string[]> {
  const found = await stat(given);
  if (!found.isDirectory()) {
    return [given];
  }
  return (await readdir(given, { recursive: true, withFileTypes: true }))
    .filter(entry => entry.isFile())
    .map(entry => path.join(entry.parentPath, entry.name))
    .sort();
}

const CONCURRENCY = 6;

/** Why files were passed over, in words, by the refusal's code. */
export const REASONS: Record<string, string> = {
  notDicom: 'not DICOM',
  dicomDirectory: 'DICOMDIR',
  truncatedDicom: 'damaged or cut short',
  missingUid: 'without the UIDs an archive needs',
  invalidUid: 'with UIDs that are none',
  duplicateInstance: 'with other contents under a UID that is there already',
};

/** A line a reason, with the first files' names. */
export function passedOverLines(passedOver: ReadonlyMap<string, readonly string[]>): string[] {
  return [...passedOver].map(([reason, names]) => {
    const shown = names.slice(0, 3).map(name => path.basename(name));
    const more = names.length > shown.length ? ', …' : '';
    return `Passed over ${names.length} ${names.length === 1 ? 'file' : 'files'} ${reason}: ${shown.join(', ')}${more}`;
  });
}

/**
 * Adds DICOM files and folders to the archive; answers lines that say how many were stored, were there
 * already, and were passed over and why. Refuses with `dicomNotFound`, or what hinders writing.
 */
export async function ingest(
  archive: Archive,
  given: string[],
  progress: (line: string) => void = () => undefined,
): Promise<Outcome<string[]>> {
  const files: string[] = [];
  for (const one of given) {
    try {
      files.push(...(await filesOf(one)));
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
      return refuse('dicomNotFound', `--dicom ${one} cannot be read (${reason}).`, {
        path: one,
        reason,
      });
    }
  }
  let stored = 0;
  let already = 0;
  const passedOver = new Map<string, string[]>();
  const passOver = (reason: string, file: string) =>
    passedOver.set(reason, [...(passedOver.get(reason) ?? []), file]);
  let next = 0;
  let failed: Outcome<never> | undefined;
  const add = async (file: string): Promise<void> => {
    let bytes: Buffer;
    try {
      bytes = await readFile(file);
    } catch (error) {
      passOver(`not readable (${(error as NodeJS.ErrnoException).code ?? 'error'})`, file);
      return;
    }
    const result = await archive.store(bytes);
    if (result.ok) {
      if (result.value.state === 'stored') stored += 1;
      else already += 1;
    } else if (result.refusal.code in REASONS) {
      passOver(REASONS[result.refusal.code], file);
    } else {
      failed = result;
    }
  };
  // Most of the time goes into waiting for the disk; a few files wait together.
  const worker = async (): Promise<void> => {
    while (next < files.length && !failed) {
      next += 1;
      progress(`Adding DICOM files: ${next} of ${files.length}`);
      await add(files[next - 1]);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  if (failed) {
    return failed;
  }
  const summary = `Added ${stored} instances; ${already} were there already.`;
  return accept([summary, ...passedOverLines(passedOver)]);
}
