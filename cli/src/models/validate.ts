import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ModelManifest } from '@second-reader/core/model/manifest';
import { networksOf } from '@second-reader/core/model/networks';
import { accept, refuse, type Outcome, type Refusal } from '@second-reader/core/outcome';
import { outputNamesOf } from '@second-reader/inference/infer';
import { decodeModel, DataType } from '../onnx/proto';
import {
  checkEngines,
  readFixture,
  type CheckedEngine,
  type EngineCheck,
  type FixtureTensors,
} from './engines';
import { makeReference } from './network/fixture';
import { loadNative } from './network/native';
import { agrees, differenceText } from './network/run';
import type { StoredTensors } from './network/safetensors';
import { cardNotes } from './cardNotes';
import { readManifestOf } from './package';

interface NetworkFile {
  file: string;
  stage?: string;
  bytes: Buffer;
}

/** One network file on the engines. */
export interface NetworkCheck {
  file: string;
  /** What it was held against. */
  source: string;
  engines: EngineCheck[];
}

export interface ValidationReport {
  manifest?: ModelManifest;
  /** Empty where the package is valid. */
  problems: Refusal[];
  networks: NetworkCheck[];
  /** What could not be checked, and why. */
  notes: string[];
}

const problemOf = (outcome: Outcome<unknown>): Refusal[] => (outcome.ok ? [] : [outcome.refusal]);

async function checkFile(
  folder: string,
  file: ModelManifest['files'][number],
): Promise<Outcome<Buffer>> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path.join(folder, file.path));
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    return refuse('modelFileMissing', `${file.path} cannot be read (${reason}).`, {
      path: file.path,
      reason,
    });
  }
  if (bytes.length !== file.bytes) {
    return refuse(
      'modelFileSize',
      `${file.path} has ${bytes.length} bytes; the manifest says ${file.bytes}.`,
      {
        path: file.path,
        found: bytes.length,
        expected: file.bytes,
      },
    );
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return sha256 === file.sha256
    ? accept(bytes)
    : refuse(
        'modelFileHash',
        `${file.path} has the SHA-256 ${sha256}; the manifest says ${file.sha256}.`,
        {
          path: file.path,
          found: sha256,
          expected: file.sha256,
        },
      );
}

function checkNames(kind: string, named: string[], found: readonly string[]): Outcome<void> {
  const missing = named.filter(name => !found.includes(name));
  return missing.length === 0
    ? accept(undefined)
    : refuse(
        'modelNames',
        `The network has no ${kind} ${missing.join(', ')}; it has ${found.join(', ')}.`,
        {
          kind,
          missing: missing.join(', '),
          found: found.join(', '),
        },
      );
}

/** Opens the network in ONNX Runtime and compares its inputs and outputs with the manifest's. */
async function checkNetwork(
  manifest: ModelManifest,
  { file, stage, bytes }: NetworkFile,
): Promise<Refusal[]> {
  const ort = await import('onnxruntime-node');
  try {
    const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
    const network = networksOf(manifest).find(spec => spec.stage === stage)!;
    const inputs = network.inputs.map(({ name }) => name);
    const outputs = network.outputs.flatMap(outputNamesOf);
    const unfed = session.inputNames.filter(name => !inputs.includes(name));
    const problems = [
      ...problemOf(checkNames('input', inputs, session.inputNames)),
      ...problemOf(checkNames('output', outputs, session.outputNames)),
    ];
    if (unfed.length > 0 && problems.length === 0) {
      problems.push(
        ...problemOf(
          refuse(
            'modelInputUnfed',
            `The network needs the input ${unfed.join(', ')}, which the manifest does not name.`,
            {
              missing: unfed.join(', '),
            },
          ),
        ),
      );
    }
    await session.release();
    return problems;
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0];
    return problemOf(
      refuse('modelNotOpened', `${file} does not open in ONNX Runtime: ${reason}`, {
        file,
        reason,
      }),
    );
  }
}

