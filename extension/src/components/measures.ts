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

/** What is measured of a finding, with its score and its size where it has one. */
export function measuresOf(finding: FindingState, texts: Texts): Measure[] {
  const measured = finding.measurements.map((measurement, index): Measure => ({
    key: measurement.name,
    // A regression's value is the finding itself, and has its name.
    name:
      finding.kind === 'regression' && index === 0
        ? undefined
        : measurementName(measurement, texts),
    value: texts.quantity(measurement.value, measurement.unit.value, measurement.unit.meaning),
  }));
  if (finding.kind !== 'detection' && finding.kind !== 'classification') return measured;
  const score = {
    key: 'score',
    name: texts.t('panel.score'),
    value: texts.percent(finding.score * 100),
  };
  if (finding.kind === 'classification') return [score, ...measured];
  const size = {
    key: 'size',
    name: texts.t('panel.size'),
    value: sizeText(finding.size, texts),
  };
  return [score, size, ...measured];
}
