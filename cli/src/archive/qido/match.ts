import type { JsonAttribute, JsonDataSet } from '../part10/dicomJson';

/** One attribute that a query filters by: a path of tags (nested sequences) and the value asked for. */
export interface Criterion {
  path: string[];
  value: string;
}

const RANGE_VR = new Set(['DA', 'TM', 'DT']);
const EXACT_VR = new Set(['UI', 'AS', 'AT', 'SL', 'SS', 'UL', 'US', 'FL', 'FD', 'SV', 'UV']);
const NUMBER_VR = new Set(['IS', 'DS', 'US', 'SS', 'UL', 'SL', 'FL', 'FD']);

/** PS3.4 C.2.2.2.4: "*" for any run of characters, "?" for one. */
function wildcard(pattern: string, caseSensitive: boolean): RegExp {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${escaped}$`, caseSensitive ? 'su' : 'siu');
}

const digits = (text: string): string => text.replace(/[-:.]/g, '');

/**
 * Range matching (PS3.4 C.2.2.2.5): "a-b", "-b", "a-"; one value matches what begins with it, so that
 * "2020" is a year and "20200101" a day. Separators of old-style values are ignored.
 */
function inRange(stored: string, asked: string): boolean {
  const value = digits(stored);
  const match = /^([^-]*)-([^-]*)$/.exec(asked);
  if (!match) {
    return value.startsWith(digits(asked));
  }
  const [from, to] = [digits(match[1]), digits(match[2])];
  const fromHolds = from === '' || value.slice(0, from.length) >= from;
  const toHolds = to === '' || value.slice(0, to.length) <= to;
  return fromHolds && toHolds;
}

function texts(attribute: JsonAttribute): string[] {
  return (attribute.Value ?? []).flatMap(value => {
    if (value === null || value === undefined) return [];
    if (attribute.vr === 'PN') return Object.values(value as Record<string, string>);
    return [String(value)];
  });
}

function matchesAttribute(attribute: JsonAttribute, asked: string): boolean {
  const stored = texts(attribute);
  const { vr } = attribute;
  if (RANGE_VR.has(vr)) {
    return stored.some(value => inRange(value, asked));
  }
  // A list of UIDs, and of modalities, matches any of them (PS3.4 C.2.2.2.2; PS3.18 8.3.4.1).
  const alternatives = vr === 'UI' || vr === 'CS' ? asked.split(/[,\\]/) : [asked];
  return alternatives.some(alternative => {
    const wanted = alternative.trim();
    if (NUMBER_VR.has(vr)) {
      return stored.some(value => Number(value) === Number(wanted));
    }
    if (EXACT_VR.has(vr)) {
      return stored.includes(wanted);
    }
    // PS3.4 C.2.2.2.1 lets names be matched without regard to case.
    const pattern = wildcard(wanted, vr !== 'PN');
    return stored.some(
      value => pattern.test(value) || (vr === 'PN' && pattern.test(value.replace(/\^+$/, ''))),
    );
  });
}

/** Whether a data set satisfies one criterion; an empty value or "*" matches everything. */
export function matches(
  lookup: (tag: string) => JsonAttribute | undefined,
  { path, value }: Criterion,
): boolean {
  if (value === '' || /^\*+$/.test(value)) {
    return true;
  }
  const [tag, ...rest] = path;
  const attribute = lookup(tag);
  if (!attribute) {
    return false;
  }
  if (rest.length > 0) {
    return (attribute.Value ?? []).some(item =>
      matches(nested => (item as JsonDataSet)[nested], { path: rest, value }),
    );
  }
  return matchesAttribute(attribute, value);
}
