import type { EngineReport } from '../../core/findings/types';
import { accept, refuse, type Outcome } from '../../core/outcome';
import type {
  InferenceEngine,
  InferenceOutput,
  ModelPackage,
  RunControl,
  RunOptions,
} from '../../core/reading/ports';
import type { Volume } from '../../core/volume/types';
import type { EnginePreference, FailedEngine } from '../../inference/engineChoice';
import { networksKey } from '../../inference/network';
import type { WorkerReport } from '../../inference/worker/messages';
import { keepVoxels, type KeptVoxels } from './keepVoxels';
import { createWorkerLink, type RunEnd, type WorkerLike, type WorkerLink } from './workerLink';

export interface WorkerInferenceOptions {
  /** Folder of `inference-worker.js` and `ort/`, absolute, ending in "/". */
  baseUrl: string;
  /** Configuration `secondReader.engine`; `auto` without it. */
  preference?: EnginePreference;
  /** Told as soon as an engine is chosen, and again when it falls back. */
  onEngineChange?(engine: EngineReport): void;
  /** The model file could not be kept for the next run; the run goes on. */
  onModelNotCached?(modelId: string, reason: string): void;
  /** Milliseconds of silence after which a busy worker is given up. Ten minutes. */
  stallMs?: number;
  /** Milliseconds a cancelled run may take to stop before its worker is ended. */
  cancelGraceMs?: number;
  /** For tests outside a browser. */
  spawn?(): WorkerLike;
}

/**
 * Starts the worker's own file. A worker must come from the page's origin; where the plugin is
 * served by another one, a script of one line made here imports it.
 */
const spawnFrom = (baseUrl: string): WorkerLike => {
  const url = new URL('inference-worker.js', baseUrl).href;
  if (new URL(url).origin === globalThis.location.origin)
    return new Worker(url, { type: 'module' });
  const script = new Blob([`import ${JSON.stringify(url)};`], { type: 'text/javascript' });
  const blobUrl = URL.createObjectURL(script);
  const worker = new Worker(blobUrl, { type: 'module' });
  // The script must be there until the worker has read it.
  setTimeout(() => URL.revokeObjectURL(blobUrl), 60_000);
  return worker;
};

const cancelled = (model: ModelPackage) =>
  refuse('runCancelled', `The run of ${model.manifest.id} was cancelled`, {
    model: model.manifest.id,
  });

const failedEngine = (end: RunEnd, engine: EngineReport | undefined): FailedEngine | undefined => {
  if (end.type === 'died') {
    return { engine: engine?.engine ?? 'wasm', reason: end.reason, detail: end.detail };
  }
  return end.type === 'engineFailed' && end.reason
    ? { engine: end.engine, reason: end.reason, detail: end.detail }
    : undefined;
};

/**
 * The workstation's engine: ONNX Runtime Web in a worker.
 *
 * One queue. When the GPU device is lost, the GPU cannot run the network or the worker dies, the
 * run is tried once more on WASM in a new worker, and the engine report says why. A second failure
 * is refused as `engineFailed`; a cancelled run as `runCancelled`, at once, even if the worker is
 * inside a call that cannot be stopped. Refusals of the model file and of the pipeline pass through.
 */
export const createWorkerInference = (
  options: WorkerInferenceOptions,
): InferenceEngine & { dispose(): void } => {
  const { baseUrl, preference = 'auto', stallMs = 600_000, cancelGraceMs = 2_000 } = options;
  const spawn = options.spawn ?? (() => spawnFrom(baseUrl));
  const ortUrl = new URL('ort/', baseUrl).href;
  /** Networks that WebGPU cannot run, by SHA-256: it is not asked again in this page. */
  const notOnGpu = new Map<string, FailedEngine>();
  let link: WorkerLink | undefined;
  let tail: Promise<unknown> = Promise.resolve();
  let nextId = 1;
  let disposed = false;

  const attempts = async (
    model: ModelPackage,
    volumes: readonly Volume[],
    runOptions: RunOptions,
    control: RunControl,
  ): Promise<Outcome<InferenceOutput>> => {
    if (control.signal.aborted || disposed) return cancelled(model);
    const sources = [...new Set(volumes)];
    const kept: KeptVoxels[] = [];
    for (const { voxels } of sources) kept.push(await keepVoxels(voxels));
    const networks = networksKey(model);
    let failed = notOnGpu.get(networks);

    for (const attempt of ['first', 'last'] as const) {
      if (control.signal.aborted || disposed) return cancelled(model);
      if (!link || link.isDead()) link = createWorkerLink({ spawn, ortUrl, stallMs });
      const current = link;
      const id = nextId++;
      let engine: EngineReport | undefined;
      let grace: ReturnType<typeof setTimeout> | undefined;
      const onAbort = () => {
        current.cancel(id);
        grace = setTimeout(() => current.terminate('cancelled'), cancelGraceMs);
      };
      control.signal.addEventListener('abort', onAbort, { once: true });
      const onReport = (report: WorkerReport) => {
        if (control.signal.aborted) return;
        if (report.type === 'engine') options.onEngineChange?.((engine = report.engine));
        else if (report.type === 'progress') control.onProgress(report.progress);
      };
      const taken = kept.map(voxels => voxels.take(attempt));
      const end = await current.run(
        {
          type: 'run',
          id,
          model: { manifest: model.manifest, baseUrl: model.baseUrl },
          volumes: sources.map(({ slices: _slices, ...volume }, index) => ({
            ...volume,
            voxels: taken[index].voxels,
          })),
          volumeOfChannel: volumes.map(volume => sources.indexOf(volume)),
          options: runOptions,
          preference,
          failed,
        },
        taken.flatMap(({ transfer }) => transfer),
        onReport,
      );
      clearTimeout(grace);
      control.signal.removeEventListener('abort', onAbort);

      if (control.signal.aborted || disposed) return cancelled(model);
      if (end.type === 'done') {
        if (end.notCached) options.onModelNotCached?.(model.manifest.id, end.notCached);
        const { output, timing } = end;
        return accept({ output, engine: end.engine, timing });
      }
      if (end.type === 'refused') return { ok: false, refusal: end.refusal };

      const failure = failedEngine(end, engine);
      if (failure?.reason === 'webgpuFailed' || failure?.reason === 'noFloat16') {
        notOnGpu.set(networks, failure);
      }
      if (attempt === 'last' || !failure) {
        const before =
          failed && attempt === 'last' ? ` (before it: ${failed.reason}, ${failed.detail})` : '';
        return refuse(
          'engineFailed',
          `${model.manifest.id} could not be run: ${engine?.engine ?? 'the worker'} failed: ${end.detail}${before}`,
          { model: model.manifest.id, engine: engine?.engine ?? 'worker', detail: end.detail },
        );
      }
      // A GPU that was lost or a heap that is torn may not be trusted by the next run either.
      current.terminate(failure.detail);
      failed = failure;
    }
    throw new Error('unreachable: the last attempt always returns');
  };

  return {
    run(model, volumes, runOptions, control) {
      control.onProgress({ phase: 'queued' });
      const result = tail.then(() => attempts(model, volumes, runOptions, control));
      tail = result.catch(() => undefined);
      return new Promise((resolve, reject) => {
        const abort = () => resolve(cancelled(model));
        if (control.signal.aborted) abort();
        else control.signal.addEventListener('abort', abort, { once: true });
        result
          .then(resolve, reject)
          .finally(() => control.signal.removeEventListener('abort', abort));
      });
    },
    dispose() {
      disposed = true;
      link?.terminate('disposed');
    },
  };
};
