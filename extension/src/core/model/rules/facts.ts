import { pathText, shown } from '../sentences';
import type { Rule } from './rule';

/**
 * The importer invents no licence, no intended use and no labels: it writes "TODO: …" with what is
 * asked for, and a package is not complete while one of these stands.
 */
const OPEN = /^\s*TODO\b/;

function openTexts(value: unknown, path: PropertyKey[]): string[] {
  if (typeof value === 'string') {
    return OPEN.test(value) ? [`${pathText(path)} is ${shown(value)}; still to be filled in.`] : [];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    openTexts(item, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

/** What a person has still to write. */
export const checkFilledIn: Rule = manifest => openTexts(manifest, []);
