import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Outcome } from '@second-reader/core/outcome';
import type { ModelResult } from '@second-reader/core/findings/types';
import { importPackage, type ImportReport } from '../../cli/src/models/import/import';
import { parseImportOptions } from '../../cli/src/models/import/options';
import type { NiftiVolume } from '../../cli/src/models/nifti';
import { loadPackage, volumeOf } from '../../cli/src/models/package';
import { runNative } from '../../cli/src/models/run';

export const value = <T>(outcome: Outcome<T>): T => {
  if (!outcome.ok) throw new Error(`${outcome.refusal.code}: ${outcome.refusal.message}`);
  return outcome.value;
};

/** What only people can say, so that a package is complete. */
const SAID = {
  licence: 'MIT',
  intendedUse: 'Tests',
  limitation: ['Tests only'],
  trainingData: 'Not known to this test',
  manufacturer: 'Others',
};

/** Folders of one test file, taken away at its end. */
export const temporaryFolders = () => {
  const made: string[] = [];
  return {
    async make(): Promise<string> {
      const folder = await mkdtemp(path.join(tmpdir(), 'second-reader-import-'));
      made.push(folder);
      return folder;
    },
    remove: () => Promise.all(made.map(folder => rm(folder, { recursive: true, force: true }))),
  };
};

export const importWith = async (
  source: string,
  out: string,
  options: Record<string, unknown> = {},
): Promise<Outcome<ImportReport>> =>
  importPackage(source, value(parseImportOptions({ out, ...SAID, ...options })));

/** Adds a map of one channel's scores to what the package gives. */
export const addScoreMap = async (folder: string, channel: number): Promise<void> => {
  const file = path.join(folder, 'model.json');
  const manifest = JSON.parse(await readFile(file, 'utf8')) as {
    outputs: Array<Record<string, unknown>>;
  };
  manifest.outputs.push({
    type: 'map',
    name: manifest.outputs[0].name,
    channel,
    key: 'score',
    label: { en: 'Score' },
    concept: { value: 'SCORE', scheme: '99TESTS', meaning: 'Score' },
    unit: { value: '1', scheme: 'UCUM', meaning: 'no units' },
  });
  await writeFile(file, JSON.stringify(manifest));
};

/** The whole pipeline on native ONNX Runtime, every channel given by one volume. */
export const runOn = async (
  folder: string,
  volumes: NiftiVolume[],
  modality: string,
): Promise<ModelResult> => {
  const model = value(await loadPackage(folder));
  const outcome = await runNative(
    model,
    volumes.map(({ geometry, values }) => volumeOf(geometry, values, modality)),
  );
  return value(outcome).output;
};

export const labelsOf = (result: ModelResult): Uint8Array => {
  if (result.kind !== 'segmentation') throw new Error(`a ${result.kind}, no segmentation`);
  return result.labelMap.voxels;
};

/** Dice of one label between two label maps on the same grid. */
export const dice = (found: ArrayLike<number>, expected: ArrayLike<number>, label: number) => {
  let [both, sum] = [0, 0];
  for (let at = 0; at < expected.length; at++) {
    const [a, b] = [found[at] === label, expected[at] === label];
    both += Number(a && b);
    sum += Number(a) + Number(b);
  }
  return (2 * both) / sum;
};

export const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  if (a.length !== b.length) throw new Error(`${a.length} values against ${b.length}`);
  let largest = 0;
  for (let at = 0; at < a.length; at++) largest = Math.max(largest, Math.abs(a[at] - b[at]));
  return largest;
};
