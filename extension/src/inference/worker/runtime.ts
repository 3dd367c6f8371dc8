import type { InferenceSession, Env } from 'onnxruntime-common';
import type { EngineReport } from '../../core/findings/types';

export interface LoadedSession {
  session: InferenceSession;
  /** Resolves with the reason if the GPU device is lost; absent for WASM. */
  lost?: Promise<string>;
}

interface Runtime {
  env: Env;
  InferenceSession: {
    create(bytes: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
}

/**
 * ONNX Runtime in two builds, each loaded when first needed: the WebGPU one, and the CPU one, which
 * is half the download and has no asyncify in its code. The JavaScript of both is in this file's
 * bundle; their WASM is fetched from our own `ort/` folder, never from the host's.
 */
const runtimes = {
  gpu: async (): Promise<Runtime> => import(/* webpackMode: "eager" */ 'onnxruntime-web/webgpu'),
  cpu: async (): Promise<Runtime> => import(/* webpackMode: "eager" */ 'onnxruntime-web/wasm'),
};

interface DeviceLike {
  lost?: Promise<{ reason?: string; message?: string }>;
}

/** Creates a session for verified network bytes on the engine chosen. Throws what the runtime throws. */
export const createSession = async (
  bytes: Uint8Array,
  engine: EngineReport,
  ortUrl: string,
): Promise<LoadedSession> => {
  const onGpu = engine.engine === 'webgpu';
  const ort = await (onGpu ? runtimes.gpu() : runtimes.cpu());
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
