import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse as parseYaml } from 'yaml';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import type { OnnxModel } from '../../../onnx/proto';
import type { NetworkFacts } from '../described';
import type { ImportDraft, ManifestInput, ManifestPart, MissingFact } from '../draft';
import { readJson, readSourceFile } from '../files';
import { conceptsOf, slug, unnamedLabels, type AuthoredLabel } from '../labels';
import type { ImportOptions } from '../options';
import { readNetworks, withLogits } from '../plain/source';
import { Arguments } from './arguments';
import { BundleConfig, ConfigProblem } from './config';
import { INFERERS, readInferer } from './inferer';
import { dicomModality, metadataSchema, type BundleMetadata } from './metadata';
import { POSTPROCESSING_NAMES, readPostprocessing } from './postprocessing';
import { PREPROCESSING, type TransformContext } from './preprocessing';

type Preprocessing = ManifestInput['preprocessing'];

/** The line of MONAI's own that makes the ONNX file of a bundle. */
export const EXPORT_LINE =
  'python -m monai.bundle onnx_export network_def --filepath models/model.onnx --ckpt_file models/model.pt --meta_file configs/metadata.json --config_file configs/inference.json';

const CONFIGS = ['inference.json', 'inference.yaml', 'inference.yml'];

const readConfig = async (folder: string): Promise<Outcome<Record<string, unknown>>> => {
  const name = CONFIGS.find(candidate => existsSync(path.join(folder, 'configs', candidate)));
  if (!name) {
    return refuse(
      'bundleNoInference',
      `${folder} has no configs/${CONFIGS.join(' or configs/')}; without it nobody knows how an image is prepared.`,
      { folder, allowed: CONFIGS.join(', ') },
    );
  }
  const file = path.join(folder, 'configs', name);
  if (name.endsWith('.json')) {
    const json = await readJson(file);
    return json.ok ? accept(json.value as Record<string, unknown>) : json;
  }
  const bytes = await readSourceFile(file);
  if (!bytes.ok) return bytes;
  try {
    return accept(parseYaml(bytes.value.toString('utf8')) as Record<string, unknown>);
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0];
    return refuse('importNotYaml', `${file} is not YAML: ${reason}`, { file, reason });
  }
};

const networkFiles = (folder: string, options: ImportOptions): Outcome<string[]> => {
  if (options.onnx) return accept(options.onnx);
  const models = path.join(folder, 'models');
  const there = existsSync(models) ? readdirSync(models) : [];
  const onnx = there.filter(name => name.endsWith('.onnx'));
  if (there.includes('model.onnx')) return accept([path.join(models, 'model.onnx')]);
  if (onnx.length === 1) return accept([path.join(models, onnx[0])]);
  const found = there.join(', ') || 'nothing';
  return refuse(
    'bundleNoOnnx',
    `${folder} has no models/model.onnx (found: ${found}). In the bundle's folder run: ${EXPORT_LINE}`,
    { folder, found, line: EXPORT_LINE },
  );
};

const asArguments = (config: BundleConfig, id: string): Arguments[] =>
  config.components(id).map(({ id: at, component }) => new Arguments(config, at, component));

/** The first of several names that bundles give the same thing. */
const idOf = (config: BundleConfig, ...names: string[]): string | undefined =>
  names.find(name => config.has(name));

const unknownTransform = (given: Arguments, known: readonly string[]): never => {
  const random = /^Rand/.test(given.name);
  const reason = random
    ? 'it is random, so it belongs to training; leave it out of the inference configuration'
    : /^Lambda/.test(given.name)
      ? 'it is Python code, which cannot be run here; say the same with named transforms, or give "preprocessing" in a --manifest file'
      : `it is not known; known: ${known.join(', ')}`;
  throw new ConfigProblem(given.id, `${given.target} cannot be run: ${reason}`);
};

const readPreprocessing = (config: BundleConfig, context: TransformContext): Preprocessing => {
  const id = idOf(config, 'preprocessing', 'preprocess', 'pre_transforms', 'transform');
  if (!id) throw new ConfigProblem('preprocessing', 'it is not there');
  return asArguments(config, id).flatMap(given => {
    const make = PREPROCESSING[given.name];
    if (!make) return unknownTransform(given, Object.keys(PREPROCESSING));
    const keys = given.keys();
    const forLabels = keys && !keys.some(key => context.keys.includes(key));
    return forLabels ? [] : make(given, context);
  });
};

