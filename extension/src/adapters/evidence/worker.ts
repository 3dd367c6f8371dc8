/**
 * The evidence worker: a few lines of shell around `handler.ts`. Built as its own ES module,
 * `evidence-worker.js`, beside the plugin.
 */
import { createEvidenceReader, createEvidenceWriter } from '../../dicom/evidence';
import { createHandler } from './handler';
import { requestSchema, type WorkerReport } from './messages';

const scope = self as unknown as DedicatedWorkerGlobalScope;
const post = (report: WorkerReport, transfer: Transferable[] = []) =>
  scope.postMessage(report, transfer);

const handle = createHandler({
  writer: createEvidenceWriter(),
  reader: createEvidenceReader(),
  post,
});

const hello = (lock: string) => {
  if (!scope.navigator.locks) return post({ type: 'ready', locked: false });
  void scope.navigator.locks.request(lock, () => {
    post({ type: 'ready', locked: true });
    return new Promise(() => undefined);
  });
};

scope.onmessage = (event: MessageEvent<unknown>) => {
  const greeting = requestSchema.options[0].safeParse(event.data);
  if (greeting.success) hello(greeting.data.lock);
  else void handle(event.data);
};
