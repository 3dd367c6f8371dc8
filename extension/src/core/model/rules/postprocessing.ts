import { primaryOutput } from '../manifest';
import { list } from '../sentences';
import { counted, type Rule } from './rule';

const checkInvert: Rule = manifest => {
  const steps = manifest.postprocessing;
  const output = primaryOutput(manifest);
  const inverts = steps.flatMap((step, index) =>
    step.transform === 'invert' ? [{ ...step, index }] : [],
  );
  if (output.type !== 'labelMap') {
    return inverts.map(
      ({ index }) =>
        `$.postprocessing[${index}] is "invert", which brings a label map back onto the source's grid; an output of type "${output.type}" has none: remove it.`,
    );
  }
  if (inverts.length !== 1) {
    return [
      `$.postprocessing has ${counted(inverts.length, '"invert" step')}; exactly 1 is needed to bring the label map back onto the source's grid: begin with {"transform": "invert"}.`,
    ];
  }
  const [{ index, resample }] = inverts;
  const before = steps.slice(0, index).filter(({ transform }) => transform !== 'meanEnsemble');
  if (output.encoding === 'labels' && resample === 'logits') {
    return [
      `$.postprocessing[${index}].resample is "logits" but the output's encoding is "labels", which has no scores to resample; use "resample": "labels".`,
    ];
  }
  if (resample === 'logits' && before.length > 0) {
    return [
      `$.postprocessing[${index}] resamples logits after ${counted(before.length, 'step')} on the label map; put it before them, or use "resample": "labels".`,
    ];
  }
  return [];
};

const checkLabelSteps: Rule = manifest => {
  const output = primaryOutput(manifest);
  const allowed = output.type === 'labelMap' ? output.labels.map(({ value }) => value) : [];
  return manifest.postprocessing.flatMap((step, index) => {
    if (!('appliedLabels' in step)) return [];
    const where = `$.postprocessing[${index}]`;
    if (output.type !== 'labelMap') {
      return [
        `${where} is "${step.transform}", a step on a label map; an output of type "${output.type}" has none: remove it.`,
      ];
    }
    return step.appliedLabels.flatMap((value, at) =>
      allowed.includes(value)
        ? []
        : [
            `${where}.appliedLabels[${at}] is ${value}; the values of $.outputs' labels are ${list(allowed)}.`,
          ],
    );
  });
};

/** Steps after the network. */
export const checkPostprocessing: Rule = manifest => [
  ...checkInvert(manifest),
  ...checkLabelSteps(manifest),
];
