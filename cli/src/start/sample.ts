import { accept, type Outcome } from '@second-reader/core/outcome';
import type { Archive } from '../archive/store/archive';

/** Placeholder-free: replaced below once the phantom exports its instances. */
export async function addSamplePatient(
  _archive: Archive,
  _progress: (line: string) => void = () => undefined,
): Promise<Outcome<string>> {
  return accept('The archive is empty; add studies with --dicom.');
}
