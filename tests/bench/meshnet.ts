import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium } from '@playwright/test';
import { importPackage } from '../../cli/src/models/import/import';
import { importOptionsSchema } from '../../cli/src/models/import/options';
import { buildHarness } from '../e2e/engines/build';
import { startTestServer } from '../e2e/engines/server';
import { CHROMIUM_ARGS, CHROMIUM_PATH } from '../e2e/support/chromium';
import { ROOT } from '../e2e/support/paths';
import type { Meshnet, MeshnetRun } from './meshnetPage';
import { line, seconds } from './report';

declare const meshnet: Meshnet;

const TENSORFLOW = ['core', 'layers', 'backend-wasm', 'backend-webgl', 'backend-webgpu'];
const BACKENDS = ['wasm', 'webgl', 'webgpu'] as const;
type Backend = (typeof BACKENDS)[number];

/** Where brainchop's model as published is: TF.js, imported here as a researcher would. */
const originalFolder = () =>
  path.join(
    process.env.SECOND_READER_DATA ?? path.resolve(ROOT, '../shared/data'),
    'models/brain_tissue_meshnet5/original',
  );

/** A head of soft borders and noise, already conformed: timing needs no anatomy. */
const conformedBrain = (size: number): Float32Array<ArrayBuffer> => {
  const voxels = new Float32Array(size ** 3);
  let state = 20240607;
  for (let k = 0, at = 0; k < size; k++) {
    for (let j = 0; j < size; j++) {
      for (let i = 0; i < size; i++, at++) {
        const [x, y, z] = [i, j, k].map(n => (2 * n) / size - 1);
        const inside = Math.max(0, 1 - (x * x + y * y + 1.3 * z * z));
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        const folds = 0.5 + 0.5 * Math.sin(20 * x) * Math.cos(17 * y) * Math.sin(23 * z);
        voxels[at] = inside * (90 + 110 * folds) + (state / 2 ** 32) * 6;
      }
    }
  }
  return voxels;
};

/**
 * MeshNet (brainchop's tissue model, 5 channels) on one brain in our worker and in TensorFlow.js on
 * the same page: same weights, same voxels, labels compared. TensorFlow.js's time is the network
 * and its arg-max; ours is everything from voxels to measured labels.
 */
export const meshnetBench = async (given: {
  plugin: string;
  /** Voxels along each edge; brainchop's own is 256. */
  size: number;
  backend: string;
}): Promise<void> => {
  const { size, plugin } = given;
  const backend = BACKENDS.find(name => name === given.backend);
  if (!backend)
    throw new Error(`--meshnet-backend ${given.backend}: allowed are ${BACKENDS.join(', ')}`);
  if (!existsSync(originalFolder())) {
    console.log(`MeshNet: skipped, ${originalFolder()} is not there`);
    return;
  }
  const threads = Math.min(8, os.cpus().length);
  const built = mkdtempSync(path.join(os.tmpdir(), 'second-reader-meshnet-'));
  try {
    const tfjs = path.join(ROOT, 'node_modules/@tensorflow');
    mkdirSync(path.join(built, 'tfjs'));
    cpSync(path.join(tfjs, 'tfjs-backend-wasm/dist'), path.join(built, 'tfjs'), {
      recursive: true,
    });
    for (const part of TENSORFLOW) {
      cpSync(
        path.join(tfjs, `tfjs-${part}/dist/tf-${part}.min.js`),
        path.join(built, `tfjs/tf-${part}.min.js`),
      );
    }
    cpSync(originalFolder(), path.join(built, 'original'), { recursive: true });
    const voxels = conformedBrain(size);
    writeFileSync(path.join(built, 'brain.raw'), voxels);
    const imported = await importPackage(
      path.join(originalFolder(), 'model.json'),
      importOptionsSchema.parse({
        out: path.join(built, 'meshnet'),
        preset: 'brainchop',
        cropAbove: '0',
      }),
    );
    if (!imported.ok) throw new Error(imported.refusal.message);
    const written = JSON.parse(readFileSync(path.join(built, 'meshnet/model.json'), 'utf8'));
    const manifest = {
      ...written,
      // In memory order, as TensorFlow.js is given the same voxels.
      inputs: [{ ...written.inputs[0], spatialAxes: 'zyx' }],
      // The volume is conformed already: the network's own work is what is compared.
      preprocessing: [{ transform: 'scaleIntensity', minv: 0, maxv: 1 }],
      postprocessing: [{ transform: 'invert', resample: 'labels' }],
    };
    await buildHarness(built, [['tests/bench/meshnetPage', 'web']], 'production');
    const runs = await inOnePage(built, plugin, {
      manifest,
      backend,
      threads,
      size,
    });
    report(runs, size);
  } finally {
    rmSync(built, { recursive: true, force: true });
  }
};

