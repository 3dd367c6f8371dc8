import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import type { Part10File } from './dataSet';
import { textOf } from './values';

/** The UIDs by which an instance is found. */
export interface InstanceIdentity {
  studyInstanceUID: string;
  seriesInstanceUID: string;
  sopInstanceUID: string;
  sopClassUID: string;
}

const REQUIRED = [
  ['0020000D', 'studyInstanceUID', 'StudyInstanceUID'],
  ['0020000E', 'seriesInstanceUID', 'SeriesInstanceUID'],
  ['00080018', 'sopInstanceUID', 'SOPInstanceUID'],
  ['00080016', 'sopClassUID', 'SOPClassUID'],
] as const;

const MEDIA_STORAGE_DIRECTORY = '1.2.840.10008.1.3.10';

/** A UID by PS3.5 9.1, leading zeros forgiven. It is also a safe name of a file. */
export const isUid = (text: string): boolean =>
  /^[0-9]+(\.[0-9]+)*$/.test(text) && text.length <= 64;

/** UIDs of a file, or why it cannot be kept in an archive: `dicomDirectory`, `missingUid`, `invalidUid`. */
export function identityOf(file: Part10File): Outcome<InstanceIdentity> {
  if (textOf(file, file.meta, '00020002') === MEDIA_STORAGE_DIRECTORY) {
    return refuse('dicomDirectory', 'A DICOMDIR lists files and is not stored itself.');
  }
  const identity: Record<string, string> = {};
  for (const [tag, key, keyword] of REQUIRED) {
    const uid = textOf(file, file.dataSet, tag);
    if (!uid) {
      return refuse('missingUid', `${keyword} is missing; an archive needs it.`, { keyword });
    }
    if (!isUid(uid)) {
      return refuse(
        'invalidUid',
        `${keyword} "${uid}" is not a UID (digits and dots, at most 64).`,
        {
          keyword,
          uid,
        },
      );
    }
    identity[key] = uid;
  }
  return accept(identity as unknown as InstanceIdentity);
}
