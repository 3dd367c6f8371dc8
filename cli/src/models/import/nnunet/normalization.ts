import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import type { ManifestInput } from '../draft';
import type { IntensityProperties } from './source';

type Step = ManifestInput['preprocessing'][number];

const KNOWN =
  'CTNormalization, ZScoreNormalization, RescaleTo01Normalization, RGBTo01Normalization, NoNormalization';

/**
 * nnU-Net's normalisation schemes (nnunetv2/preprocessing/normalization) as steps, one scheme a channel.
 *
 * CT: clipped to the 0.5 and 99.5 percentiles of the training foreground, then (x − mean) / standard
 * deviation of it; both are one linear range. Z-score: by the image's own mean and deviation, over what
 * is not 0 where the mask is used.
 *
 * @param keys channel keys, empty where there is one channel
 *
 * Refuses `nnunetNormalization`.
 */
export const normalizationSteps = (
  schemes: readonly string[],
  masks: readonly boolean[],
  properties: Readonly<Record<string, IntensityProperties>>,
  keys: readonly string[],
): Outcome<Step[]> => {
  const steps: Step[] = [];
  for (const [index, scheme] of schemes.entries()) {
    const only = keys.length > 0 ? { keys: [keys[index]] } : {};
    switch (scheme) {
      case 'CTNormalization': {
        const found = properties[String(index)];
        if (!found) {
          return refuse(
            'nnunetNormalization',
            `Channel ${index} has ${scheme}, and plans.json has no foreground_intensity_properties_per_channel for it.`,
            { channel: index, scheme, allowed: KNOWN },
          );
        }
        const { mean, std, percentile_00_5: low, percentile_99_5: high } = found;
        const deviation = Math.max(std, 1e-8);
        steps.push({
          transform: 'scaleIntensityRange',
          aMin: low,
          aMax: high,
          bMin: (low - mean) / deviation,
          bMax: (high - mean) / deviation,
          clip: true,
          ...only,
        });
        break;
      }
      case 'ZScoreNormalization':
        steps.push({
          transform: 'normalizeIntensity',
          nonzero: masks[index] ?? false,
          channelWise: true,
          ...only,
        });
        break;
      case 'RescaleTo01Normalization':
        steps.push({ transform: 'scaleIntensity', minv: 0, maxv: 1, ...only });
        break;
      case 'RGBTo01Normalization':
        steps.push({
          transform: 'scaleIntensityRange',
          aMin: 0,
          aMax: 255,
          bMin: 0,
          bMax: 1,
          clip: false,
          ...only,
        });
        break;
      case 'NoNormalization':
        break;
      default:
        return refuse(
          'nnunetNormalization',
          `Channel ${index} has the normalisation ${scheme}; known: ${KNOWN}.`,
          { channel: index, scheme, allowed: KNOWN },
        );
    }
  }
  return accept(steps);
};
