import type { Tensor } from 'onnxruntime-common';
import type { ScalarMap } from '../../core/findings/types';
import type { OutputOf } from '../../core/model/manifest';
import { accept } from '../../core/outcome';
import { applySigmoid } from '../../core/postprocessing/decision';
import { voxelCount } from '../../core/geometry/transform';
import { checkDense } from '../promises';
import { averageOnto, type Collector, type CollectorContext } from './collector';

/** One channel of an output as a map on the network's grid. */
export const mapCollector = (
  context: CollectorContext,
  output: OutputOf<'map'>,
): Collector & { finish(): ScalarMap } => {
  const { calls, model } = context;
  const { name, channel } = output;
  const values = new Float32Array(voxelCount(calls.geometry));
  let filled = 0;
  const ring = averageOnto(context, calls.grid, 1, {
    push(layer) {
      values.set(layer, filled);
      filled += layer.length;
    },
  });
  const answerSize = calls.grid.size[0] * calls.grid.size[1] * calls.grid.size[2];
  return {
    names: [name],
    take(call, answers, weight) {
      const scores = checkDense({ model, output: name }, answers[name] as Tensor | undefined, {
        least: channel + 1,
        shape: calls.answerShape,
      });
      if (!scores.ok) return scores;
      const { values: all } = scores.value;
      ring.add(call, all.subarray(channel * answerSize, (channel + 1) * answerSize), weight);
      return accept(undefined);
    },
    endCall: ring.endCall,
    finish() {
      if (output.activation === 'sigmoid') applySigmoid(values);
      const { key, label, concept, unit } = output;
      return { key, label, concept, unit, geometry: calls.geometry, values };
    },
  };
};
