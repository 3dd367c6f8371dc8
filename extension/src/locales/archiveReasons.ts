import type { RefusalValues } from '../core/outcome';

interface Writer {
  t(key: string, values?: RefusalValues): string;
  has(key: string): boolean;
}

/** Values of a refusal in which an archive's reasons stand. */
export const ARCHIVE_REASONS: ReadonlySet<string> = new Set(['reason', 'warning']);

const SAID = /^.*?\((0x([0-9A-F]{4})|status (\d{3}))\)(: .*)?$/s;

/** A number's own text, else that of its range (PS3.4 B.2.3). */
const keyOf = (number: string, has: Writer['has']): string => {
  const range = number.replace(/^(A7|A9)..$/, '$100').replace(/^C...$/, 'C000');
  const known = [number, range].find(each => has(`archiveReason.${each}`));
  return `archiveReason.${known ?? 'unknown'}`;
};

/**
 * Why an archive refused objects, or warned of them, in the reader's language: our text of the
 * number (PS3.7 annex C, PS3.18 I.2), the number, and the archive's own words as they are. Several
 * are parted by "; ". What bears no number stands as it is.
 */
export const archiveReason = (reasons: string, { t, has }: Writer): string =>
  reasons
    .split('; ')
    .map(reason => {
      const said = SAID.exec(reason);
      if (!said) return reason === 'no reason given' ? t('archiveReason.none') : reason;
      const [, shown, code, status, words = ''] = said;
      const number = shown.startsWith('0x') ? shown : `HTTP ${status}`;
      return `${t(keyOf(code ?? status, has))} (${number})${words}`;
    })
    .join('; ');
