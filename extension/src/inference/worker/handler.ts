import type { InferenceSession } from 'onnxruntime-common';
import type { EngineReport } from '../../core/findings/types';
import { accept, refuse, type Outcome } from '../../core/outcome';
import type { RunControl } from '../../core/reading/ports';
import {
  chooseEngine,
  webgpuFailureOf,
  type EngineFacts,
  type FallbackReason,
} from '../engineChoice';
import { messageOf } from '../errors';
import { GIB, GPU_BUFFER, WASM_HEAP, type MachineLimits } from '../memoryPlan';
import { loadNetwork, networkFilesOf, networksKey, type NetworkCache } from '../network';
import { runPipeline, type PipelineResult } from '../pipeline';
import type { RunMessage, WorkerReport } from './messages';
import { transferablesOf } from './resultSchema';
import type { LoadedSession } from './runtime';

/** Everything the handler asks of the worker's world. */
export interface HandlerPorts {
  post(report: WorkerReport, transfer?: Transferable[]): void;
  facts(): Promise<EngineFacts>;
  fetch: typeof fetch;
  openCache?: () => Promise<NetworkCache>;
  createSession(bytes: Uint8Array, engine: EngineReport): Promise<LoadedSession>;
}

/** Packages whose sessions stay loaded, so that the next run of one starts at once. */
const KEPT_SESSIONS = 2;

/** The sessions of one package: one a network file. */
interface KeptSessions {
  sessions: InferenceSession[];
  lostReason?: string;
  /** Told while a run is under way; a lost device may leave its last call pending for ever. */
  onLost?: (reason: string) => void;
}

/** What this machine allows on the engine chosen. */
const limitsOf = ({ gpu, deviceMemory }: EngineFacts, { engine }: EngineReport): MachineLimits => ({
  ...(engine === 'webgpu' && gpu.state === 'adapter' && gpu.limits),
  heap: WASM_HEAP,
  deviceMemory: deviceMemory === undefined ? undefined : deviceMemory * GIB,
});

/**
 * What the worker does with a `run`: choose the engine, load and verify the network, run the
 * pipeline, post the outcome. It posts exactly one of `done`, `refused` and `engineFailed` for each
 * run and never throws. Runs do not overlap: the page sends the next when this one has ended.
 */
export const createHandler = (ports: HandlerPorts) => {
  const sessions = new Map<string, KeptSessions>();
  const aborts = new Map<number, AbortController>();

  const release = async ({ sessions: released }: KeptSessions) => {
    for (const session of released) await session.release();
  };

  const keep = async (key: string, kept: KeptSessions) => {
    sessions.delete(key);
    sessions.set(key, kept);
    for (const [oldest, spare] of sessions) {
      if (sessions.size <= KEPT_SESSIONS) return;
      sessions.delete(oldest);
      await release(spare);
    }
  };

  const engineFailure = (engine: EngineReport, detail: string) =>
    refuse('engineFailed', `The engine ${engine.engine} failed: ${detail}`, {
      engine: engine.engine,
      detail,
    });

  const open = async (
    key: string,
    model: RunMessage['model'],
    engine: EngineReport,
    control: RunControl,
  ): Promise<Outcome<{ kept: KeptSessions; notCached?: string }>> => {
    const files = networkFilesOf(model);
    const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    const kept: KeptSessions = { sessions: [] };
    let notCached: string | undefined;
    let before = 0;
    for (const file of files) {
      const network = await loadNetwork(model, file, ports, {
        signal: control.signal,
        onFraction: fraction =>
          control.onProgress({
            phase: 'model',
            fraction: (before + fraction * file.bytes) / total,
          }),
      });
      if (!network.ok) {
        await release(kept);
        return network;
      }
      notCached ??= network.value.notCached;
      before += file.bytes;
      let loaded: LoadedSession;
      try {
        loaded = await ports.createSession(network.value.bytes, engine);
      } catch (error) {
        await release(kept);
        return engineFailure(engine, messageOf(error));
      }
      kept.sessions.push(loaded.session);
      void loaded.lost?.then(reason => {
        kept.lostReason = reason;
        sessions.delete(key);
        kept.onLost?.(reason);
      });
    }
    return accept({ kept, notCached });
  };

  const runOn = async (
    { model, volumes, volumeOfChannel, options }: RunMessage,
    engine: EngineReport,
    limits: MachineLimits,
    control: RunControl,
  ): Promise<{ outcome: Outcome<PipelineResult>; lostReason?: string; notCached?: string }> => {
    const startedAt = performance.now();
    control.onProgress({ phase: 'model', fraction: 0 });
    const key = `${networksKey(model)}/${engine.engine}`;
    let kept = sessions.get(key);
    let notCached: string | undefined;
    if (!kept) {
      const opened = await open(key, model, engine, control);
      if (!opened.ok) return { outcome: opened };
      ({ kept, notCached } = opened.value);
    }
    await keep(key, kept);
    const modelTime = performance.now() - startedAt;

    const running = kept;
    // Channels of one series must be one object again.
    const sources = volumes.map(volume => ({ ...volume, slices: [] }));
    const lost = new Promise<Outcome<never>>(resolve => {
      running.onLost = reason => resolve(engineFailure(engine, reason));
    });
    try {
      const outcome = await Promise.race([
        runPipeline({
          manifest: model.manifest,
          volumes: volumeOfChannel.map(index => sources[index]),
          sessions: running.sessions,
          options,
          control,
          limits,
        }),
        lost,
      ]);
      if (outcome.ok) outcome.value.timing.model = modelTime;
      return { outcome, lostReason: running.lostReason, notCached };
    } finally {
      running.onLost = undefined;
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
      const facts = await ports.facts();
      engine = chooseEngine(facts, message.preference, message.failed);
      ports.post({ type: 'engine', id, engine });
      const { outcome, lostReason, notCached } = await runOn(
        message,
        engine,
        limitsOf(facts, engine),
        control,
      );

      if (outcome.ok) {
        const { output, timing } = outcome.value;
        const done: WorkerReport = { type: 'done', id, output, engine, timing };
        ports.post(notCached ? { ...done, notCached } : done, transferablesOf(output));
      } else if (outcome.refusal.values.what === GPU_BUFFER) {
        // The heap of WASM has no such limit: there it may run.
        const { message: detail } = outcome.refusal;
        ports.post({
          type: 'engineFailed',
          id,
          engine: engine.engine,
          reason: 'webgpuFailed',
          detail,
        });
      } else if (outcome.refusal.code === 'engineFailed' && !abort.signal.aborted) {
        const detail = lostReason ?? String(outcome.refusal.values.detail);
        const gpuReason: FallbackReason =
          lostReason === undefined ? webgpuFailureOf(facts.gpu, detail) : 'deviceLost';
        ports.post({
          type: 'engineFailed',
          id,
          engine: engine.engine,
          detail,
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
