import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import { TODO, type ImportDraft, type ManifestInput, type ManifestPart } from './draft';
import type { ImportOptions } from './options';

/** Objects are merged, everything else is replaced by the later one. */
const merge = <T extends object>(first: T, second: Partial<T>): T => {
  const merged = { ...first };
  for (const [key, value] of Object.entries(second) as Array<[keyof T, T[keyof T]]>) {
    if (value === undefined) continue;
    const before = merged[key];
    const both = [before, value].every(
      part => typeof part === 'object' && part !== null && !Array.isArray(part),
    );
    merged[key] = both ? (merge(before as object, value as object) as T[keyof T]) : value;
  }
  return merged;
};

const english = (text: string) => ({ en: text });

/** What only a person can say; a note of what is to be said until it is. */
const unsaid = (): ManifestInput['facts'] => ({
  intendedUse: english(`${TODO}what it is for, on whom, and whether for research only`),
  limitations: [english(`${TODO}where it fails and what it was never tried on`)],
  licence: `${TODO}the licence of the weights`,
  trainingData: english(
    `${TODO}what it was trained on: how many patients, from where, labelled by whom`,
  ),
  manufacturer: `${TODO}who made the model`,
  algorithmFamily: { value: '123110', scheme: 'DCM', meaning: 'Artificial Intelligence' },
});

const fromOptions = (options: ImportOptions): ManifestPart => ({
  ...(options.name && { name: english(options.name) }),
  ...(options.modelVersion && { version: options.modelVersion }),
  facts: {
    ...(options.licence && { licence: options.licence }),
    ...(options.intendedUse && { intendedUse: english(options.intendedUse) }),
    ...(options.limitation && { limitations: options.limitation.map(english) }),
    ...(options.trainingData && { trainingData: english(options.trainingData) }),
    ...(options.manufacturer && { manufacturer: options.manufacturer }),
  },
});

/** The manifest but its files, which are known when they are written. */
export type ManifestWithoutFiles = Omit<ManifestInput, 'files'>;

/**
 * Draft, options and the author's own part, the later over the earlier. Refuses `importIncomplete`:
 * everything that is still missing, each by the option that answers it.
 */
export const assemble = (
  draft: ImportDraft,
  options: ImportOptions,
  authored: ManifestPart,
  id: string,
): Outcome<ManifestWithoutFiles> => {
  const missing = draft.missing.filter(({ section }) => authored[section] === undefined);
  if (missing.length > 0) {
    const list = missing.map(({ option, what }) => `${option} (${what})`).join('; ');
    return refuse(
      'importIncomplete',
      `The ${draft.kind} does not say everything; please give ${list}. ` +
        'A JSON file with parts of the manifest (--manifest part.json) may say it as well.',
      { kind: draft.kind, count: missing.length, missing: list },
    );
  }
  const base = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    schemaVersion: 1 as const,
    id,
    version: '1.0.0',
    name: english(id),
    gates: [],
    preprocessing: [],
    postprocessing: [],
    facts: unsaid(),
  };
  const folds = draft.stages?.filter(stage => stage === undefined) ?? draft.networks;
  const ensemble = folds.length > 1;
  const merged = [draft.part, fromOptions(options), authored].reduce<object>(
    (sum, part) => merge(sum, part),
    base,
  ) as ManifestWithoutFiles;
  const { postprocessing } = merged;
  if (ensemble && !postprocessing.some(({ transform }) => transform === 'meanEnsemble')) {
    merged.postprocessing = [{ transform: 'meanEnsemble' }, ...postprocessing];
  }
  return accept(merged);
};

/** JSON paths of what is still to be filled in. */
export const todosIn = (value: unknown, path = '$'): string[] => {
  if (typeof value === 'string') return value.startsWith(TODO.trim()) ? [path] : [];
  if (Array.isArray(value)) return value.flatMap((item, i) => todosIn(item, `${path}[${i}]`));
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, item]) => todosIn(item, `${path}.${key}`));
  }
  return [];
};
