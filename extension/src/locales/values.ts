import type { RefusalValues } from '../core/outcome';

interface Writer {
  t(key: string, values?: RefusalValues): string;
  has(key: string): boolean;
}

const NUMBER = '(-?\\d+(?:\\.\\d+)?)';
const RANGES: Array<{ pattern: RegExp; key: string; names: string[] }> = [
  { pattern: new RegExp(`^${NUMBER} to ${NUMBER}$`), key: 'range.between', names: ['min', 'max'] },
  { pattern: new RegExp(`^at least ${NUMBER}$`), key: 'range.atLeast', names: ['min'] },
  { pattern: new RegExp(`^at most ${NUMBER}$`), key: 'range.atMost', names: ['max'] },
];

/** The values that may hold words of ours; the others are names and reasons, and never words. */
const WORDED: ReadonlySet<string> = new Set(['met', 'allowed', 'axis', 'kind']);

/**
 * Refusals put a few words of their own among their values: planes, axes, "absent", and ranges
 * ("at least 20"). Lists of them are joined by commas. All else (modalities, names, reasons that a
 * server gave) stands as it is.
 */
export function localizeValue(name: string, value: string, { t, has }: Writer): string {
  if (!WORDED.has(name)) {
    return value;
  }
  for (const { pattern, key, names } of RANGES) {
    const found = pattern.exec(value);
    if (found) {
      return t(key, Object.fromEntries(names.map((bound, i) => [bound, Number(found[i + 1])])));
    }
  }
  return value
    .split(', ')
    .map(word => (/^[A-Za-z]+$/.test(word) && has(`word.${word}`) ? t(`word.${word}`) : word))
    .join(', ');
}
