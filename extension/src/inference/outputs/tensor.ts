import type { Tensor } from 'onnxruntime-common';
import type { VolumeGeometry } from '../../core/geometry/types';
import { voxelCount } from '../../core/geometry/transform';
import { accept } from '../../core/outcome';
import { checkDense } from '../promises';
import { averageOnto, type Collector, type CollectorContext } from './collector';

/** All channels of an output on the network's grid, [channel][k][j][i]. */
export interface StageTensor {
  values: Float32Array<ArrayBuffer>;
  channels: number;
  geometry: VolumeGeometry;
}

/** An output that is kept whole, for a later network to be fed with. */
export const tensorCollector = (
  context: CollectorContext,
  { name, channels }: { name: string; channels: number },
): Collector & { finish(): StageTensor } => {
  const { calls, model } = context;
  const { geometry } = calls;
  const size = voxelCount(geometry);
  const values = new Float32Array(size * channels);
  const layerSize = geometry.dimensions[0] * geometry.dimensions[1];
  let filled = 0;
  const ring = averageOnto(context, calls.grid, channels, {
    push(layer) {
      for (let channel = 0; channel < channels; channel++) {
        const part = layer.subarray(channel * layerSize, (channel + 1) * layerSize);
        values.set(part, channel * size + filled);
      }
      filled += layerSize;
    },
  });
  return {
    names: [name],
    take(call, answers, weight) {
      const answer = answers[name] as Tensor | undefined;
      const expected = { channels, shape: calls.answerShape };
      const scores = checkDense({ model, output: name }, answer, expected);
      if (!scores.ok) return scores;
      ring.add(call, scores.value.values, weight);
      return accept(undefined);
    },
    endCall: ring.endCall,
    finish: () => ({ values, channels, geometry }),
  };
};
