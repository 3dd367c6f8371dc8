import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import type { ManifestInput } from './draft';

type Step = ManifestInput['preprocessing'][number];

const FORMS =
  'window:low,high[,to low,to high], percentiles:lower,upper[,to low,to high], minmax, zscore, ' +
  'zscore-nonzero, mean-std:means/deviations, voi, suv, none';

const numbers = (text = ''): number[] => text.split(',').map(part => Number(part.trim()));
const all = (values: number[], ...counts: number[]): boolean =>
  counts.includes(values.length) && values.every(Number.isFinite);

const one = (text: string): Step[] | undefined => {
  const [how, rest = ''] = text.split(/:(.*)/s);
  switch (how) {
    case 'window': {
      const [aMin, aMax, bMin = 0, bMax = 1] = numbers(rest);
      if (!all(numbers(rest), 2, 4)) return undefined;
      return [{ transform: 'scaleIntensityRange', aMin, aMax, bMin, bMax, clip: true }];
    }
    case 'percentiles': {
      const [lower, upper, bMin = 0, bMax = 1] = numbers(rest);
      if (!all(numbers(rest), 2, 4)) return undefined;
      return [
        { transform: 'scaleIntensityRangePercentiles', lower, upper, bMin, bMax, clip: true },
      ];
    }
    case 'minmax':
      return [{ transform: 'scaleIntensity', minv: 0, maxv: 1 }];
    case 'zscore':
    case 'zscore-nonzero':
      return [{ transform: 'normalizeIntensity', nonzero: how !== 'zscore', channelWise: true }];
    case 'mean-std': {
      const [subtrahend, divisor] = rest.split('/').map(numbers);
      const fits = divisor && all(subtrahend, divisor.length) && all(divisor, subtrahend.length);
      return fits ? [{ transform: 'normalizeIntensity', subtrahend, divisor }] : undefined;
    }
    case 'voi':
      return [{ transform: 'voiLut' }];
    case 'suv':
      return [{ transform: 'suvbw' }];
    case 'none':
      return [];
    default:
      return undefined;
  }
};

/** Steps on values from `--intensity`, in the order given. Refuses `intensityUnknown`. */
export const intensitySteps = (given: readonly string[]): Outcome<Step[]> => {
  const steps: Step[] = [];
  for (const text of given) {
    const made = one(text);
    if (!made) {
      return refuse('intensityUnknown', `--intensity ${text} is not known; allowed: ${FORMS}.`, {
        given: text,
        allowed: FORMS,
      });
    }
    steps.push(...made);
  }
  return accept(steps);
};
