import type { FindingPair } from '../core/compare/compareRuns';
import type { FindingState } from '../core/reading/state';
import type { Texts } from '../locales';
import { quantityOf, scoreOf } from './measures';

const millilitres = (value: number, texts: Texts): string => texts.quantity(value, 'mL', 'mL');

/** What one side says of a finding, in one short value; a tick where it only has it. */
export function sideText(finding: FindingState, volume: number | undefined, texts: Texts): string {
  if (volume !== undefined) return millilitres(volume, texts);
  const score = scoreOf(finding);
  if (score !== undefined) return texts.percent(score * 100);
  const [first] = finding.measurements;
  return first ? quantityOf(first, texts) : '✓';
}

/** A difference with its sign. */
const signed = (value: number, write: (value: number) => string): string =>
  `${value > 0 ? '+' : ''}${write(value)}`;

/** How much larger B is than A. */
export function volumeDifference({ volume }: FindingPair, texts: Texts): string | undefined {
  if (volume?.a === undefined || volume.b === undefined) return undefined;
  return signed(volume.b - volume.a, value => millilitres(value, texts));
}

/** How well the two sides agree: Dice, distance of the centres, or the difference of the values. */
export function agreementText(
  pair: FindingPair,
  a: FindingState,
  b: FindingState,
  texts: Texts,
): string {
  const { t, number } = texts;
  const twoDigits = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  if (pair.dice !== undefined) return t('compare.dice', { dice: number(pair.dice, twoDigits) });
  if (pair.distance !== undefined) {
    const millimetres = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
    return t('compare.apart', { distance: number(pair.distance, millimetres) });
  }
  const [scoreA, scoreB] = [scoreOf(a), scoreOf(b)];
  if (scoreA !== undefined && scoreB !== undefined) {
    return signed((scoreB - scoreA) * 100, texts.percent);
  }
  const [first, second] = [a.measurements[0], b.measurements[0]];
  const isOneUnit = first && second && first.unit.value === second.unit.value;
  if (!isOneUnit) return t('compare.both');
  const difference = { ...second, value: second.value - first.value };
  return signed(difference.value, () => quantityOf(difference, texts));
}
