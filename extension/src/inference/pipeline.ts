import type { InferenceSession } from 'onnxruntime-common';
import type { ModelResult, Phase } from '../core/findings/types';
import { measureSegments } from '../core/measure/measure';
import { primaryOutput, type LabelMapOutput, type ModelManifest } from '../core/model/manifest';
import { networksOf } from '../core/model/networks';
import { accept, refuse, type Outcome } from '../core/outcome';
import { composeLabels, ownOutput, ownSteps } from '../core/postprocessing/compose';
import type { FinishedLabelMap } from '../core/postprocessing/postprocess';
import type { RunControl, RunOptions } from '../core/reading/ports';
import type { Volume } from '../core/volume/types';
import { cancelled, checkNames, createFloatTensor, type CreateTensor } from './infer';
import type { MachineLimits, MemoryPlan } from './memoryPlan';
import { operatingPointOf } from './operatingPoint';
import { boxesCollector } from './outputs/boxes';
import { centerHeatmapCollector } from './outputs/centerHeatmap';
import type { Collector, CollectorContext } from './outputs/collector';
import { detectionsOf, KEEP_ALL } from './outputs/detections';
import { labelMapCollector } from './outputs/labelMap';
import { mapCollector } from './outputs/map';
import { classificationCollector, regressionCollector } from './outputs/vectors';
import { runNetwork, type RunContext, type RunPhase } from './runNetwork';
import { runStages, type StageResults } from './stages';
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

/** What is made of the task's own output: its collector, and the result when all calls are done. */
interface Primary {
  collector: Collector;
  result(phase: RunPhase): Promise<Outcome<ModelResult>>;
}

/** The label map of all networks of a chain. */
const composed = (
  { manifest, volumes }: PipelineRequest,
  { labels }: LabelMapOutput,
  results: StageResults,
  own: FinishedLabelMap | undefined,
): FinishedLabelMap =>
  composeLabels(labels, manifest.postprocessing, volumes[0].geometry, stage =>
    stage === undefined ? own : results.labelMapOf(stage),
  );

const segmentation = async (
  { manifest, volumes: [volume] }: PipelineRequest,
  { labels }: LabelMapOutput,
  phase: RunPhase,
  finish: () => FinishedLabelMap,
): Promise<Outcome<ModelResult>> => {
  const { labelMap, box } = await phase('postprocess', finish);
  const concepts = labels.map(({ from: _from, ...label }) => label);
  const segments = await phase('measure', () =>
    measureSegments(labelMap, volume, concepts, manifest.measurements, box),
  );
  return accept({ kind: 'segmentation', labelMap, segments });
};

/**
 * What is said where the last network has nothing to look at, as an earlier one found nothing: the
 * label map of those that did. Refuses `stageFoundNothing` where the task is another.
 */
const withoutLast = (
  request: PipelineRequest,
  results: StageResults,
  stage: string,
): Outcome<Pick<Primary, 'result'>> => {
  const output = primaryOutput(request.manifest);
  if (output.type === 'labelMap') {
    const finish = () => composed(request, output, results, undefined);
    return accept({ result: phase => segmentation(request, output, phase, finish) });
  }
  const { id } = request.manifest;
  return refuse(
    'stageFoundNothing',
    `Stage "${stage}" of model ${id} found nothing; the last network, which looks at what it finds, has nothing to answer for`,
    { model: id, stage },
  );
};

