import { z } from 'zod';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import { evenlySpread, rgbToLab, type Lab } from './colours';
import { TODO } from './draft';

const text = z.string().min(1);
const code = z.strictObject({ value: text, scheme: text, meaning: text.max(64) });
const localized = z.record(z.string(), text).refine(value => 'en' in value, 'an "en" text');

/** One label as a person writes it: a name, and codes where they are known. */
const authored = z.strictObject({
  value: z.number().int().min(0).max(254),
  key: text.optional(),
  name: z.union([text, localized]),
  category: code.optional(),
  type: code.optional(),
  modifier: code.optional(),
  recommendedDisplayCIELab: z.tuple([z.number(), z.number(), z.number()]).optional(),
});
export type AuthoredLabel = z.infer<typeof authored> & { rgb?: readonly [number, number, number] };

/** niivue's and brainchop's colour table: the index is the label. */
const colourTable = z.object({
  R: z.array(z.number()),
  G: z.array(z.number()),
  B: z.array(z.number()),
  labels: z.array(z.string()),
});
const valueOfName = z.record(z.string(), z.number().int().min(0));
const nameOfValue = z.record(z.string().regex(/^\d+$/), text);

const FORMS =
  'a list of names (the index is the label), {"1": "spleen"}, {"spleen": 1}, {"R", "G", "B", "labels"}, ' +
  'or a list of {"value", "name", "category", "type", "modifier", "recommendedDisplayCIELab"}';

/**
 * Labels in any of the forms people keep them in. Value 0 (background) is left out by the importers
 * where 0 is background. Refuses `labelsUnreadable`.
 */
export const parseLabels = (json: unknown, from: string): Outcome<AuthoredLabel[]> => {
  const table = colourTable.safeParse(json);
  if (table.success) {
    const { R, G, B, labels } = table.data;
    return accept(
      labels.map((name, value) => ({
        value,
        name,
        rgb: [R[value] ?? 0, G[value] ?? 0, B[value] ?? 0],
      })),
    );
  }
  const full = z.array(authored).min(1).safeParse(json);
  if (full.success) return accept(full.data);
  const list = z.array(text).min(1).safeParse(json);
  if (list.success) return accept(list.data.map((name, value) => ({ value, name })));
  const byValue = nameOfValue.safeParse(json);
  if (byValue.success) {
    return accept(
      Object.entries(byValue.data).map(([value, name]) => ({ value: Number(value), name })),
    );
  }
  const byName = valueOfName.safeParse(json);
  if (byName.success) {
    return accept(Object.entries(byName.data).map(([name, value]) => ({ value, name })));
  }
  return refuse('labelsUnreadable', `${from} holds no labels; allowed: ${FORMS}.`, {
    file: from,
    allowed: FORMS,
  });
};

export const slug = (words: string): string =>
  words
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');

/** A private Coding Scheme Designator: "99" and letters, 16 characters at most (PS3.16 8.2). */
export const privateScheme = (id: string): string => {
  const letters = id
    .toUpperCase()
    .replace(/[^A-Z]/g, '')
    .slice(0, 14);
  return `99${letters || 'MODEL'}`;
};

/** Code Value is a Short String: 16 characters. */
const privateCode = (key: string, value: number): string => {
  const short = key.toUpperCase();
  return short.length <= 16 ? short : `${short.slice(0, 12).replace(/-$/, '')}-${value}`;
};

export interface Concept {
  value: number;
  key: string;
  name: Record<string, string>;
  category: z.infer<typeof code>;
  type: z.infer<typeof code>;
  modifier?: z.infer<typeof code>;
  recommendedDisplayCIELab: Lab;
}

/**
 * Labels as the manifest has them. What has no code is given one of a private scheme with the label's
 * own word as meaning; what has no colour, one of evenly spread hues. Nothing else is made up.
 */
export const conceptsOf = (labels: readonly AuthoredLabel[], id: string): Concept[] => {
  const scheme = privateScheme(id);
  const taken = new Set<string>();
  return labels.map((label, index) => {
    const name = typeof label.name === 'string' ? { en: label.name } : label.name;
    const wanted = label.key ?? (slug(name.en) || `label-${label.value}`);
    const key = taken.has(wanted) ? `${wanted}-${label.value}` : wanted;
    taken.add(key);
    const meaning = name.en.slice(0, 64);
    return {
      value: label.value,
      key,
      name,
      category: label.category ?? { value: 'UNCATEGORIZED', scheme, meaning: 'Not categorized' },
      type: label.type ?? { value: privateCode(key, label.value), scheme, meaning },
      ...(label.modifier && { modifier: label.modifier }),
      recommendedDisplayCIELab:
        label.recommendedDisplayCIELab ??
        (label.rgb ? rgbToLab(label.rgb) : evenlySpread(index, labels.length)),
    };
  });
};

/** Labels of classes nobody named: to be filled in, and refused by the validation until they are. */
export const unnamedLabels = (values: readonly number[]): AuthoredLabel[] =>
  values.map(value => ({
    value,
    key: `class-${value}`,
    name: `${TODO}name of class ${value}`,
  }));
