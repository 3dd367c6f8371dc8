import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import type { ImportDraft, ManifestInput, ManifestPart, MissingFact } from './draft';
import { intensitySteps } from './intensity';
import { conceptsOf, type AuthoredLabel } from './labels';
import type { ImportOptions } from './options';

type Step = ManifestInput['preprocessing'][number];
type Size3 = [number, number, number];

/** What a bare network says of itself. Sizes that are free are undefined. */
export interface NetworkFacts {
  input: { name: string; channels: number; spatial: Array<number | undefined> };
  output: {
    name: string;
    /** All axes, with batch. */
    dims: Array<number | undefined>;
    /** Whole numbers: the network ends in an arg-max. */
    integers: boolean;
    /** The operator it comes out of: Softmax and Sigmoid need no further activation. */
    operator?: string;
    /** Length of the class axis where `dims` do not say. */
    classes?: number;
  };
}

type Need = (option: string, what: string) => void;

const ONE_MM: Size3 = [1, 1, 1];

/** Values along the volume's axes i, j, k from those along the tensor's. */
const alongVolume = <T>(tensor: readonly T[], axes: ImportOptions['axes'], flat: T): [T, T, T] => {
  const named = [...(axes ?? 'xyz')];
  const at = (letter: string): T => (named.includes(letter) ? tensor[named.indexOf(letter)] : flat);
  return [at('x'), at('y'), at('z')];
};

/** FreeSurfer's conform scales what it is given robustly; steps in its place are for images it has been at. */
const CONFORM: Step = {
  transform: 'scaleIntensityRangePercentiles',
  lower: 0,
  upper: 99.9,
  bMin: 0,
  bMax: 255,
  clip: true,
};

/** brainchop's way to its MeshNets: FreeSurfer's "conform", then min to max, then the head's box. */
const brainchop = (options: ImportOptions, scaled: readonly Step[]): Step[] => [
  { transform: 'orientation', axcodes: 'LIA' },
  { transform: 'spacing', pixdim: ONE_MM },
  { transform: 'resizeWithPadOrCrop', spatialSize: [256, 256, 256] },
  ...scaled,
  { transform: 'scaleIntensity', minv: 0, maxv: 1 },
  ...foreground(options),
];

const foreground = ({ cropAbove, cropMargin = 0 }: ImportOptions): Step[] =>
  cropAbove === undefined
    ? []
    : [
        {
          transform: 'cropForeground',
          selectAbove: cropAbove,
          relativeToMaximum: true,
          margin: [cropMargin, cropMargin, cropMargin],
        },
      ];

const channelsFrom = (facts: NetworkFacts, options: ImportOptions, need: Need) => {
  const { channels } = facts.input;
  if (options.channel) {
    return options.channel.map(({ key, modality, description }) => ({
      key,
      modality,
      ...(description && { selector: { description } }),
    }));
  }
  const colour = channels === 3 && facts.input.spatial.length === 2;
  if (channels > 1 && !colour) {
    need(
      '--channel',
      `what fills each of the ${channels} channels, ${channels} times key:MODALITY:description`,
    );
    return undefined;
  }
  if (options.modality === undefined) {
    need('--modality', 'the DICOM modality of the images, such as CT');
    return undefined;
  }
  return [{ modality: options.modality }];
};

const gridSteps = (facts: NetworkFacts, options: ImportOptions, need: Need): Step[] => {
  const flat = facts.input.spatial.length === 2;
  const steps: Step[] = [];
  if (!flat && options.orientation === undefined) {
    need('--orientation', 'the directions in which the indices grow, such as LPS or RAS');
  }
  if (options.orientation) steps.push({ transform: 'orientation', axcodes: options.orientation });
  if (!flat && options.spacing === undefined) {
    need('--spacing', 'millimetres between voxels x,y,z, or "own" for the scan’s own');
  }
  if (Array.isArray(options.spacing)) steps.push({ transform: 'spacing', pixdim: options.spacing });

  const [x, y, z] = alongVolume(facts.input.spatial, options.axes, 1);
  if (flat && x !== undefined && y !== undefined) {
    if (!options.fit) {
      need('--fit', `how an image becomes ${x}×${y}: resize, letterbox or pad (with crop)`);
    }
    const spatialSize: Size3 = [x, y, z ?? 1];
    if (options.fit === 'resize')
      steps.push({ transform: 'resize', spatialSize, mode: 'bilinear' });
    if (options.fit === 'letterbox') steps.push({ transform: 'letterbox', spatialSize });
    if (options.fit === 'pad') steps.push({ transform: 'resizeWithPadOrCrop', spatialSize });
  }
  return steps;
};

