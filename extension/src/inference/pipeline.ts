import type { InferenceSession } from 'onnxruntime-common';
import type { ModelResult, Phase } from '../core/findings/types';
import { measureSegments } from '../core/measure/measure';
import { channelsOf, primaryOutput, type ModelManifest } from '../core/model/manifest';
import { accept, type Outcome } from '../core/outcome';
import { preprocess, type PreprocessedVolume } from '../core/preprocessing/preprocess';
import type { RunControl, RunOptions } from '../core/reading/ports';
import type { Volume } from '../core/volume/types';
import { planCalls } from './calls';
import { cancelled, checkNames, createFloatTensor, inferCalls, type CreateTensor } from './infer';
import { checkMemory, planMemory, type MachineLimits, type MemoryPlan } from './memoryPlan';
import { operatingPointOf } from './operatingPoint';
import { boxesCollector } from './outputs/boxes';
import { centerHeatmapCollector } from './outputs/centerHeatmap';
import type { Collector, CollectorContext } from './outputs/collector';
import { detectionsOf, KEEP_ALL } from './outputs/detections';
import { labelMapCollector } from './outputs/labelMap';
import { mapCollector } from './outputs/map';
import { classificationCollector, regressionCollector } from './outputs/vectors';
import { yieldToEventLoop } from './yieldToEventLoop';

export interface PipelineResult {
  output: ModelResult;
  /** Milliseconds by phase. */
  timing: Partial<Record<Phase, number>>;
  /** What the run was expected to hold. */
  memory: MemoryPlan;
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
  /** What the machine allows; nothing is checked without it. */
  limits?: MachineLimits;
}

type RunPhase = <T>(name: Phase, work: () => T | Promise<T>) => Promise<T>;

/** What is made of the task's own output: its collector, and the result when all calls are done. */
interface Primary {
  collector: Collector;
  result(phase: RunPhase): Promise<Outcome<ModelResult>>;
}

const primaryOf = (
  { manifest, volumes: [volume] }: PipelineRequest,
  context: CollectorContext,
  threshold: number | undefined,
): Primary => {
  const output = primaryOutput(manifest);
  const source = volume.geometry;
  const { calls } = context;
  const names = manifest.measurements;
  switch (output.type) {
    case 'labelMap': {
      const { postprocessing } = manifest;
      const collector = labelMapCollector(context, output, source, postprocessing, threshold);
      const result: Primary['result'] = async phase => {
        const { labelMap, box } = await phase('postprocess', collector.finish);
        const segments = await phase('measure', () =>
          measureSegments(labelMap, volume, output.labels, names, box),
        );
        return accept({ kind: 'segmentation', labelMap, segments });
      };
      return { collector, result };
    }
    case 'boxes':
    case 'centerHeatmap': {
      const least = threshold ?? KEEP_ALL;
      const collector =
        output.type === 'boxes'
          ? boxesCollector(context, output, least)
          : centerHeatmapCollector(context, output, least);
      const result: Primary['result'] = async phase =>
        accept(
          await phase('postprocess', () =>
            detectionsOf(collector.finish(), calls.geometry, source, output, {
              threshold: least,
              names,
            }),
          ),
        );
      return { collector, result };
    }
    case 'classification': {
      const collector = classificationCollector(context, output, threshold);
      return { collector, result: phase => phase('postprocess', collector.finish) };
    }
    case 'regression': {
      const collector = regressionCollector(context, output);
      return {
        collector,
        result: async phase => accept(await phase('postprocess', collector.finish)),
      };
    }
  }
};

/** Weights of the networks: of the step `meanEnsemble`, or equal; they add up to 1. */
const ensembleWeights = ({ postprocessing }: ModelManifest, networks: number): number[] => {
  const step = postprocessing.find(({ transform }) => transform === 'meanEnsemble');
  const given = step?.transform === 'meanEnsemble' ? step.weights : undefined;
  const weights = given ?? new Array<number>(networks).fill(1);
  if (weights.length !== networks) {
    throw new Error(`${weights.length} weights for ${networks} networks: not validated`);
  }
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return networks === 1 ? [1] : weights.map(weight => weight / sum);
};

