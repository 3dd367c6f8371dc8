import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import type { Archive } from '../archive/store/archive';
import { sampleInstances, writeSampleTruth } from '../phantom';

/** Folder of the sample's ground truth, in the data folder. */
export const SAMPLE_TRUTH_FOLDER = 'sample-truth';

/** Stands in the data folder while the sample is made; a start that finds it goes on with it. */
const UNFINISHED = 'sample-unfinished';

/** Whether the sample belongs in this archive: it is empty, or was stopped while it was filled. */
export const needsSamplePatient = (archive: Archive): boolean =>
  archive.catalog.size === 0 || existsSync(path.join(archive.folder, UNFINISHED));

/**
 * Stores the sample patient, a made chest CT and one a year later, as any client's instances are
 * stored, and writes the truth beside. Answers a line that says what was added.
 */
export async function addSamplePatient(
  archive: Archive,
  progress: (line: string) => void = () => undefined,
): Promise<Outcome<string>> {
  let stored = 0;
  const made = sampleInstances(fraction =>
    progress(`Making the sample patient, once: ${Math.floor(fraction * 100)} %`),
  );
  const unfinished = path.join(archive.folder, UNFINISHED);
  await writeFile(unfinished, '');
  for await (const { part10 } of made) {
    const bytes = Buffer.from(part10.buffer, part10.byteOffset, part10.byteLength);
    const result = await archive.store(bytes);
    if (!result.ok) return result;
    stored += 1;
  }
  const folder = path.join(archive.folder, SAMPLE_TRUTH_FOLDER);
  try {
    await writeSampleTruth(folder);
    await rm(unfinished, { force: true });
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    return refuse(
      'dataFolderUnusable',
      `The sample's truth cannot be written to ${folder} (${reason}).`,
      {
        folder,
        reason,
      },
    );
  }
  return accept(`Made the sample patient: ${stored} slices, ground truth in ${folder}`);
}
