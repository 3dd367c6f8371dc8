import path from 'node:path';
import { existsSync } from 'node:fs';
import type { Phase } from '@second-reader/core/findings/types';
import { channelsOf } from '@second-reader/core/model/manifest';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import type { ModelPackage } from '@second-reader/core/reading/ports';
import type { Volume } from '@second-reader/core/volume/types';
import { findWorkspace } from '../workspace';
import { benchScript } from './browser/benchScript';
import { findBrowser } from './browser/find';
import { runPage } from './browser/page';
import { seeded } from './network/fixture';
import { loadPackage, readVolumes, volumeOf } from './package';
import { runNative } from './run';

export const BENCH_ENGINES = ['native', 'wasm', 'wasm-threads', 'webgpu'] as const;
export type BenchEngine = (typeof BENCH_ENGINES)[number];

/** Milliseconds by phase, and the most memory that was held. */
export type BenchRow = { engine: BenchEngine } & (
  | {
      state: 'ran';
      /** What really ran: the browser falls back where an engine cannot run. */
      ran: string;
      timing: Partial<Record<Phase, number>>;
      /** By phase, the most that the process had held by its end (native); of the page after the run (browser). */
      memory: Record<string, number>;
    }
  | { state: 'failed' | 'unavailable'; reason: string }
);

const runOnNative = async (model: ModelPackage, volumes: readonly Volume[]): Promise<BenchRow> => {
  const memory: Record<string, number> = {};
  let current = 'start';
  const note = () => (memory[current] = process.resourceUsage().maxRSS / 1024);
  const outcome = await runNative(model, volumes, phase => {
    note();
    current = phase;
  });
  note();
  return outcome.ok
    ? { engine: 'native', state: 'ran', ran: 'native', timing: outcome.value.timing, memory }
    : { engine: 'native', state: 'failed', reason: outcome.refusal.message };
};

const runInBrowser = async (
  folder: string,
  model: ModelPackage,
  volumes: readonly Volume[],
  engine: Exclude<BenchEngine, 'native'>,
  options: { browser?: string; softwareGpu?: boolean },
): Promise<BenchRow> => {
  const browser = findBrowser(options.browser);
  if (!browser.ok) return { engine, state: 'unavailable', reason: browser.refusal.message };
  const plugin = findWorkspace().extension;
  if (!existsSync(path.join(plugin, 'inference-worker.js'))) {
    return { engine, state: 'unavailable', reason: 'the plugin is not built (npm run build)' };
  }
  const files: Record<string, Uint8Array> = {};
  const given = volumes.map(({ geometry, voxels, modality }, index) => {
    const url = `/volume-${index}`;
    files[url] = new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength);
    return { geometry, modality, url };
  });
  let row: BenchRow = { engine, state: 'failed', reason: 'the page said nothing' };
  const outcome = await runPage({
    browser: browser.value,
    script: benchScript({
      engine,
      manifest: model.manifest,
      volumes: given,
      softwareGpu: options.softwareGpu ?? false,
    }),
    folders: { plugin, package: path.resolve(folder) },
    files,
    softwareGpu: options.softwareGpu,
    timeoutMs: 900_000,
    onAnswer: (_, body) => {
      row = {
        engine,
        ...(JSON.parse(body.toString('utf8')) as Omit<BenchRow, 'engine'>),
      } as BenchRow;
    },
  });
  return outcome.ok ? row : { engine, state: 'failed', reason: outcome.refusal.message };
};

/** A volume of noise: what a run costs where no scan is at hand. Axial, 1 mm. */
const noise = (size: readonly [number, number, number], modality: string): Volume => {
  const random = seeded(1);
  const voxels = Float32Array.from({ length: size[0] * size[1] * size[2] }, () => 1000 * random());
  return volumeOf(
    {
      dimensions: size,
      spacing: [1, 1, 1],
      origin: [0, 0, 0],
      direction: [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
    },
    voxels,
    modality,
  );
};

export interface BenchOptions {
  volume?: string[];
  size?: string;
  engines?: string;
  browser?: string;
  softwareGpu?: boolean;
}

const volumesFor = async (
  model: ModelPackage,
  { volume, size = '256x256x256' }: BenchOptions,
): Promise<Outcome<Volume[]>> => {
  if (volume) return readVolumes(model.manifest, volume);
  const parts = size.split('x').map(Number);
  if (parts.length !== 3 || !parts.every(n => Number.isInteger(n) && n > 0)) {
    return refuse('benchSize', `--size ${size}: three numbers such as 256x256x256 are needed.`, {
      given: size,
    });
  }
  const dimensions = parts as [number, number, number];
  return accept(channelsOf(model.manifest).map(({ modality }) => noise(dimensions, modality)));
};

/**
 * Time and memory of the whole pipeline by phase, on native ONNX Runtime in this process and in the
 * plugin's own worker in a headless browser. Refuses what loading the package and the volumes refuses,
 * `engineUnknown`, `benchSize`.
 */
export const benchPackage = async (
  folder: string,
  options: BenchOptions,
  onRow: (row: BenchRow) => void,
): Promise<Outcome<void>> => {
  const names = (options.engines ?? BENCH_ENGINES.join(',')).split(',').map(name => name.trim());
  const wrong = names.find(name => !(BENCH_ENGINES as readonly string[]).includes(name));
  if (wrong !== undefined) {
    const allowed = BENCH_ENGINES.join(', ');
    return refuse('engineUnknown', `--engines ${wrong}: allowed are ${allowed}.`, {
      given: wrong,
      allowed,
    });
  }
  const model = await loadPackage(folder);
  if (!model.ok) return model;
  const volumes = await volumesFor(model.value, options);
  if (!volumes.ok) return volumes;
  for (const engine of names as BenchEngine[]) {
    onRow(
      engine === 'native'
        ? await runOnNative(model.value, volumes.value)
        : await runInBrowser(folder, model.value, volumes.value, engine, options),
    );
  }
  return accept(undefined);
};

const seconds = (ms: number | undefined): string =>
  ms === undefined ? '-' : ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;

const PHASES: Phase[] = ['model', 'preprocess', 'infer', 'postprocess', 'measure'];

export const benchLine = (row: BenchRow): string => {
  const name = row.engine.padEnd(13);
  if (row.state !== 'ran') {
    return `${name}${row.state === 'failed' ? 'failed' : 'not tried'}: ${row.reason}`;
  }
  const fell = row.ran === row.engine ? '' : ` (ran on ${row.ran})`;
  const times = PHASES.map(phase => `${phase} ${seconds(row.timing[phase])}`).join(', ');
  const total = PHASES.reduce((sum, phase) => sum + (row.timing[phase] ?? 0), 0);
  const memory = Object.entries(row.memory)
    .map(([phase, mib]) => `${phase} ${mib.toFixed(0)}`)
    .join(', ');
  return `${name}${times}; in all ${seconds(total)}${fell}\n${' '.repeat(13)}memory, MiB: ${memory || 'not told by this browser'}`;
};
