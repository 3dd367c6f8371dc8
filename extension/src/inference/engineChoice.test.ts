import { chooseEngine, probeGpu, webgpuFailureOf, type EngineFacts } from './engineChoice';

const REAL = { state: 'adapter', software: false, description: 'nvidia ampere' } as const;
const facts = (over: Partial<EngineFacts> = {}): EngineFacts => ({
  gpu: REAL,
  crossOriginIsolated: true,
  cores: 4,
  ...over,
});

describe('chooseEngine', () => {
  it('takes WebGPU on a real adapter and names it', () => {
    expect(chooseEngine(facts())).toEqual({
      engine: 'webgpu',
      threads: 1,
      detail: 'nvidia ampere',
    });
  });

  it('takes WASM with threads instead of an adapter that computes on the CPU', () => {
    const software = { ...REAL, software: true, description: 'google swiftshader' };
    expect(chooseEngine(facts({ gpu: software }))).toEqual({
      engine: 'wasm-threads',
      threads: 4,
      fallbackReason: 'softwareAdapter',
      detail: 'google swiftshader',
    });
    expect(chooseEngine(facts({ gpu: software }), 'webgpu').engine).toBe('webgpu');
  });

  it('uses no more than eight threads', () => {
    expect(chooseEngine(facts({ gpu: { state: 'noWebGPU' }, cores: 64 }))).toMatchObject({
      engine: 'wasm-threads',
      threads: 8,
      fallbackReason: 'noWebGPU',
    });
  });

  it('says that the page is not isolated, and why there is no GPU, when one thread is left', () => {
    expect(
      chooseEngine(facts({ gpu: { state: 'noAdapter' }, crossOriginIsolated: false })),
    ).toEqual({
      engine: 'wasm',
      threads: 1,
      fallbackReason: 'notIsolated',
      detail: 'noAdapter',
    });
    expect(chooseEngine(facts({ gpu: { state: 'noWebGPU' }, cores: 1 })).fallbackReason).toBe(
      'singleCore',
    );
  });

  it('goes to WASM after a failure, whatever failed and whatever was asked for', () => {
    const failed = { engine: 'webgpu', reason: 'deviceLost', detail: 'driver reset' } as const;
    for (const preference of ['auto', 'webgpu', 'wasm-threads'] as const) {
      expect(chooseEngine(facts(), preference, failed)).toEqual({
        engine: 'wasm-threads',
        threads: 4,
        fallbackReason: 'deviceLost',
        detail: 'driver reset',
      });
    }
    const crashed = { engine: 'wasm-threads', reason: 'workerCrashed', detail: '' } as const;
    expect(chooseEngine(facts(), 'auto', crashed).engine).toBe('wasm-threads');
  });

  it('obeys a named preference without calling it a fallback', () => {
    expect(chooseEngine(facts(), 'wasm')).toEqual({ engine: 'wasm', threads: 1 });
    expect(chooseEngine(facts(), 'wasm-threads')).toEqual({ engine: 'wasm-threads', threads: 4 });
  });
});

describe('probeGpu', () => {
  it.each([
    [{ vendor: 'google', architecture: 'swiftshader' }, true],
    [{ vendor: 'mesa', description: 'llvmpipe (LLVM 15.0.7, 256 bits)' }, true],
    [{ vendor: 'microsoft', description: 'Microsoft Basic Render Driver' }, true],
    [{ vendor: 'nvidia', isFallbackAdapter: true }, true],
    [{ vendor: 'nvidia', architecture: 'ada-lovelace' }, false],
    [{ vendor: 'apple', architecture: 'metal-3' }, false],
  ])('tells whether %j is software: %s', async (info, software) => {
    const found = await probeGpu({ requestAdapter: async () => ({ info }) });
    expect(found).toMatchObject({ state: 'adapter', software });
  });

  it.each([
    [['shader-f16', 'timestamp-query'], true],
    [['timestamp-query'], false],
    [[], false],
  ])('with the features %j an adapter computes in float16: %s', async (features, float16) => {
    const adapter = { info: { vendor: 'nvidia' }, features: new Set(features) };
    expect(await probeGpu({ requestAdapter: async () => adapter })).toMatchObject({ float16 });
  });

  it('has a word for a browser without WebGPU, without an adapter, and for one that throws', async () => {
    expect(await probeGpu(undefined)).toEqual({ state: 'noWebGPU' });
    expect(await probeGpu({ requestAdapter: async () => null })).toEqual({ state: 'noAdapter' });
    const throwing = { requestAdapter: () => Promise.reject(new Error('blocked')) };
    expect(await probeGpu(throwing)).toEqual({ state: 'noAdapter', detail: 'blocked' });
  });
});

describe('webgpuFailureOf', () => {
  const f16 = 'GenerateSourceCode Program Cast requires f16 but the device does not support it.';

  it('names float16 where the network needs it and the adapter lacks it', () => {
    expect(webgpuFailureOf({ ...REAL, float16: false }, f16)).toBe('noFloat16');
    const failed = { engine: 'webgpu', reason: 'noFloat16', detail: f16 } as const;
    expect(chooseEngine(facts(), 'auto', failed)).toEqual({
      engine: 'wasm-threads',
      threads: 4,
      fallbackReason: 'noFloat16',
      detail: f16,
    });
  });

  it('blames nothing on float16 that the adapter has, or that was not in the way', () => {
    expect(webgpuFailureOf({ ...REAL, float16: true }, f16)).toBe('webgpuFailed');
    expect(webgpuFailureOf({ ...REAL, float16: false }, 'ConvTranspose3D')).toBe('webgpuFailed');
    expect(webgpuFailureOf({ state: 'noWebGPU' }, f16)).toBe('webgpuFailed');
  });
});
