import type { ManifestInput } from '../draft';
import type { Arguments } from './arguments';

type Inference = ManifestInput['inference'];

const PADDING: Record<string, 'constant' | 'replicate' | 'reflect'> = {
  constant: 'constant',
  replicate: 'replicate',
  reflect: 'reflect',
};

const sliding = (given: Arguments, axes: number): Inference => {
  const roi = given.triple('roi_size', axes, 1) ?? given.problem('roi_size', 'it is not there');
  if (roi.some(size => !(size > 0))) {
    given.problem('roi_size', `it is [${roi.join(', ')}]; every size must be above 0`);
  }
  const overlaps = given.numbers('overlap') ?? [0.25];
  if (overlaps.some(overlap => overlap !== overlaps[0])) {
    given.problem('overlap', 'one overlap for all axes can be run');
  }
  const mode = (given.text('mode') ?? 'constant').replace(/^BlendMode\./, '').toLowerCase();
  if (mode !== 'constant' && mode !== 'gaussian') {
    given.problem('mode', `it is "${mode}"; constant and gaussian can be run`);
  }
  const padding = given.text('padding_mode') ?? 'constant';
  if (!(padding in PADDING)) {
    given.problem(
      'padding_mode',
      `it is "${padding}"; ${Object.keys(PADDING).join(', ')} can be run`,
    );
  }
  const sigma = given.numbers('sigma_scale') ?? [0.125];
  return {
    inferer: 'slidingWindow',
    roiSize: roi,
    overlap: overlaps[0],
    mode,
    sigmaScale: sigma[0],
    paddingMode: PADDING[padding],
    cval: given.number('cval') ?? 0,
  };
};

const slice = (given: Arguments): Inference => {
  const dim = given.number('spatial_dim') ?? 0;
  if (dim !== 0 && dim !== 1 && dim !== 2) given.problem('spatial_dim', '0, 1 and 2 can be run');
  return { inferer: 'slice', spatialDim: dim };
};

/** MONAI's inferers that can be run; undefined for another. Throws `ConfigProblem`. */
export const readInferer = (given: Arguments, axes: number): Inference | undefined => {
  const last = given.target.split('.').pop() ?? '';
  switch (last) {
    case 'SlidingWindowInferer':
    case 'SlidingWindowInfererAdapt':
      return sliding(given, axes);
    case 'SliceInferer':
      return slice(given);
    case 'SimpleInferer':
      return { inferer: 'simple' };
    default:
      return undefined;
  }
};

export const INFERERS = ['SlidingWindowInferer', 'SliceInferer', 'SimpleInferer'];