const valueSteps = (
  facts: NetworkFacts,
  options: ImportOptions,
  channels: number | undefined,
  need: Need,
): Outcome<Step[]> => {
  const given = [
    ...(options.window ? [`window:${options.window.join(',')}`] : []),
    ...(options.intensity ?? []),
  ];
  if (given.length === 0) {
    need('--intensity', 'how values are scaled, such as window:-1000,400 or zscore (or --window)');
  }
  const steps = intensitySteps(given);
  if (!steps.ok || channels !== 1 || facts.input.channels === 1) return steps;
  const repeat: Step = { transform: 'repeatChannel', repeats: facts.input.channels };
  const perChannel = steps.value.findIndex(
    step => step.transform === 'normalizeIntensity' && Array.isArray(step.subtrahend),
  );
  const at = perChannel < 0 ? steps.value.length : perChannel;
  return accept([...steps.value.slice(0, at), repeat, ...steps.value.slice(at)]);
};

const inferenceFrom = (
  facts: NetworkFacts,
  options: ImportOptions,
  need: Need,
): ManifestInput['inference'] | undefined => {
  const { spatial } = facts.input;
  const fixed = spatial.every(size => size !== undefined);
  if (spatial.length === 2) {
    return options.roi === 'slice' ? { inferer: 'slice' } : { inferer: 'simple' };
  }
  const own = fixed ? (alongVolume(spatial, options.axes, 1) as Size3) : undefined;
  const roi = options.roi ?? own;
  if (roi === undefined) {
    need('--roi', 'voxels x,y,z the network is given at once, or "whole"');
    return undefined;
  }
  if (roi === 'whole' || roi === 'slice') return { inferer: 'simple' };
  const lost = spatial.map((size, axis) => {
    const out = facts.output.dims[facts.output.dims.length - spatial.length + axis];
    return size !== undefined && out !== undefined ? (size - out) / 2 : 0;
  });
  const margin = options.outputMargin ?? alongVolume(lost, options.axes, 0);
  return {
    inferer: 'slidingWindow',
    roiSize: roi,
    ...(options.overlap !== undefined && { overlap: options.overlap }),
    ...(margin.every(Number.isInteger) && margin.some(m => m > 0) && { outputMargin: margin }),
  };
};

/** Background is no label of a segmentation whose classes exclude each other. */
const foregroundOf = (labels: readonly AuthoredLabel[]): AuthoredLabel[] =>
  labels.filter(({ value }) => value !== 0);

const outputFrom = (
  facts: NetworkFacts,
  options: ImportOptions,
  labels: readonly AuthoredLabel[] | undefined,
  id: string,
  need: Need,
): ManifestInput['outputs'] | undefined => {
  const { name, dims, integers, operator } = facts.output;
  const spatial = facts.input.spatial.length;
  if (options.task === undefined) {
    need(
      '--task',
      dims.length === 2 ? 'classification or regression' : 'segmentation, or what else it does',
    );
  }
  if (options.task === 'detection' || options.task === 'regression') {
    need('--manifest', `"outputs" of a ${options.task} model, in a JSON file`);
    return undefined;
  }
  const done = operator === 'Softmax' || operator === 'Sigmoid';
  const activation = options.activation ?? (done || integers ? 'none' : undefined);
  if (activation === undefined) {
    need('--activation', `what follows the output "${name}": softmax, sigmoid or none`);
  }
  const classes = facts.output.classes ?? dims[1] ?? 1;
  if (labels === undefined) {
    need('--labels', 'a JSON file that names the classes');
  }
  if (!options.task || activation === undefined || labels === undefined) return undefined;
  if (options.task === 'classification') {
    const concepts = conceptsOf(labels, id);
    return [{ type: 'classification', name, activation, labels: concepts }];
  }
  const encoding = integers || dims.length === spatial + 1 ? 'labels' : 'scores';
  return [
    {
      type: 'labelMap',
      name,
      encoding,
      activation,
      classes,
      labels: conceptsOf(foregroundOf(labels), id),
    },
  ] as ManifestInput['outputs'];
};

