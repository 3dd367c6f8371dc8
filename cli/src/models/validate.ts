import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ModelManifest } from '@second-reader/core/model/manifest';
import { accept, refuse, type Outcome, type Refusal } from '@second-reader/core/outcome';
import { decodeModel, DataType } from '../onnx/proto';
import { checkEngines, readFixture, type CheckedEngine, type EngineCheck } from './engines';
import { outputNamesOf } from './network/names';
import { agrees, differenceText } from './network/run';
import { readManifestOf } from './package';

export interface ValidationReport {
  manifest?: ModelManifest;
  /** Empty where the package is valid. */
  problems: Refusal[];
  engines: EngineCheck[];
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
  file: string,
  bytes: Buffer,
): Promise<Refusal[]> {
  const ort = await import('onnxruntime-node');
  try {
    const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
    const inputs = manifest.inputs.map(({ name }) => name);
    const outputs = outputNamesOf(manifest);
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

const holdsHalves = (bytes: Uint8Array): boolean => {
  const model = decodeModel(bytes);
  return (
    model.ok && model.value.graph.initializer.some(({ dataType }) => dataType === DataType.float16)
  );
};

/** The fixture on every engine asked for; a difference or a failure is a problem, a missing engine is not. */
async function checkFixture(
  folder: string,
  manifest: ModelManifest,
  bytes: Uint8Array,
  options: ValidationOptions,
): Promise<Pick<ValidationReport, 'engines' | 'notes' | 'problems'>> {
  const fixture = await readFixture(folder, manifest);
  if (!fixture.ok) {
    const missing = fixture.refusal.code === 'fixtureMissing';
    return missing
      ? { engines: [], notes: [fixture.refusal.message], problems: [] }
      : { engines: [], notes: [], problems: [fixture.refusal] };
  }
  const engines = await checkEngines(bytes, fixture.value, options.engines ?? [], options);
  const half = holdsHalves(bytes);
  const problems = engines.flatMap(check => {
    if (check.state === 'failed') {
      return problemOf(
        refuse('engineCheckFailed', `${check.engine} failed on the fixture: ${check.reason}`, {
          engine: check.engine,
          reason: check.reason,
        }),
      );
    }
    if (check.state !== 'ran' || agrees(check.difference, half)) return [];
    const found = differenceText(check.difference);
    return problemOf(
      refuse('engineDiffers', `${check.engine} does not give the fixture's answer: ${found}.`, {
        engine: check.engine,
        found,
      }),
    );
  });
  return { engines, notes: [], problems };
}

/**
 * Checks a model package as a whole: manifest, card, files, hashes, that the network opens, and with
 * `engines` that each gives the answers kept in the fixture.
 */
export async function validatePackage(
  folder: string,
  options: ValidationOptions = {},
): Promise<ValidationReport> {
  const none = { engines: [], notes: [] };
  const manifest = await readManifestOf(folder);
  if (!manifest.ok) return { ...none, problems: [manifest.refusal] };
  const problems: Refusal[] = [];
  if (!existsSync(path.join(folder, 'MODEL_CARD.md'))) {
    problems.push(
      ...problemOf(
        refuse('modelCardMissing', 'MODEL_CARD.md is not there; every package has one.'),
      ),
    );
  }
  const networks = [];
  for (const file of manifest.value.files) {
    const bytes = await checkFile(folder, file);
    problems.push(...problemOf(bytes));
    if (bytes.ok && file.role === 'network') networks.push({ file: file.path, bytes: bytes.value });
  }
  for (const { file, bytes } of networks) {
    problems.push(...(await checkNetwork(manifest.value, file, bytes)));
  }
  if (problems.length > 0 || !options.engines) {
    return { ...none, manifest: manifest.value, problems };
  }
  const [{ bytes }] = networks;
  const checked = await checkFixture(folder, manifest.value, bytes, options);
  return { manifest: manifest.value, ...checked };
}
