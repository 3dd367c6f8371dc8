import { primaryOutput, type ModelManifest } from '../manifest';
import { list } from '../sentences';
import { counted, type Rule } from './rule';

/** What rules on steps after a network look at. */
interface Steps extends Pick<ModelManifest, 'postprocessing'> {
  output: { type: string; encoding?: string };
  /** Values of the labels. */
  values: readonly number[];
  /** "$", or "$.stages[0]". */
  at: string;
}

const checkInvert = ({ postprocessing: steps, output, at }: Steps): string[] => {
  const inverts = steps.flatMap((step, index) =>
    step.transform === 'invert' ? [{ ...step, index }] : [],
  );
  if (output.type !== 'labelMap') {
    return inverts.map(
      ({ index }) =>
        `${at}.postprocessing[${index}] is "invert", which brings a label map back onto the source's grid; an output of type "${output.type}" has none: remove it.`,
    );
  }
  if (inverts.length !== 1) {
    return [
      `${at}.postprocessing has ${counted(inverts.length, '"invert" step')}; exactly 1 is needed to bring the label map back onto the source's grid: begin with {"transform": "invert"}.`,
    ];
  }
  const [{ index, resample }] = inverts;
  const before = steps.slice(0, index).filter(({ transform }) => transform !== 'meanEnsemble');
  if (output.encoding === 'labels' && resample === 'logits') {
    return [
      `${at}.postprocessing[${index}].resample is "logits" but the output's encoding is "labels", which has no scores to resample; use "resample": "labels".`,
    ];
  }
  if (resample === 'logits' && before.length > 0) {
    return [
      `${at}.postprocessing[${index}] resamples logits after ${counted(before.length, 'step')} on the label map; put it before them, or use "resample": "labels".`,
    ];
  }
  return [];
};

const checkLabelSteps = ({ postprocessing, output, values, at }: Steps): string[] =>
  postprocessing.flatMap((step, index) => {
    if (!('appliedLabels' in step)) return [];
    const where = `${at}.postprocessing[${index}]`;
    if (output.type !== 'labelMap') {
      return [
        `${where} is "${step.transform}", a step on a label map; an output of type "${output.type}" has none: remove it.`,
      ];
    }
    return step.appliedLabels.flatMap((value, place) =>
      values.includes(value)
        ? []
        : [
            `${where}.appliedLabels[${place}] is ${value}; the values of ${at}.outputs' labels are ${list(values)}.`,
          ],
    );
  });

/** Steps after a network, whose result is `output`. */
export const checkSteps = (steps: Steps): string[] => [
  ...checkInvert(steps),
  ...checkLabelSteps(steps),
];

/** Steps after the package's last network. */
export const checkPostprocessing: Rule = manifest => {
  const output = primaryOutput(manifest);
  const values = output.type === 'labelMap' ? output.labels.map(({ value }) => value) : [];
  return checkSteps({ postprocessing: manifest.postprocessing, output, values, at: '$' });
};
