import {
  conceptOf,
  type Finding,
  type Measurement,
  type RunResult,
  type ScalarMap,
} from '../../core/findings/types';
import { labToRgb } from '../../core/findings/labColour';
import type { Vec3 } from '../../core/geometry/types';
import { modelLabel } from '../common/identity';
import { finiteRange } from '../parametricMap/grid';
import { WHITE, type Rgb } from './canvas';

/** Lines of the legend at most; the rest are counted. */
export const MAX_LEGEND = 12;
/** The overlay's colour where a model names none, as in the viewer's own markers. */
const AMBER: Vec3 = [80, 5, 70];
const HEAT: Rgb = [255, 170, 0];

/** A line of the legend, with the colour that stands for it in the picture. */
export interface LegendLine {
  text: string;
  colour: Rgb;
}

export const colourOf = (finding: Finding): Rgb =>
  labToRgb(conceptOf(finding).recommendedDisplayCIELab ?? AMBER);

/** What is said over every picture, first of all that nobody has looked at it. */
export const NOT_REVIEWED = 'AI result – not reviewed';
export const bannerOf = (run: RunResult): string[] => [
  NOT_REVIEWED,
  `${run.provenance.modelName} · ${modelLabel(run.provenance)} · before review`,
];

const numberText = (value: number): string => String(Number(value.toPrecision(3)));
const unitText = ({ value, meaning }: Measurement['unit']): string =>
  ({ "[hnsf'U]": 'HU', '1': '', '{SUVbw}g/ml': 'SUVbw' })[value] ??
  (value.length <= 6 ? value : meaning);

const measurementText = (measurement: Measurement): string =>
  `${measurement.derivation ? `${measurement.derivation.meaning} ` : ''}${measurement.concept.meaning} ${numberText(measurement.value)} ${unitText(measurement.unit)}`.trim();

/** "Nodule 1  93 %  Volume 0.29 mL" */
export const lineOf = (finding: Finding): LegendLine => ({
  colour: colourOf(finding),
  text: [
    conceptOf(finding).label.en,
    ...('score' in finding && finding.score !== undefined
      ? [`${Math.round(finding.score * 100)} %`]
      : []),
    ...finding.measurements.slice(0, 2).map(measurementText),
  ].join(' · '),
});

export const mapLine = (map: ScalarMap): LegendLine => {
  const { low, high } = finiteRange(map.values);
  const unit = map.unit.value === '1' ? '' : ` ${map.unit.value}`;
  return {
    colour: HEAT,
    text: `${map.label.en}: ${numberText(low)} (clear) to ${numberText(high)}${unit} (yellow)`,
  };
};

/** The legend of one picture; what does not fit is counted. */
export const legendOf = (lines: readonly LegendLine[]): LegendLine[] => {
  if (lines.length === 0) return [{ text: 'Nothing found by AI model', colour: WHITE }];
  if (lines.length <= MAX_LEGEND) return [...lines];
  const shown = lines.slice(0, MAX_LEGEND - 1);
  return [...shown, { text: `and ${lines.length - shown.length} more`, colour: WHITE }];
};
