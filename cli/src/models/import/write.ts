import { createHash } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { manifestJsonSchema } from '@second-reader/core/model/validate';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import type { ManifestInput } from './draft';
import type { ManifestWithoutFiles } from './assemble';
import { cardSkeleton } from './cardSkeleton';

export interface PackageContents {
  manifest: ManifestWithoutFiles;
  /** Each network, encoded, and in a chain the stage it is for. */
  networks: ReadonlyArray<{ bytes: Uint8Array; stage?: string }>;
  fixture?: Uint8Array;
  notes: string[];
  source: string;
}

/** As the reference table of models/README.md has them. */
const ORDER = [
  ...['$schema', 'schemaVersion', 'id', 'version', 'name', 'task', 'files', 'inputs', 'gates'],
  ...['stages', 'networkInputs', 'preprocessing', 'inference', 'outputs', 'operatingPoints'],
  'postprocessing',
  ...['measurements', 'autoRun', 'facts'],
];

type File = ManifestInput['files'][number];

const entry = (
  role: File['role'],
  name: string,
  bytes: Uint8Array,
  stage: string | undefined,
): File => ({
  role,
  ...(stage !== undefined && { stage }),
  path: name,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  bytes: bytes.length,
});

/** Refuses `importFolderFull` where the folder has files already and `force` is not given. */
export const checkFolder = async (folder: string, force: boolean): Promise<Outcome<void>> => {
  const there = await readdir(folder).catch(() => []);
  return there.length === 0 || force
    ? accept(undefined)
    : refuse(
        'importFolderFull',
        `${folder} has files already (${there.slice(0, 3).join(', ')}); give another --out, or --force to write over them.`,
        { folder, found: there.slice(0, 3).join(', ') },
      );
};

/**
 * Writes the package: networks, fixture, manifest with sizes and hashes, its schema for editors and a
 * card to be filled in.
 */
export const writePackage = async (
  folder: string,
  { manifest, networks, fixture, notes, source }: PackageContents,
): Promise<ManifestInput> => {
  await mkdir(folder, { recursive: true });
  const files: File[] = [];
  const put = async (role: File['role'], name: string, bytes: Uint8Array, stage?: string) => {
    files.push(entry(role, name, bytes, stage));
    await writeFile(path.join(folder, name), bytes);
  };
  const named = new Map<string, number>();
  for (const { bytes, stage } of networks) {
    const folds = networks.filter(other => other.stage === stage).length;
    const stem = [manifest.id, ...(stage === undefined ? [] : [stage])].join('-');
    const fold = named.get(stem) ?? 0;
    named.set(stem, fold + 1);
    await put('network', `${stem}${folds > 1 ? `-${fold}` : ''}.onnx`, bytes, stage);
  }
  if (fixture) await put('fixture', 'fixture.safetensors', fixture);
  const said = { ...manifest, $schema: './model.schema.json', files };
  const complete = Object.fromEntries(
    [...ORDER, ...Object.keys(said)].flatMap(key =>
      key in said ? [[key, said[key as keyof typeof said]]] : [],
    ),
  ) as unknown as ManifestInput;
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  await writeFile(path.join(folder, 'model.json'), json(complete));
  await writeFile(path.join(folder, 'model.schema.json'), json(manifestJsonSchema()));
  await writeFile(path.join(folder, 'MODEL_CARD.md'), cardSkeleton(complete, notes, source));
  return complete;
};
