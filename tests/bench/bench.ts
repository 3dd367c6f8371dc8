import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { chromium, type Browser, type Page } from '@playwright/test';
import * as ort from 'onnxruntime-node';
import { parseManifest } from '../../extension/src/core/model/validate';
import { primaryOutput, type ModelManifest } from '../../extension/src/core/model/manifest';
import { tensorShape } from '../../extension/src/core/preprocessing/slidingWindow';
import { createNodeInference } from '../../extension/src/inference/node';
import { buildHarness } from '../e2e/engines/build';
import { startTestServer, type TestServer } from '../e2e/engines/server';
import { CHROMIUM_ARGS, CHROMIUM_PATH } from '../e2e/support/chromium';
import { ROOT } from '../e2e/support/paths';
import { watchMemory } from './memory';
import { meshnetBench } from './meshnet';
import type { LargeVolumeReport } from './largeVolume';
import type { Bench } from './page';
import { line, median, seconds } from './report';
import { segmentationBench } from './segmentation';
import { slidingWindowOverhead } from './slidingWindow';
import { BENCH_FOLDER, BENCH_VOLUME, benchVolume } from './volume';

declare const bench: Bench;

/** Of the design's table. */
const BUDGET = {
  aroundModel: 0.25,
  wasmAgainstNative: 1.3,
  mainThread: 50,
  bundle: 1.5 * 1024 * 1024,
  memoryVolumes: 2.5,
};
const THREADS = Math.min(8, os.cpus().length);
const REPEATS = 3;
const MIB = 1024 * 1024;

type Timing = Partial<Record<string, number>>;

const phases = (where: string, timing: Timing) => {
  const around = (timing.preprocess ?? 0) + (timing.postprocess ?? 0) + (timing.measure ?? 0);
  for (const name of ['model', 'preprocess', 'infer', 'postprocess', 'measure']) {
    line(`${where}: ${name}`, seconds(timing[name]), '');
  }
  const share = around / (timing.infer ?? NaN);
  line(
    `${where}: around the model / the model`,
    `${(share * 100).toFixed(1)} %`,
    `at most ${BUDGET.aroundModel * 100} %`,
    share <= BUDGET.aroundModel,
  );
};

const nativePhases = async (manifest: ModelManifest, folder: string) => {
  const outcome = await createNodeInference(ort, { threads: THREADS }).run(
    { manifest, baseUrl: `${folder}/` },
    [{ ...benchVolume(), modality: 'CT', slices: [] }],
    {},
    { signal: new AbortController().signal, onProgress: () => undefined },
  );
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  phases(`native, ${THREADS} threads`, outcome.value.timing);
  const { output } = outcome.value;
  if (output.kind !== 'segmentation') throw new Error(`a ${output.kind} came of a segmentation`);
  return output.segments.map(({ voxelCount }) => voxelCount);
};

const windowOf = (manifest: ModelManifest) => {
  if (manifest.inference.inferer !== 'slidingWindow') {
    throw new Error(`${manifest.id}: the benchmark takes models of a sliding window`);
  }
  const dims = [1, 1, ...tensorShape(manifest.inference.roiSize, manifest.inputs[0].spatialAxes)];
  return { dims, length: dims.reduce((product, n) => product * n, 1) };
};

const outputName = (manifest: ModelManifest): string => {
  const output = primaryOutput(manifest);
  if (output.type !== 'labelMap') throw new Error(`${manifest.id} gives no label map`);
  return output.name;
};

/** Times one window on WASM, in a worker of its own that ends with it. */
const timeWindow = (page: Page, server: TestServer, manifest: ModelManifest, repeat: number) =>
  page.evaluate(
    ({ length, ...request }) =>
      bench.scores({
        ...request,
        data: Float32Array.from({ length }, (_, n) => ((n * 7919) % 1000) / 1000),
      }),
    {
      ...windowOf(manifest),
      pluginUrl: `${server.origin}/plugin/`,
      modelUrl: `${server.origin}/models/${manifest.files[0].path}`,
      engine: {
        engine: THREADS > 1 ? ('wasm-threads' as const) : ('wasm' as const),
        threads: THREADS,
      },
      input: manifest.inputs[0].name,
      output: outputName(manifest),
      repeat,
    },
  );

