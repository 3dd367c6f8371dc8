import type { Tensor } from 'onnxruntime-common';
import type { OutputOf } from '../../core/model/manifest';
import { accept, refuse, type Outcome } from '../../core/outcome';
import type { ScoredBox } from '../../core/postprocessing/nms';
import { checkFloats, checkIntegers, unknownLabel, wrongShape } from '../promises';
import type { Answers, Collector, CollectorContext } from './collector';

type Triple = readonly [number, number, number];
const map3 = <T>(f: (axis: 0 | 1 | 2) => T): [T, T, T] => [f(0), f(1), f(2)];
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Leading axis of one is the batch: [1, K, …] is read as [K, …]. */
const withoutBatch = (dims: readonly number[], rank: number): readonly number[] =>
  dims.length === rank + 1 && dims[0] === 1 ? dims.slice(1) : dims;

/**
 * Boxes that the network itself gives, each call's moved to where its window lies.
 *
 * Coordinates are continuous indices, whole numbers being voxel centres (as MONAI's affines take
 * them), so an edge's length is the difference of two corners.
 */
export const boxesCollector = (
  { calls, model }: CollectorContext,
  output: OutputOf<'boxes'>,
  threshold: number,
): Collector & { finish(): ScoredBox[] } => {
  const { boxes: boxesName, scores: scoresName, classes: classesName, labels } = output;
  const isFlat = output.boxAxes === 'xy' || output.boxAxes === 'yx';
  const isReversed = output.boxAxes === 'zyx' || output.boxAxes === 'yx';
  const axes = isFlat ? 2 : 3;
  const known = new Set(labels.map(({ value }) => value));
  const allowed = [...known].join(', ');
  const { spacing } = calls.geometry;
  const collected: ScoredBox[] = [];
  const ask = (name: string) => ({ model, output: name });

  /** Middle and edges in voxels of the window. */
  const boxAt = (values: Float32Array, index: number): { center: Triple; size: Triple } => {
    const base = index * 2 * axes;
    const of = (half: 0 | 1, axis: number): number =>
      values[base + half * axes + (isReversed ? axes - 1 - axis : axis)];
    return {
      center: map3(axis => {
        if (axis >= axes) return 0;
        return output.boxMode === 'center' ? of(0, axis) : (of(0, axis) + of(1, axis)) / 2;
      }),
      size: map3(axis => {
        if (axis >= axes) return 1;
        return output.boxMode === 'center' ? of(1, axis) : of(1, axis) - of(0, axis);
      }),
    };
  };

  /** For each box the class and probability of those it may be. */
  const scoresOf = (
    answers: Answers,
    count: number,
  ): Outcome<(index: number) => Array<{ classValue: number; score: number }>> => {
    const scores = checkFloats(ask(scoresName), answers[scoresName] as Tensor | undefined);
    if (!scores.ok) return scores;
    const { values } = scores.value;
    const probability = (at: number) =>
      output.activation === 'sigmoid' ? sigmoid(values[at]) : values[at];
    const flat = withoutBatch(scores.value.dims, 1);
    if (flat.length !== 1) {
      const dims = withoutBatch(scores.value.dims, 2);
      const most = Math.max(...known);
      if (dims.length !== 2 || dims[0] !== count || dims[1] <= most) {
        return wrongShape(ask(scoresName), scores.value.dims, `1×${count} or 1×${count}×classes`);
      }
      return accept(index =>
        labels.map(({ value }) => ({
          classValue: value,
          score: probability(index * dims[1] + value),
        })),
      );
    }
    if (flat[0] !== count) {
      return wrongShape(ask(scoresName), scores.value.dims, `1×${count}`);
    }
    if (classesName === undefined) {
      return accept(index => [{ classValue: labels[0].value, score: probability(index) }]);
    }
    const classes = checkIntegers(ask(classesName), answers[classesName] as Tensor | undefined);
    if (!classes.ok) return classes;
    const { values: numbers, dims } = classes.value;
    if (withoutBatch(dims, 1).join() !== String(count)) {
      return wrongShape(ask(classesName), dims, `1×${count}`);
    }
    for (let index = 0; index < count; index++) {
      // What stands beside a box that is not kept is often a filler.
      const isKept = probability(index) >= threshold && probability(index) > 0;
      if (isKept && !known.has(numbers[index])) {
        return unknownLabel(ask(classesName), numbers[index], allowed);
      }
    }
    return accept(index => [{ classValue: numbers[index], score: probability(index) }]);
  };

  return {
    names: [boxesName, scoresName, ...(classesName === undefined ? [] : [classesName])],
    take(call, answers) {
      const given = checkFloats(ask(boxesName), answers[boxesName] as Tensor | undefined);
      if (!given.ok) return given;
      const { values, dims } = given.value;
      const rows = withoutBatch(dims, 2);
      if (rows.length !== 2 || rows[1] !== 2 * axes) {
        return wrongShape(ask(boxesName), dims, `boxes×${2 * axes}`);
      }
      const [count] = rows;
      const scores = scoresOf(answers, count);
      if (!scores.ok) return scores;
      const start = calls.origins[call];
      for (let index = 0; index < count; index++) {
        const { center, size } = boxAt(values, index);
        for (const { classValue, score } of scores.value(index)) {
          if (score < threshold || score <= 0) continue;
          if (score > 1) {
            return refuse(
              'modelScoreRange',
              `Model ${model}: output "${scoresName}" holds the score ${score}; probabilities from 0 to 1 are needed (activation "${output.activation}")`,
              { model, output: scoresName, value: score, activation: output.activation },
            );
          }
          if (size.some(edge => edge <= 0)) {
            return refuse(
              'modelBoxInvalid',
              `Model ${model}: output "${boxesName}" holds a box with edges of ${size.map(edge => edge.toFixed(1)).join(' × ')} voxels; as "${output.boxMode}" they must be more than 0`,
              {
                model,
                output: boxesName,
                value: size.map(edge => edge.toFixed(1)).join(' × '),
                boxMode: output.boxMode,
              },
            );
          }
          collected.push({
            classValue,
            score,
            center: map3(axis => center[axis] + start[axis]),
            size: map3(axis => size[axis] * spacing[axis]),
          });
        }
      }
      return accept(undefined);
    },
    endCall: () => undefined,
    finish: () => collected,
  };
};
