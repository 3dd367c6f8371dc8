import type { Outcome } from '../../core/outcome';
import { accept } from '../../core/outcome';
import type { ImageReference } from './frames';
import type { ForeignHeader } from './header';
import { sourceAbsent, type OpenSeries, type Placement } from './placement';

/** What an object says of the images that it is of. */
export interface SourceClues {
  images: readonly ImageReference[];
  series?: readonly string[];
  frameOfReferenceUID?: string;
}

/** The series of which most of the images are. */
function mostReferred(
  images: readonly ImageReference[],
  placement: Placement,
): OpenSeries | undefined {
  const counts = new Map<OpenSeries, number>();
  for (const { sopInstanceUID, frames } of images) {
    const place = placement.image(sopInstanceUID, frames) ?? placement.image(sopInstanceUID);
    if (place) counts.set(place.series, (counts.get(place.series) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}

/**
 * The open series that an object lies on: that of the images it refers to, else of the series it
 * names, and only where it refers to nothing one in its frame of reference, a volume first.
 *
 * Refuses with `foreignSourceAbsent`.
 */
export function sourceOf(
  header: ForeignHeader,
  { images, series = [], frameOfReferenceUID }: SourceClues,
  placement: Placement,
): Outcome<OpenSeries> {
  const referred = mostReferred(images, placement);
  if (referred) return accept(referred);
  const named = series.flatMap(uid => placement.ofSeries(uid));
  // An instance that the open series lacks means that it is not the one that was meant.
  const [byName] = images.length === 0 ? named : [];
  if (byName) return accept(byName);
  if (images.length > 0 || series.length > 0 || frameOfReferenceUID === undefined) {
    return sourceAbsent(header);
  }
  const inSpace = placement.ofFrameOfReference(frameOfReferenceUID);
  const best = inSpace.find(({ grid }) => grid.ok) ?? inSpace[0];
  return best ? accept(best) : sourceAbsent(header);
}
