import path from 'node:path';
import ts from 'typescript';
import type { Engine, Phase } from '../core/findings/types';
import { measurementNames, tasks } from '../core/model/manifest';
import { REJECTION_REASONS, VERDICTS } from '../core/review/types';
import { WITHDRAWAL_REASONS } from '../core/review/withdrawal';
import { REASON_NUMBERS } from '../adapters/dicomweb/storeResponse';
import { fallbackReasons } from '../inference/engineChoice';
import enUS from './en-US.json';
import uk from './uk.json';
import { codesOf, parse, sourceFiles, visit } from './sourceCodes.testing';

const SOURCE = path.resolve(__dirname, '..');
const PLURAL = /_(zero|one|two|few|many|other)$/;

/** A locale's texts by dotted key, plural forms under one key. */
function textsOf(tree: object, prefix = ''): Map<string, string[]> {
  const texts = new Map<string, string[]>();
  for (const [name, value] of Object.entries(tree)) {
    if (typeof value === 'string') {
      const key = prefix + name.replace(PLURAL, '');
      texts.set(key, [...(texts.get(key) ?? []), value]);
    } else {
      textsOf(value, `${prefix}${name}.`).forEach((forms, key) => texts.set(key, forms));
    }
  }
  return texts;
}

function pluralForms(tree: object, prefix = ''): Map<string, string[]> {
  const forms = new Map<string, string[]>();
  for (const [name, value] of Object.entries(tree)) {
    if (typeof value !== 'string') {
      pluralForms(value, `${prefix}${name}.`).forEach((list, key) => forms.set(key, list));
    } else if (PLURAL.test(name)) {
      const key = prefix + name.replace(PLURAL, '');
      forms.set(key, [...(forms.get(key) ?? []), PLURAL.exec(name)![1]].sort());
    }
  }
  return forms;
}

