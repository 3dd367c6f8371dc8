import type { InferenceSession } from 'onnxruntime-common';
import type { ModelResult, Phase } from '../core/findings/types';
import { measureSegments } from '../core/measure/measure';
import { channelsOf, primaryOutput, type ModelManifest } from '../core/model/manifest';
import { accept, type Outcome } from '../core/outcome';
import { postprocess } from '../core/postprocessing/postprocess';
import { preprocess } from '../core/preprocessing/preprocess';
import type { RunControl, RunOptions } from '../core/reading/ports';
import type { Volume } from '../core/volume/types';
import {
  cancelled,
  checkNames,
  createFloatTensor,
  inferWindows,
  softmax,
  type CreateTensor,
} from './infer';
import { yieldToEventLoop } from './yieldToEventLoop';

export interface PipelineResult {
  output: ModelResult;
  /** Milliseconds by phase. */
  timing: Partial<Record<Phase, number>>;
}

export interface PipelineRequest {
  manifest: ModelManifest;
  /**
   * Voxels in real-world values, one volume a channel; read, never changed. Slice headers are not
   * looked at. Results lie on the grid of the first.
   */
  volumes: readonly Volume[];
  /**
   * One a network file, in the manifest's order. Of ONNX Runtime Web, Node or any other that keeps
   * onnxruntime-common's contract.
   */
  sessions: readonly InferenceSession[];
  options: RunOptions;
  /** How this runtime makes a tensor; onnxruntime-common's own without it. */
  createTensor?: CreateTensor;
  control: RunControl;
}

/**
 * From voxels to a measured label map on the source's grid: preprocess → infer → postprocess →
 * measure, the same code in the browser's worker and under Node.
 *
 * Between phases and between windows it lets events in and looks at the signal. What is done with
 * is let go of at once: the preprocessed volume before the postprocessing, the scores before the
 * measurements, and scores never exist on the source's grid.
 *
 * Refuses `runCancelled`, `engineFailed` (value `detail`: what the runtime said), and what the model
 * promised and did not keep: `modelNameMissing`, `modelOutputMissing`, `modelOutputType`,
 * `modelOutputShape`, `modelOutputNotFinite`.
 */
export const runPipeline = async (request: PipelineRequest): Promise<Outcome<PipelineResult>> => {
  const { manifest, volumes, sessions, control, createTensor = createFloatTensor } = request;
  const [volume] = volumes;
  const [session] = sessions;
  const timing: Partial<Record<Phase, number>> = {};

  const phase = async <T>(name: Phase, work: () => T | Promise<T>): Promise<T> => {
    control.onProgress({ phase: name, fraction: 0 });
    await yieldToEventLoop();
    const startedAt = performance.now();
    const result = await work();
    timing[name] = performance.now() - startedAt;
    return result;
  };

  const named = checkNames(manifest, session);
  if (!named.ok) return named;

  const declared = primaryOutput(manifest);
  if (declared.type !== 'labelMap') throw new Error(`${manifest.id}: no label map`);
  // In a scope of its own, so that the preprocessed volume is garbage once it has been inferred.
  const inferred = await (async () => {
    const prepared = await phase('preprocess', () =>
      preprocess(volumes, channelsOf(manifest), manifest.preprocessing),
    );
    if (!prepared.ok) return prepared;
    const input = prepared.value;
    if (control.signal.aborted) return cancelled(manifest);
    const scores = await phase('infer', () =>
      inferWindows(manifest, input, session, control, createTensor),
    );
    return scores.ok ? accept({ scores: scores.value, geometry: input.geometry }) : scores;
  })();
  if (!inferred.ok) return inferred;
  if (control.signal.aborted) return cancelled(manifest);

  const labelMap = await phase('postprocess', () => {
    const { scores, geometry } = inferred.value;
    if (declared.activation === 'softmax') softmax(scores, declared.classes);
    return postprocess(
      { scores, classes: declared.classes, geometry },
      volume.geometry,
      declared,
      manifest.postprocessing,
    );
  });
  inferred.value.scores = new Float32Array(0);
  if (control.signal.aborted) return cancelled(manifest);

  const segments = await phase('measure', () =>
    measureSegments(labelMap, volume, declared.labels, manifest.measurements),
  );
  return accept({ output: { kind: 'segmentation', labelMap, segments }, timing });
};
