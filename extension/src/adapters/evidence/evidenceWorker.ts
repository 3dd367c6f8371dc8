import { accept, refuse, type Outcome } from '../../core/outcome';
import type { EvidenceReader, EvidenceWriter } from '../../core/reading/ports';
import { reportSchema, type WorkerReport, type WorkerRequest } from './messages';
import { piecesOf, withoutArrays } from './pieces';

/** The part of Worker that is used. */
export interface WorkerLike {
  postMessage(message: unknown, transfer: Transferable[]): void;
  terminate(): void;
  onmessage: ((event: MessageEvent) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
}

export interface EvidenceWorkerOptions {
  /** Folder of `evidence-worker.js`, absolute, ending in "/". */
  baseUrl: string;
  /** Milliseconds without work after which the worker, and its memory, is given back. */
  idleMs?: number;
  /** For tests outside a browser. */
  spawn?(): WorkerLike;
}

type Report<T extends WorkerReport['type']> = Extract<WorkerReport, { type: T }>;
type End = Report<'written' | 'read' | 'failed'> | { type: 'died'; detail: string };

/**
 * A worker must come from the page's origin; where the plugin is served by another one, a script of
 * one line made here imports it.
 */
const spawnFrom = (baseUrl: string): WorkerLike => {
  const url = new URL('evidence-worker.js', baseUrl).href;
  if (new URL(url).origin === globalThis.location.origin) {
    return new Worker(url, { type: 'module' });
  }
  const script = new Blob([`import ${JSON.stringify(url)};`], { type: 'text/javascript' });
  const blobUrl = URL.createObjectURL(script);
  const worker = new Worker(blobUrl, { type: 'module' });
  // The script must be there until the worker has read it.
  setTimeout(() => URL.revokeObjectURL(blobUrl), 60_000);
  return worker;
};

/** One worker and what it owes. A worker that dies says nothing, so it holds a Web Lock. */
const createLink = (worker: WorkerLike) => {
  const lock = `second-reader-evidence-${crypto.getRandomValues(new Uint32Array(4)).join('-')}`;
  const gone = new AbortController();
  const owed = new Map<number, (end: End) => void>();
  let dead: Extract<End, { type: 'died' }> | undefined;

  const die = (detail: string) => {
    if (dead) return;
    dead = { type: 'died', detail };
    gone.abort();
    worker.terminate();
    [...owed.values()].forEach(end => end(dead!));
    owed.clear();
  };

  worker.onmessage = event => {
    const parsed = reportSchema.safeParse(event.data);
    if (!parsed.success) return die(`an answer that is not understood: ${parsed.error.message}`);
    const report = parsed.data;
    if (report.type === 'ready') {
      if (!report.locked) return;
      navigator.locks
        .request(lock, { signal: gone.signal }, () => die('it ended without a word'))
        .catch(() => undefined);
      return;
    }
    if (report.type === 'misunderstood') {
      return die(`it was asked what it does not understand: ${report.detail}`);
    }
    owed.get(report.id)?.(report);
    owed.delete(report.id);
  };
  worker.onerror = event => {
    event.preventDefault?.();
    die(event.message || 'it could not be loaded');
  };
  worker.onmessageerror = () => die('a message could not be read');
  worker.postMessage({ type: 'hello', lock } satisfies WorkerRequest, []);

  return {
    isDead: () => dead !== undefined,
    isIdle: () => owed.size === 0,
    terminate: () => die('it was ended'),
    /** Resolves when the request has ended, one way or another; never rejects. */
    async ask(
      request: Extract<WorkerRequest, { type: 'write' | 'withdraw' | 'read' }>,
      arrays: ReadonlyArray<ArrayBuffer | ArrayBufferView>,
    ): Promise<End> {
      const { id } = request;
      const ended = new Promise<End>(resolve => owed.set(id, resolve));
      for await (const piece of piecesOf(arrays)) {
        if (dead) return dead;
        worker.postMessage({ type: 'piece', id, ...piece } satisfies WorkerRequest, [piece.bytes]);
      }
      if (dead) return dead;
      worker.postMessage(request, []);
      return ended;
    },
  };
};

/**
 * Writer and reader of evidence in a worker: encoding and decoding hold the page up for no moment.
 * What the page gives stays the page's. A worker that dies ends what it was asked for with
 * `evidenceWorkerFailed`; the next request starts another.
 */
export const createEvidenceWorker = (
  options: EvidenceWorkerOptions,
): { writer: EvidenceWriter; reader: EvidenceReader; dispose(): void } => {
  const { baseUrl, idleMs = 60_000, spawn = () => spawnFrom(baseUrl) } = options;
  let link: ReturnType<typeof createLink> | undefined;
  let idle: ReturnType<typeof setTimeout> | undefined;
  let nextId = 0;

  const failed = (detail: string): Outcome<never> =>
    refuse(
      'evidenceWorkerFailed',
      `The part of Second Reader that writes and reads stored results stopped: ${detail}`,
      { detail },
    );

  const ask = async (
    request: Extract<WorkerRequest, { type: 'write' | 'withdraw' | 'read' }>,
    arrays: ReadonlyArray<ArrayBuffer | ArrayBufferView>,
  ): Promise<End> => {
    clearTimeout(idle);
    try {
      if (!link || link.isDead()) link = createLink(spawn());
    } catch (error) {
      // A Content Security Policy may forbid workers.
      return { type: 'died', detail: error instanceof Error ? error.message : String(error) };
    }
    const current = link;
    const end = await current.ask(request, arrays);
    clearTimeout(idle);
    idle = setTimeout(() => {
      if (current.isIdle()) current.terminate();
    }, idleMs);
    return end;
  };

  return {
    writer: {
      async write(given) {
        const { request, arrays } = withoutArrays(given);
        const end = await ask({ type: 'write', id: nextId++, request }, arrays);
        return end.type === 'written' ? end.outcome : failed(detailOf(end));
      },
      async withdraw(given) {
        // Evidence is called by what was found, not by its voxels: none of them is sent.
        const { request } = withoutArrays(given);
        const end = await ask({ type: 'withdraw', id: nextId++, request }, []);
        if (end.type !== 'written') return failed(detailOf(end));
        const { outcome } = end;
        return outcome.ok ? accept(outcome.value[0]) : outcome;
      },
    },
    reader: {
      async read(files, source, onRefused, onWithdrawn) {
        const request = { type: 'read' as const, id: nextId++, files: files.length, source };
        const end = await ask(request, files);
        if (end.type !== 'read') return failed(detailOf(end));
        end.refused.forEach(told => onRefused?.(told));
        end.withdrawn.forEach(run => onWithdrawn?.(run));
        return end.outcome;
      },
    },
    dispose() {
      clearTimeout(idle);
      link?.terminate();
    },
  };
};

const detailOf = (end: End): string =>
  end.type === 'failed' || end.type === 'died' ? end.detail : `an answer of type ${end.type}`;
