import type { z } from 'zod';
import { propertiesAt } from './jsonSchema';
import { notForInference } from './transformAdvice';

type Path = ReadonlyArray<PropertyKey>;
type Issue = z.core.$ZodIssue;

/** `$.gates[2].allowed`: JSONPath, as editors and command lines show it. */
export const pathText = (path: Path): string =>
  path.reduce<string>(
    (text, part) => text + (typeof part === 'number' ? `[${part}]` : `.${String(part)}`),
    '$',
  );

function valueAt(json: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null
        ? (value as Record<PropertyKey, unknown>)[part]
        : undefined,
    json,
  );
}

/** A value as a sentence can carry it. */
export function shown(value: unknown): string {
  if (value === undefined) {
    return 'nothing';
  }
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** Edits (insert, delete, replace) from one word to another. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(replaced, previous[j] + 1, current[j - 1] + 1));
    }
    previous = current;
  }
  return previous[b.length];
}

/** The allowed word that was probably meant, if one is near. Case and "_" or "-" do not count. */
export function didYouMean(word: string, allowed: readonly string[]): string | undefined {
  // "SlidingWindowInferer" is MONAI's class, "slidingWindow" our name of it.
  const plain = (text: string) => text.toLowerCase().replace(/[_-]|inferer$/g, '');
  const begins = ({ candidate }: { candidate: string }) =>
    candidate[0]?.toLowerCase() === word[0]?.toLowerCase();
  const near = allowed
    .map(candidate => ({ candidate, distance: editDistance(plain(word), plain(candidate)) }))
    .sort((a, b) => a.distance - b.distance || Number(begins(b)) - Number(begins(a)))[0];
  return near && near.distance <= Math.max(1, Math.floor(word.length / 3))
    ? near.candidate
    : undefined;
}

export const hint = (word: string, allowed: readonly string[]): string => {
  const meant = didYouMean(word, allowed);
  return meant === undefined ? '' : ` (did you mean "${meant}"?)`;
};

export const list = (values: readonly unknown[]): string =>
  values.map(value => shown(value)).join(', ');

const articles: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list, [ … ],',
  tuple: 'a list, [ … ],',
  object: 'an object, { … },',
  record: 'an object, { … },',
};

const sized = (count: number | bigint, origin: string): string => {
  if (origin !== 'string' && origin !== 'array') return String(count);
  const unit = origin === 'string' ? 'character' : 'item';
  return `${count} ${unit}${Number(count) === 1 ? '' : 's'}`;
};

/** Zod's own words for a limit; the schema's say more and are taken instead. */
const isGeneric = (message: string) => /^(Too (small|big)|Invalid )/.test(message);

/** Lists of a fixed length are vectors along i, j and k everywhere in the manifest. */
const limit = (issue: Issue & { code: 'too_small' | 'too_big' }, value: unknown): string => {
  if (!isGeneric(issue.message)) return issue.message;
  const isSmall = issue.code === 'too_small';
  const bound = isSmall ? issue.minimum : issue.maximum;
  if (issue.origin === 'array' && Array.isArray(value) && bound === 3) {
    return `it has ${value.length} number${value.length === 1 ? '' : 's'}, exactly 3 are needed: one along each of i, j and k`;
  }
  if (isSmall) {
    const words = issue.inclusive ? 'at least' : 'more than';
    return `${words} ${sized(bound, issue.origin)} is needed`;
  }
  const words = issue.inclusive ? 'at most' : 'less than';
  return `${words} ${sized(bound, issue.origin)} is allowed`;
};

/** Where a word stands that is none of those allowed. */
const wrongWord = (
  where: string,
  met: string,
  value: unknown,
  words: readonly unknown[],
): string => {
  const near = typeof value === 'string' ? hint(value, words.map(String)) : '';
  const subject = value === undefined ? `${where} is missing` : `${where} is ${met}${near}`;
  return `${subject}; allowed: ${list(words)}.`;
};

/** One sentence a problem: where, what was met, what was allowed. */
function sentences(issue: Issue, json: unknown): string[] {
  const where = pathText(issue.path);
  const value = valueAt(json, issue.path);
  const met = shown(value);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const allowed = propertiesAt(json, issue.path);
      return issue.keys.map(
        key =>
          `${where} has an unknown key "${key}"${hint(key, allowed)}; allowed: ${allowed.join(', ')}.`,
      );
    }
    case 'invalid_type': {
      const needed = isGeneric(issue.message)
        ? `${articles[issue.expected] ?? issue.expected} is needed`
        : issue.message;
      return [`${where} is ${value === undefined ? 'missing' : met}; ${needed}.`];
    }
    case 'invalid_value':
      return [wrongWord(where, met, value, issue.values)];
    case 'invalid_union': {
      const options = 'options' in issue && Array.isArray(issue.options) ? issue.options : [];
      if (issue.discriminator !== undefined && options.length > 0) {
        const advice = typeof value === 'string' ? notForInference(value) : undefined;
        if (advice) return [`${where} is ${met}; ${advice}`];
        return [wrongWord(where, met, value, options)];
      }
      if (!isGeneric(issue.message)) return [`${where} is ${met}; ${issue.message}.`];
      const allowed = issue.errors.flat().flatMap(error => sentences(error, value));
      const choices = allowed.map(sentence => sentence.replace(/^.*; /, '').replace(/\.$/, ''));
      return [`${where} is ${met}; ${[...new Set(choices)].join(' or ')}.`];
    }
    case 'too_small':
    case 'too_big':
      return [`${where} is ${met}; ${limit(issue, value)}.`];
    case 'invalid_format':
      return [`${where} is ${met}; needed: ${issue.message}.`];
    default:
      return [`${where} is ${met}; ${issue.message}.`];
  }
}

/**
 * All problems that the schema found, one sentence each. A key that is missing because it was
 * misspelt is one mistake, and is said once: where the misspelt one stands.
 */
export function problemSentences(issues: readonly Issue[], json: unknown): string[] {
  const misspelt = new Set(
    issues.flatMap(issue => {
      if (issue.code !== 'unrecognized_keys') return [];
      const allowed = propertiesAt(json, issue.path);
      return issue.keys.flatMap(key => {
        const meant = didYouMean(key, allowed);
        return meant === undefined ? [] : [pathText([...issue.path, meant])];
      });
    }),
  );
  const isSaid = (issue: Issue) =>
    valueAt(json, issue.path) === undefined && misspelt.has(pathText(issue.path));
  return [
    ...new Set(issues.filter(issue => !isSaid(issue)).flatMap(issue => sentences(issue, json))),
  ];
}
