import type { NetworkSpec } from '../core/model/networks';
import { accept, refuse, type Outcome } from '../core/outcome';
import { scoreRingBytes } from '../core/postprocessing/scoreRing';
import type { PreprocessedVolume } from '../core/preprocessing/preprocess';
import type { Volume } from '../core/volume/types';
import type { NetworkCalls } from './calls';

/** What the machine allows, in bytes; what is not known is left out. */
export interface MachineLimits {
  /** Of one GPU buffer: the adapter's `maxBufferSize` and `maxStorageBufferBindingSize`. */
  maxBufferSize?: number;
  maxStorageBufferBindingSize?: number;
  /** Of the runtime's own heap: 4 GiB in WASM. */
  heap?: number;
  /** Of the machine (`navigator.deviceMemory`, which browsers round and cap). */
  deviceMemory?: number;
}

/** Bytes that a run will hold at its peak, by what they are for. */
export interface MemoryPlan {
  /** The series themselves, as they came. */
  source: number;
  /** Float32 voxels of all channels on the network's grid. */
  preprocessed: number;
  /** Score sums of the layers that are in play, and what the inversion keeps. */
  scores: number;
  /** One call's tensors, the network's inputs and outputs: here and in the runtime's heap. */
  tensors: number;
  /** Label map and maps. */
  result: number;
  /** All of these together, without the network's own weights and activations. */
  peak: number;
  /** The largest single tensor that passes between the page and the runtime. */
  largestTensor: number;
}

export const GIB = 1024 ** 3;
/** Pointers of 32 bits. */
export const WASM_HEAP = 4 * GIB;
/** Browsers say no more than this, however much there is. */
const DEVICE_MEMORY_CAP = 8 * GIB;

const product = (sizes: readonly number[]): number => sizes.reduce((total, n) => total * n, 1);

/** Channels of the outputs that are averaged, as far as the manifest tells. */
const channelsOfOutput = (output: NetworkSpec['outputs'][number]): number => {
  switch (output.type) {
    case 'labelMap':
      return output.encoding === 'labels' ? 1 : output.classes;
    case 'centerHeatmap':
      return Math.max(...output.labels.map(({ value }) => value)) + 1 + (output.size ? 3 : 0);
    case 'map':
      return output.channel + 1;
    case 'tensor':
      return output.channels;
    default:
      return 0;
  }
};

/** Of a series that fills several channels once. */
export const bytesOf = (volumes: ReadonlyArray<Pick<Volume, 'voxels'>>): number =>
  [...new Set(volumes)].reduce((sum, { voxels }) => sum + voxels.byteLength, 0);

/**
 * Reckons what a run of a package over a preprocessed volume will hold. Scores are never held whole:
 * a ring of as many layers as a window is deep takes their place.
 *
 * @param volumes one a channel; a series that fills several is counted once
 * @param held in a chain, bytes that are there before: the series and what earlier networks have left
 */
export const planMemory = (
  network: NetworkSpec,
  volumes: readonly Pick<Volume, 'voxels' | 'geometry'>[],
  prepared: Pick<PreprocessedVolume, 'channels' | 'geometry'>,
  calls: NetworkCalls,
  networks = 1,
  held?: number,
): MemoryPlan => {
  const voxels = product(prepared.geometry.dimensions);
  const source = held ?? bytesOf(volumes);
  const { grid, isDisjoint } = calls;
  const layer = grid.dimensions[0] * grid.dimensions[1];
  const { outputs } = network;
  const inputs = network.inputs.length;
  const largestInput = (4 * product(calls.inputSize) * prepared.channels) / inputs;
  const heat = outputs.find(({ type }) => type === 'centerHeatmap');
  const stride = heat?.type === 'centerHeatmap' ? product(heat.stride) : 1;
  const answers = outputs.map(
    output => (4 * product(grid.size) * channelsOfOutput(output)) / stride,
  );
  const largestTensor = Math.max(largestInput, ...answers);
  const scores = outputs.reduce((sum, output) => {
    const channels =
      output.type === 'labelMap'
        ? output.classes
        : output.type === 'map'
          ? 1
          : channelsOfOutput(output);
    if (channels === 0) return sum;
    const held =
      isDisjoint && networks === 1
        ? 4 * layer * channels
        : scoreRingBytes(grid, channels) / (output.type === 'centerHeatmap' ? stride : 1);
    // Two layers of scores and codes stay with the inversion.
    return sum + held + 2 * 5 * layer * channels;
  }, 0);
  const hasLabels = outputs.some(({ type }) => type === 'labelMap');
  const labels = hasLabels ? product(volumes[0].geometry.dimensions) : 0;
  const wholes = outputs.reduce(
    (sum, output) =>
      sum + (output.type === 'map' ? 1 : output.type === 'tensor' ? output.channels : 0),
    0,
  );
  const result = labels + 4 * voxels * wholes;
  const preprocessed = 4 * voxels * prepared.channels;
  const tensors = 2 * (largestInput * inputs + answers.reduce((sum, bytes) => sum + bytes, 0));
  const peak = source + preprocessed + scores + tensors + result;
  return { source, preprocessed, scores, tensors, result, peak, largestTensor };
};

/** `what` of a refusal that another engine would not make. */
export const GPU_BUFFER = 'one tensor in a GPU buffer';

const gib = (bytes: number): string => (bytes / GIB).toFixed(2);

/**
 * Whether a plan fits the machine. Refuses `memoryTooLarge` before the network is called, saying what
 * does not fit where: values `what`, `needed` and `allowed` in GiB.
 */
export const checkMemory = (
  model: string,
  plan: MemoryPlan,
  limits: MachineLimits,
): Outcome<MemoryPlan> => {
  const tooLarge = (what: string, needed: number, allowed: number) =>
    refuse(
      'memoryTooLarge',
      `Model ${model} needs ${gib(needed)} GiB (${what}); this machine allows ${gib(allowed)} GiB`,
      { model, what, needed: gib(needed), allowed: gib(allowed) },
    );
  const { maxBufferSize, maxStorageBufferBindingSize, heap, deviceMemory } = limits;
  const ofBuffer = Math.min(maxBufferSize ?? Infinity, maxStorageBufferBindingSize ?? Infinity);
  if (plan.largestTensor > ofBuffer) {
    return tooLarge(GPU_BUFFER, plan.largestTensor, ofBuffer);
  }
  if (heap !== undefined && plan.tensors / 2 > heap) {
    return tooLarge('tensors in the heap of the runtime', plan.tensors / 2, heap);
  }
  // At the cap there may be any amount of memory.
  if (deviceMemory !== undefined && deviceMemory < DEVICE_MEMORY_CAP && plan.peak > deviceMemory) {
    return tooLarge('volume, scores and result', plan.peak, deviceMemory);
  }
  return accept(plan);
};