/**
 * The manifest of a network that brings nothing but itself: what its graph says, what the options
 * say, and a list of what neither does. Refuses `intensityUnknown`.
 */
export const describe = (
  facts: NetworkFacts,
  options: ImportOptions,
  labels: readonly AuthoredLabel[] | undefined,
  id: string,
): Outcome<Pick<ImportDraft, 'part' | 'missing' | 'notes'>> => {
  const missing: MissingFact[] = [];
  const notes: string[] = [];
  const sections: Partial<Record<keyof ManifestPart, number>> = {};
  /** Collects what is asked for while one section of the manifest is made. */
  const within = <T>(section: keyof ManifestPart, make: (need: Need) => T): T => {
    const before = missing.length;
    const made = make((option, what) => missing.push({ option, what, section }));
    sections[section] = missing.length - before;
    return made;
  };
  const preset = options.preset === 'brainchop';
  const effective: ImportOptions = preset
    ? {
        axes: 'xyz',
        modality: 'MR',
        roi: 'whole',
        task: 'segmentation',
        activation: 'none',
        ...options,
      }
    : options;

  const channels = within('inputs', need => {
    if (!effective.axes) {
      need('--axes', `the order of the ${facts.input.spatial.length} spatial axes, such as zyx`);
    }
    return channelsFrom(facts, effective, need);
  });
  const preprocessing = within('preprocessing', (need): Outcome<Step[]> => {
    if (preset) {
      if (effective.cropAbove === undefined) {
        need(
          '--crop-above',
          'fraction of the maximum above which the head lies (brainchop: 0 to 0.5)',
        );
      }
      const given = effective.intensity;
      const scaled = given ? intensitySteps(given) : accept([CONFORM]);
      if (!scaled.ok) return scaled;
      const range = given ? given.join(', ') : '0 to 99.9 percentile onto 0 to 255';
      notes.push(
        `Prepared as brainchop does: 1 mm, 256³, LIA, ${range}, smallest to largest onto 0 to 1, cropped to the head. FreeSurfer’s conform rounds to whole numbers; this does not.`,
      );
      return accept(brainchop(effective, scaled.value));
    }
    const grid = gridSteps(facts, effective, need);
    const values = valueSteps(facts, effective, channels?.length, need);
    return values.ok ? accept([...grid, ...values.value, ...foreground(effective)]) : values;
  });
  if (!preprocessing.ok) return preprocessing;
  const inference = within('inference', need => inferenceFrom(facts, effective, need));
  const outputs = within('outputs', need => outputFrom(facts, effective, labels, id, need));

  const [output] = outputs ?? [];
  const applied = output?.type === 'labelMap' ? output.labels.map(({ value }) => value) : [];
  const whole = output?.type === 'labelMap' && output.encoding === 'labels';
  const part: ManifestPart = {
    ...(effective.task && { task: effective.task }),
    ...(channels &&
      effective.axes && {
        inputs: [{ name: facts.input.name, spatialAxes: effective.axes, channels }],
        gates: [{ gate: 'modality', allowed: [channels[0].modality] }],
      }),
    ...(sections.preprocessing === 0 && { preprocessing: preprocessing.value }),
    ...(inference && { inference }),
    ...(outputs && { outputs }),
    postprocessing:
      output?.type === 'labelMap'
        ? [
            { transform: 'invert', resample: whole ? 'labels' : 'logits' },
            ...(preset
              ? [
                  {
                    transform: 'keepLargestConnectedComponent' as const,
                    appliedLabels: applied,
                    independent: false,
                    connectivity: 3 as const,
                  },
                ]
              : []),
          ]
        : [],
  };
  if (channels && options.channel && channels.length !== facts.input.channels) {
    return refuse(
      'channelCount',
      `${channels.length} channels are given; the network's input "${facts.input.name}" has ${facts.input.channels}.`,
      { given: channels.length, needed: facts.input.channels, input: facts.input.name },
    );
  }
  return accept({ part, missing, notes });
};
