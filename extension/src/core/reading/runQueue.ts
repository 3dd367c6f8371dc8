/** A model to run on a display set. */
export interface RunRequest {
  modelId: string;
  /** Of several channels, the first one's: results lie on it. */
  displaySetInstanceUID: string;
  /** Key of the manifest's operating point; its first one when left out. */
  operatingPoint?: string;
}

export interface RunQueue {
  /** Adds a request; one that is waiting or running already is not added again. */
  add(request: RunRequest): void;
  /** Stops the one that runs; those that wait go on unless `all`. */
  cancel(options?: { all?: boolean }): void;
  active(): RunRequest | undefined;
  waiting(): RunRequest[];
  /** Resolves when nothing runs or waits. */
  idle(): Promise<void>;
}

const same = (a: RunRequest, b: RunRequest) =>
  a.modelId === b.modelId &&
  a.displaySetInstanceUID === b.displaySetInstanceUID &&
  a.operatingPoint === b.operatingPoint;

/**
 * One run at a time, in the order asked for: one session runs one call at a time, and two models
 * side by side would only fight for the same cores and memory.
 *
 * `execute` must settle: its failures are its own to report.
 */
export const createRunQueue = (
  execute: (request: RunRequest, signal: AbortSignal) => Promise<void>,
  onChange: () => void,
): RunQueue => {
  const waiting: RunRequest[] = [];
  let active: { request: RunRequest; abort: AbortController } | undefined;
  let draining: Promise<void> = Promise.resolve();

  const drain = async () => {
    for (let request = waiting.shift(); request; request = waiting.shift()) {
      active = { request, abort: new AbortController() };
      onChange();
      try {
        await execute(request, active.abort.signal);
      } finally {
        active = undefined;
        onChange();
      }
    }
  };

  return {
    add(request) {
      const known = active && !active.abort.signal.aborted && same(active.request, request);
      if (known || waiting.some(other => same(other, request))) return;
      waiting.push(request);
      onChange();
      if (!active && waiting.length === 1) draining = draining.then(drain);
    },
    cancel({ all = false } = {}) {
      if (all) waiting.length = 0;
      active?.abort.abort();
      onChange();
    },
    active: () => active?.request,
    waiting: () => [...waiting],
    idle: () => draining,
  };
};
