import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import { tagOfName } from '../part10/dictionary';
import type { JsonAttribute, JsonDataSet } from '../part10/dicomJson';
import type { Catalog, Series, Study } from '../store/catalog';
import {
  INSTANCE_ATTRIBUTES,
  SERIES_ATTRIBUTES,
  STUDY_ATTRIBUTES,
  instanceDataSet,
  seriesDataSet,
  studyDataSet,
  type Level,
} from './levels';
import { matches, type Criterion } from './match';

export interface SearchScope {
  level: Level;
  studyInstanceUID?: string;
  seriesInstanceUID?: string;
}

export interface Search extends SearchScope {
  criteria: Criterion[];
  /** Tags to add to the answers, or all there are. */
  include: Set<string> | 'all';
  offset: number;
  limit: number;
  fuzzy: boolean;
}

/** More than a viewer shows on a page, and little enough to answer at once. */
export const MAXIMUM_RESULTS = 5000;

const OPTIONS = new Set(['includefield', 'offset', 'limit', 'fuzzymatching', 'accept', 'orderby']);

function wholeNumber(name: string, text: string): Outcome<number> {
  return /^\d{1,9}$/.test(text)
    ? accept(Number(text))
    : refuse('badQuery', `${name}=${text} is not a whole number from 0.`, { name, value: text });
}

/**
 * Query parameters (PS3.18 8.3.4) → a search. Refuses with `badQuery`, naming the parameter: an
 * attribute that is not known, or a number that is none.
 */
export function parseSearch(scope: SearchScope, parameters: URLSearchParams): Outcome<Search> {
  const search: Search = {
    ...scope,
    criteria: [],
    include: new Set<string>(),
    offset: 0,
    limit: MAXIMUM_RESULTS,
    fuzzy: false,
  };
  for (const [name, value] of parameters) {
    const option = name.toLowerCase();
    if (option === 'limit' || option === 'offset') {
      const number = wholeNumber(name, value);
      if (!number.ok) return number;
      search[option] = option === 'limit' ? Math.min(number.value, MAXIMUM_RESULTS) : number.value;
    } else if (option === 'fuzzymatching') {
      search.fuzzy = value === 'true';
    } else if (option === 'includefield') {
      for (const field of value.split(',').filter(Boolean)) {
        if (field.toLowerCase() === 'all') search.include = 'all';
        // Only the last tag of a nested path matters to what is included.
        else if (search.include !== 'all')
          search.include.add(tagOfName(field.split('.')[0]) ?? field);
      }
    } else if (!OPTIONS.has(option)) {
      const path = name.split('.').map(tagOfName);
      if (path.includes(undefined)) {
        return refuse(
          'badQuery',
          `"${name}" is not an attribute (a DICOM keyword or 8 hexadecimal digits) and not a parameter of a search.`,
          { name },
        );
      }
      search.criteria.push({ path: path as string[], value });
    }
  }
  return accept(search);
}

const byText = (tag: string) => (a: JsonDataSet, b: JsonDataSet) => {
  const text = (dataSet: JsonDataSet) => String(dataSet[tag]?.Value?.[0] ?? '');
  return text(a).localeCompare(text(b));
};
const byNumber = (tag: string) => (a: JsonDataSet, b: JsonDataSet) =>
  Number(a[tag]?.Value?.[0] ?? 0) - Number(b[tag]?.Value?.[0] ?? 0);

/** An entity with the levels above it, the entity itself first: a query may name attributes of all. */
type Found = JsonDataSet[];

const lookup = (found: Found, tag: string): JsonAttribute | undefined => {
  for (const dataSet of found) {
    if (dataSet[tag]) return dataSet[tag];
  }
  return undefined;
};

function candidates(catalog: Catalog, search: Search): Found[] {
  const studies: Study[] = search.studyInstanceUID
    ? [catalog.studies.get(search.studyInstanceUID)].filter(study => study !== undefined)
    : [...catalog.studies.values()];
  if (search.level === 'study') {
    return studies
      .map(studyDataSet)
      .sort((a, b) => byText('00080020')(b, a) || byText('00080030')(b, a))
      .map(own => [own]);
  }
  const seriesOf = (study: Study): Series[] =>
    search.seriesInstanceUID
      ? [study.series.get(search.seriesInstanceUID)].filter(series => series !== undefined)
      : [...study.series.values()];
  return studies.flatMap(study => {
    const above = studyDataSet(study);
    const series = seriesOf(study)
      .map(one => ({ one, own: seriesDataSet(one) }))
      .sort((a, b) => byNumber('00200011')(a.own, b.own));
    if (search.level === 'series') {
      return series.map(({ own }) => [own, above]);
    }
    return series.flatMap(({ one, own: seriesOwn }) =>
      [...one.instances.values()]
        .map(instanceDataSet)
        .sort(byNumber('00200013'))
        .map(own => [own, seriesOwn, above]),
    );
  });
}

const LEVEL_ATTRIBUTES: Record<Level, string[]> = {
  study: STUDY_ATTRIBUTES,
  series: SERIES_ATTRIBUTES,
  instance: INSTANCE_ATTRIBUTES,
};
const UNIQUE_KEYS: Record<Level, string[]> = {
  study: ['0020000D'],
  series: ['0020000D', '0020000E'],
  instance: ['0020000D', '0020000E', '00080018'],
};
/** Sequences that belong to the pixels and not to a list of results. */
const NEVER = new Set(['7FE00010', '7FE00008', '7FE00009']);

function selected(search: Search): (found: Found) => JsonDataSet {
  const wanted = new Set([...LEVEL_ATTRIBUTES[search.level], ...UNIQUE_KEYS[search.level]]);
  // A search over all studies answers with the attributes of the levels above too (PS3.18 10.6.3.3).
  if (search.level !== 'study' && !search.studyInstanceUID) {
    STUDY_ATTRIBUTES.forEach(tag => wanted.add(tag));
  }
  if (search.level === 'instance' && !search.seriesInstanceUID) {
    SERIES_ATTRIBUTES.forEach(tag => wanted.add(tag));
  }
  search.criteria.forEach(({ path }) => wanted.add(path[0]));
  const { include } = search;
  return found => {
    const tags =
      include === 'all'
        ? new Set(found.flatMap(dataSet => Object.keys(dataSet)))
        : [...wanted, ...include];
    const answer: JsonDataSet = {};
    for (const tag of [...tags].sort()) {
      const attribute = NEVER.has(tag) ? undefined : lookup(found, tag);
      if (attribute) answer[tag] = attribute;
    }
    return answer;
  };
}

/** Answers of a QIDO-RS search (PS3.18 10.6) without Retrieve URLs, and how many there were in all. */
export function runSearch(
  catalog: Catalog,
  search: Search,
): { page: JsonDataSet[]; total: number } {
  const found = candidates(catalog, search).filter(one =>
    search.criteria.every(criterion => matches(tag => lookup(one, tag), criterion)),
  );
  const page = found.slice(search.offset, search.offset + search.limit).map(selected(search));
  return { page, total: found.length };
}
