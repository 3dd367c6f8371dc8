import { readFile } from 'node:fs/promises';

/** Lines of the card that only a person can write and nobody has yet. */
export async function cardNotes(card: string): Promise<string[]> {
  const lines = (await readFile(card, 'utf8')).split('\n');
  const open = lines.flatMap((line, at) => (/\bTODO:/.test(line) ? [at + 1] : []));
  if (open.length === 0) return [];
  return [`MODEL_CARD.md is still to be filled in, where it says TODO: line ${open.join(', ')}.`];
}