export interface ValidationOptions {
  /** Engines on which the fixture is run; none of them without it. */
  engines?: readonly CheckedEngine[];
  browser?: string;
  softwareGpu?: boolean;
}

/**
 * A network on every engine asked for. The last network is held against the fixture that the package
 * keeps; later folds, stages and networks without one against what native ONNX Runtime answers. A
 * difference or a failure is a problem, a missing engine is not.
 */
async function checkOnEngines(
  { file, bytes }: NetworkFile,
  kept: FixtureTensors | undefined,
  inputs: StoredTensors | undefined,
  options: ValidationOptions,
): Promise<{ check?: NetworkCheck; note?: string; problems: Refusal[] }> {
  const model = decodeModel(bytes);
  if (!model.ok) return { problems: [model.refusal] };
  const fixture = kept ?? (await makeReference(await loadNative(), model.value, bytes, inputs));
  if ('reason' in fixture) {
    return { note: `${file} was tried on no engine: ${fixture.reason}.`, problems: [] };
  }
  const half = model.value.graph.initializer.some(({ dataType }) => dataType === DataType.float16);
  const checks = await checkEngines(bytes, fixture, options.engines ?? [], { ...options, half });
  const source = kept ? 'against its fixture' : 'against native ONNX Runtime';
  const problems = checks.flatMap(check => {
    const { engine } = check;
    if (check.state === 'failed') {
      const { reason } = check;
      return problemOf(
        refuse('engineCheckFailed', `${engine} failed on ${file}: ${reason}`, {
          engine,
          file,
          reason,
        }),
      );
    }
    if (check.state !== 'ran' || agrees(check.difference, half)) return [];
    const found = differenceText(check.difference);
    return problemOf(
      refuse(
        'engineDiffers',
        `${engine} does not give the same for ${file}, ${source}: ${found}.`,
        {
          engine,
          file,
          found,
        },
      ),
    );
  });
  return { check: { file, source, engines: checks }, problems };
}

/**
 * Checks a model package as a whole: manifest, card, files, hashes, that every network opens, and with
 * `engines` that each gives the same answers.
 */
export async function validatePackage(
  folder: string,
  options: ValidationOptions = {},
): Promise<ValidationReport> {
  const report: ValidationReport = { problems: [], networks: [], notes: [] };
  const manifest = await readManifestOf(folder);
  if (!manifest.ok) return { ...report, problems: [manifest.refusal] };
  report.manifest = manifest.value;
  const { problems, notes } = report;
  const card = path.join(folder, 'MODEL_CARD.md');
  if (existsSync(card)) notes.push(...(await cardNotes(card)));
  else {
    problems.push(
      ...problemOf(
        refuse('modelCardMissing', 'MODEL_CARD.md is not there; every package has one.'),
      ),
    );
  }
  const networks: NetworkFile[] = [];
  for (const file of manifest.value.files) {
    const bytes = await checkFile(folder, file);
    problems.push(...problemOf(bytes));
    if (bytes.ok && file.role === 'network') {
      networks.push({ file: file.path, stage: file.stage, bytes: bytes.value });
    }
  }
  for (const network of networks) problems.push(...(await checkNetwork(manifest.value, network)));
  if (problems.length > 0 || !options.engines) return report;
  const fixture = await readFixture(folder, manifest.value);
  if (!fixture.ok) return { ...report, problems: [fixture.refusal] };
  const first = networks.find(({ stage }) => stage === undefined);
  for (const network of networks) {
    const kept = network === first ? fixture.value : undefined;
    // Folds of one network are fed the same.
    const inputs = network.stage === undefined ? fixture.value?.inputs : undefined;
    const { check, note, problems: found } = await checkOnEngines(network, kept, inputs, options);
    if (check) report.networks.push(check);
    if (note) notes.push(note);
    problems.push(...found);
  }
  return report;
}
