import type { PreprocessingStep } from '../model/manifest';
import { refuse, accept, type Outcome } from '../outcome';
import type { VoiWindow } from '../volume/types';
import { linearVoi, voiValue } from '../volume/voi';
import { meanAndDeviation, percentiles } from './statistics';

type Step<T extends PreprocessingStep['transform']> = Extract<PreprocessingStep, { transform: T }>;

/**
 * y = clamp(x · factor + offset, low, high). Every chain of linear intensity steps composes to one
 * of these, so a chain costs one multiplication and two comparisons a voxel.
 */
export interface Intensity {
  factor: number;
  offset: number;
  low: number;
  high: number;
}

export const IDENTITY: Intensity = { factor: 1, offset: 0, low: -Infinity, high: Infinity };

const clamp = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);

/** First `inner`, then `outer`. */
export function compose(outer: Intensity, inner: Intensity): Intensity {
  const bound = (x: number): number => {
    // 0 · Infinity is not a bound.
    const moved = outer.factor === 0 ? outer.offset : x * outer.factor + outer.offset;
    return clamp(moved, outer.low, outer.high);
  };
  const ends = [bound(inner.low), bound(inner.high)];
  return {
    factor: inner.factor * outer.factor,
    offset: inner.offset * outer.factor + outer.offset,
    low: Math.min(...ends),
    high: Math.max(...ends),
  };
}

/**
 * MONAI's `ScaleIntensityRange`: (x − aMin) / (aMax − aMin) · (bMax − bMin) + bMin, clipped to
 * bMin…bMax when asked. As in MONAI, aMin = aMax shifts by bMin − aMin and is never clipped.
 */
export function scaleIntensityRangeOf(step: {
  aMin: number;
  aMax: number;
  bMin: number;
  bMax: number;
  clip: boolean;
}): Intensity {
  const { aMin, aMax, bMin, bMax, clip } = step;
  if (aMax === aMin) {
    return { ...IDENTITY, offset: bMin - aMin };
  }
  const factor = (bMax - bMin) / (aMax - aMin);
  return {
    factor,
    offset: bMin - aMin * factor,
    low: clip ? Math.min(bMin, bMax) : -Infinity,
    high: clip ? Math.max(bMin, bMax) : Infinity,
  };
}

/** What a volume's headers say of its values. */
export interface ValueFacts {
  voi?: VoiWindow;
  suvbwFactor?: Outcome<number>;
}

/**
 * A step on values as one straight line, where it is one whatever the voxels are; these are fused
 * into the walk over the voxels. `checkFacts` has seen to it that the facts are there.
 */
export function linearIntensity(step: PreprocessingStep, facts: ValueFacts): Intensity | undefined {
  switch (step.transform) {
    case 'scaleIntensityRange':
      return scaleIntensityRangeOf(step);
    case 'suvbw':
      return facts.suvbwFactor?.ok ? { ...IDENTITY, factor: facts.suvbwFactor.value } : undefined;
    case 'voiLut':
      return facts.voi && linearVoi(facts.voi);
    default:
      return undefined;
  }
}

/**
 * Whether a channel's headers have what its steps need, before a voxel is touched.
 *
 * Refuses `voiMissing`, `suvbwNotPet` and what `suvbwFactorOf` refused.
 */
export function checkFacts(key: string, step: PreprocessingStep, facts: ValueFacts): Outcome<void> {
  if (step.transform === 'voiLut' && !facts.voi) {
    return refuse(
      'voiMissing',
      `The images of channel "${key}" have no WindowCenter and WindowWidth; voiLut needs them.`,
      { channel: key },
    );
  }
  if (step.transform === 'suvbw') {
    if (!facts.suvbwFactor) {
      return refuse(
        'suvbwNotPet',
        `The series of channel "${key}" has no PET attributes; standardized uptake values cannot be reckoned.`,
        { channel: key },
      );
    }
    if (!facts.suvbwFactor.ok) return facts.suvbwFactor;
  }
  return accept(undefined);
}

/** In place. */
export function applyIntensity(values: Float32Array, intensity: Intensity): void {
  const { factor, offset, low, high } = intensity;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] * factor + offset;
    values[index] = value < low ? low : value > high ? high : value;
  }
}

