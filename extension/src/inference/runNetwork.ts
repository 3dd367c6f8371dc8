import type { InferenceSession } from 'onnxruntime-common';
import type { VolumeGeometry } from '../core/geometry/types';
import type { Phase } from '../core/findings/types';
import { networkChannels, type NetworkSpec } from '../core/model/networks';
import { accept, type Outcome } from '../core/outcome';
import {
  preprocess,
  type EarlierStages,
  type PreprocessedVolume,
  type SourceVolume,
} from '../core/preprocessing/preprocess';
import type { RunControl } from '../core/reading/ports';
import { planCalls } from './calls';
import { cancelled, inferCalls, type CreateTensor } from './infer';
import { checkMemory, planMemory, type MachineLimits, type MemoryPlan } from './memoryPlan';
import type { Collector, CollectorContext } from './outputs/collector';

export type RunPhase = <T>(name: Phase, work: () => T | Promise<T>) => Promise<T>;

/** What all networks of a run share. */
export interface RunContext {
  control: RunControl;
  phase: RunPhase;
  createTensor: CreateTensor;
  limits: MachineLimits;
  /** Adds up the time that collectors take: that is postprocessing, not inference. */
  spent: { milliseconds: number };
}

/** Weights of the networks: of the step `meanEnsemble`, or equal; they add up to 1. */
const ensembleWeights = ({ postprocessing }: NetworkSpec, networks: number): number[] => {
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
 * Runs one network of a package, or the folds of an ensemble, over its volumes: preprocess, plan,
 * infer. What is made of its answers is the caller's.
 *
 * @param source the grid of the study's first channel, which results come back to
 * @param volumes one a channel of the network
 * @param collect makes what takes the answers; the first of `collectors` is asked first
 * @param held bytes that are there before: the study's series and what earlier networks have left
 *
 * Refuses `runCancelled`, `memoryTooLarge`, what `preprocess`, `planCalls`, `inferCalls` and the
 * collectors refuse.
 */
export const runNetwork = async <T>(
  { control, phase, createTensor, limits, spent }: RunContext,
  network: NetworkSpec,
  {
    source,
    volumes,
    sessions,
    earlier,
    held,
  }: {
    source: VolumeGeometry;
    volumes: readonly SourceVolume[];
    sessions: readonly InferenceSession[];
    earlier?: EarlierStages;
    held?: number;
  },
  collect: (context: CollectorContext) => { collectors: readonly Collector[]; result: T },
): Promise<Outcome<{ result: T; memory: MemoryPlan }>> => {
  const prepared = await phase('preprocess', (): Outcome<PreprocessedVolume> =>
    preprocess(volumes, networkChannels(network), network.preprocessing, earlier),
  );
  if (!prepared.ok) return prepared;
  if (control.signal.aborted) return cancelled(network);
  const planned = planCalls(network, prepared.value);
  if (!planned.ok) return planned;
  const { calls } = planned.value;
  const memory = checkMemory(
    network.id,
    planMemory(network, volumes, prepared.value, calls, sessions.length, held),
    limits,
  );
  if (!memory.ok) return memory;
  const [first] = volumes;
  // What is fed on from an earlier network has a grid of its own, of which the source knows nothing.
  const seen =
    first.geometry === source
      ? prepared.value.seen
      : { from: [0, 0, 0] as const, to: source.dimensions };
  const networks = sessions.length;
  const { template } = prepared.value;
  const { collectors, result } = collect({
    model: network.id,
    calls,
    seen,
    template,
    networks,
    spent,
  });
  const weights = ensembleWeights(network, networks);
  const done = await phase('infer', () =>
    inferCalls({
      network,
      planned: planned.value,
      sessions,
      weights,
      collectors,
      control,
      createTensor,
    }),
  );
  return done.ok ? accept({ result, memory: memory.value }) : done;
};