interface BundleParts {
  metadata: BundleMetadata;
  config: BundleConfig;
  facts: NetworkFacts;
  model: OnnxModel;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const readChannels = (
  { metadata, facts }: BundleParts,
  options: ImportOptions,
  missing: MissingFact[],
  notes: string[],
) => {
  if (options.channel) {
    return options.channel.map(({ key, modality, description }) => ({
      key,
      modality,
      ...(description && { selector: { description } }),
    }));
  }
  const [input] = Object.values(metadata.network_data_format?.inputs ?? {});
  const modality = options.modality ?? dicomModality(input?.modality);
  const section = 'inputs' as const;
  if (!modality) {
    const said = input?.modality ? `; the bundle says "${input.modality}"` : '';
    missing.push({
      option: '--modality',
      what: `the DICOM modality of the images${said}`,
      section,
    });
    return undefined;
  }
  const { channels } = facts.input;
  if (channels === 1) return [{ modality }];
  const names = Object.entries(input?.channel_def ?? {})
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, name]) => name);
  if (names.length !== channels || new Set(names).size !== channels) {
    const what = `what fills each of the ${channels} channels, ${channels} times key:MODALITY:description`;
    missing.push({ option: '--channel', what, section });
    return undefined;
  }
  notes.push(
    `Channels are filled by the series whose description has ${names.map(name => `"${name}"`).join(', ')} in it (the bundle's channel_def): check "selector" in model.json.`,
  );
  return names.map(name => ({
    key: slug(name),
    modality,
    selector: { description: escaped(name) },
  }));
};

const readLabels = (
  { metadata, facts }: BundleParts,
  given: AuthoredLabel[] | undefined,
  regions: boolean,
  classes: number,
): AuthoredLabel[] => {
  const shift = regions ? 1 : 0;
  const outputs = Object.values(metadata.network_data_format?.outputs ?? {});
  const defined = outputs.find(output => output.channel_def)?.channel_def;
  const classification = facts.output.dims.length === 2;
  if (given) return given;
  if (defined) {
    return Object.entries(defined)
      .map(([index, name]) => ({ value: Number(index) + shift, name }))
      .filter(({ value }) => classification || value > 0);
  }
  const first = classification || regions ? 0 : 1;
  return unnamedLabels(Array.from({ length: classes - first }, (_, i) => i + first + shift));
};

/** The licence as the bundle's own LICENSE file begins, if it has one. */
const licenceOf = async (folder: string): Promise<string | undefined> => {
  const file = ['LICENSE', 'LICENSE.txt', 'LICENSE.md']
    .map(name => path.join(folder, name))
    .find(existsSync);
  if (!file) return undefined;
  const lines = (await readFile(file, 'utf8')).split('\n').map(line => line.trim());
  return (
    lines
      .filter(line => line !== '')
      .slice(0, 2)
      .join(', ')
      .slice(0, 120) || undefined
  );
};

const factsFrom = async (
  folder: string,
  metadata: BundleMetadata,
): Promise<ManifestPart['facts']> => {
  const licence = await licenceOf(folder);
  const source = [metadata.data_source, metadata.data_type].filter(Boolean).join('; ');
  return {
    ...(metadata.intended_use && { intendedUse: { en: metadata.intended_use } }),
    ...(metadata.warning && { limitations: [{ en: metadata.warning }] }),
    ...(metadata.authors && { manufacturer: metadata.authors }),
    ...(source && { trainingData: { en: source } }),
    ...(metadata.references?.length && { citation: metadata.references.join('; ') }),
    ...(licence && { licence }),
  };
};

const SEMANTIC = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;

