/** What the bare page of engines.spec.ts runs: the plugin's own client of the inference worker. */
import { createWorkerInference } from '../../../extension/src/adapters/inference/workerInference';
import type { EngineReport } from '../../../extension/src/core/findings/types';
import { manifestSchema } from '../../../extension/src/core/model/manifest';
import type { Progress } from '../../../extension/src/core/reading/ports';
import type { Volume } from '../../../extension/src/core/volume/types';
import type { EnginePreference } from '../../../extension/src/inference/engineChoice';

export interface RunRequest {
  manifest: unknown;
  modelUrl: string;
  pluginUrl: string;
  preference: EnginePreference;
  volume: { geometry: Volume['geometry']; voxels: number[] };
  cancelAt?: number;
  stallMs?: number;
  /** How often to run, one after the other; the answer is the last run's. Once. */
  runs?: number;
}

export interface RunAnswer {
  ok: boolean;
  refusal?: { code: string; message: string };
  labels?: number[];
  segments?: Array<{ voxelCount: number }>;
  engine?: EngineReport;
  engines: EngineReport[];
  progress: Progress[];
  milliseconds: number;
  notCached?: string;
}

const engines = new Map<string, ReturnType<typeof createWorkerInference>>();
let running: RunAnswer | undefined;

const run = async (request: RunRequest): Promise<RunAnswer> => {
  const answer: RunAnswer = { ok: false, engines: [], progress: [], milliseconds: 0 };
  running = answer;
  const key = `${request.pluginUrl} ${request.preference} ${request.stallMs}`;
  engines.get(key)?.dispose();
  const inference = createWorkerInference({
    baseUrl: request.pluginUrl,
    preference: request.preference,
    stallMs: request.stallMs,
    onEngineChange: engine => answer.engines.push(engine),
    onModelNotCached: (_, reason) => (answer.notCached = reason),
  });
  engines.set(key, inference);
  const abort = new AbortController();
  const once = () =>
    inference.run(
      { manifest: manifestSchema.parse(request.manifest), baseUrl: request.modelUrl },
      [
        {
          geometry: request.volume.geometry,
          voxels: Int16Array.from(request.volume.voxels),
          modality: 'CT',
          slices: [],
        },
      ],
      {},
      {
        signal: abort.signal,
        onProgress(progress) {
          answer.progress.push(progress);
          const { phase, fraction = 0 } = progress;
          if (request.cancelAt !== undefined && phase === 'infer' && fraction >= request.cancelAt)
            abort.abort();
        },
      },
    );
  for (let before = 1; before < (request.runs ?? 1); before++) await once();
  const startedAt = performance.now();
  const outcome = await once();
  answer.milliseconds = performance.now() - startedAt;
  answer.ok = outcome.ok;
  if (outcome.ok) {
    const { output } = outcome.value;
    if (output.kind === 'segmentation') {
      answer.labels = Array.from(output.labelMap.voxels);
      answer.segments = output.segments.map(({ voxelCount }) => ({ voxelCount }));
    }
    answer.engine = outcome.value.engine;
  } else {
    answer.refusal = outcome.refusal;
  }
  return answer;
};

export interface Scores {
  dims: number[];
  data: number[];
  /** Command buffers given to the GPU. */
  submissions: number;
  /** Of each call. */
  milliseconds: number[];
}

/** Class scores straight from a session made by the worker's own code. */
export const scores = (request: {
  pluginUrl: string;
  modelUrl: string;
  engine: EngineReport;
  input: string;
  output: string;
  dims: number[];
  data: number[] | Float32Array;
  /** Calls to time; with more than one, the scores themselves are left out. */
  repeat?: number;
}): Promise<Scores> =>
  new Promise((resolve, reject) => {
    const worker = new Worker('/test/scores-worker.js', { type: 'module' });
    worker.onmessage = event => {
      worker.terminate();
      const answer = event.data as Scores & { error?: string };
      if (answer.error) reject(new Error(answer.error));
      else resolve(answer);
    };
    worker.onerror = event => reject(new Error(event.message || 'the worker could not be loaded'));
    worker.postMessage(request);
  });

const harness = { run, scores, running: () => running };
export type Harness = typeof harness;
Object.assign(globalThis, { harness });