/** One window, the same numbers, native and WASM by turns so that a busy machine slows both. */
const wasmAgainstNative = async (
  page: Page,
  server: TestServer,
  manifest: ModelManifest,
  folder: string,
) => {
  const { dims, length } = windowOf(manifest);
  const session = await ort.InferenceSession.create(path.join(folder, manifest.files[0].path), {
    intraOpNumThreads: THREADS,
  });
  const data = Float32Array.from({ length }, (_, n) => ((n * 7919) % 1000) / 1000);
  const native: number[] = [];
  const wasm: number[] = [];
  for (let round = 0; round < 2; round++) {
    for (let n = 0; n < REPEATS; n++) {
      const startedAt = performance.now();
      await session.run({ [manifest.inputs[0].name]: new ort.Tensor('float32', data, dims) });
      // The first call of a session also plans its memory.
      if (n > 0) native.push(performance.now() - startedAt);
    }
    const timed = await timeWindow(page, server, manifest, REPEATS);
    wasm.push(...timed.milliseconds.slice(1));
  }
  await session.release();
  const ratio = median(wasm) / median(native);
  const size = dims.slice(2).join('×');
  line(`one window of ${size}: native`, seconds(median(native)), `${THREADS} threads, median`);
  line(`one window of ${size}: WASM`, seconds(median(wasm)), `${THREADS} threads, median`);
  line(
    'WASM / native',
    `${ratio.toFixed(2)} ×`,
    `at most ${BUDGET.wasmAgainstNative} ×`,
    ratio <= BUDGET.wasmAgainstNative,
  );
};

const bundles = async (plugin: string) => {
  let total = 0;
  for (const file of [
    path.join(plugin, 'extension.js'),
    path.join(plugin, 'inference-worker.js'),
    path.join(ROOT, 'mode/dist/esm/mode.js'),
  ]) {
    if (!existsSync(file)) {
      line(path.relative(ROOT, file), 'not built', 'npm run build');
      continue;
    }
    const size = gzipSync(await readFile(file), { level: 9 }).length;
    total += size;
    line(`${path.basename(file)}, gzip`, `${(size / 1024).toFixed(0)} KiB`, '');
  }
  line(
    'plugin before the runtime, gzip',
    `${(total / MIB).toFixed(2)} MiB`,
    `under ${BUDGET.bundle / MIB} MiB`,
    total < BUDGET.bundle,
  );
};

const inBrowser = async (
  page: Page,
  server: TestServer,
  manifest: ModelManifest,
  geometry: ReturnType<typeof benchVolume>['geometry'],
  model: number,
) => {
  const volumeBytes = geometry.dimensions.reduce((product, n) => product * n, 1) * 2;
  await page.evaluate(url => bench.load(url), `${server.origin}/volume/${BENCH_VOLUME}`);
  const memory = watchMemory();
  const run = await page.evaluate(request => bench.run(request), {
    manifest,
    modelUrl: `${server.origin}/models/`,
    pluginUrl: `${server.origin}/plugin/`,
    geometry,
  });
  const peak = memory.stop();
  phases(`${run.engine.engine}, ${run.engine.threads} threads`, run.timing);
  line('from call to answer', seconds(run.milliseconds), '');
  line(
    'longest main-thread task during the run',
    run.longestTask === 0 ? 'none ≥ 50 ms' : `${run.longestTask.toFixed(0)} ms`,
    `none over ${BUDGET.mainThread} ms`,
    run.longestTask <= BUDGET.mainThread,
  );
  line('longest wait for a turn of the event loop', `${run.longestGap.toFixed(0)} ms`, '');
  const allowed = BUDGET.memoryVolumes * volumeBytes + model;
  line('memory of the model alone (one window)', `${(model / MIB).toFixed(0)} MiB`, '');
  line(
    'memory of a run, peak, with the volume',
    `${((peak + volumeBytes) / MIB).toFixed(0)} MiB`,
    `${(allowed / MIB).toFixed(0)} MiB (2.5 volumes + model)`,
    peak + volumeBytes <= allowed,
  );
  return run.voxelCounts;
};

