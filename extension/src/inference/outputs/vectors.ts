import type { Tensor } from 'onnxruntime-common';
import type { ClassificationOutput, RegressionOutput } from '../../core/findings/types';
import type { OutputOf } from '../../core/model/manifest';
import { accept, refuse, type Outcome } from '../../core/outcome';
import { DEFAULT_THRESHOLD } from '../../core/postprocessing/decision';
import { checkVector } from '../promises';
import type { Collector, CollectorContext } from './collector';

/** The weighted mean of one row of numbers over all calls and networks. */
const meanOf = (
  { model }: CollectorContext,
  name: string,
  least: number,
): Collector & { mean(): Float64Array } => {
  let sums: Float64Array | undefined;
  let weights = 0;
  return {
    names: [name],
    take(_call, answers, weight) {
      const vector = checkVector(
        { model, output: name },
        answers[name] as Tensor | undefined,
        least,
      );
      if (!vector.ok) return vector;
      const { value } = vector;
      sums ??= new Float64Array(value.length);
      for (let index = 0; index < sums.length; index++) sums[index] += weight * value[index];
      weights += weight;
      return accept(undefined);
    },
    endCall: () => undefined,
    mean: () => (sums ?? new Float64Array(least)).map(sum => sum / weights),
  };
};

const probabilitiesOf = (
  scores: Float64Array,
  activation: OutputOf<'classification'>['activation'],
): Float64Array => {
  if (activation === 'none') return scores;
  if (activation === 'sigmoid') return scores.map(x => 1 / (1 + Math.exp(-x)));
  const highest = Math.max(...scores);
  const powers = scores.map(x => Math.exp(x - highest));
  const sum = powers.reduce((total, x) => total + x, 0);
  return powers.map(x => x / sum);
};

/**
 * Classes with their probabilities. A network that is called several times (windows, slices) is
 * averaged over its calls before the activation.
 *
 * Positive is the most probable class; where classes do not exclude each other, or only one is
 * declared, each that reaches the threshold (0.5 or the operating point's).
 */
export const classificationCollector = (
  context: CollectorContext,
  output: OutputOf<'classification'>,
  threshold = DEFAULT_THRESHOLD,
): Collector & { finish(): Outcome<ClassificationOutput> } => {
  const { labels, activation, multiLabel, name } = output;
  const least = Math.max(...labels.map(({ value }) => value)) + 1;
  const collected = meanOf(context, name, least);
  return {
    ...collected,
    finish() {
      const scores = probabilitiesOf(collected.mean(), activation);
      const beyond = scores.find(score => score < 0 || score > 1);
      if (beyond !== undefined) {
        return refuse(
          'modelScoreRange',
          `Model ${context.model}: output "${name}" holds the score ${beyond}; probabilities from 0 to 1 are needed (activation "${activation}")`,
          { model: context.model, output: name, value: beyond, activation },
        );
      }
      const byThreshold = multiLabel || activation === 'sigmoid' || labels.length === 1;
      const highest = Math.max(...scores);
      const classes = labels.map(({ value, name: label, ...concept }) => ({
        ...concept,
        label,
        score: scores[value],
        positive: byThreshold ? scores[value] >= threshold : scores[value] === highest,
      }));
      return accept({ kind: 'classification', threshold, classes });
    },
  };
};

/** Values as the manifest names them: value · scale + offset. */
export const regressionCollector = (
  context: CollectorContext,
  output: OutputOf<'regression'>,
): Collector & { finish(): RegressionOutput } => {
  const least = Math.max(...output.values.map(({ index }) => index)) + 1;
  const collected = meanOf(context, output.name, least);
  return {
    ...collected,
    finish() {
      const numbers = collected.mean();
      const values = output.values.map(({ index, key, name, concept, unit, scale, offset }) => ({
        key,
        label: name,
        type: concept,
        measurement: { name: key, concept, value: numbers[index] * scale + offset, unit },
      }));
      return { kind: 'regression', values };
    },
  };
};
