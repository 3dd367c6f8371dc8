import type { InferenceSession } from 'onnxruntime-common';
import type { Affine } from '../../core/geometry/affine';
import type { Outcome } from '../../core/outcome';
import type { IndexRange } from '../../core/preprocessing/box';
import type { LayerSink } from '../../core/postprocessing/invertLayers';
import {
  createLayerReader,
  createScoreRing,
  type AnswerGrid,
  type ScoreRing,
} from '../../core/postprocessing/scoreRing';
import { importanceMap } from '../../core/preprocessing/slidingWindow';
import type { NetworkCalls } from '../calls';

export type Answers = InferenceSession.OnnxValueMapType;

/** What is made of one declared output, call by call. */
export interface Collector {
  /** ONNX outputs that it reads. */
  names: string[];
  /** One network's answer to one call. Refuses what the manifest does not promise. */
  take(call: number, answers: Answers, weight: number): Outcome<void>;
  /** All networks have answered this call. */
  endCall(call: number): void;
}

export interface CollectorContext {
  model: string;
  calls: NetworkCalls;
  /** Source voxels that no crop removed. */
  seen: IndexRange;
  /** The calls' geometry is a template's: its millimetres → the patient's. */
  template?: Affine;
  /** Networks of the ensemble. */
  networks: number;
  /** Adds up the time that layers take in `push`: that is postprocessing, not inference. */
  spent: { milliseconds: number };
}

const timed = (sink: LayerSink, spent: { milliseconds: number }): LayerSink => ({
  push(scores) {
    const startedAt = performance.now();
    sink.push(scores);
    spent.milliseconds += performance.now() - startedAt;
  },
});

/** Averages answers over a grid and hands finished layers to `sink`. */
export const averageOnto = (
  { calls, networks, spent }: CollectorContext,
  grid: AnswerGrid,
  channels: number,
  sink: LayerSink,
): ScoreRing =>
  calls.isDisjoint && networks === 1
    ? createLayerReader(grid, channels, timed(sink, spent))
    : createScoreRing(
        grid,
        channels,
        importanceMap(grid.size, calls.weighting),
        timed(sink, spent),
      );
