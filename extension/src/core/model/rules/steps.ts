import { channelsOf, type PreprocessingStep } from '../manifest';
import { hint, list, shown } from '../sentences';
import { counted, duplicates, isFlat, type NetworkView } from './rule';

type Step<T extends PreprocessingStep['transform']> = Extract<PreprocessingStep, { transform: T }>;

/** What a step meets: the channels as the steps before have left them. */
interface Met {
  where: string;
  manifest: NetworkView;
  keys: string[];
  /** Of each channel of the tensor its key: `repeatChannel` has made several of one. */
  channels: string[];
}

const checkKeys = (
  step: PreprocessingStep,
  { where, keys, manifest: { inputsAt } }: Met,
): string[] => {
  const unknown = (at: string, key: string) =>
    `${where}.${at} is "${key}"${hint(key, keys)}, which is no channel of ${inputsAt}; the channels are ${list(keys)}.`;
  if (step.transform === 'cropForeground') {
    const { sourceKey } = step;
    return sourceKey && !keys.includes(sourceKey) ? [unknown('sourceKey', sourceKey)] : [];
  }
  if (!('keys' in step) || !step.keys) return [];
  return [
    ...step.keys.flatMap((key, at) => (keys.includes(key) ? [] : [unknown(`keys[${at}]`, key)])),
    ...duplicates(step.keys).map(
      ({ value, second }) =>
        `${where}.keys[${second}] is "${value}", which is named before; each channel is named once.`,
    ),
  ];
};

const checkOrientation = ({ axcodes }: Step<'orientation'>, where: string): string[] => {
  const axes = new Set([...axcodes].map(code => 'LRAPSI'.indexOf(code) >> 1));
  return axes.size === 3
    ? []
    : [
        `${where}.axcodes is "${axcodes}", which names an axis of the body twice; one of L/R, one of A/P and one of S/I are needed, such as "LPS" or "RAS".`,
      ];
};

/** `lower` and `upper` of what a range is taken from and brought to. */
const checkRange = (step: PreprocessingStep, where: string): string[] => {
  const problems: string[] = [];
  const same = (low: string, high: string, value: number) =>
    problems.push(
      `${where}.${low} is ${value}, the same as ${high}; a range needs two different numbers.`,
    );
  if (step.transform === 'scaleIntensityRange' && step.aMin === step.aMax) {
    same('aMin', 'aMax', step.aMin);
  } else if (step.transform === 'scaleIntensityRange' && step.aMin > step.aMax) {
    problems.push(
      `${where}.aMin is ${step.aMin}, more than aMax, ${step.aMax}; the smaller number comes first.`,
    );
  }
  if (step.transform === 'scaleIntensityRangePercentiles' && step.lower >= step.upper) {
    problems.push(
      `${where}.lower is ${step.lower}; less than upper, ${step.upper}, is needed (both in percent, 0 to 100).`,
    );
  }
  if ('bMin' in step && step.bMin === step.bMax) same('bMin', 'bMax', step.bMin);
  if (step.transform === 'scaleIntensity' && step.minv === step.maxv) {
    same('minv', 'maxv', step.minv);
  }
  return problems;
};

const checkNormalize = (step: Step<'normalizeIntensity'>, { where, channels }: Met): string[] => {
  const taken = channels.filter(key => !step.keys || step.keys.includes(key)).length;
  return (['subtrahend', 'divisor'] as const).flatMap(name => {
    const value = step[name];
    if (value === undefined) return [];
    const problems: string[] = [];
    if (Array.isArray(value) && value.length !== taken) {
      problems.push(
        `${where}.${name} is ${shown(value)}, ${counted(value.length, 'number')}; the step is for ${counted(taken, 'channel')}: one number for each of them, or a single number for all, is needed.`,
      );
    }
    if (name === 'divisor' && [value].flat().includes(0)) {
      problems.push(`${where}.divisor is ${shown(value)}; no division by 0 is allowed.`);
    }
    return problems;
  });
};

const checkSuv = (step: Step<'suvbw'>, { where, manifest }: Met): string[] =>
  channelsOf(manifest)
    .filter(({ key }) => !step.keys || step.keys.includes(key))
    .filter(({ modality }) => modality !== 'PT')
    .map(
      ({ key, modality }) =>
        `${where} ("suvbw") is for the channel "${key}", whose modality is ${shown(modality)}; only PT has uptake values: name the PET channel in "keys".`,
    );

const checkRepeat = ({ where, channels, manifest: { inputsAt } }: Met): string[] =>
  channels.length === 1
    ? []
    : [
        `${where} ("repeatChannel") meets ${channels.length} channels; it makes a picture of 1 grey channel: remove it, or leave 1 channel in ${inputsAt}.`,
      ];

/** Sizes along i, j and k of which the third must be 1 for a single picture. */
const checkFlatSizes = (step: PreprocessingStep, { where, manifest }: Met): string[] => {
  if (!isFlat(manifest) || manifest.inference.inferer === 'slice') return [];
  const sizes: Record<string, readonly number[]> = {};
  if ('spatialSize' in step) sizes.spatialSize = step.spatialSize;
  if ('roiSize' in step) sizes.roiSize = step.roiSize;
  if ('k' in step) sizes.k = step.k;
  return Object.entries(sizes)
    .filter(([, size]) => size[2] !== 1)
    .map(([name, size]) => {
      const meant =
        size[0] === 1
          ? ` Sizes follow the image's i, j and k, not the tensor's order: write [${size[2]}, ${size[1]}, 1].`
          : '';
      return `${where}.${name} is ${shown(size)}; for a two-dimensional network the third number must be 1.${meant}`;
    });
};

/** Preprocessing, step by step, with the channels as each step meets them. */
export const checkPreprocessing = (manifest: NetworkView): string[] => {
  const keys = channelsOf(manifest).map(({ key }) => key);
  let channels = keys;
  return manifest.preprocessing.flatMap((step, index) => {
    const where = `${manifest.at}.preprocessing[${index}]`;
    const met: Met = { where, manifest, keys, channels };
    const problems = [
      ...checkKeys(step, met),
      ...checkRange(step, where),
      ...checkFlatSizes(step, met),
    ];
    if (step.transform === 'orientation') problems.push(...checkOrientation(step, where));
    if (step.transform === 'normalizeIntensity') problems.push(...checkNormalize(step, met));
    if (step.transform === 'spatialCrop') {
      step.roiEnd.forEach((end, axis) => {
        if (end > step.roiStart[axis]) return;
        problems.push(
          `${where}.roiEnd[${axis}] is ${end}; more than roiStart[${axis}], ${step.roiStart[axis]}, is needed, or nothing is left.`,
        );
      });
    }
    if (step.transform === 'suvbw') problems.push(...checkSuv(step, met));
    if (step.transform === 'repeatChannel') {
      problems.push(...checkRepeat(met));
      const { repeats } = step;
      channels = channels.flatMap(key => Array<string>(repeats).fill(key));
    }
    return problems;
  });
};
