import { readFile } from 'node:fs/promises';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';

const reasonOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code ?? (error as Error).message;

/** Bytes of a file of the source. Refuses `importFileUnreadable`. */
export async function readSourceFile(file: string): Promise<Outcome<Buffer>> {
  try {
    return accept(await readFile(file));
  } catch (error) {
    const reason = reasonOf(error);
    return refuse('importFileUnreadable', `${file} cannot be read (${reason}).`, { file, reason });
  }
}

/** Refuses `importFileUnreadable`, `importNotJson`. */
export async function readJson(file: string): Promise<Outcome<unknown>> {
  const bytes = await readSourceFile(file);
  if (!bytes.ok) return bytes;
  try {
    return accept(JSON.parse(bytes.value.toString('utf8')) as unknown);
  } catch (error) {
    const reason = (error as Error).message;
    return refuse('importNotJson', `${file} is not JSON: ${reason}`, { file, reason });
  }
}
