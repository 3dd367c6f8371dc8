import type { ManifestInput } from '../draft';
import type { Arguments } from './arguments';

type Step = ManifestInput['preprocessing'][number];

/** What the transforms of a bundle are read with. */
export interface TransformContext {
  /** Spatial axes of the network: 2 or 3. */
  axes: number;
  channels: number;
  /** Keys of the images; transforms of other keys (labels) say nothing here. */
  keys: readonly string[];
  /** MONAI's version as the metadata give it: some defaults have changed. */
  monaiVersion?: string;
  note(text: string): void;
}

type Make = (given: Arguments, context: TransformContext) => Step[];

const PAD_MODES: Record<string, 'constant' | 'edge' | 'reflect'> = {
  constant: 'constant',
  edge: 'edge',
  replicate: 'edge',
  border: 'edge',
  reflect: 'reflect',
};

const padding = (given: Arguments) => {
  const mode = given.text('mode') ?? 'constant';
  if (!(mode in PAD_MODES)) {
    given.problem('mode', `it is "${mode}"; ${Object.keys(PAD_MODES).join(', ')} can be run`);
  }
  const value = given.number('value') ?? given.number('constant_values');
  return { mode: PAD_MODES[mode], ...(value !== undefined && { value }) };
};

const method = (given: Arguments): 'symmetric' | 'end' => {
  const name = given.text('method') ?? 'symmetric';
  if (name === 'symmetric' || name === 'end') return name;
  return given.problem('method', `it is "${name}"; symmetric and end can be run`);
};

const needTriple = (
  given: Arguments,
  argument: string,
  { axes }: TransformContext,
  flat = 1,
): [number, number, number] =>
  given.triple(argument, axes, flat) ?? given.problem(argument, 'it is not there');

const positive = (given: Arguments, argument: string, size: [number, number, number]) =>
  size.every(n => n > 0)
    ? size
    : given.problem(
        argument,
        `it is [${size.join(', ')}]; every size must be given as a number above 0`,
      );

const interpolation = (given: Arguments): 'bilinear' | 'nearest' => {
  const mode = given.text('mode') ?? 'bilinear';
  if (['bilinear', 'linear', 'trilinear', '1'].includes(mode)) return 'bilinear';
  if (['nearest', '0'].includes(mode)) return 'nearest';
  return given.problem('mode', `it is "${mode}"; bilinear and nearest can be run`);
};

const orientation: Make = given => {
  const axcodes = given.flag('as_closest_canonical', false) ? 'RAS' : given.text('axcodes');
  if (!axcodes || !/^[LRAPSI]{3}$/.test(axcodes)) {
    return given.problem(
      'axcodes',
      `it is ${JSON.stringify(axcodes)}; three letters such as "RAS" are needed`,
    );
  }
  return [{ transform: 'orientation', axcodes }];
};

const spacing: Make = (given, context) => {
  const list = given.numbers('pixdim') ?? given.problem('pixdim', 'it is not there');
  const pixdim = positive(given, 'pixdim', needTriple(given, 'pixdim', context));
  if (list.length < context.axes && list.length > 1) given.problem('pixdim', 'an axis is missing');
  for (const argument of ['min_pixdim', 'max_pixdim']) {
    if (given.value(argument) !== undefined) given.problem(argument, 'it cannot be run');
  }
  const mode = given.text('padding_mode') ?? 'border';
  if (mode !== 'border' && mode !== 'zeros') {
    given.problem('padding_mode', `it is "${mode}"; border and zeros can be run`);
  }
  if (given.flag('scale_extent', false)) given.problem('scale_extent', 'it cannot be run');
  return [
    {
      transform: 'spacing',
      pixdim,
      mode: interpolation(given),
      paddingMode: mode as 'border' | 'zeros',
    },
  ];
};

const scaleIntensityRange: Make = given => {
  const step = {
    aMin: given.need('a_min'),
    aMax: given.need('a_max'),
    bMin: given.need('b_min'),
    bMax: given.need('b_max'),
    clip: given.flag('clip', false),
  };
  return [{ transform: 'scaleIntensityRange', ...step }];
};

/** MONAI takes all channels together unless told; steps here take each by itself. */
const perChannel = (given: Arguments, { channels, note }: TransformContext): void => {
  if (channels > 1 && !given.flag('channel_wise', false)) {
    note(
      `${given.name} (${given.id}) takes the ${channels} channels together in MONAI; here each is scaled by itself.`,
    );
  }
};

const scaleIntensityRangePercentiles: Make = (given, context) => {
  if (given.flag('relative', false)) given.problem('relative', 'it cannot be run');
  perChannel(given, context);
  const step = {
    lower: given.need('lower'),
    upper: given.need('upper'),
    bMin: given.need('b_min'),
    bMax: given.need('b_max'),
    clip: given.flag('clip', false),
  };
  return [{ transform: 'scaleIntensityRangePercentiles', ...step }];
};

