/**
 * The page of `models validate`: runs the fixture on each engine and posts the raw outputs. Plain
 * JavaScript, as it is served; ONNX Runtime Web's own files come from beside it.
 */
export const fixtureScript = (job: {
  engines: readonly string[];
  network: string;
  inputs: ReadonlyArray<{ name: string; dims: readonly number[]; url: string }>;
  half: boolean;
}): string => `
import * as ort from '/ort/ort.webgpu.bundle.min.mjs';
const job = ${JSON.stringify(job)};
const post = (path, query, body) => fetch(path + '?' + new URLSearchParams(query), { method: 'POST', body });
const bytesOf = async url => new Uint8Array(await (await fetch(url)).arrayBuffer());

const ability = async engine => {
  if (engine !== 'webgpu') return crossOriginIsolated ? {} : { reason: 'the page is not cross-origin isolated' };
  if (!navigator.gpu) return { reason: 'this browser has no WebGPU' };
  const gpu = await navigator.gpu.requestAdapter().catch(() => null);
  if (!gpu) return { reason: 'the browser gives no WebGPU adapter (no GPU, or a blocked driver)' };
  const { vendor, architecture, description } = gpu.info ?? {};
  const adapter = [vendor, architecture, description].filter(Boolean).join(' ');
  return job.half && !gpu.features.has('shader-f16')
    ? { reason: 'the network computes in float16 and the graphics card (' + adapter + ') cannot: it has no shader-f16. The viewer runs it on WASM there' }
    : { adapter };
};

for (const engine of job.engines) {
  try {
    const { reason, adapter = '' } = await ability(engine);
    if (reason) {
      await post('/answer', { engine, state: 'unavailable', reason });
      continue;
    }
    ort.env.wasm.wasmPaths = '/ort/';
    ort.env.wasm.numThreads = engine === 'webgpu' ? 1 : Math.max(2, Math.min(8, navigator.hardwareConcurrency));
    ort.env.logLevel = 'error';
    const session = await ort.InferenceSession.create(await bytesOf(job.network), {
      executionProviders: [engine === 'webgpu' ? 'webgpu' : 'wasm'],
    });
    const feeds = {};
    for (const { name, dims, url } of job.inputs) {
      const data = new Float32Array((await bytesOf(url)).buffer);
      feeds[name] = new ort.Tensor('float32', data, dims);
    }
    const startedAt = performance.now();
    const answer = await session.run(feeds);
    const milliseconds = performance.now() - startedAt;
    for (const name of session.outputNames) {
      const { type, dims, data } = answer[name];
      const body = type === 'float16' ? Float32Array.from(data) : data;
      await post('/answer', { engine, state: 'output', name, type, dims: JSON.stringify(dims) }, body);
    }
    await post('/answer', { engine, state: 'ran', milliseconds, adapter });
    await session.release();
  } catch (error) {
    await post('/answer', { engine, state: 'failed', reason: String(error && error.message || error) });
  }
}
await post('/done', {});
`;
