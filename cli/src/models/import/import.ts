import { rm } from 'node:fs/promises';
import path from 'node:path';
import { parseManifest } from '@second-reader/core/model/validate';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import { cardNotes } from '../cardNotes';
import { makeFixture } from '../network/fixture';
import { loadNative } from '../network/native';
import { assemble, todosIn } from './assemble';
import { detectSource, type DetectedSource } from './detect';
import { readChain } from './chain/source';
import type { ImportDraft, ManifestInput, ManifestPart } from './draft';
import { readJson } from './files';
import { parseLabels, slug, type AuthoredLabel } from './labels';
import type { ImportOptions } from './options';
import { readBundle } from './monai/source';
import { planId, readPlans } from './nnunet/source';
import type { PreparedNetwork } from './prepare';
import { readPlainSource } from './plain/source';
import { readLayersSource } from './tfjs/source';
import { checkFolder, writePackage } from './write';
import { unpackZip } from './zip';

export interface ImportReport {
  kind: string;
  folder: string;
  manifest: ManifestInput;
  notes: string[];
  /** JSON paths of what a person must fill in. */
  todos: string[];
  /** Which lines of the card a person must fill in, as `models validate` says it. */
  cardNotes: string[];
  /** What `models validate` will say besides. */
  problems: string[];
}

export interface Given {
  labels?: AuthoredLabel[];
  id: string;
  /** The author's own part says what the network's inputs and outputs are. */
  described: boolean;
}

const readDraft = (
  { kind, path: source }: DetectedSource,
  options: ImportOptions,
  given: Given,
): Promise<Outcome<ImportDraft>> => {
  switch (kind) {
    case 'TF.js layers model':
      return readLayersSource(source, options, given);
    case 'MONAI bundle':
      return readBundle(source, options, given);
    case 'nnU-Net v2 folder':
      return readPlans(source, options, given);
    case 'chain of networks':
      return readChain(source);
    default:
      return readPlainSource(source, options, given);
  }
};

const readAuthored = async (file: string | undefined): Promise<Outcome<ManifestPart>> => {
  if (!file) return accept({});
  const json = await readJson(file);
  if (!json.ok) return json;
  return typeof json.value === 'object' && json.value !== null && !Array.isArray(json.value)
    ? accept(json.value as ManifestPart)
    : refuse('importManifestPart', `${file} is no JSON object with parts of the manifest.`, {
        file,
      });
};

const idFrom = (source: DetectedSource): string => {
  const { dir, name, base } = path.parse(path.resolve(source.path));
  const generic = /^(model|network|plans|original)$/i.test(name);
  const folder = path.basename(dir);
  const words = generic
    ? /^(original|models|export)$/i.test(folder)
      ? path.basename(path.dirname(dir))
      : folder
    : source.path.endsWith(base)
      ? name
      : base;
  return slug(words) || 'model';
};

/**
 * Makes a model package of a source: reads it, describes it, proves and encodes its networks, writes
 * the folder. Refuses what the parts refuse; then nothing is written.
 */
export const importPackage = async (
  source: string,
  options: ImportOptions,
): Promise<Outcome<ImportReport>> => {
  const free = await checkFolder(options.out, options.force ?? false);
  if (!free.ok) return free;
  if (/\.zip$/i.test(source)) {
    const unpacked = await unpackZip(source);
    if (!unpacked.ok) return unpacked;
    const outcome = await importPackage(unpacked.value, {
      ...options,
      id: options.id ?? (slug(path.parse(source).name) || 'model'),
    });
    await rm(unpacked.value, { recursive: true, force: true });
    return outcome;
  }
  const detected = await detectSource(source);
  if (!detected.ok) return detected;
  const authored = await readAuthored(options.manifest);
  if (!authored.ok) return authored;
  let labels: AuthoredLabel[] | undefined;
  if (options.labels) {
    const json = await readJson(options.labels);
    const parsed = json.ok ? parseLabels(json.value, options.labels) : json;
    if (!parsed.ok) return parsed;
    labels = parsed.value;
  }
  const { kind, path: found } = detected.value;
  const trained = kind === 'nnU-Net v2 folder' ? await planId(found) : undefined;
  const id = options.id ?? authored.value.id ?? trained ?? idFrom(detected.value);
  const described = authored.value.inputs !== undefined && authored.value.outputs !== undefined;
  const draft = await readDraft(detected.value, options, { labels, id, described });
  if (!draft.ok) return draft;
  const manifest = assemble(draft.value, options, authored.value, id);
  if (!manifest.ok) return manifest;

  const { prepareNetwork, preparationLines } = await import('./prepare');
  const notes = [...draft.value.notes];
  const prepared: PreparedNetwork[] = [];
  for (const [index, model] of draft.value.networks.entries()) {
    // A chain may run one network twice, such as on either side of the body.
    const same = draft.value.networks.indexOf(model);
    if (same < index) {
      prepared.push(prepared[same]);
      continue;
    }
    const network = await prepareNetwork(model, options.fp16 ?? false);
    if (!network.ok) return network;
    prepared.push(network.value);
  }
  const { stages = [] } = draft.value;
  prepared.forEach((network, index) => {
    const stage = stages[index];
    // Folds of one network are rewritten alike, and said once.
    if (stages.indexOf(stage) < index && index > 0) return;
    notes.push(...preparationLines(network).map(line => (stage ? `${stage}: ${line}` : line)));
  });
  // The fixture is of the last network: the one without a stage.
  const last = prepared.find((_, index) => stages[index] === undefined) ?? prepared[0];
  const fixture = await makeFixture(await loadNative(), last.model, last.bytes, last.proof.shapes);
  if (fixture.reason) {
    notes.push(`No fixture was written: ${fixture.reason}. "models validate" makes its own.`);
  }

  const written = await writePackage(options.out, {
    manifest: manifest.value,
    networks: prepared.map(({ bytes }, index) => ({ bytes, stage: stages[index] })),
    fixture: fixture.file,
    notes,
    source: `${draft.value.kind} ${path.basename(path.resolve(source))}`,
  });
  const todos = todosIn(written);
  const parsed = parseManifest(written);
  const problems = parsed.ok ? [] : [parsed.refusal.message];
  return accept({
    kind: draft.value.kind,
    folder: options.out,
    manifest: written,
    notes,
    todos,
    cardNotes: await cardNotes(path.join(options.out, 'MODEL_CARD.md')),
    problems: todos.length > 0 ? [] : problems,
  });
};
