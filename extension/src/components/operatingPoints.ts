import type { ModelState, RunState } from '../core/reading/state';
import type { Texts } from '../locales';

type OperatingPoint = ModelState['operatingPoints'][number];

/** What an operating point is known to do: threshold, sensitivity, specificity, false positives. */
export function operatingPointFacts(point: OperatingPoint, texts: Texts): string {
  const { t, percent, number } = texts;
  const threshold = number(point.threshold, { maximumFractionDigits: 2 });
  const known = [
    t('operatingPoint.threshold', { threshold }),
    point.sensitivity !== undefined &&
      t('operatingPoint.sensitivity', { sensitivity: percent(point.sensitivity * 100) }),
    point.specificity !== undefined &&
      t('operatingPoint.specificity', { specificity: percent(point.specificity * 100) }),
    point.falsePositivesPerScan !== undefined &&
      t('operatingPoint.falsePositives', {
        falsePositives: number(point.falsePositivesPerScan, { maximumFractionDigits: 1 }),
      }),
  ];
  return known.filter(Boolean).join(', ');
}

/** The operating point of a run by its name; by its threshold where the model is not at hand. */
export function operatingPointText(
  { modelId, operatingPoint }: RunState,
  models: readonly ModelState[],
  texts: Texts,
): string | undefined {
  if (!operatingPoint) return undefined;
  const model = models.find(each => each.modelId === modelId);
  const declared = model?.operatingPoints.find(({ key }) => key === operatingPoint.key);
  const name = declared ? texts.own(declared.name) : operatingPoint.key;
  const threshold = texts.number(operatingPoint.threshold, { maximumFractionDigits: 2 });
  return `${name} (${texts.t('operatingPoint.threshold', { threshold })})`;
}
