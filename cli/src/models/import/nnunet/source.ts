import { readdirSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import type { ImportDraft, ManifestInput, MissingFact } from '../draft';
import { readJson } from '../files';
import { conceptsOf, slug, type AuthoredLabel } from '../labels';
import type { ImportOptions } from '../options';
import { readNetworks } from '../plain/source';
import { normalizationSteps } from './normalization';

type Step = ManifestInput['preprocessing'][number];

const statistics = z.looseObject({
  mean: z.number(),
  std: z.number(),
  percentile_00_5: z.number(),
  percentile_99_5: z.number(),
});
export type IntensityProperties = z.infer<typeof statistics>;

const configuration = z.looseObject({
  inherits_from: z.string().optional(),
  patch_size: z.array(z.number().int().positive()).optional(),
  spacing: z.array(z.number().positive()).optional(),
  normalization_schemes: z.array(z.string()).optional(),
  use_mask_for_norm: z.array(z.boolean()).optional(),
  previous_stage: z.string().nullish(),
});
type Configuration = z.infer<typeof configuration>;

/** nnU-Net v2's plans (nnunetv2/utilities/plans_handling), as far as prediction needs them. */
const plansSchema = z.looseObject({
  plans_name: z.string().optional(),
  dataset_name: z.string().optional(),
  transpose_forward: z.array(z.number().int()).length(3).default([0, 1, 2]),
  configurations: z.record(z.string(), configuration),
  foreground_intensity_properties_per_channel: z.record(z.string(), statistics).default({}),
});

const datasetSchema = z.looseObject({
  name: z.string().optional(),
  description: z.string().optional(),
  licence: z.string().optional(),
  license: z.string().optional(),
  reference: z.string().optional(),
  channel_names: z.record(z.string(), z.string()).optional(),
  /** The name of `channel_names` before version 2. */
  modality: z.record(z.string(), z.string()).optional(),
  labels: z.record(z.string(), z.union([z.number().int(), z.array(z.number().int())])),
  regions_class_order: z.array(z.number().int()).optional(),
});
type Dataset = z.infer<typeof datasetSchema>;

/** "Pancreas" of "Dataset007_Pancreas". */
const withoutNumber = (dataset: string): string => dataset.replace(/^(Dataset|Task)\d+_/i, '');

/**
 * An id by what the model was trained on: the folder's own name is only nnU-Net's trainer and plans, the
 * same for every model. Undefined where the plans do not say.
 */
export const planId = async (folder: string): Promise<string | undefined> => {
  const json = await readJson(path.join(folder, 'plans.json'));
  const plans = json.ok ? plansSchema.safeParse(json.value) : undefined;
  return slug(withoutNumber(plans?.data?.dataset_name ?? '')) || undefined;
};

const parse = <T>(schema: z.ZodType<T>, json: unknown, file: string): Outcome<T> => {
  const parsed = schema.safeParse(json);
  if (parsed.success) return accept(parsed.data);
  const [issue] = parsed.error.issues;
  const where = issue.path.join('.');
  return refuse('nnunetFile', `${file} is not nnU-Net v2's: ${where}: ${issue.message}`, {
    file,
    path: where,
    reason: issue.message,
  });
};

/** A configuration with what it inherits filled in. Refuses `nnunetConfiguration`. */
const configurationOf = (
  all: Record<string, Configuration>,
  name: string,
): Outcome<Configuration> => {
  const own = all[name];
  if (!own) {
    const allowed = Object.keys(all).join(', ');
    return refuse(
      'nnunetConfiguration',
      `plans.json has no configuration ${name}; --configuration may be ${allowed}.`,
      { given: name, allowed },
    );
  }
  if (own.inherits_from === undefined || own.inherits_from === name) return accept(own);
  const { inherits_from: parent, ...rest } = own;
  const base = configurationOf({ ...all, [name]: rest as Configuration }, parent);
  return base.ok ? accept({ ...base.value, ...rest }) : base;
};

const networkFiles = (folder: string, options: ImportOptions): Outcome<string[]> => {
  if (options.onnx) return accept(options.onnx);
  const inside = (sub: string) =>
    readdirSync(sub)
      .filter(name => name.endsWith('.onnx'))
      .sort()
      .map(name => path.join(sub, name));
  const own = inside(folder);
  const folds = readdirSync(folder)
    .filter(name => /^fold_\w+$/.test(name))
    .sort()
    .map(name => path.join(folder, name))
    .flatMap(inside);
  const found = folds.length > 0 ? folds : own;
  return found.length > 0
    ? accept(found)
    : refuse(
        'nnunetNoOnnx',
        `${folder} has no .onnx file, neither itself nor in fold_*; models/README.md has the Python lines that export a trained nnU-Net (or name files with --onnx).`,
        { folder },
      );
};

/** nnU-Net's own name of CT; every other channel is normalised as if it were MR, and may be anything. */
const isCT = (name: string): boolean => /^(ct|noNorm_ct)$/i.test(name.trim());

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const channelsOf = (
  names: string[],
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
  const modalities = names.map(name => (isCT(name) ? 'CT' : options.modality));
  if (modalities.some(modality => modality === undefined)) {
    missing.push({
      option: '--modality',
      what: `the DICOM modality of ${names.map(name => `"${name}"`).join(', ')} (or --channel, once for each)`,
      section: 'inputs',
    });
    return undefined;
  }
  if (names.length === 1) return [{ modality: modalities[0]! }];
  notes.push(
    `Channels are filled by the series whose description has ${names.map(name => `"${name}"`).join(', ')} in it (dataset.json's channel_names): check "selector" in model.json.`,
  );
  return names.map((name, index) => ({
    key: slug(name) || `channel-${index}`,
    modality: modalities[index]!,
    selector: { description: escaped(name) },
  }));
};

/** Labels, or regions in the order in which nnU-Net writes them over each other. */
const labelsOf = (
  { labels, regions_class_order: order }: Dataset,
  notes: string[],
): { labels: AuthoredLabel[]; regions: boolean } => {
  const entries = Object.entries(labels).filter(([name]) => name !== 'ignore');
  const regions = entries.some(([, value]) => Array.isArray(value));
  if (!regions) {
    return {
      regions,
      labels: entries
        .map(([name, value]) => ({ value: value as number, name }))
        .filter(({ value }) => value > 0),
    };
  }
  const foreground = entries.filter(([name]) => name !== 'background');
  const renumbered = (order ?? []).some((value, index) => value !== index + 1);
  if (renumbered) {
    notes.push(
      `Region ${foreground.map(([name], index) => `${name} is ${index + 1} here (${order?.[index]} in nnU-Net)`).join(', ')}.`,
    );
  }
  return { regions, labels: foreground.map(([name], index) => ({ value: index + 1, name })) };
};

/** What differs from nnU-Net's own prediction, for the card. */
const DIFFERENCES = [
  'Mirroring at test time (nnU-Net’s default) is not run: one pass a window. nnU-Net run with --disable_tta gives the reference.',
  'Images and scores are resampled linearly; nnU-Net resamples images by cubic splines, and along thick slices by nearest neighbour. Voxel centres are kept where nnU-Net aligns the edges of the volume.',
  'Windows are placed as MONAI does with an overlap of 0.5; nnU-Net spreads them evenly.',
];

/**
 * An nnU-Net v2 model: `plans.json`, `dataset.json`, and the exported network (several in `fold_*` are
 * an ensemble).
 *
 * nnU-Net's arrays are z, y, x as SimpleITK reads them, and it turns no image: `--orientation` says how
 * the training images lay (LPS, DICOM's own axial order, without it, and that is noted).
 *
 * Refuses `nnunetFile`, `nnunetConfiguration`, `nnunetNoOnnx`, `nnunetCascade`, `nnunetTwoDimensional`,
 * `nnunetNormalization`, `nnunetChannels` and what reading the ONNX file refuses.
 */
export const readPlans = async (
  folder: string,
  options: ImportOptions,
  given: { labels?: AuthoredLabel[]; id: string },
): Promise<Outcome<ImportDraft>> => {
  const files = ['plans.json', 'dataset.json'].map(name => path.join(folder, name));
  const [plansJson, datasetJson] = await Promise.all(files.map(readJson));
  if (!plansJson.ok) return plansJson;
  if (!datasetJson.ok) return datasetJson;
  const plans = parse(plansSchema, plansJson.value, 'plans.json');
  if (!plans.ok) return plans;
  const dataset = parse(datasetSchema, datasetJson.value, 'dataset.json');
  if (!dataset.ok) return dataset;
  const named = configurationOf(plans.value.configurations, options.configuration);
  if (!named.ok) return named;
  const {
    patch_size: patch,
    spacing,
    normalization_schemes: schemes,
    previous_stage,
  } = named.value;
  if (previous_stage) {
    return refuse(
      'nnunetCascade',
      `The configuration ${options.configuration} takes the result of ${previous_stage}; a cascade cannot be run. Import 3d_fullres or 3d_lowres.`,
      { configuration: options.configuration, previous: previous_stage },
    );
  }
  if (patch?.length !== 3 || spacing?.length !== 3 || !schemes) {
    return refuse(
      'nnunetTwoDimensional',
      `The configuration ${options.configuration} has the patch [${patch?.join(', ') ?? ''}] and the spacing [${spacing?.join(', ') ?? ''}]; three numbers each are needed (3d_fullres, 3d_lowres).`,
      { configuration: options.configuration },
    );
  }
  const found = networkFiles(folder, options);
  if (!found.ok) return found;
  const read = await readNetworks(found.value);
  if (!read.ok) return read;
  const { networks, facts } = read.value;

  const notes: string[] = [...DIFFERENCES];
  const missing: MissingFact[] = [];
  const names = Object.entries(dataset.value.channel_names ?? dataset.value.modality ?? {})
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, name]) => name);
  if (names.length !== facts.input.channels || names.length !== schemes.length) {
    return refuse(
      'nnunetChannels',
      `dataset.json names ${names.length} channel(s), plans.json normalises ${schemes.length}, the network takes ${facts.input.channels}; they must agree.`,
      { dataset: names.length, plans: schemes.length, network: facts.input.channels },
    );
  }
  const channels = channelsOf(names, options, missing, notes);
  const keys =
    channels && channels.length > 1 ? channels.map(one => ('key' in one ? one.key : '')) : [];

  const base = options.orientation ?? 'LPS';
  if (!options.orientation) {
    notes.push(
      'nnU-Net turns no image. LPS (DICOM’s axial order) is taken for that of the training images; --orientation says another.',
    );
  }
  // nnU-Net's axes 0, 1, 2 are z, y, x; the manifest's k, j, i become what transpose_forward puts there.
  const along = [base[2], base[1], base[0]];
  const [first, second, third] = plans.value.transpose_forward.map(axis => along[axis]);
  const normalization = normalizationSteps(
    schemes,
    named.value.use_mask_for_norm ?? [],
    plans.value.foreground_intensity_properties_per_channel,
    keys,
  );
  if (!normalization.ok) return normalization;
  const anyCT = names.some(isCT);
  const crop: Step[] = anyCT ? [] : [{ transform: 'cropForeground', selectAbove: 0 }];
  notes.push(
    anyCT
      ? 'nnU-Net crops to what is not 0; a CT has no such border, so nothing is cropped.'
      : 'Cropped to what is above 0 in the first channel (nnU-Net: not 0 in any channel).',
  );
  const preprocessing: Step[] = [
    { transform: 'orientation', axcodes: `${third}${second}${first}` },
    ...crop,
    ...normalization.value,
    { transform: 'spacing', pixdim: [spacing[2], spacing[1], spacing[0]] },
  ];
  const { labels, regions } = labelsOf(dataset.value, notes);
  const classes = facts.output.dims[1] ?? (regions ? labels.length : labels.length + 1);
  const licence = dataset.value.licence ?? dataset.value.license;
  const title = dataset.value.name ?? withoutNumber(plans.value.dataset_name ?? '');
  return accept({
    kind: 'nnU-Net v2 folder',
    networks,
    notes,
    missing,
    part: {
      ...(title && { name: { en: title } }),
      task: 'segmentation',
      ...(channels && {
        inputs: [{ name: facts.input.name, spatialAxes: 'zyx', channels }],
        gates: [{ gate: 'modality', allowed: [channels[0].modality] }],
      }),
      preprocessing,
      inference: {
        inferer: 'slidingWindow',
        roiSize: [patch[2], patch[1], patch[0]],
        overlap: 0.5,
        mode: 'gaussian',
        sigmaScale: 0.125,
        paddingMode: 'constant',
        cval: 0,
      },
      outputs: [
        {
          type: 'labelMap',
          name: facts.output.name,
          activation: regions ? 'sigmoid' : 'softmax',
          classes,
          labels: conceptsOf(given.labels ?? labels, given.id) as never,
        },
      ],
      postprocessing: [{ transform: 'invert', resample: 'logits' }],
      facts: {
        ...(dataset.value.reference && { citation: dataset.value.reference }),
        ...(licence && { licence }),
      },
    },
  });
};