/** What the pipeline holds of a 512×512×600 CT with 24 classes, in a process of its own. */
const largeVolume = () => {
  const { stdout, status } = spawnSync(
    process.execPath,
    ['--import', 'tsx', path.join(ROOT, 'tests/bench/largeVolume.ts')],
    { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (status !== 0) throw new Error(`tests/bench/largeVolume.ts ended with ${status}`);
  const report = JSON.parse(stdout) as LargeVolumeReport;
  const mib = (bytes: number) => `${(bytes / MIB).toFixed(0)} MiB`;
  console.log('\n512×512×600, 24 classes, 1.5 mm, windows of 128³, native');
  for (const [what, bytes] of Object.entries(report.plan))
    line(`expected: ${what}`, mib(bytes), '');
  line('array buffers, peak', mib(report.arrayBuffers), `expected ${mib(report.plan.peak)}`);
  line(
    'resident, peak, with the runtime',
    mib(report.resident),
    'under 4096 MiB',
    report.resident < 4096 * MIB,
  );
  line('all logits at once would be', mib(report.allLogits), 'not held');
  for (const [phase, time] of Object.entries(report.timing)) line(phase, seconds(time), '');
};

export const main = async (given: string[]): Promise<void> => {
  const { values } = parseArgs({
    args: given,
    options: {
      model: { type: 'string', default: path.join(ROOT, 'models/ct-lungs') },
      plugin: { type: 'string', default: path.join(ROOT, 'extension/dist/esm') },
      'meshnet-size': { type: 'string', default: '96' },
      'meshnet-backend': { type: 'string', default: 'wasm' },
      only: { type: 'string' },
      segments: { type: 'string' },
    },
  });
  if (values.only === 'segmentation') {
    segmentationBench(values.segments?.split(',').map(Number));
    return;
  }
  if (values.only !== undefined) throw new Error(`--only ${values.only}: segmentation is known`);
  const folder = path.resolve(values.model);
  const plugin = path.resolve(values.plugin);
  const parsed = parseManifest(JSON.parse(readFileSync(path.join(folder, 'model.json'), 'utf8')));
  if (!parsed.ok) throw new Error(parsed.refusal.message);
  const manifest = parsed.value;

  console.log(
    `${manifest.id} ${manifest.version}, 512×512×300, ${os.cpus().length} cores (${os.cpus()[0].model}), load ${os.loadavg()[0].toFixed(1)}\n`,
  );
  await bundles(plugin);
  if (!existsSync(path.join(folder, manifest.files[0].path))) {
    console.log(`\n${path.join(folder, manifest.files[0].path)} is not there: nothing can be run.`);
    return;
  }
  const { geometry } = benchVolume();
  console.log('');
  const native = await nativePhases(manifest, folder);

  const built = mkdtempSync(path.join(os.tmpdir(), 'second-reader-bench-page-'));
  let server: TestServer | undefined;
  let browser: Browser | undefined;
  try {
    await buildHarness(
      built,
      [
        ['tests/bench/page', 'web'],
        ['tests/e2e/engines/scores-worker', 'webworker'],
      ],
      'production',
    );
    server = await startTestServer({ plugin, test: built, models: folder, volume: BENCH_FOLDER });
    browser = await chromium.launch({ executablePath: CHROMIUM_PATH, args: CHROMIUM_ARGS });
    const { origin } = server;
    const openPage = async (opened: Browser) => {
      const page = await opened.newPage();
      page.setDefaultTimeout(0);
      await page.goto(`${origin}/isolated`);
      await page.waitForFunction(() => 'bench' in globalThis);
      return page;
    };
    // What one window takes in a page of its own is the model's: runtime, weights and activations.
    const alone = await openPage(browser);
    const memory = watchMemory();
    await timeWindow(alone, server, manifest, 2);
    const model = memory.stop();
    await alone.context().close();
    const page = await openPage(browser);
    console.log('');
    const inPage = await inBrowser(page, server, manifest, geometry, model);
    const agree = JSON.stringify(inPage) === JSON.stringify(native);
    line(
      'voxels per segment, browser and native',
      agree ? 'equal' : `${inPage} / ${native}`,
      'equal',
      agree,
    );
    console.log('');
    await wasmAgainstNative(page, server, manifest, folder);
    await slidingWindowOverhead(manifest, folder, THREADS);
  } finally {
    await browser?.close();
    await server?.close();
    rmSync(built, { recursive: true, force: true });
  }
  await meshnetBench({
    plugin,
    size: Number(values['meshnet-size']),
    backend: values['meshnet-backend'],
  });
  largeVolume();
  console.log('');
  segmentationBench();
};
