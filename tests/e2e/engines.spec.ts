import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import * as ort from 'onnxruntime-node';
import { toFloat16 } from '../../cli/src/onnx/float16';
import { decodeModel, encodeModel } from '../../cli/src/onnx/proto';
import type { EngineReport } from '../../extension/src/core/findings/types';
import { createNodeInference } from '../../extension/src/inference/node';
import {
  boxesVolume,
  tinyBytes,
  TINY_FOLDER,
  tinyPackage,
  type TinyNetwork,
} from '../../extension/src/inference/testing/tinyModels';
import { buildHarness } from './engines/build';
import type { Harness, RunAnswer, RunRequest } from './engines/page';
import { startTestServer, type Mishap, type TestServer } from './engines/server';
import { ROOT } from './support/paths';

/**
 * The inference worker, as built, in a real browser on a bare page: each engine against native ONNX
 * Runtime, and what happens when an engine or the worker fails.
 */

declare const harness: Harness;

const PLUGIN = process.env.SECOND_READER_PLUGIN ?? path.join(ROOT, 'extension/dist/esm');
const TOLERANCE = 1e-4;

let server: TestServer;
let otherOrigin: TestServer;
let built: string;

test.beforeAll(async () => {
  test.setTimeout(300_000);
  if (!existsSync(path.join(PLUGIN, 'inference-worker.js'))) {
    throw new Error(`${PLUGIN} has no inference-worker.js: run "npm run build" first`);
  }
  built = mkdtempSync(path.join(os.tmpdir(), 'second-reader-engines-'));
  await buildHarness(built);
  const folders = { plugin: PLUGIN, test: built, models: TINY_FOLDER };
  server = await startTestServer(folders);
  otherOrigin = await startTestServer(folders);
});

test.afterAll(async () => {
  await server?.close();
  await otherOrigin?.close();
  if (built) rmSync(built, { recursive: true, force: true });
});

const run = async (
  page: Page,
  over: Partial<RunRequest> & { network?: TinyNetwork; at?: '/isolated' | '/plain' } = {},
): Promise<RunAnswer> => {
  const { network = 'threshold', at = '/isolated', ...rest } = over;
  const { volume } = boxesVolume();
  await page.goto(server.origin + at);
  await page.waitForFunction(() => 'harness' in globalThis);
  return page.evaluate(request => harness.run(request), {
    manifest: tinyPackage(network).manifest,
    modelUrl: `${server.origin}/models/`,
    pluginUrl: `${server.origin}/plugin/`,
    preference: 'auto' as const,
    volume: { geometry: volume.geometry, voxels: Array.from(volume.voxels) },
    ...rest,
  });
};

const isRight = (answer: RunAnswer) => {
  expect(answer.refusal).toBeUndefined();
  expect(Buffer.from(answer.labels ?? []).equals(Buffer.from(boxesVolume().expected))).toBe(true);
};

