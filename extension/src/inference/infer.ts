import { Tensor, type InferenceSession } from 'onnxruntime-common';
import { primaryOutput, type LabelMapOutput, type ModelManifest } from '../core/model/manifest';
import { accept, refuse, type Outcome } from '../core/outcome';
import type { PreprocessedVolume } from '../core/preprocessing/preprocess';
import {
  accumulate,
  createAccumulator,
  extractWindow,
  finish,
  importanceMap,
  planWindows,
  tensorShape,
} from '../core/preprocessing/slidingWindow';
import type { RunControl } from '../core/reading/ports';
import { messageOf } from './errors';
import { yieldToEventLoop } from './yieldToEventLoop';

export type CreateTensor = (data: Float32Array<ArrayBuffer>, dims: number[]) => Tensor;

export const createFloatTensor: CreateTensor = (data, dims) => new Tensor('float32', data, dims);

export const cancelled = (manifest: ModelManifest) =>
  refuse('runCancelled', `The run of ${manifest.id} was cancelled`, { model: manifest.id });

const outputNamesOf = (manifest: ModelManifest): string[] =>
  manifest.outputs.flatMap(output => ('name' in output ? [output.name] : []));

/** A model that lacks an input or output it declares is refused before anything is computed. */
export const checkNames = (manifest: ModelManifest, session: InferenceSession): Outcome<void> => {
  const check = (kind: 'input' | 'output', declared: string, actual: readonly string[]) =>
    actual.includes(declared)
      ? accept(undefined)
      : refuse(
          'modelNameMissing',
          `Model ${manifest.id} declares an ${kind} "${declared}"; the network has ${actual.join(', ')}`,
          { model: manifest.id, kind, declared, actual: actual.join(', ') },
        );
  for (const input of manifest.inputs) {
    const checked = check('input', input.name, session.inputNames);
    if (!checked.ok) return checked;
  }
  for (const name of outputNamesOf(manifest)) {
    const checked = check('output', name, session.outputNames);
    if (!checked.ok) return checked;
  }
  return accept(undefined);
};

/** x · 0 is 0 for every finite x and NaN for the others, so one sum tells of them all. */
const allFinite = (values: Float32Array): boolean => {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index] * 0;
  return sum === 0;
};

/** Holds what the network returned against what its manifest declares. */
const checkScores = (
  manifest: ModelManifest,
  output: LabelMapOutput,
  returned: Tensor | undefined,
  expected: readonly number[],
): Outcome<Float32Array> => {
  const values = { model: manifest.id, output: output.name };
  if (!returned) {
    return refuse(
      'modelOutputMissing',
      `Model ${manifest.id} returned no output "${output.name}"`,
      values,
    );
  }
  const actual = returned.dims.join('×');
  const declared = expected.join('×');
  if (returned.type !== 'float32' || !(returned.data instanceof Float32Array)) {
    return refuse(
      'modelOutputType',
      `Model ${manifest.id}: output "${output.name}" is ${returned.type}; float32 is needed`,
      { ...values, actual: returned.type, declared: 'float32' },
    );
  }
  if (actual !== declared) {
    return refuse(
      'modelOutputShape',
      `Model ${manifest.id}: output "${output.name}" has the shape ${actual}; its manifest declares ${declared} (1 × classes × window)`,
      { ...values, actual, declared },
    );
  }
  if (!allFinite(returned.data)) {
    return refuse(
      'modelOutputNotFinite',
      `Model ${manifest.id}: output "${output.name}" holds values that are not finite numbers`,
      values,
    );
  }
  return accept(returned.data);
};

/**
 * MONAI's `SlidingWindowInferer` over a preprocessed volume: one network call a window, scores
 * averaged by the importance map.
 *
 * Progress is told and the signal is looked at between windows; one call cannot be stopped.
 *
 * @returns class scores [class][k][j][i] on the network's grid
 *
 * Refuses `runCancelled`, `engineFailed` (the runtime threw), `modelOutputMissing`,
 * `modelOutputType`, `modelOutputShape`, `modelOutputNotFinite`.
 */
export const inferWindows = async (
  manifest: ModelManifest,
  volume: PreprocessedVolume,
  session: InferenceSession,
  control: RunControl,
  createTensor: CreateTensor,
): Promise<Outcome<Float32Array>> => {
  const [input] = manifest.inputs;
  const output = primaryOutput(manifest);
  const { inference } = manifest;
  if (output.type !== 'labelMap' || inference.inferer !== 'slidingWindow') {
    throw new Error(`${manifest.id}: only label maps by a sliding window are run`);
  }
  const plan = planWindows(volume.geometry.dimensions, inference);
  const importance = importanceMap(inference.roiSize, inference);
  const accumulator = createAccumulator(plan, output.classes);
  const shape = tensorShape(inference.roiSize, input.spatialAxes);
  const expected = [1, output.classes, ...shape];
  const total = plan.starts.length;
  let buffer: Float32Array<ArrayBuffer> | undefined;

  for (let window = 0; window < total; window++) {
    control.onProgress({ phase: 'infer', fraction: window / total });
    await yieldToEventLoop();
    if (control.signal.aborted) return cancelled(manifest);

    buffer = extractWindow(volume, plan, window, inference, input.spatialAxes, buffer);
    const tensor = createTensor(buffer, [1, volume.channels, ...shape]);
    let returned: Tensor | undefined;
    try {
      const outputs = await session.run({ [input.name]: tensor }, [output.name]);
      returned = outputs[output.name] as Tensor | undefined;
    } catch (error) {
      return refuse('engineFailed', `${manifest.id} could not be run: ${messageOf(error)}`, {
        model: manifest.id,
        engine: 'session',
        detail: messageOf(error),
      });
    }
    const scores = checkScores(manifest, output, returned, expected);
    if (!scores.ok) return scores;
    accumulate(accumulator, plan, window, scores.value, importance, input.spatialAxes);
  }
  control.onProgress({ phase: 'infer', fraction: 1 });
  return accept(finish(accumulator));
};

/** Class scores to probabilities, in place: [class][voxel]. */
export const softmax = (scores: Float32Array, classes: number): void => {
  const size = scores.length / classes;
  for (let voxel = 0; voxel < size; voxel++) {
    let highest = -Infinity;
    for (let at = voxel; at < scores.length; at += size) highest = Math.max(highest, scores[at]);
    let sum = 0;
    for (let at = voxel; at < scores.length; at += size) {
      scores[at] = Math.exp(scores[at] - highest);
      sum += scores[at];
    }
    for (let at = voxel; at < scores.length; at += size) scores[at] /= sum;
  }
};
