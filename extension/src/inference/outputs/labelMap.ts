import type { Tensor } from 'onnxruntime-common';
import type { VolumeGeometry } from '../../core/geometry/types';
import type { LabelMapOutput, PostprocessingStep, StageOutput } from '../../core/model/manifest';
import { accept } from '../../core/outcome';
import type { DecidedOutput } from '../../core/postprocessing/decision';
import { createLabelMapSink, type FinishedLabelMap } from '../../core/postprocessing/postprocess';
import { checkDense, checkLabels } from '../promises';
import { averageOnto, type Collector, type CollectorContext } from './collector';

/** A label map on the source's grid. */
export const labelMapCollector = (
  context: CollectorContext,
  output: DecidedOutput & Pick<LabelMapOutput, 'name'>,
  source: VolumeGeometry,
  steps: readonly PostprocessingStep[],
  threshold: number | undefined,
): Collector & { finish(): FinishedLabelMap } => {
  const { calls, model, seen, template } = context;
  const { classes, encoding, name } = output;
  const sink = createLabelMapSink(calls.geometry, source, output, steps, threshold, seen, template);
  const ring = averageOnto(context, calls.grid, classes, sink);
  const promised = { model, output: name };
  const shape = calls.answerShape;
  return {
    names: [name],
    take(call, answers, weight) {
      const answer = answers[name] as Tensor | undefined;
      if (encoding === 'labels') {
        const labels = checkLabels(promised, answer, { classes, shape });
        if (!labels.ok) return labels;
        ring.addLabels(call, labels.value, weight);
        return accept(undefined);
      }
      const scores = checkDense(promised, answer, { channels: classes, shape });
      if (!scores.ok) return scores;
      ring.add(call, scores.value.values, weight);
      return accept(undefined);
    },
    endCall: ring.endCall,
    finish: sink.finish,
  };
};

/** A stage's label map on the source's grid: every class and every region by its own number. */
export const stageLabelMapCollector = (
  context: CollectorContext,
  output: Extract<StageOutput, { type: 'labelMap' }>,
  source: VolumeGeometry,
  steps: readonly PostprocessingStep[],
): Collector & { finish(): FinishedLabelMap } => {
  const { classes, activation, threshold } = output;
  const largest = activation === 'sigmoid' ? classes : classes - 1;
  const labels = Array.from({ length: largest }, (_, index) => ({ value: index + 1 }));
  return labelMapCollector(context, { ...output, labels }, source, steps, threshold);
};