test.describe('engines', () => {
  const engines: Array<{ engine: EngineReport; at: '/isolated' | '/plain' }> = [
    { engine: { engine: 'wasm-threads', threads: 2 }, at: '/isolated' },
    { engine: { engine: 'wasm', threads: 1 }, at: '/plain' },
    { engine: { engine: 'webgpu', threads: 1 }, at: '/isolated' },
  ];
  for (const { engine, at } of engines) {
    test(`${engine.engine} gives native ONNX Runtime's scores within ${TOLERANCE}`, async ({
      page,
    }) => {
      const dims = [1, 1, 12, 10, 14];
      const data = Float32Array.from({ length: 12 * 10 * 14 }, (_, n) => Math.sin(n * 0.37) * 2);
      const session = await ort.InferenceSession.create(path.join(TINY_FOLDER, 'tiny.onnx'));
      const native = (await session.run({ image: new ort.Tensor('float32', data, dims) })).logits;
      await session.release();

      await page.goto(server.origin + at);
      await page.waitForFunction(() => 'harness' in globalThis);
      const scores = await page.evaluate(request => harness.scores(request), {
        pluginUrl: `${server.origin}/plugin/`,
        modelUrl: `${server.origin}/models/tiny.onnx`,
        engine,
        input: 'image',
        output: 'logits',
        dims,
        data: Array.from(data),
      });
      expect(scores.submissions > 0).toBe(engine.engine === 'webgpu');
      expect(scores.dims).toEqual([...native.dims]);
      const wanted = native.data as Float32Array;
      const worst = scores.data.reduce((most, x, n) => Math.max(most, Math.abs(x - wanted[n])), 0);
      console.log(`${engine.engine}: largest difference from native ${worst.toExponential(1)}`);
      expect(scores.data).toHaveLength(wanted.length);
      expect(worst).toBeLessThan(TOLERANCE);
    });
  }

  test('a software adapter is passed over for WASM with threads, and the report says so', async ({
    page,
  }) => {
    const answer = await run(page);
    isRight(answer);
    expect(answer.engine).toMatchObject({
      engine: 'wasm-threads',
      fallbackReason: 'softwareAdapter',
    });
    expect(answer.engine?.threads).toBeGreaterThan(1);
    expect(answer.engines).toEqual([answer.engine]);
    expect(answer.progress.map(({ phase }) => phase)).toEqual(
      expect.arrayContaining(['queued', 'model', 'preprocess', 'infer', 'postprocess', 'measure']),
    );
  });

  test('a page that is not isolated runs on one thread and says why', async ({ page }) => {
    const answer = await run(page, { at: '/plain' });
    isRight(answer);
    expect(answer.engine).toMatchObject({
      engine: 'wasm',
      threads: 1,
      fallbackReason: 'notIsolated',
    });
  });

  test('WebGPU runs the whole pipeline when it is asked for', async ({ page }) => {
    const answer = await run(page, { preference: 'webgpu' });
    isRight(answer);
    expect(answer.engine).toMatchObject({ engine: 'webgpu' });
    expect(answer.engine?.fallbackReason).toBeUndefined();
  });

  test('the browser and Node give the same label map', async ({ page }) => {
    const { volume } = boxesVolume();
    for (let index = 0; index < volume.voxels.length; index++)
      volume.voxels[index] = ((index * 37) % 211) - 60;
    const control = { signal: new AbortController().signal, onProgress: () => undefined };
    const native = await createNodeInference(ort).run(tinyPackage('tiny'), [volume], {}, control);
    const answer = await run(page, {
      network: 'tiny',
      volume: { geometry: volume.geometry, voxels: Array.from(volume.voxels) },
    });
    if (!native.ok || native.value.output.kind !== 'segmentation') throw new Error('no label map');
    expect(Array.from(native.value.output.labelMap.voxels)).toEqual(answer.labels);
  });

  test('a plugin served by another origin than the page still runs, with threads', async ({
    page,
  }) => {
    const answer = await run(page, { pluginUrl: `${otherOrigin.origin}/plugin/` });
    isRight(answer);
    expect(answer.engine).toMatchObject({ engine: 'wasm-threads' });
  });

  test('the runtime is fetched on the first run only, and the model is kept for the next', async ({
    page,
  }) => {
    server.requests.length = 0;
    await page.goto(`${server.origin}/isolated`);
    await page.waitForFunction(() => 'harness' in globalThis);
    expect(server.requests.filter(url => url.includes('/ort/') || url.includes('worker'))).toEqual(
      [],
    );
    isRight(await run(page));
    isRight(await run(page));
    expect(server.requests.filter(url => url.endsWith('.onnx'))).toHaveLength(1);
    // Once a page, as this server forbids keeping it.
    expect(server.requests.filter(url => url.endsWith('.wasm'))).toHaveLength(2);
  });
});

