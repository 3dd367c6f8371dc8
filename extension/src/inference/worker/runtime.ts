import type { InferenceSession } from 'onnxruntime-common';
import * as ort from 'onnxruntime-web/webgpu';
import type { EngineReport } from '../../core/findings/types';

export interface LoadedSession {
  session: InferenceSession;
  /** Resolves with the reason if the GPU device is lost; absent for WASM. */
  lost?: Promise<string>;
}

interface DeviceLike {
  lost?: Promise<{ reason?: string; message?: string }>;
}

/**
 * Creates a session for verified network bytes on the engine chosen; throws what the runtime throws.
 *
 * ONNX Runtime's JavaScript is in this file's bundle. Its WASM is fetched when the first session is
 * made, from our own `ort/` folder (`ortFiles.json` lists what must be there), never from the host's.
 */
export const createSession = async (
  bytes: Uint8Array,
  engine: EngineReport,
  ortUrl: string,
): Promise<LoadedSession> => {
  const onGpu = engine.engine === 'webgpu';
  ort.env.wasm.wasmPaths = ortUrl;
  ort.env.wasm.proxy = false;
  ort.env.wasm.numThreads = engine.threads;
  ort.env.logLevel = 'error';
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: [onGpu ? 'webgpu' : 'wasm'],
    graphOptimizationLevel: 'all',
  });
  if (!onGpu) return { session };
  const device = (await ort.env.webgpu.device) as DeviceLike | undefined;
  return {
    session,
    lost: device?.lost?.then(info => info.message || info.reason || 'device lost'),
  };
};
