import { parseMediaType, splitUnquoted } from '../stow/multipart';

/** One entry of an Accept header: for multipart/related, `type` is the type of the parts. */
export interface Acceptable {
  multipart: boolean;
  /** Media type, "*\/*" where any is. */
  type: string;
  transferSyntax?: string;
}

/** Entries of an Accept header (PS3.18 8.7.4), the preferred first. No header accepts anything. */
export function parseAccept(header: string | undefined): Acceptable[] {
  const entries = splitUnquoted(header || '*/*', ',').map((text, index) => {
    const { type, parameters } = parseMediaType(text);
    const multipart = type === 'multipart/related';
    return {
      multipart,
      type: multipart ? (parameters.type ?? '*/*').toLowerCase() : type,
      transferSyntax: parameters['transfer-syntax'],
      quality: Number(parameters.q ?? 1),
      index,
    };
  });
  return entries
    .filter(entry => entry.quality > 0)
    .sort((a, b) => b.quality - a.quality || a.index - b.index)
    .map(({ multipart, type, transferSyntax }) => ({ multipart, type, transferSyntax }));
}

export const typeMatches = (pattern: string, type: string): boolean =>
  pattern === '*/*' ||
  pattern === '*' ||
  pattern === type ||
  (pattern.endsWith('/*') && type.startsWith(pattern.slice(0, -1)));
