import type { EngineReport } from '../../core/findings/types';
import { refuse, type Outcome } from '../../core/outcome';
import type { RunControl } from '../../core/reading/ports';
import { chooseEngine, type EngineFacts, type FallbackReason } from '../engineChoice';
import { messageOf } from '../errors';
import { loadNetwork, networkFileOf, type NetworkCache } from '../network';
import { runPipeline, type PipelineResult } from '../pipeline';
import type { RunMessage, WorkerReport } from './messages';
import type { LoadedSession } from './runtime';

/** Everything the handler asks of the worker's world. */
export interface HandlerPorts {
  post(report: WorkerReport, transfer?: Transferable[]): void;
  facts(): Promise<EngineFacts>;
  fetch: typeof fetch;
  openCache?: () => Promise<NetworkCache>;
  createSession(bytes: Uint8Array, engine: EngineReport): Promise<LoadedSession>;
}

/** Models whose sessions stay loaded, so that the next run of one starts at once. */
const KEPT_SESSIONS = 2;

interface KeptSession extends LoadedSession {
  lostReason?: string;
  /** Told while a run is under way; a lost device may leave its last call pending for ever. */
  onLost?: (reason: string) => void;
}

/**
 * What the worker does with a `run`: choose the engine, load and verify the network, run the
 * pipeline, post the outcome. It posts exactly one of `done`, `refused` and `engineFailed` for each
 * run and never throws. Runs do not overlap: the page sends the next when this one has ended.
 */
export const createHandler = (ports: HandlerPorts) => {
  const sessions = new Map<string, KeptSession>();
  const aborts = new Map<number, AbortController>();

  const keep = async (key: string, kept: KeptSession) => {
    sessions.delete(key);
    sessions.set(key, kept);
    for (const [oldest, { session }] of sessions) {
      if (sessions.size <= KEPT_SESSIONS) return;
      sessions.delete(oldest);
      await session.release();
    }
  };

  const open = async (
    key: string,
    bytes: Uint8Array,
    engine: EngineReport,
  ): Promise<KeptSession> => {
    const kept: KeptSession = await ports.createSession(bytes, engine);
    void kept.lost?.then(reason => {
      kept.lostReason = reason;
      sessions.delete(key);
      kept.onLost?.(reason);
    });
    return kept;
  };

  const engineFailure = (engine: EngineReport, detail: string) =>
    refuse('engineFailed', `The engine ${engine.engine} failed: ${detail}`, {
      engine: engine.engine,
      detail,
    });

  const runOn = async (
    { model, volume }: RunMessage,
    engine: EngineReport,
    control: RunControl,
  ): Promise<{ outcome: Outcome<PipelineResult>; lostReason?: string; notCached?: string }> => {
    const startedAt = performance.now();
    control.onProgress({ phase: 'model', fraction: 0 });
    const key = `${networkFileOf(model).sha256}/${engine.engine}`;
    let kept = sessions.get(key);
    let notCached: string | undefined;
    if (!kept) {
      const network = await loadNetwork(model, ports, {
        signal: control.signal,
        onFraction: fraction => control.onProgress({ phase: 'model', fraction }),
      });
      if (!network.ok) return { outcome: network };
      notCached = network.value.notCached;
      try {
        kept = await open(key, network.value.bytes, engine);
      } catch (error) {
        return { outcome: engineFailure(engine, messageOf(error)) };
      }
    }
    await keep(key, kept);
    const modelTime = performance.now() - startedAt;

    const session = kept;
    const lost = new Promise<Outcome<never>>(resolve => {
      session.onLost = reason => resolve(engineFailure(engine, reason));
    });
    try {
      const outcome = await Promise.race([
        runPipeline({
          manifest: model.manifest,
          volume: { ...volume, slices: [] },
          session: session.session,
          control,
        }),
        lost,
      ]);
      if (outcome.ok) outcome.value.timing.model = modelTime;
      return { outcome, lostReason: session.lostReason, notCached };
    } finally {
      session.onLost = undefined;
    }
  };

  const run = async (message: RunMessage): Promise<void> => {
    const { id } = message;
    const abort = new AbortController();
    aborts.set(id, abort);
    const control: RunControl = {
      signal: abort.signal,
      onProgress: progress => ports.post({ type: 'progress', id, progress }),
    };
    let engine: EngineReport = { engine: 'wasm', threads: 1 };
    try {
      engine = chooseEngine(await ports.facts(), message.preference, message.failed);
      ports.post({ type: 'engine', id, engine });
      const { outcome, lostReason, notCached } = await runOn(message, engine, control);

      if (outcome.ok) {
        const { output, timing } = outcome.value;
        const done: WorkerReport = { type: 'done', id, output, engine, timing };
        ports.post(notCached ? { ...done, notCached } : done, [
          output.labelMap.voxels.buffer as ArrayBuffer,
        ]);
      } else if (outcome.refusal.code === 'engineFailed' && !abort.signal.aborted) {
        const gpuReason: FallbackReason = lostReason === undefined ? 'webgpuFailed' : 'deviceLost';
        ports.post({
          type: 'engineFailed',
          id,
          engine: engine.engine,
          detail: lostReason ?? String(outcome.refusal.values.detail),
          ...(engine.engine === 'webgpu' && { reason: gpuReason }),
        });
      } else {
        ports.post({ type: 'refused', id, refusal: outcome.refusal });
      }
    } catch (error) {
      ports.post({ type: 'engineFailed', id, engine: engine.engine, detail: messageOf(error) });
    } finally {
      aborts.delete(id);
    }
  };

  return { run, cancel: (id: number) => aborts.get(id)?.abort() };
};