/**
 * From voxels to a measured result on the source's grid: preprocess → infer → postprocess → measure,
 * the same code in the browser's worker and under Node, for every task.
 *
 * Between phases and between calls it lets events in and looks at the signal. Scores are never held
 * whole: layers of the network's grid that no later window reaches go straight into the inversion
 * (or the arg-max, or the search for peaks), so the time of these counts as postprocessing though
 * it is spent between calls. What is done with is let go of at once.
 *
 * Refuses `runCancelled`, `operatingPointUnknown`, `memoryTooLarge`, what `preprocess` and `planCalls` refuse,
 * `engineFailed` (value `detail`: what the runtime said), and what the model promised and did not
 * keep: `modelNameMissing`, `modelOutputMissing`, `modelOutputType`, `modelOutputShape`,
 * `modelOutputNotFinite`, `modelLabelUnknown`, `modelBoxInvalid`, `modelScoreRange`.
 */
export const runPipeline = async (request: PipelineRequest): Promise<Outcome<PipelineResult>> => {
  const { manifest, volumes, sessions, control, createTensor = createFloatTensor } = request;
  const timing: Partial<Record<Phase, number>> = {};

  const phase: RunPhase = async (name, work) => {
    control.onProgress({ phase: name, fraction: 0 });
    await yieldToEventLoop();
    const startedAt = performance.now();
    const result = await work();
    timing[name] = (timing[name] ?? 0) + performance.now() - startedAt;
    return result;
  };

  const operatingPoint = operatingPointOf(manifest, request.options);
  if (!operatingPoint.ok) return operatingPoint;
  for (const session of sessions) {
    const named = checkNames(manifest, session);
    if (!named.ok) return named;
  }

  const spent = { milliseconds: 0 };
  // In a scope of its own, so that the preprocessed volume is garbage once it has been inferred.
  const inferred = await (async () => {
    const prepared = await phase('preprocess', (): Outcome<PreprocessedVolume> =>
      preprocess(volumes, channelsOf(manifest), manifest.preprocessing),
    );
    if (!prepared.ok) return prepared;
    if (control.signal.aborted) return cancelled(manifest);
    const planned = planCalls(manifest, prepared.value);
    if (!planned.ok) return planned;
    const { calls } = planned.value;
    const memory = checkMemory(
      manifest.id,
      planMemory(manifest, volumes, prepared.value, calls, sessions.length),
      request.limits ?? {},
    );
    if (!memory.ok) return memory;
    const { seen } = prepared.value;
    const context = { model: manifest.id, calls, seen, networks: sessions.length, spent };
    const primary = primaryOf(request, context, operatingPoint.value?.threshold);
    const maps = manifest.outputs
      .filter(output => output.type === 'map')
      .map(output => mapCollector(context, output));
    const done = await phase('infer', () =>
      inferCalls({
        manifest,
        planned: planned.value,
        sessions,
        weights: ensembleWeights(manifest, sessions.length),
        collectors: [primary.collector, ...maps],
        control,
        createTensor,
      }),
    );
    return done.ok ? accept({ primary, maps, memory: memory.value }) : done;
  })();
  if (!inferred.ok) return inferred;
  timing.infer = (timing.infer ?? 0) - spent.milliseconds;
  timing.postprocess = spent.milliseconds;
  if (control.signal.aborted) return cancelled(manifest);

  const { primary, maps, memory } = inferred.value;
  const result = await primary.result(phase);
  if (!result.ok) return result;
  if (control.signal.aborted) return cancelled(manifest);
  const output: ModelResult =
    maps.length === 0 ? result.value : { ...result.value, maps: maps.map(map => map.finish()) };
  return accept({ output, timing, memory });
};
