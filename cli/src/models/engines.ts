import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { ModelManifest } from '@second-reader/core/model/manifest';
import { lastNetwork } from '@second-reader/core/model/networks';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import { findBrowser } from './browser/find';
import { fixtureScript } from './browser/fixtureScript';
import { runPage } from './browser/page';
import { loadNative } from './network/native';
import { compare, runNetwork, type Difference, type Runtime } from './network/run';
import { readSafetensors, type StoredTensor, type StoredTensors } from './network/safetensors';

/** Where a fixture can be run. `wasm` is ONNX Runtime Web under Node; the last two need a browser. */
export const ENGINES = ['native', 'wasm', 'wasm-threads', 'webgpu'] as const;
export type CheckedEngine = (typeof ENGINES)[number];

export type EngineCheck = { engine: CheckedEngine } & (
  | {
      state: 'ran';
      difference: Difference;
      milliseconds: number;
      /** What WebGPU ran on, in its own words. */
      adapter?: string;
    }
  | { state: 'failed' | 'unavailable'; reason: string }
);

/** Refuses `engineUnknown`. */
export const parseEngines = (given: string | undefined): Outcome<CheckedEngine[]> => {
  if (given === undefined) return accept([...ENGINES]);
  const names = given.split(',').map(name => name.trim());
  const wrong = names.find(name => !(ENGINES as readonly string[]).includes(name));
  return wrong === undefined
    ? accept(names as CheckedEngine[])
    : refuse('engineUnknown', `--engines ${wrong}: allowed are ${ENGINES.join(', ')}.`, {
        given: wrong,
        allowed: ENGINES.join(', '),
      });
};

export interface EngineOptions {
  browser?: string;
  softwareGpu?: boolean;
  /** The network computes in float16, which not every graphics card can. */
  half?: boolean;
}

/** The fixture of a package, split into what is fed and what native ONNX Runtime answered. */
export interface FixtureTensors {
  inputs: StoredTensors;
  expected: StoredTensors;
}

/**
 * The fixture that the package keeps, if it keeps one: of its last network (of an ensemble, of the
 * first fold). Refuses `safetensorsBroken`, `fixtureTensors`.
 */
export const readFixture = async (
  folder: string,
  manifest: ModelManifest,
): Promise<Outcome<FixtureTensors | undefined>> => {
  const file = manifest.files.find(({ role }) => role === 'fixture');
  if (!file) return accept(undefined);
  const read = readSafetensors(await readFile(path.join(folder, file.path)));
  if (!read.ok) return read;
  const names = lastNetwork(manifest).inputs.map(({ name }) => name);
  const inputs: StoredTensors = new Map([...read.value].filter(([name]) => names.includes(name)));
  const expected: StoredTensors = new Map(
    [...read.value].filter(([name]) => !names.includes(name)),
  );
  if (inputs.size < names.length || expected.size === 0) {
    const found = [...read.value.keys()].join(', ');
    return refuse(
      'fixtureTensors',
      `${file.path} holds ${found}; every input (${names.join(', ')}) and an output are needed.`,
      { path: file.path, found, needed: names.join(', ') },
    );
  }
  return accept({ inputs, expected });
};

const loadWasm = async (): Promise<Runtime> => {
  const ort = await import('onnxruntime-web');
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  return ort as unknown as Runtime;
};

const inNode = async (
  engine: 'native' | 'wasm',
  bytes: Uint8Array,
  { inputs, expected }: FixtureTensors,
): Promise<EngineCheck> => {
  try {
    const runtime = engine === 'native' ? await loadNative() : await loadWasm();
    const options = { executionProviders: [engine === 'native' ? 'cpu' : 'wasm'] };
    const { outputs, milliseconds } = await runNetwork(runtime, bytes, inputs, options);
    return { engine, state: 'ran', difference: compare(expected, outputs), milliseconds };
  } catch (error) {
    return { engine, state: 'failed', reason: (error as Error).message.split('\n')[0] };
  }
};

const stored = (type: string, dims: number[], body: Buffer): StoredTensor => {
  const own = Uint8Array.from(body).buffer;
  switch (type) {
    case 'int64':
      return { dtype: 'I64', dims, data: new BigInt64Array(own) };
    case 'int32':
      return { dtype: 'I32', dims, data: new Int32Array(own) };
    case 'uint8':
    case 'bool':
      return { dtype: 'U8', dims, data: new Uint8Array(own) };
    default:
      return { dtype: 'F32', dims, data: new Float32Array(own) };
  }
};

export const ortFolder = (): string =>
  path.dirname(createRequire(__filename).resolve('onnxruntime-web'));

const inBrowser = async (
  engines: readonly CheckedEngine[],
  bytes: Uint8Array,
  { inputs, expected }: FixtureTensors,
  options: EngineOptions,
): Promise<EngineCheck[]> => {
  const browser = findBrowser(options.browser);
  if (!browser.ok) {
    const reason = browser.refusal.message;
    return engines.map(engine => ({ engine, state: 'unavailable', reason }));
  }
  const files: Record<string, Uint8Array> = { '/network.onnx': bytes };
  const fed = [...inputs].map(([name, { dims, data }], index) => {
    const url = `/input-${index}`;
    files[url] = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return { name, dims, url };
  });
  const outputs = new Map<string, StoredTensors>();
  const checks = new Map<string, EngineCheck>();
  const outcome = await runPage({
    browser: browser.value,
    script: fixtureScript({
      engines,
      network: '/network.onnx',
      inputs: fed,
      half: options.half ?? false,
    }),
    folders: { ort: ortFolder() },
    files,
    softwareGpu: options.softwareGpu,
    timeoutMs: 180_000,
    onAnswer({ searchParams: said }, body) {
      const engine = said.get('engine') as CheckedEngine;
      const state = said.get('state');
      const mine = outputs.get(engine) ?? new Map<string, StoredTensor>();
      outputs.set(engine, mine);
      if (state === 'output') {
        const dims = JSON.parse(said.get('dims') ?? '[]') as number[];
        mine.set(said.get('name') ?? '', stored(said.get('type') ?? '', dims, body));
      } else if (state === 'ran') {
        const milliseconds = Number(said.get('milliseconds'));
        const adapter = said.get('adapter') || undefined;
        const difference = compare(expected, mine);
        checks.set(engine, { engine, state, difference, milliseconds, adapter });
      } else if (state === 'failed' || state === 'unavailable') {
        checks.set(engine, { engine, state, reason: said.get('reason') ?? '' });
      }
    },
  });
  const reason = outcome.ok ? 'the page said nothing of it' : outcome.refusal.message;
  return engines.map(engine => checks.get(engine) ?? { engine, state: 'failed', reason });
};

/** Runs a network on every engine asked for and compares with the answers of its fixture. */
export const checkEngines = async (
  bytes: Uint8Array,
  fixture: FixtureTensors,
  engines: readonly CheckedEngine[],
  options: EngineOptions,
): Promise<EngineCheck[]> => {
  const checks: EngineCheck[] = [];
  for (const engine of engines) {
    if (engine === 'native' || engine === 'wasm') checks.push(await inNode(engine, bytes, fixture));
  }
  const further = engines.filter(engine => engine === 'wasm-threads' || engine === 'webgpu');
  if (further.length > 0) checks.push(...(await inBrowser(further, bytes, fixture, options)));
  return checks;
};