const inOnePage = async (
  built: string,
  plugin: string,
  request: { manifest: unknown; backend: Backend; threads: number; size: number },
): Promise<{ ours: MeshnetRun; theirs: MeshnetRun }> => {
  const { manifest, backend, threads, size } = request;
  const server = await startTestServer({ plugin, test: built, models: built, volume: built });
  const browser = await chromium.launch({ executablePath: CHROMIUM_PATH, args: CHROMIUM_ARGS });
  try {
    const { origin } = server;
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    await page.goto(`${origin}/isolated`);
    for (const part of TENSORFLOW) {
      await page.addScriptTag({ url: `${origin}/test/tfjs/tf-${part}.min.js` });
    }
    await page.addScriptTag({ type: 'module', url: `${origin}/test/meshnetPage.js` });
    await page.waitForFunction(() => 'meshnet' in globalThis);
    const volumeUrl = `${origin}/volume/brain.raw`;
    const ours = () =>
      page.evaluate(given => meshnet.plugin(given), {
        manifest,
        modelUrl: `${origin}/models/meshnet/`,
        pluginUrl: `${origin}/plugin/`,
        volumeUrl,
        geometry: {
          dimensions: [size, size, size] as const,
          spacing: [1, 1, 1] as const,
          origin: [0, 0, 0] as const,
          direction: [
            [1, 0, 0],
            [0, 1, 0],
            [0, 0, 1],
          ] as const,
        },
        preference: backend === 'webgpu' ? ('webgpu' as const) : ('wasm-threads' as const),
      });
    const theirs = () =>
      page.evaluate(given => meshnet.tensorflow(given), {
        backend,
        wasmUrl: `${origin}/test/tfjs/`,
        threads,
        modelUrl: `${origin}/test/original/model.json`,
        volumeUrl,
        shape: [size, size, size] as [number, number, number],
      });
    // Ours first: what TensorFlow.js leaves in the page's memory must not slow us, nor help us.
    const first = await ours();
    const peer = await theirs();
    return { ours: first, theirs: peer };
  } finally {
    await browser.close();
    await server.close();
  }
};

const report = ({ ours, theirs }: { ours: MeshnetRun; theirs: MeshnetRun }, size: number): void => {
  console.log('');
  line(
    `MeshNet, ${size}³: ${ours.backend}`,
    seconds(ours.milliseconds),
    'voxels to measured labels',
  );
  line(`MeshNet, ${size}³: ${theirs.backend}`, seconds(theirs.milliseconds), 'network and arg-max');
  line(
    'MeshNet: TensorFlow.js / Second Reader',
    `${(theirs.milliseconds / ours.milliseconds).toFixed(1)} ×`,
    'same page, same voxels',
  );
  const differing = Math.max(...ours.counts.map((n, label) => Math.abs(n - theirs.counts[label])));
  line(
    'MeshNet: voxels counted otherwise',
    String(differing),
    'at most 0.01 %',
    differing <= size ** 3 * 1e-4,
  );
};
