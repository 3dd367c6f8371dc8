/** The page of the benchmark: a run as the plugin makes it, with the main thread watched. */
import { createWorkerInference } from '../../extension/src/adapters/inference/workerInference';
import { manifestSchema } from '../../extension/src/core/model/manifest';
import type { ModelResult } from '../../extension/src/core/findings/types';
import type { InferenceOutput } from '../../extension/src/core/reading/ports';
import type { VolumeGeometry } from '../../extension/src/core/geometry/types';
import { scores } from '../e2e/engines/page';

export interface BenchRun {
  engine: InferenceOutput['engine'];
  timing: InferenceOutput['timing'];
  /** Wall clock from the call to the answer, and of handing the voxels over. */
  milliseconds: number;
  /** Longest task on the main thread, by the Long Tasks API; 0 when none reached 50 ms. */
  longestTask: number;
  /** Longest time between two turns of an otherwise idle event loop. */
  longestGap: number;
  voxelCounts: number[];
}

/** Voxels of each segment. */
export const voxelCountsOf = (output: ModelResult): number[] =>
  output.kind === 'segmentation' ? output.segments.map(({ voxelCount }) => voxelCount) : [];

const watchMainThread = () => {
  let longestTask = 0;
  let longestGap = 0;
  let watching = true;
  const observer = new PerformanceObserver(list => {
    for (const entry of list.getEntries()) longestTask = Math.max(longestTask, entry.duration);
  });
  observer.observe({ entryTypes: ['longtask'] });
  const { port1, port2 } = new MessageChannel();
  let last = performance.now();
  port1.onmessage = () => {
    const now = performance.now();
    longestGap = Math.max(longestGap, now - last);
    last = now;
    // A turn each millisecond or so: watching must not take a core from what is watched.
    if (watching) setTimeout(() => ((last = performance.now()), port2.postMessage(0)), 4);
  };
  port2.postMessage(0);
  return () => {
    watching = false;
    for (const entry of observer.takeRecords()) longestTask = Math.max(longestTask, entry.duration);
    observer.disconnect();
    return { longestTask, longestGap };
  };
};

let loaded: Int16Array<ArrayBuffer> | undefined;

/** Brings the voxels into the page, as a viewer has them before a run. */
const load = async (volumeUrl: string): Promise<void> => {
  loaded = new Int16Array(await (await fetch(volumeUrl)).arrayBuffer());
};

const run = async (request: {
  manifest: unknown;
  modelUrl: string;
  pluginUrl: string;
  geometry: VolumeGeometry;
}): Promise<BenchRun> => {
  if (!loaded) throw new Error('load() comes first');
  const voxels = loaded;
  loaded = undefined;
  const engine = createWorkerInference({ baseUrl: request.pluginUrl, preference: 'wasm-threads' });
  const stop = watchMainThread();
  const startedAt = performance.now();
  const outcome = await engine.run(
    { manifest: manifestSchema.parse(request.manifest), baseUrl: request.modelUrl },
    [{ geometry: request.geometry, voxels, modality: 'CT', slices: [] }],
    {},
    { signal: new AbortController().signal, onProgress: () => undefined },
  );
  const milliseconds = performance.now() - startedAt;
  // The observer is told of a task after it has ended.
  await new Promise(resolve => setTimeout(resolve, 200));
  const { longestTask, longestGap } = stop();
  engine.dispose();
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return {
    engine: outcome.value.engine,
    timing: outcome.value.timing,
    milliseconds,
    longestTask,
    longestGap,
    voxelCounts: voxelCountsOf(outcome.value.output),
  };
};

const bench = { load, run, scores };
export type Bench = typeof bench;
Object.assign(globalThis, { bench });