test.describe('failures', () => {
  const mishap = (page: Page, mishaps: Mishap[], over: Partial<RunRequest> = {}) => {
    server.mishaps.push(...mishaps);
    return run(page, { pluginUrl: `${server.origin}/mishap/`, ...over });
  };
  test.beforeEach(() => {
    server.mishaps.length = 0;
  });

  for (const [what, reason] of [
    ['closes', 'workerCrashed'],
    ['throws', 'workerCrashed'],
    ['hangs', 'workerStalled'],
  ] as const) {
    for (const at of ['/isolated', '/plain'] as const) {
      test(`a worker that ${what} on ${at}: once more in a new one, saying ${reason}`, async ({
        page,
      }) => {
        const answer = await mishap(page, [what], {
          // Long enough for a busy machine to start the second worker in.
          stallMs: what === 'hangs' ? 15_000 : undefined,
          ...({ at } as object),
        });
        isRight(answer);
        expect(answer.engine).toMatchObject({ fallbackReason: reason });
        expect(answer.engines).toHaveLength(2);
      });
    }
  }

  test('a lost GPU device: once more on WASM, saying deviceLost', async ({ page }) => {
    const answer = await mishap(page, ['losesDevice'], { preference: 'webgpu' });
    isRight(answer);
    expect(answer.engines.map(({ engine }) => engine)).toEqual(['webgpu', 'wasm-threads']);
    expect(answer.engine).toMatchObject({ fallbackReason: 'deviceLost' });
  });

  test('float16 on an adapter without shader-f16: on WASM, saying noFloat16, and at once the next time', async ({
    page,
  }) => {
    const decoded = decodeModel(tinyBytes('threshold'));
    const halved = decoded.ok ? toFloat16(decoded.value) : decoded;
    const encoded = halved.ok ? encodeModel(halved.value.model) : halved;
    if (!encoded.ok) throw new Error(encoded.refusal.message);
    writeFileSync(path.join(built, 'threshold-half.onnx'), encoded.value);
    const file = {
      role: 'network',
      path: 'threshold-half.onnx',
      sha256: createHash('sha256').update(encoded.value).digest('hex'),
      bytes: encoded.value.length,
    };
    const manifest = tinyPackage('threshold', { id: 'test-half', files: [file] }).manifest;
    const request = {
      manifest,
      modelUrl: `${server.origin}/test/`,
      preference: 'webgpu' as const,
      runs: 2,
    };
    const answer = await run(page, request);
    isRight(answer);
    const shaderF16 = await page.evaluate(async () => {
      const { gpu } = navigator as unknown as {
        gpu: { requestAdapter(): Promise<{ features: { has(name: string): boolean } }> };
      };
      return (await gpu.requestAdapter()).features.has('shader-f16');
    });
    console.log(`shader-f16: ${shaderF16}`);
    const engines = answer.engines.map(({ engine }) => engine);
    if (shaderF16) return expect(engines).toEqual(['webgpu', 'webgpu']);
    // Two engines for the first run, one for the second.
    expect(engines).toEqual(['webgpu', 'wasm-threads', 'wasm-threads']);
    expect(answer.engine).toMatchObject({ fallbackReason: 'noFloat16' });
    expect(answer.engine?.detail).toMatch(/f16/);
  });

  test('a second failure is refused, with what happened', async ({ page }) => {
    const answer = await mishap(page, ['closes', 'throws', 'closes']);
    expect(answer).toMatchObject({ ok: false, refusal: { code: 'engineFailed' } });
    expect(answer.refusal?.message).toContain('torn heap');
    expect(server.mishaps).toEqual(['closes']);
  });

  test('a cancelled run ends at once, even inside a call that hangs', async ({ page }) => {
    const cancelled = await run(page, { cancelAt: 0.2 });
    expect(cancelled).toMatchObject({ ok: false, refusal: { code: 'runCancelled' } });
    expect(cancelled.progress.at(-1)?.fraction).toBeLessThan(0.5);
    const hung = await mishap(page, ['hangs'], { cancelAt: 0.01 });
    expect(hung).toMatchObject({ ok: false, refusal: { code: 'runCancelled' } });
    expect(hung.milliseconds).toBeLessThan(30_000);
  });

  test('a tampered model is not run', async ({ page }) => {
    const { manifest } = tinyPackage('threshold');
    const [file] = manifest.files;
    const answer = await run(page, {
      manifest: { ...manifest, files: [{ ...file, sha256: '0'.repeat(64) }] },
    });
    expect(answer).toMatchObject({ ok: false, refusal: { code: 'modelTampered' } });
    expect(answer.refusal?.message).toContain(file.sha256);
    expect(answer.refusal?.message).toContain('0'.repeat(64));
  });

  test('a network that is no ONNX file is refused in words', async ({ page }) => {
    const { manifest } = tinyPackage('threshold');
    const bytes = readFileSync(path.join(TINY_FOLDER, 'make_tiny_models.py'));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const files = [{ role: 'network', path: 'make_tiny_models.py', sha256, bytes: bytes.length }];
    const answer = await run(page, { manifest: { ...manifest, files } });
    expect(answer).toMatchObject({ ok: false, refusal: { code: 'engineFailed' } });
  });
});
