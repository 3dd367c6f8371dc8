import type { InferenceSession } from 'onnxruntime-common';
import { channelsOf, type ModelManifest, type StageOutput } from '../core/model/manifest';
import {
  networkChannels,
  regionsOf,
  registrationsOf,
  type NetworkChannel,
  type NetworkSpec,
} from '../core/model/networks';
import type { Affine } from '../core/geometry/affine';
import { accept, type Outcome } from '../core/outcome';
import { boundingBox } from '../core/postprocessing/boundingBox';
import type { FinishedLabelMap } from '../core/postprocessing/postprocess';
import type { EarlierStages, SourceVolume } from '../core/preprocessing/preprocess';
import type { Volume } from '../core/volume/types';
import { bytesOf, type MemoryPlan } from './memoryPlan';
import type { Collector, CollectorContext } from './outputs/collector';
import { affineCollector } from './outputs/affine';
import { stageLabelMapCollector } from './outputs/labelMap';
import { tensorCollector, type StageTensor } from './outputs/tensor';
import { runNetwork, type RunContext } from './runNetwork';

/** What the networks of a chain that have run have left for later ones. */
export interface StageResults {
  earlier: EarlierStages;
  /** The label map of a stage; undefined where it found nothing, or could not look. */
  labelMapOf(stage: string): FinishedLabelMap | undefined;
  /** The volumes that a network is fed, one a channel. */
  volumesFor(network: NetworkSpec): SourceVolume[];
  /**
   * The earlier stage for whose sake a network cannot run: it found nothing to crop to. Undefined
   * where it can.
   */
  emptyFor(network: NetworkSpec): string | undefined;
  /** Bytes held, the study's series among them. */
  bytes: number;
}

interface StageResult {
  labelMap?: FinishedLabelMap;
  tensors: Map<string, StageTensor>;
  registration?: Affine;
}

/** One channel of a tensor as a volume, multiplied by another where the manifest says so. */
const asVolume = (
  { values, geometry, channels }: StageTensor,
  { channel = 0, multiplyBy }: NetworkChannel,
): SourceVolume => {
  const size = values.length / channels;
  const part = (at: number) => values.subarray(at * size, (at + 1) * size);
  const factor = multiplyBy === undefined ? undefined : part(multiplyBy);
  const voxels = part(channel);
  return { voxels: factor ? voxels.map((value, at) => value * factor[at]) : voxels, geometry };
};

const unvalidated = (what: string): never => {
  throw new Error(`${what}: the manifest was not validated`);
};

/**
 * Results of stages as they come in.
 *
 * @param volumes of the study, one a channel of $.inputs
 */
export const createStageResults = (
  manifest: ModelManifest,
  volumes: readonly Volume[],
): StageResults & { add(stage: string, result: StageResult | undefined): void } => {
  const keys = channelsOf(manifest).map(({ key }) => key);
  const results = new Map<string, StageResult | undefined>();
  let bytes = bytesOf(volumes);
  const tensorOf = (stage: string, output: string | undefined): StageTensor =>
    results.get(stage)?.tensors.get(output ?? '') ??
    unvalidated(`stage "${stage}" has no tensor "${output}"`);
  const isMissing = (stage: string): boolean => results.get(stage) === undefined;
  return {
    add(stage, result) {
      results.set(stage, result);
      bytes += result?.labelMap?.labelMap.voxels.byteLength ?? 0;
      for (const { values } of result?.tensors.values() ?? []) bytes += values.byteLength;
    },
    get bytes() {
      return bytes;
    },
    earlier: {
      region(stage) {
        const found = results.get(stage)?.labelMap;
        if (!found?.box) return unvalidated(`stage "${stage}" has no region`);
        return { grid: found.labelMap.geometry, box: found.box };
      },
      registration: stage =>
        results.get(stage)?.registration ?? unvalidated(`stage "${stage}" has no registration`),
    },
    labelMapOf: stage => results.get(stage)?.labelMap,
    volumesFor: network =>
      networkChannels(network).map((channel): SourceVolume => {
        const { key, stage, output } = channel;
        if (stage !== undefined) return asVolume(tensorOf(stage, output), channel);
        return volumes[keys.indexOf(key)] ?? unvalidated(`no channel "${key}"`);
      }),
    emptyFor: network => {
      const fed = networkChannels(network).flatMap(({ stage }) => stage ?? []);
      return (
        regionsOf(network).find(stage => results.get(stage)?.labelMap?.box === undefined) ??
        [...fed, ...registrationsOf(network)].find(isMissing)
      );
    },
  };
};

/** What takes a stage's outputs, and what is left of them when all calls are done. */
const stageCollectors = (
  context: CollectorContext,
  network: NetworkSpec,
  source: Volume['geometry'],
): { collectors: Collector[]; result: () => StageResult } => {
  const collectors: Collector[] = [];
  const finishers: Array<(result: StageResult) => void> = [];
  for (const output of network.outputs as readonly StageOutput[]) {
    if (output.type === 'labelMap') {
      const collector = stageLabelMapCollector(context, output, source, network.postprocessing);
      collectors.push(collector);
      finishers.push(result => {
        const { labelMap, box: within } = collector.finish();
        // Steps may have taken more away than they knew of.
        const box = within && boundingBox(labelMap, { within });
        result.labelMap = { labelMap, box };
      });
    } else if (output.type === 'affine') {
      const collector = affineCollector(context, output);
      collectors.push(collector);
      finishers.push(result => {
        result.registration = collector.finish();
      });
    } else {
      const collector = tensorCollector(context, output);
      collectors.push(collector);
      finishers.push(result => {
        result.tensors.set(output.name, collector.finish());
      });
    }
  }
  return {
    collectors,
    result: () => {
      const result: StageResult = { tensors: new Map() };
      finishers.forEach(finish => finish(result));
      return result;
    },
  };
};

/**
 * Runs the earlier networks of a chain in their order. One that would be cropped to what an earlier
 * one did not find is passed over, and so are those that are fed by it: nothing is found there either.
 *
 * @param contextOf progress of each network, by its place
 * @returns what they left, and the largest of their memory plans
 *
 * Refuses what `runNetwork` refuses.
 */
export const runStages = async (
  manifest: ModelManifest,
  stages: readonly NetworkSpec[],
  volumes: readonly Volume[],
  sessionsOf: (stage: string) => readonly InferenceSession[],
  contextOf: (index: number) => RunContext,
): Promise<Outcome<{ results: StageResults; memory?: MemoryPlan }>> => {
  const results = createStageResults(manifest, volumes);
  let largest: MemoryPlan | undefined;
  for (const [index, network] of stages.entries()) {
    const key = network.stage ?? unvalidated(`network ${index} is no stage`);
    if (results.emptyFor(network) !== undefined) {
      results.add(key, undefined);
      continue;
    }
    const context = contextOf(index);
    const ran = await runNetwork(
      context,
      network,
      {
        source: volumes[0].geometry,
        volumes: results.volumesFor(network),
        sessions: sessionsOf(key),
        earlier: results.earlier,
        held: results.bytes,
      },
      collected => stageCollectors(collected, network, volumes[0].geometry),
    );
    if (!ran.ok) return ran;
    const { memory, result } = ran.value;
    if (!largest || memory.peak > largest.peak) largest = memory;
    results.add(key, await context.phase('postprocess', result));
  }
  return accept({ results, memory: largest });
};