/** The straight line of MONAI's `ScaleIntensityRangePercentiles` for these values. */
const percentileRange = (
  values: Float32Array,
  { lower, upper, ...range }: Step<'scaleIntensityRangePercentiles'>,
): Intensity => {
  const [aMin, aMax] = percentiles(values, [lower, upper]);
  return scaleIntensityRangeOf({ ...range, aMin, aMax });
};

/** The straight line of MONAI's `ScaleIntensity`; values that are all the same become x · minv. */
function minimumToMaximum(values: Float32Array, { minv, maxv }: Step<'scaleIntensity'>): Intensity {
  let lowest = Infinity;
  let highest = -Infinity;
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  if (lowest === highest) return { ...IDENTITY, factor: minv };
  const factor = (maxv - minv) / (highest - lowest);
  return { ...IDENTITY, factor, offset: minv - lowest * factor };
}

const componentOf = (
  component: number | readonly number[] | undefined,
  channel: number,
): number | undefined => (typeof component === 'object' ? component[channel] : component);

/**
 * MONAI's `NormalizeIntensity`, in place: (x − mean) / standard deviation (of the population), or
 * by the subtrahend and divisor given. A deviation of 0 divides by 1. `channelWise: false` counts
 * all channels together.
 */
function normalizeIntensity(
  channels: readonly Float32Array[],
  { subtrahend, divisor, nonzero, channelWise }: Step<'normalizeIntensity'>,
): Outcome<void> {
  for (const component of [subtrahend, divisor]) {
    if (Array.isArray(component) && component.length !== channels.length) {
      return refuse(
        'normalizeCountDiffers',
        `normalizeIntensity has ${component.length} numbers for ${channels.length} channels.`,
        { met: component.length, allowed: channels.length },
      );
    }
  }
  const isMeasured = subtrahend === undefined || divisor === undefined;
  const together = isMeasured && !channelWise ? meanAndDeviation(channels, nonzero) : undefined;
  channels.forEach((values, channel) => {
    const own = together ?? (isMeasured ? meanAndDeviation([values], nonzero) : undefined);
    const mean = componentOf(subtrahend, channel) ?? own?.mean ?? 0;
    const deviation = (componentOf(divisor, channel) ?? own?.deviation) || 1;
    for (let index = 0; index < values.length; index++) {
      const value = values[index];
      if (!nonzero || value !== 0) values[index] = (value - mean) / deviation;
    }
  });
  return accept(undefined);
}

/** MONAI's `ThresholdIntensity`, in place. */
function thresholdIntensity(
  values: Float32Array,
  { threshold, above, cval }: Step<'thresholdIntensity'>,
): void {
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (!(above ? value > threshold : value < threshold)) values[index] = cval;
  }
}

/** Steps on values that need to see the values, or are no straight line. */
export type ValueStep = Step<
  | 'scaleIntensityRangePercentiles'
  | 'scaleIntensity'
  | 'normalizeIntensity'
  | 'thresholdIntensity'
  | 'voiLut'
>;

/**
 * Runs one of them on the channels it names, in place.
 *
 * Refuses `normalizeCountDiffers`.
 */
export function applyValueStep(
  step: ValueStep,
  channels: ReadonlyArray<{ values: Float32Array; facts: ValueFacts }>,
): Outcome<void> {
  if (step.transform === 'normalizeIntensity') {
    return normalizeIntensity(
      channels.map(({ values }) => values),
      step,
    );
  }
  for (const { values, facts } of channels) {
    switch (step.transform) {
      case 'scaleIntensityRangePercentiles':
        applyIntensity(values, percentileRange(values, step));
        break;
      case 'scaleIntensity':
        applyIntensity(values, minimumToMaximum(values, step));
        break;
      case 'thresholdIntensity':
        thresholdIntensity(values, step);
        break;
      case 'voiLut': {
        const { voi } = facts;
        if (!voi) throw new Error('voiLut without a window: facts were not checked');
        for (let index = 0; index < values.length; index++) {
          values[index] = voiValue(voi, values[index]);
        }
        break;
      }
    }
  }
  return accept(undefined);
}
