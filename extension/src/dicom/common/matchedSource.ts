import { accept, refuse, type Outcome } from '../../core/outcome';
import type { SourceSeries } from '../../core/findings/types';
import type { VolumeGeometry } from '../../core/geometry/types';
import { planSlices } from '../../core/volume/assemble';

/**
 * The open series that evidence was made of, its slices in k order, and its grid. `undefined` when
 * the series is not among the given ones; refuses when its instances are not the same ones.
 */
export function matchedSource(
  series: string,
  references: readonly string[],
  sources: readonly SourceSeries[],
): Outcome<{ source: SourceSeries; geometry: VolumeGeometry } | undefined> {
  const candidates = sources.filter(({ seriesInstanceUID }) => seriesInstanceUID === series);
  if (candidates.length === 0) return accept(undefined);
  const referenced = new Set(references);
  // A series may be shown as several volumes: the run's own is the one of the same instances.
  const source = candidates.find(({ slices }) => {
    const instances = new Set(slices.map(slice => slice.sopInstanceUID));
    return instances.size === referenced.size && [...referenced].every(uid => instances.has(uid));
  });
  if (!source) {
    const met = Math.max(...candidates.map(({ slices }) => slices.length));
    return refuse(
      'evidenceSourceDiffers',
      `A stored AI result is of ${referenced.size} instances of series ${series}; the open study has ${met} and not the same ones`,
      { series, allowed: referenced.size, met },
    );
  }
  const plan = planSlices(source.slices);
  if (!plan.ok) return plan;
  const slices = plan.value.order.map(index => source.slices[index]);
  return accept({ source: { ...source, slices }, geometry: plan.value.geometry });
}
