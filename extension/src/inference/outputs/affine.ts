import type { Tensor } from 'onnxruntime-common';
import { inverseAffine, type Affine } from '../../core/geometry/affine';
import type { StageOutput } from '../../core/model/manifest';
import { accept, refuse } from '../../core/outcome';
import { registrationOf } from '../../core/preprocessing/template';
import { checkFloats, wrongShape } from '../promises';
import type { Collector, CollectorContext } from './collector';

/**
 * A registration to a template, from 4×4 numbers; the weighted mean where several networks answer.
 * Refuses `modelRegistrationSingular`: numbers that bring a space onto less than a space.
 */
export const affineCollector = (
  { calls, model }: CollectorContext,
  { name, vectors, template }: Extract<StageOutput, { type: 'affine' }>,
): Collector & { finish(): Affine } => {
  const sums = new Float64Array(16);
  const { geometry, isReversed } = calls;
  const registration = (numbers: ArrayLike<number>) =>
    registrationOf(numbers, geometry, template, { vectors, isReversed });
  let weights = 0;
  return {
    names: [name],
    take(_call, answers, weight) {
      const promised = { model, output: name };
      const floats = checkFloats(promised, answers[name] as Tensor | undefined);
      if (!floats.ok) return floats;
      const { values, dims } = floats.value;
      if (dims.join() !== '1,4,4') return wrongShape(promised, dims, '1×4×4');
      if (!inverseAffine(registration(values))) {
        return refuse(
          'modelRegistrationSingular',
          `Model ${model}: output "${name}" is a registration that cannot be turned round (${[...values].map(value => value.toFixed(3)).join(', ')})`,
          { model, output: name },
        );
      }
      values.forEach((value, at) => (sums[at] += weight * value));
      weights += weight;
      return accept(undefined);
    },
    endCall: () => undefined,
    finish: () => registration(sums.map(sum => sum / weights)),
  };
};
