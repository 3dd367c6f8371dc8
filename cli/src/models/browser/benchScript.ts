import type { ModelManifest } from '@second-reader/core/model/manifest';
import type { VolumeGeometry } from '@second-reader/core/geometry/types';

/** Engines as the worker's preference names them. */
const PREFERENCE = { webgpu: 'webgpu', 'wasm-threads': 'wasm-threads', wasm: 'wasm' } as const;

/**
 * The page of `models bench`: the plugin's own worker runs the package on the volumes, float32, and the
 * page posts what the worker reports and how much memory the page holds after it. Plain JavaScript, as
 * it is served.
 */
export const benchScript = (job: {
  engine: keyof typeof PREFERENCE;
  manifest: ModelManifest;
  volumes: ReadonlyArray<{ geometry: VolumeGeometry; modality: string; url: string }>;
  /** A graphics card that is only emulated is timed, too. */
  softwareGpu: boolean;
}): string => `
const job = ${JSON.stringify({ ...job, preference: PREFERENCE[job.engine] })};
const answer = body => fetch('/answer', { method: 'POST', body: JSON.stringify(body) });
const end = async body => {
  await answer(body);
  await fetch('/done', { method: 'POST' });
};
const emulated = async () => {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  const { vendor = '', architecture = '', description = '', isFallbackAdapter } = adapter?.info ?? {};
  const words = [vendor, architecture, description].filter(Boolean).join(' ');
  return adapter && (isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|software|basic render/i.test(words)) ? words : '';
};
try {
  const software = job.engine === 'webgpu' && !job.softwareGpu && (await emulated());
  if (software) {
    await end({ state: 'unavailable', reason: 'the graphics card is only emulated (' + software + '), which takes minutes and measures nothing; --software-gpu runs it all the same' });
    throw undefined;
  }
  const volumes = [];
  for (const { geometry, modality, url } of job.volumes) {
    const voxels = new Float32Array(await (await fetch(url)).arrayBuffer());
    volumes.push({ geometry, modality, voxels });
  }
  const worker = new Worker('/plugin/inference-worker.js', { type: 'module' });
  let engine;
  worker.onerror = event => end({ state: 'failed', reason: event.message || 'the worker could not be loaded' });
  worker.onmessage = async ({ data: report }) => {
    if (report.type === 'engine') engine = report.engine;
    if (report.type === 'refused') await end({ state: 'failed', reason: report.refusal.message });
    if (report.type === 'engineFailed') await end({ state: 'failed', reason: report.detail });
    if (report.type !== 'done') return;
    const memory = {};
    if (crossOriginIsolated && performance.measureUserAgentSpecificMemory) {
      const measured = await Promise.race([
        performance.measureUserAgentSpecificMemory().catch(() => undefined),
        new Promise(resolve => setTimeout(resolve, 30000)),
      ]);
      if (measured) memory['after the run'] = measured.bytes / 2 ** 20;
    }
    await end({ state: 'ran', ran: report.engine.engine, timing: report.timing, memory });
  };
  worker.postMessage({ type: 'hello', lock: 'second-reader-bench', ortUrl: new URL('/plugin/ort/', location.href).href });
  worker.postMessage({
    type: 'run',
    id: 1,
    model: { manifest: job.manifest, baseUrl: new URL('/package/', location.href).href },
    volumes,
    volumeOfChannel: volumes.map((_, index) => index),
    options: {},
    preference: job.preference,
  }, volumes.map(({ voxels }) => voxels.buffer));
} catch (error) {
  if (error) await end({ state: 'failed', reason: String(error && error.message || error) });
}
`;