const placeholders = (text: string): string[] =>
  [...text.matchAll(/\{\{\s*([^}\s,]+)/g)].map(match => match[1]);

const locales = { 'en-US': textsOf(enUS), uk: textsOf(uk) };
const codes = codesOf(SOURCE);

const ENGINES: Record<Engine, true> = {
  webgpu: true,
  'wasm-threads': true,
  wasm: true,
  native: true,
  remote: true,
};
const PHASES: Record<Phase, true> = {
  queued: true,
  model: true,
  voxels: true,
  preprocess: true,
  infer: true,
  postprocess: true,
  measure: true,
};

/** The keys that are put together from a value: all of them must be there, and no other. */
const FAMILIES: Record<string, readonly string[]> = {
  'phase.': Object.keys(PHASES),
  'verdict.': [...VERDICTS, 'acceptedBy', 'rejectedFor', 'by'],
  'reject.': REJECTION_REASONS,
  'measurement.': measurementNames,
  'engine.': [...Object.keys(ENGINES), 'external', ...fallbackReasons],
  'refusal.': codes.refusals.map(({ code }) => code),
  'info.': codes.infos.map(({ code }) => code),
  'task.': tasks,
  'marker.': ['title'],
  'card.': [
    ...['open', 'close', 'written', 'loading', 'noneStated', 'metric', 'value', 'measuredOn'],
    ...['intendedUse', 'outOfScope', 'limitations', 'performance', 'operatingPoints'],
    ...['trainingData', 'regulatoryStatus', 'licence', 'manufacturer', 'algorithm', 'version'],
    ...['size', 'sha256', 'citation', 'contact'],
  ],
  'panel.maturity.': ['research', 'production', 'feedback'],
  'panel.empty.': [
    'noStudy',
    'noModels',
    'noneApply',
    'notRun',
    'running',
    'noFindings',
    'noForeignFindings',
  ],
  'panel.origin.': ['run', 'runTook', 'draft', 'archive', 'others'],
  'panel.stored.': [
    'nothing',
    'research',
    'no',
    'changed',
    'pending',
    'failed',
    'stored',
    'warned',
  ],
  'panel.store.': ['label', 'again', 'hint', 'research', 'nothing', 'upToDate'],
  'panel.set.': [
    ...['program', 'person', 'automatic', 'semiautomatic', 'manual', 'unnamed', 'model'],
    ...['show', 'showHint', 'hideHint', 'collapse', 'collapseHint', 'expand', 'expandHint'],
  ],
  'withdraw.reason.': WITHDRAWAL_REASONS,
  'archiveReason.': [...REASON_NUMBERS, 'none', 'unknown'],
  'compare.verdicts.': ['accepted', 'rejected', 'differ', 'open'],
  'word.': [
    ...['absent', 'axial', 'coronal', 'sagittal'],
    ...['leftRight', 'anteriorPosterior', 'inferiorSuperior', 'input', 'output'],
  ],
};

it('has found the refusals of the source', () => {
  expect(codes.refusals.length).toBeGreaterThan(20);
  expect(codes.computed).toEqual([]);
});

it('has the same keys and placeholders in both locales', () => {
  expect([...locales.uk.keys()].sort()).toEqual([...locales['en-US'].keys()].sort());
  for (const [key, forms] of locales['en-US']) {
    const names = (texts: string[]) => [...new Set(texts.flatMap(placeholders))].sort();
    expect([key, names(locales.uk.get(key)!)]).toEqual([key, names(forms)]);
  }
});

it.each([
  ['en-US', enUS],
  ['uk', uk],
] as const)('%s has every plural form of its language', (locale, tree) => {
  const expected = [...new Intl.PluralRules(locale).resolvedOptions().pluralCategories].sort();
  for (const [key, forms] of pluralForms(tree)) {
    expect([key, forms]).toEqual([key, expected]);
  }
});

it.each(Object.entries(FAMILIES))('%s* are exactly those that can be met', (prefix, names) => {
  const present = [...locales['en-US'].keys()].filter(key => key.startsWith(prefix));
  expect(present.sort()).toEqual([...new Set(names)].map(name => prefix + name).sort());
});

describe.each(Object.entries(locales))('%s', (_locale, texts) => {
  it.each(codes.refusals.map(use => [`${use.code} (${use.where})`, use] as const))(
    'fills the text of %s from the values it is refused with',
    (_name, { code, values }) => {
      const wanted = (texts.get(`refusal.${code}`) ?? []).flatMap(placeholders);
      expect(values).toBeDefined();
      expect(values).toEqual(expect.arrayContaining([...new Set(wanted)]));
    },
  );

  it.each(codes.infos.map(use => [`${use.code} (${use.where})`, use] as const))(
    'fills the text of %s',
    (_name, { code, values }) => {
      const wanted = (texts.get(`info.${code}`) ?? []).flatMap(placeholders);
      expect(values).toEqual(expect.arrayContaining(wanted));
    },
  );
});

it('names no key that is missing and has none that nobody names', () => {
  const folders = ['panels', 'components', 'toolbar', 'hooks', 'stores', 'locales'];
  const known = locales['en-US'];
  const roots = new Set([...known.keys()].map(key => key.split('.')[0]));
  const named = new Set<string>();
  for (const file of folders.flatMap(folder => sourceFiles(path.join(SOURCE, folder)))) {
    visit(parse(file), node => {
      if (ts.isStringLiteral(node) && /^[a-z]+(\.[\w-]+)+$/i.test(node.text)) {
        if (roots.has(node.text.split('.')[0])) {
          named.add(node.text);
        }
      }
    });
  }
  expect([...named].filter(key => !known.has(key))).toEqual([]);
  const inFamily = (key: string) => Object.keys(FAMILIES).some(prefix => key.startsWith(prefix));
  expect([...known.keys()].filter(key => !named.has(key) && !inFamily(key))).toEqual([]);
});
