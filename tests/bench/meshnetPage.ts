/** The page of the MeshNet benchmark: one brain, in TensorFlow.js and in the plugin's worker. */
import type * as core from '@tensorflow/tfjs-core';
import type * as layers from '@tensorflow/tfjs-layers';
import type * as wasm from '@tensorflow/tfjs-backend-wasm';
import { createWorkerInference } from '../../extension/src/adapters/inference/workerInference';
import { manifestSchema } from '../../extension/src/core/model/manifest';
import type { VolumeGeometry } from '../../extension/src/core/geometry/types';
import type { EnginePreference } from '../../extension/src/inference/engineChoice';

/**
 * TensorFlow.js as published, from script tags: its threads start from the text of its own
 * functions, which a bundler's renaming breaks.
 */
declare const tf: typeof core & typeof layers & { wasm: typeof wasm };

export interface MeshnetRun {
  backend: string;
  /** From voxels in memory to labels in memory, once the network is loaded. */
  milliseconds: number;
  /** Voxels by label. */
  counts: number[];
}

const countLabels = (labels: ArrayLike<number>): number[] => {
  const counts: number[] = [];
  for (let index = 0; index < labels.length; index++) {
    const label = labels[index];
    counts[label] = (counts[label] ?? 0) + 1;
  }
  return Array.from(counts, count => count ?? 0);
};

const voxelsOf = async (volumeUrl: string): Promise<Float32Array<ArrayBuffer>> =>
  new Float32Array(await (await fetch(volumeUrl)).arrayBuffer());

/**
 * As brainchop runs it: smallest to largest value onto 0 to 1, layer after layer with each layer's
 * input disposed of, arg-max over the channels.
 */
const tensorflow = async (request: {
  backend: 'wasm' | 'webgl' | 'webgpu';
  wasmUrl: string;
  threads: number;
  modelUrl: string;
  volumeUrl: string;
  shape: [number, number, number];
}): Promise<MeshnetRun> => {
  tf.wasm.setThreadsCount(request.threads);
  tf.wasm.setWasmPaths(request.wasmUrl);
  if (!(await tf.setBackend(request.backend))) {
    throw new Error(`TensorFlow.js has no backend ${request.backend} here`);
  }
  await tf.ready();
  const network = await tf.loadLayersModel(request.modelUrl);
  const voxels = await voxelsOf(request.volumeUrl);
  const startedAt = performance.now();
  let current: core.Tensor = tf.tidy(() => {
    const given = tf.tensor(voxels, [1, ...request.shape, 1]);
    const lowest = tf.min(given);
    return tf.div(tf.sub(given, lowest), tf.sub(tf.max(given), lowest));
  });
  for (const layer of network.layers.slice(1)) {
    const next = layer.apply(current) as core.Tensor;
    current.dispose();
    current = next;
    // A GPU backend queues: one value is asked for, so that a whole brain's work is not one task.
    if (request.backend !== 'wasm')
      await tf.slice(current, [0, 0, 0, 0, 0], [1, 1, 1, 1, 1]).data();
  }
  const labels = tf.tidy(() => tf.argMax(current, -1));
  const counts = countLabels(await labels.data());
  const milliseconds = performance.now() - startedAt;
  current.dispose();
  labels.dispose();
  return { backend: `TensorFlow.js ${request.backend}`, milliseconds, counts };
};

/** The same brain through the plugin's worker, from voxels to a measured label map. */
const plugin = async (request: {
  manifest: unknown;
  modelUrl: string;
  pluginUrl: string;
  volumeUrl: string;
  geometry: VolumeGeometry;
  preference: EnginePreference;
}): Promise<MeshnetRun> => {
  const manifest = manifestSchema.parse(request.manifest);
  const engine = createWorkerInference({
    baseUrl: request.pluginUrl,
    preference: request.preference,
  });
  const voxels = await voxelsOf(request.volumeUrl);
  const startedAt = performance.now();
  const outcome = await engine.run(
    { manifest, baseUrl: request.modelUrl },
    [{ geometry: request.geometry, voxels, modality: 'MR', slices: [] }],
    {},
    { signal: new AbortController().signal, onProgress: () => undefined },
  );
  const milliseconds = performance.now() - startedAt;
  engine.dispose();
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  const { output, engine: report } = outcome.value;
  if (output.kind !== 'segmentation') throw new Error(`a ${output.kind} came of a segmentation`);
  return {
    backend: `Second Reader ${report.engine}, ${report.threads} threads`,
    milliseconds,
    counts: countLabels(output.labelMap.voxels),
  };
};

const meshnet = { tensorflow, plugin };
export type Meshnet = typeof meshnet;
Object.assign(globalThis, { meshnet });