const scaleIntensity: Make = (given, context) => {
  if (given.number('factor') !== undefined) {
    // x · (1 + factor), and nothing else, when a factor is given.
    const times = 1 + given.need('factor');
    return [
      { transform: 'scaleIntensityRange', aMin: 0, aMax: 1, bMin: 0, bMax: times, clip: false },
    ];
  }
  perChannel(given, context);
  return [
    {
      transform: 'scaleIntensity',
      minv: given.number('minv') ?? 0,
      maxv: given.number('maxv') ?? 1,
    },
  ];
};

const one = (list: number[] | undefined): number | number[] | undefined =>
  list?.length === 1 ? list[0] : list;

const normalizeIntensity: Make = given => {
  const subtrahend = one(given.numbers('subtrahend'));
  const divisor = one(given.numbers('divisor'));
  return [
    {
      transform: 'normalizeIntensity',
      ...(subtrahend !== undefined && { subtrahend }),
      ...(divisor !== undefined && { divisor }),
      nonzero: given.flag('nonzero', false),
      channelWise: given.flag('channel_wise', false),
    },
  ];
};

const thresholdIntensity: Make = given => [
  {
    transform: 'thresholdIntensity',
    threshold: given.need('threshold'),
    above: given.flag('above', true),
    cval: given.number('cval') ?? 0,
  },
];

/** `allow_smaller` became False by default in MONAI 1.5. */
const allowsSmaller = (version: string | undefined): boolean => {
  const [major, minor] = (version ?? '').split('.').map(Number);
  return major < 1 || (major === 1 && minor < 5);
};

const cropForeground: Make = (given, context) => {
  const select = given.comparison('select_fn');
  if (select && select.lambda !== '>') {
    given.problem('select_fn', `it compares with "${select.lambda}"; "x > number" can be run`);
  }
  if (given.numbers('channel_indices')?.some(index => index !== 0)) {
    given.problem('channel_indices', 'the first channel alone can be run');
  }
  if (context.channels > 1) {
    context.note(
      `CropForeground (${given.id}) looks at the first channel here; in MONAI at all ${context.channels}.`,
    );
  }
  return [
    {
      transform: 'cropForeground',
      selectAbove: select?.than ?? 0,
      margin: given.triple('margin', context.axes, 0) ?? [0, 0, 0],
      kDivisible: given.triple('k_divisible', context.axes, 1) ?? [1, 1, 1],
      allowSmaller: given.flag('allow_smaller', allowsSmaller(context.monaiVersion)),
      ...padding(given),
    },
  ];
};

const resize: Make = (given, context) => {
  if ((given.text('size_mode') ?? 'all') !== 'all') given.problem('size_mode', '"all" can be run');
  if (given.flag('align_corners', false)) given.problem('align_corners', 'it cannot be run');
  const named = given.text('mode') ?? 'area';
  const mode = named === 'area' ? 'area' : interpolation(given);
  return [
    {
      transform: 'resize',
      spatialSize: positive(given, 'spatial_size', needTriple(given, 'spatial_size', context)),
      mode,
      antiAliasing: given.flag('anti_aliasing', false),
    },
  ];
};

const sized =
  <T extends 'spatialPad' | 'resizeWithPadOrCrop'>(transform: T): Make =>
  (given, context) => [
    {
      transform,
      spatialSize: positive(given, 'spatial_size', needTriple(given, 'spatial_size', context)),
      method: method(given),
      ...padding(given),
    },
  ];

const nothing: Make = () => [];

export const PREPROCESSING: Record<string, Make> = {
  LoadImage: nothing,
  EnsureChannelFirst: nothing,
  AddChannel: nothing,
  AsChannelFirst: nothing,
  EnsureType: nothing,
  CastToType: nothing,
  ToTensor: nothing,
  ToDevice: nothing,
  Identity: nothing,
  Orientation: orientation,
  Spacing: spacing,
  ScaleIntensityRange: scaleIntensityRange,
  ScaleIntensityRangePercentiles: scaleIntensityRangePercentiles,
  ScaleIntensity: scaleIntensity,
  NormalizeIntensity: normalizeIntensity,
  ThresholdIntensity: thresholdIntensity,
  CropForeground: cropForeground,
  CenterSpatialCrop: (given, context) => [
    {
      transform: 'centerSpatialCrop',
      roiSize: positive(given, 'roi_size', needTriple(given, 'roi_size', context)),
    },
  ],
  SpatialPad: sized('spatialPad'),
  DivisiblePad: (given, context) => [
    {
      transform: 'divisiblePad',
      k: positive(given, 'k', needTriple(given, 'k', context)),
      method: method(given),
      ...padding(given),
    },
  ],
  ResizeWithPadOrCrop: sized('resizeWithPadOrCrop'),
  Resize: resize,
  RepeatChannel: given => [{ transform: 'repeatChannel', repeats: given.need('repeats') }],
};
