import type { ModelManifest, OperatingPoint } from '../core/model/manifest';
import { accept, refuse, type Outcome } from '../core/outcome';
import type { RunOptions } from '../core/reading/ports';

/**
 * The operating point that a run asks for; the manifest's first without one, undefined where the
 * manifest has none. Refuses `operatingPointUnknown`, naming those there are.
 */
export const operatingPointOf = (
  { id, operatingPoints = [] }: Pick<ModelManifest, 'id' | 'operatingPoints'>,
  { operatingPoint: asked }: RunOptions,
): Outcome<OperatingPoint | undefined> => {
  if (asked === undefined) return accept(operatingPoints[0]);
  const found = operatingPoints.find(({ key }) => key === asked);
  if (found) return accept(found);
  const allowed = operatingPoints.map(({ key }) => key).join(', ') || 'none';
  return refuse(
    'operatingPointUnknown',
    `Model ${id} has no operating point "${asked}"; allowed: ${allowed}`,
    { model: id, operatingPoint: asked, allowed },
  );
};
