import {
  reportSchema,
  type WorkerReport,
  type WorkerRequest,
} from '../../inference/worker/messages';
import type { FallbackReason } from '../../inference/engineChoice';

export type RunRequestMessage = Extract<WorkerRequest, { type: 'run' }>;
export type RunEnd =
  | Extract<WorkerReport, { type: 'done' | 'refused' | 'engineFailed' }>
  | { type: 'died'; reason: FallbackReason; detail: string };

/** The part of Worker that is used. */
export interface WorkerLike {
  postMessage(message: unknown, transfer: Transferable[]): void;
  terminate(): void;
  onmessage: ((event: MessageEvent) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
}

export interface LinkOptions {
  spawn(): WorkerLike;
  ortUrl: string;
  /** Milliseconds of silence after which a busy worker is given up. */
  stallMs: number;
}

/** How much longer than the longest silence so far a worker may be silent (next window, next phase). */
const PATIENCE = 10;

/**
 * One worker and what can befall it. A worker that dies says nothing: not when it closes itself and
 * not when the browser ends it. So it holds a Web Lock while it lives, the page waits for the same
 * lock, and being given it means that the worker is gone. A worker that hangs is found by its
 * silence; as one call of ONNX Runtime blocks the worker, silence is measured generously.
 */
export const createWorkerLink = (options: LinkOptions) => {
  const worker = options.spawn();
  const lock = `second-reader-inference-${crypto.getRandomValues(new Uint32Array(4)).join('-')}`;
  const gone = new AbortController();
  let dead: Extract<RunEnd, { type: 'died' }> | undefined;
  let busy: { id: number; end(end: RunEnd): void; report(report: WorkerReport): void } | undefined;
  let watchdog: ReturnType<typeof setTimeout> | undefined;
  let lastSign = 0;
  let longestSilence = 0;

  const die = (reason: FallbackReason, detail: string) => {
    if (dead) return;
    dead = { type: 'died', reason, detail };
    clearTimeout(watchdog);
    gone.abort();
    worker.terminate();
    busy?.end(dead);
  };

  const watch = () => {
    clearTimeout(watchdog);
    if (!busy || dead) return;
    const patience = Math.max(options.stallMs, PATIENCE * longestSilence);
    watchdog = setTimeout(
      () => die('workerStalled', `no sign from the worker for ${Math.round(patience / 1000)} s`),
      patience,
    );
  };

  const sign = () => {
    const now = performance.now();
    if (lastSign > 0) longestSilence = Math.max(longestSilence, now - lastSign);
    lastSign = now;
    watch();
  };

  worker.onmessage = event => {
    const parsed = reportSchema.safeParse(event.data);
    if (!parsed.success) {
      die('workerCrashed', `the worker's message could not be understood: ${parsed.error.message}`);
      return;
    }
    const report = parsed.data;
    if (report.type === 'ready') {
      if (!report.locked) return;
      navigator.locks
        .request(lock, { signal: gone.signal }, () => die('workerCrashed', 'the worker ended'))
        .catch(() => undefined);
      return;
    }
    if (!busy || report.id !== busy.id) return;
    sign();
    if (report.type === 'engine' || report.type === 'progress') busy.report(report);
    else busy.end(report);
  };
  worker.onerror = event => {
    event.preventDefault?.();
    die('workerCrashed', event.message || 'the worker could not be loaded');
  };
  worker.onmessageerror = () => die('workerCrashed', 'a message from the worker could not be read');
  worker.postMessage({ type: 'hello', lock, ortUrl: options.ortUrl } satisfies WorkerRequest, []);

  return {
    isDead: () => dead !== undefined,
    /** Resolves when the run has ended, one way or another; never rejects. */
    run(
      message: RunRequestMessage,
      transfer: Transferable[],
      onReport: (report: WorkerReport) => void,
    ): Promise<RunEnd> {
      return new Promise<RunEnd>(resolve => {
        if (dead) return resolve(dead);
        busy = {
          id: message.id,
          report: onReport,
          end(end) {
            busy = undefined;
            clearTimeout(watchdog);
            resolve(end);
          },
        };
        lastSign = performance.now();
        longestSilence = 0;
        worker.postMessage(message, transfer);
        watch();
      });
    },
    cancel: (id: number) => {
      if (!dead) worker.postMessage({ type: 'cancel', id } satisfies WorkerRequest, []);
    },
    terminate: (detail: string) => die('workerCrashed', detail),
  };
};

export type WorkerLink = ReturnType<typeof createWorkerLink>;
