import type { RunState } from '../core/reading/state';
import type { Texts } from './index';

/** Whether a person drew or wrote it; a program may have helped. */
export const isByPerson = ({ foreign }: RunState): boolean =>
  foreign !== undefined &&
  (foreign.algorithmType === 'manual' ||
    (foreign.author !== undefined && foreign.algorithmType !== 'automatic'));

const joined = (...parts: Array<string | undefined | false>): string =>
  parts.filter(part => part && part.trim() !== '').join(' ');

/** What a result is called: its model and version; another's as it calls itself. */
export function setTitle(run: RunState, texts: Texts): string {
  const name = texts.own(run.modelName);
  const isAuthor = run.foreign?.author !== undefined && name === run.foreign.author;
  const named = joined(isAuthor ? texts.person(name) : name, run.modelVersion);
  if (!run.foreign) return named;
  const { seriesDescription, manufacturerModelName } = run.foreign;
  return named || seriesDescription || manufacturerModelName || texts.t('panel.set.unnamed');
}

/** “Another program, automatic”, “Jane Doe, manual”: who made a result that is none of ours. */
export function originatorText(run: RunState, texts: Texts): string | undefined {
  const { foreign } = run;
  if (!foreign) return undefined;
  const { t } = texts;
  const author = foreign.author && texts.person(foreign.author);
  const who = isByPerson(run)
    ? author || t('panel.set.person')
    : joined(t('panel.set.program'), author && `(${author})`);
  return foreign.algorithmType === 'unknown'
    ? who
    : `${who}, ${t(`panel.set.${foreign.algorithmType}`)}`;
}

/** Manufacturer and, where it is not the title, product of the program; of ours, who made the model. */
export function makerText(run: RunState, texts: Texts): string | undefined {
  const { foreign, manufacturer } = run;
  if (!foreign) return manufacturer && texts.t('panel.set.model', { manufacturer });
  const { manufacturerModelName, softwareVersions } = foreign;
  const isTitled = manufacturerModelName && setTitle(run, texts).includes(manufacturerModelName);
  const product = isTitled ? '' : joined(manufacturerModelName, softwareVersions);
  return [manufacturer, product].filter(Boolean).join(', ') || undefined;
}
