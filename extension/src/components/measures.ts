import type { CodedConcept, Measurement } from '../core/findings/types';
import type { FindingState } from '../core/reading/state';
import type { Texts } from '../locales';
import { measurementName } from './verdicts';

/** One thing a row says of a finding: what it is called, if it needs a name, and its value. */
export interface Measure {
  key: string;
  name?: string;
  value: string;
}

/** Edges of a box that are the same to a reader, who is told one diameter then. */
const SAME_MM = 0.05;

function sizeText(size: readonly [number, number, number], texts: Texts): string {
  const [unit, ...edges] = [
    texts.t('unit.millimetre'),
    ...size.map(edge => texts.number(edge, { minimumFractionDigits: 1, maximumFractionDigits: 1 })),
  ];
  const isRound = Math.max(...size) - Math.min(...size) < SAME_MM;
  return `${isRound ? edges[0] : edges.join(' × ')}\u00a0${unit}`;
}

export const quantityOf = ({ value, unit }: Measurement, texts: Texts): string =>
  texts.quantity(value, unit.value, unit.meaning);

/** Probability, 0–1, where the finding has one. */
export const scoreOf = (finding: FindingState): number | undefined =>
  'score' in finding ? finding.score : undefined;

const wordsOf = (value: CodedConcept | string): string =>
  typeof value === 'string' ? value : value.meaning;

/** What was said of a finding in words or codes: the concept and its value. */
export const evaluationsOf = (finding: FindingState): Measure[] =>
  (finding.evaluations ?? []).map(({ concept, value }, index) => ({
    key: `${concept.scheme} ${concept.value} ${index}`,
    name: concept.meaning,
    value: wordsOf(value),
  }));

/** The words that stand with a drawing or with key images. */
export function remarksOf(finding: FindingState): string[] {
  if (finding.kind === 'keyImage') return finding.text ? [finding.text] : [];
  if (finding.kind !== 'annotation') return [];
  return [...new Set(finding.shapes.flatMap(({ text }) => (text ? [text] : [])))];
}

/** What is measured of a finding, with its score and its size where it has one. */
export function measuresOf(finding: FindingState, texts: Texts): Measure[] {
  const measured = finding.measurements.map((measurement, index): Measure => ({
    key: measurement.name,
    // A regression's value is the finding itself, and has its name.
    name:
      finding.kind === 'regression' && index === 0
        ? undefined
        : measurementName(measurement, texts),
    value: quantityOf(measurement, texts),
  }));
  if (finding.kind === 'keyImage') {
    const count = finding.images.length;
    return [{ key: 'images', value: texts.t('panel.images', { count }) }, ...measured];
  }
  const probability = scoreOf(finding);
  if (probability === undefined) return measured;
  const score = {
    key: 'score',
    name: texts.t('panel.score'),
    value: texts.percent(probability * 100),
  };
  if (finding.kind !== 'detection') return [score, ...measured];
  const size = {
    key: 'size',
    name: texts.t('panel.size'),
    value: sizeText(finding.size, texts),
  };
  return [score, size, ...measured];
}