const describeBundle = (
  parts: BundleParts,
  options: ImportOptions,
  given: { labels?: AuthoredLabel[]; id: string },
): Pick<ImportDraft, 'networks' | 'part' | 'notes' | 'missing'> => {
  const { metadata, config, facts } = parts;
  const notes: string[] = [];
  const missing: MissingFact[] = [];
  const axes = facts.input.spatial.length;
  const inputs = Object.keys(metadata.network_data_format?.inputs ?? {});
  const channels = readChannels(parts, options, missing, notes);

  const preprocessing = readPreprocessing(config, {
    ...{ axes, channels: facts.input.channels, keys: inputs.length > 0 ? inputs : ['image'] },
    monaiVersion: metadata.monai_version,
    note: text => notes.push(text),
  });
  if (axes === 3 && !preprocessing.some(({ transform }) => transform === 'orientation')) {
    if (options.orientation) {
      preprocessing.unshift({ transform: 'orientation', axcodes: options.orientation });
    } else {
      const what = 'the bundle has no Orientation: how its images lay, such as RAS or LPS';
      missing.push({ option: '--orientation', what, section: 'preprocessing' });
    }
  }

  const infererId = idOf(config, 'inferer');
  const [found] = infererId ? asArguments(config, infererId) : [];
  const inference = found ? readInferer(found, axes) : ({ inferer: 'simple' } as const);
  if (!inference) {
    throw new ConfigProblem(
      found.id,
      `${found.target} cannot be run; known: ${INFERERS.join(', ')}`,
    );
  }

  const classes = facts.output.dims[1] ?? given.labels?.length ?? 1;
  const postId = idOf(config, 'postprocessing', 'postprocess', 'post_transforms');
  const components = postId ? asArguments(config, postId) : [];
  const regions = components.some(
    one => one.name === 'AsDiscrete' && one.number('threshold') !== undefined,
  );
  const labels = conceptsOf(readLabels(parts, given.labels, regions, classes), given.id);
  const grid = preprocessing.find(step => step.transform === 'spacing');
  const voxelMm3 =
    grid?.transform === 'spacing' ? grid.pixdim.reduce((a, b) => a * b, 1) : undefined;
  const post = readPostprocessing(
    components,
    labels.map(({ value }) => value),
    voxelMm3,
    one => unknownTransform(one, POSTPROCESSING_NAMES),
  );
  notes.push(...post.notes);
  const probabilities = regions && post.activation !== 'sigmoid';
  const network = probabilities ? withLogits(parts.model, facts.output.name) : parts.model;
  if (probabilities) {
    notes.push(
      `The output "${facts.output.name}" gives logits here; the original gives probabilities.`,
    );
  }

  const classification = facts.output.dims.length === 2;
  const activation = regions ? 'sigmoid' : post.activation;
  const { name } = facts.output;
  return {
    networks: [network],
    notes,
    missing,
    part: {
      task: classification ? 'classification' : 'segmentation',
      ...(channels && {
        inputs: [{ name: facts.input.name, spatialAxes: axes === 3 ? 'xyz' : 'xy', channels }],
        gates: [{ gate: 'modality', allowed: [channels[0].modality] }],
      }),
      preprocessing,
      inference,
      outputs: classification
        ? [{ type: 'classification', name, activation, multiLabel: regions, labels }]
        : ([{ type: 'labelMap', name, activation, classes, labels }] as ManifestInput['outputs']),
      ...(post.threshold !== undefined &&
        post.threshold !== 0.5 && {
          operatingPoints: [
            { key: 'bundle', name: { en: 'The bundle’s own' }, threshold: post.threshold },
          ],
        }),
      postprocessing: classification ? [] : post.steps,
    },
  };
};

/**
 * A MONAI bundle (`configs/metadata.json`, `configs/inference.json` or YAML, the network as ONNX).
 *
 * Refuses `bundleNoInference`, `bundleNoOnnx` (with the Python line that exports it), `importNotYaml`,
 * `bundleMetadata`, `bundleConfig` (the id in the configuration and why it cannot be run) and what
 * reading the ONNX file refuses.
 */
export const readBundle = async (
  folder: string,
  options: ImportOptions,
  given: { labels?: AuthoredLabel[]; id: string },
): Promise<Outcome<ImportDraft>> => {
  const json = await readJson(path.join(folder, 'configs/metadata.json'));
  if (!json.ok) return json;
  const metadata = metadataSchema.safeParse(json.value);
  if (!metadata.success) {
    const [issue] = metadata.error.issues;
    const where = issue.path.join('::');
    return refuse(
      'bundleMetadata',
      `configs/metadata.json is not a bundle's: ${where}: ${issue.message}`,
      { path: where, reason: issue.message },
    );
  }
  const config = await readConfig(folder);
  if (!config.ok) return config;
  const files = networkFiles(folder, options);
  if (!files.ok) return files;
  const read = await readNetworks(files.value);
  if (!read.ok) return read;
  const { networks, facts } = read.value;
  const { name, version } = metadata.data;
  try {
    const parts = {
      metadata: metadata.data,
      config: new BundleConfig(config.value),
      facts,
    };
    const drafts = networks.map(model => describeBundle({ ...parts, model }, options, given));
    const [{ part, notes, missing }] = drafts;
    return accept({
      kind: 'MONAI bundle',
      networks: drafts.flatMap(({ networks }) => networks),
      part: {
        ...(name && { name: { en: name } }),
        ...(version && SEMANTIC.test(version) && { version }),
        ...part,
        facts: await factsFrom(folder, metadata.data),
      },
      notes: [
        'Transforms and inferer are those of the bundle’s inference configuration.',
        ...notes,
      ],
      missing,
    });
  } catch (error) {
    if (!(error instanceof ConfigProblem)) throw error;
    return refuse('bundleConfig', `configs/inference: ${error.path}: ${error.reason}.`, {
      path: error.path,
      reason: error.reason,
    });
  }
};
