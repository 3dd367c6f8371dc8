import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import * as ort from 'onnxruntime-node';
import { readModel, writeModel } from '../../cli/src/onnx/file';
import { rewriteForWebGPU } from '../../cli/src/onnx/rewrite';
import { buildHarness } from './engines/build';
import type { Harness, Scores } from './engines/page';
import { startTestServer, type TestServer } from './engines/server';
import { ROOT } from './support/paths';

/**
 * Networks as exported from PyTorch, rewritten as "models import" does it, on WebGPU in a real browser:
 * the original fails there, the rewritten one gives what native ONNX Runtime gives for the original.
 */

declare const harness: Harness;

const PLUGIN = process.env.SECOND_READER_PLUGIN ?? path.join(ROOT, 'extension/dist/esm');
const NETWORKS = path.join(ROOT, 'tests/fixtures/onnx/networks');
const TOLERANCE = 1e-5;

const CASES: [name: string, dims: number[], failure: string][] = [
  ['monai_unet_open', [1, 1, 8, 8, 8], 'Only Conv2d or Conv1d are supported'],
  ['nnunet_plain_open', [1, 2, 4, 8, 8], 'Only Conv2d or Conv1d are supported'],
  ['grouped_fixed', [1, 2, 8, 8, 8], 'does not support grouped convolution'],
];

let server: TestServer;
let folder: string;

test.beforeAll(async () => {
  test.setTimeout(300_000);
  if (!existsSync(path.join(PLUGIN, 'ort'))) {
    throw new Error(`${PLUGIN} has no ONNX Runtime: run "npm run build" first`);
  }
  folder = mkdtempSync(path.join(os.tmpdir(), 'second-reader-rewrites-'));
  await buildHarness(folder);
  for (const [name] of CASES) {
    const original = await readModel(path.join(NETWORKS, `${name}.onnx`));
    if (!original.ok) throw new Error(original.refusal.message);
    const { model, gaps } = rewriteForWebGPU(original.value);
    expect(gaps).toEqual([]);
    for (const [suffix, written] of [
      ['original', original.value],
      ['rewritten', model],
    ] as const) {
      await writeModel(path.join(folder, `${name}-${suffix}.onnx`), written);
    }
  }
  server = await startTestServer({ plugin: PLUGIN, test: folder, models: folder });
});

test.afterAll(async () => {
  await server?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

for (const [name, dims, failure] of CASES) {
  test(`${name} runs on WebGPU once rewritten`, async ({ page }) => {
    const count = dims.reduce((a, b) => a * b, 1);
    const data = Float32Array.from({ length: count }, (_, n) => Math.sin(n * 0.37) * 2);
    const session = await ort.InferenceSession.create(path.join(folder, `${name}-original.onnx`));
    const native = (await session.run({ image: new ort.Tensor('float32', data, dims) })).logits;
    await session.release();
    const wanted = native.data as Float32Array;

    await page.goto(`${server.origin}/isolated`);
    await page.waitForFunction(() => 'harness' in globalThis);
    const onWebGPU = (suffix: string): Promise<Scores> =>
      page.evaluate(request => harness.scores(request), {
        pluginUrl: `${server.origin}/plugin/`,
        modelUrl: `${server.origin}/models/${name}-${suffix}.onnx`,
        engine: { engine: 'webgpu' as const, threads: 1 },
        input: 'image',
        output: 'logits',
        dims,
        data: Array.from(data),
      });

    // Should this pass one day, the provider has the operator and the rewrite may go.
    await expect(onWebGPU('original')).rejects.toThrow(failure);

    const scores = await onWebGPU('rewritten');
    expect(scores.submissions).toBeGreaterThan(0);
    expect(scores.dims).toEqual([...native.dims]);
    const worst = scores.data.reduce((most, x, n) => Math.max(most, Math.abs(x - wanted[n])), 0);
    console.log(`${name}: largest difference from native ${worst.toExponential(1)}`);
    expect(scores.data).toHaveLength(wanted.length);
    expect(worst).toBeLessThan(TOLERANCE);
  });
}
