/**
 * The inference worker: a few lines of shell around `handler.ts`. Built as its own ES module,
 * `inference-worker.js`, beside the plugin.
 */
import { probeGpu, type GpuLike } from '../engineChoice';
import { MODEL_CACHE } from '../network';
import { createHandler } from './handler';
import { requestSchema, type WorkerReport } from './messages';
import { createSession } from './runtime';

const scope = self as unknown as DedicatedWorkerGlobalScope;
let ortUrl = '';

const handler = createHandler({
  post: (report: WorkerReport, transfer: Transferable[] = []) =>
    scope.postMessage(report, transfer),
  facts: async () => ({
    gpu: await probeGpu((scope.navigator as { gpu?: GpuLike }).gpu),
    crossOriginIsolated: scope.crossOriginIsolated,
    cores: scope.navigator.hardwareConcurrency || 1,
    deviceMemory: (scope.navigator as { deviceMemory?: number }).deviceMemory,
  }),
  fetch: scope.fetch.bind(scope),
  openCache: 'caches' in scope ? () => scope.caches.open(MODEL_CACHE) : undefined,
  createSession: (bytes, engine) => createSession(bytes, engine, ortUrl),
});

const hello = (lock: string) => {
  const ready = (locked: boolean) =>
    scope.postMessage({ type: 'ready', locked } satisfies WorkerReport);
  if (!scope.navigator.locks) return ready(false);
  void scope.navigator.locks.request(lock, () => {
    ready(true);
    return new Promise(() => undefined);
  });
};

scope.onmessage = (event: MessageEvent<unknown>) => {
  const request = requestSchema.parse(event.data);
  if (request.type === 'hello') {
    ortUrl = request.ortUrl;
    hello(request.lock);
  } else if (request.type === 'run') void handler.run(request);
  else handler.cancel(request.id);
};