const primaryOf = (
  request: PipelineRequest,
  context: CollectorContext,
  results: StageResults,
  threshold: number | undefined,
): Primary => {
  const { manifest, volumes } = request;
  const output = primaryOutput(manifest);
  const source = volumes[0].geometry;
  const { calls } = context;
  const names = manifest.measurements;
  switch (output.type) {
    case 'labelMap': {
      const { postprocessing, stages } = manifest;
      const collector = stages
        ? labelMapCollector(context, ownOutput(output), source, ownSteps(postprocessing), threshold)
        : labelMapCollector(context, output, source, postprocessing, threshold);
      const finish = stages
        ? () => composed(request, output, results, collector.finish())
        : collector.finish;
      return { collector, result: phase => segmentation(request, output, phase, finish) };
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

/** Sessions of each network: one a file of role `network`, in the manifest's order. */
const sessionsByStage = (
  { files }: ModelManifest,
  sessions: readonly InferenceSession[],
): Map<string | undefined, InferenceSession[]> => {
  const networks = files.filter(({ role }) => role === 'network');
  if (networks.length !== sessions.length) {
    throw new Error(`${sessions.length} sessions for ${networks.length} networks`);
  }
  const grouped = new Map<string | undefined, InferenceSession[]>();
  networks.forEach(({ stage }, index) => {
    grouped.set(stage, [...(grouped.get(stage) ?? []), sessions[index]]);
  });
  return grouped;
};

/** Of a chain, all that comes before the last network's end is one phase, which runs through once. */
const shareOfChain =
  (tell: RunControl['onProgress'], index: number, count: number): RunControl['onProgress'] =>
  ({ phase, fraction = 0 }) => {
    const isLast = index === count - 1;
    if (count === 1 || (index === 0 && phase === 'preprocess')) return tell({ phase, fraction });
    if (phase === 'preprocess') return tell({ phase: 'infer', fraction: index / count });
    if (phase === 'infer') return tell({ phase, fraction: (index + fraction) / count });
    return tell(isLast ? { phase, fraction } : { phase: 'infer', fraction: (index + 1) / count });
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

  const networks = networksOf(manifest);
  const stages = networks.slice(0, -1);
  const last = networks[networks.length - 1];
  const grouped = sessionsByStage(manifest, sessions);
  const sessionsOf = (stage: string | undefined) => grouped.get(stage) ?? [];

  const operatingPoint = operatingPointOf(manifest, request.options);
  if (!operatingPoint.ok) return operatingPoint;
  for (const network of networks) {
    for (const session of sessionsOf(network.stage)) {
      const named = checkNames(network, session);
      if (!named.ok) return named;
    }
  }

  const spent = { milliseconds: 0 };
  const contextOf = (index: number): RunContext => {
    const { signal } = control;
    const onProgress = shareOfChain(control.onProgress, index, networks.length);
    const phase: RunPhase = async (name, work) => {
      onProgress({ phase: name, fraction: 0 });
      await yieldToEventLoop();
      const startedAt = performance.now();
      const result = await work();
      timing[name] = (timing[name] ?? 0) + performance.now() - startedAt;
      return result;
    };
    return {
      control: { signal, onProgress },
      phase,
      createTensor,
      limits: request.limits ?? {},
      spent,
    };
  };

  const chain = await runStages(manifest, stages, volumes, sessionsOf, contextOf);
  if (!chain.ok) return chain;
  const { results } = chain.value;
  const context = contextOf(stages.length);
  const empty = results.emptyFor(last);
  const sources = {
    source: volumes[0].geometry,
    volumes: empty === undefined ? results.volumesFor(last) : [],
    sessions: sessionsOf(undefined),
    earlier: results.earlier,
    held: results.bytes,
  };
  const inferred =
    empty === undefined
      ? await runNetwork(context, last, sources, collected => {
          const { threshold } = operatingPoint.value ?? {};
          const primary = primaryOf(request, collected, results, threshold);
          const maps = manifest.outputs
            .filter(output => output.type === 'map')
            .map(output => mapCollector(collected, output));
          return { collectors: [primary.collector, ...maps], result: { primary, maps } };
        })
      : undefined;
  if (inferred && !inferred.ok) return inferred;
  timing.infer = (timing.infer ?? 0) - spent.milliseconds;
  timing.postprocess = (timing.postprocess ?? 0) + spent.milliseconds;
  if (control.signal.aborted) return cancelled(manifest);

  const primary = inferred
    ? accept(inferred.value.result.primary)
    : withoutLast(request, results, empty ?? '');
  if (!primary.ok) return primary;
  const result = await primary.value.result(context.phase);
  if (!result.ok) return result;
  if (control.signal.aborted) return cancelled(manifest);
  const maps = inferred?.value.result.maps ?? [];
  const output: ModelResult =
    maps.length === 0 ? result.value : { ...result.value, maps: maps.map(map => map.finish()) };
  const [first, ...others] = [chain.value.memory, inferred?.value.memory].filter(
    plan => plan !== undefined,
  );
  const memory = others.reduce((a, b) => (b.peak > a.peak ? b : a), first);
  return accept({ output, timing, memory });
};
