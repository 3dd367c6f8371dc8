import type { Engine, EngineReport } from '../core/findings/types';

/** What to use: the best there is, or one named (tests, and sites that know their machines). */
export type EnginePreference = 'auto' | 'webgpu' | 'wasm-threads' | 'wasm';
export const enginePreferences = ['auto', 'webgpu', 'wasm-threads', 'wasm'] as const;

/** Codes of `engine.<code>` in the locales: why a faster engine was not used. */
export const fallbackReasons = [
  /** The browser has no WebGPU, or the page is no secure context. */
  'noWebGPU',
  /** WebGPU is there and gives no adapter (blocked driver, remote desktop). */
  'noAdapter',
  /** The only adapter computes on the CPU: far slower than WASM. */
  'softwareAdapter',
  /** WebGPU could not load or run this network. */
  'webgpuFailed',
  /** The network computes in float16 and the adapter cannot (no feature `shader-f16`). */
  'noFloat16',
  /** The GPU device was lost while it ran (driver reset, sleep, out of memory). */
  'deviceLost',
  /** The page is not cross-origin isolated, so WASM has no threads. */
  'notIsolated',
  /** The machine has one core. */
  'singleCore',
  /** The worker ended by itself. */
  'workerCrashed',
  /** The worker gave no sign for too long and was stopped. */
  'workerStalled',
] as const;
export type FallbackReason = (typeof fallbackReasons)[number];

/** What WebGPU says of itself in this browser. */
export type GpuFacts =
  | { state: 'noWebGPU' }
  | { state: 'noAdapter'; detail?: string }
  | {
      state: 'adapter';
      software: boolean;
      description: string;
      /** Whether shaders may compute in float16 (`shader-f16`). */
      float16?: boolean;
      /** Bytes of the largest buffer, and of the largest part of one that a shader may see. */
      limits?: { maxBufferSize: number; maxStorageBufferBindingSize: number };
    };

export interface EngineFacts {
  gpu: GpuFacts;
  crossOriginIsolated: boolean;
  cores: number;
  /** GiB, as `navigator.deviceMemory` rounds and caps it; browsers other than Chromium say nothing. */
  deviceMemory?: number;
}

/** An engine that was tried in this page and must not be tried again for this run. */
export interface FailedEngine {
  engine: Engine;
  reason: FallbackReason;
  detail: string;
}

/** More than this gains little on one session and takes the cores the viewer draws with. */
const MOST_THREADS = 8;

const gpuReason = (
  gpu: GpuFacts,
): { fallbackReason: FallbackReason; detail?: string } | undefined => {
  if (gpu.state === 'noWebGPU') return { fallbackReason: 'noWebGPU' };
  if (gpu.state === 'noAdapter') return { fallbackReason: 'noAdapter', detail: gpu.detail };
  return gpu.software ? { fallbackReason: 'softwareAdapter', detail: gpu.description } : undefined;
};

/**
 * Chooses where tensors are computed: WebGPU on a real adapter, else WASM with threads when the
 * page is cross-origin isolated, else WASM with one thread. The report names the reason nearest to
 * what a site can change; where WASM has no threads the GPU's reason goes into `detail`.
 *
 * A named preference is obeyed where it can run at all. After a failure, whatever failed, the choice
 * is WASM: the fallback must be the engine that depends on least.
 */
export const chooseEngine = (
  facts: EngineFacts,
  preference: EnginePreference = 'auto',
  failed?: FailedEngine,
): EngineReport => {
  const threads = Math.max(1, Math.min(MOST_THREADS, facts.cores));
  const failure = failed && { fallbackReason: failed.reason, detail: failed.detail };

  if (!failed && facts.gpu.state === 'adapter') {
    const wanted = preference === 'webgpu' || (preference === 'auto' && !facts.gpu.software);
    if (wanted) return { engine: 'webgpu', threads: 1, detail: facts.gpu.description };
  }
  const gpu = preference === 'auto' || preference === 'webgpu' ? gpuReason(facts.gpu) : undefined;

  if (preference !== 'wasm' && facts.crossOriginIsolated && threads > 1) {
    return { engine: 'wasm-threads', threads, ...(failure ?? gpu) };
  }
  const noThreads: FallbackReason | undefined =
    preference === 'wasm' ? undefined : facts.crossOriginIsolated ? 'singleCore' : 'notIsolated';
  const detail = gpu && [gpu.fallbackReason, gpu.detail].filter(Boolean).join(': ');
  return {
    engine: 'wasm',
    threads: 1,
    ...(failure ?? (noThreads && { fallbackReason: noThreads, ...(detail && { detail }) })),
  };
};

/**
 * Why WebGPU did not run a network, by what ONNX Runtime said. Only running it tells that a network
 * computes in float16: nothing in a manifest does.
 */
export const webgpuFailureOf = (gpu: GpuFacts, detail: string): FallbackReason =>
  gpu.state === 'adapter' && !gpu.float16 && /\b(f16|float16)\b/i.test(detail)
    ? 'noFloat16'
    : 'webgpuFailed';

/** The part of WebGPU that is asked; declared here so that no WebGPU typings are needed. */
interface AdapterLike {
  info?: {
    vendor?: string;
    architecture?: string;
    device?: string;
    description?: string;
    isFallbackAdapter?: boolean;
  };
  isFallbackAdapter?: boolean;
  features?: { has(name: string): boolean };
  limits?: { maxBufferSize?: number; maxStorageBufferBindingSize?: number };
}
export interface GpuLike {
  requestAdapter(options?: { powerPreference?: 'high-performance' }): Promise<AdapterLike | null>;
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|basic render|\bwarp\b/i;

/** Asks WebGPU for its adapter and says whether it is a real one. Never throws. */
export const probeGpu = async (gpu: GpuLike | undefined): Promise<GpuFacts> => {
  if (!gpu) return { state: 'noWebGPU' };
  try {
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (!adapter) return { state: 'noAdapter' };
    const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info ?? {};
    const words = [vendor, architecture, device, description].filter(Boolean).join(' ');
    const software = Boolean(
      isFallbackAdapter || adapter.isFallbackAdapter || SOFTWARE.test(words),
    );
    const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits ?? {};
    const limits =
      maxBufferSize === undefined || maxStorageBufferBindingSize === undefined
        ? undefined
        : { maxBufferSize, maxStorageBufferBindingSize };
    const float16 = adapter.features?.has('shader-f16') ?? false;
    return { state: 'adapter', software, description: words || 'WebGPU adapter', float16, limits };
  } catch (error) {
    return { state: 'noAdapter', detail: error instanceof Error ? error.message : String(error) };
  }
};
