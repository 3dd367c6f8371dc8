import type { SourceSeries } from '../../core/findings/types';
import type { Vec3, VolumeGeometry } from '../../core/geometry/types';
import { indexToWorld, worldToIndex } from '../../core/geometry/transform';
import { accept, refuse, type Outcome } from '../../core/outcome';
import { planImage, planSlices } from '../../core/volume/assemble';
import type { SliceHeader } from '../../core/volume/types';
import type { ForeignHeader } from './header';

/** A series that is open, its slices in k order where they make a volume. */
export interface OpenSeries {
  source: SourceSeries;
  /** The grid of its slices, or why they make none. */
  grid: Outcome<VolumeGeometry>;
}

/** An image of an open series. */
export interface ImagePlace {
  series: OpenSeries;
  /** Index k of its slice. */
  slice: number;
}

/** Where things can be put: the open series by what others refer to them by. */
export interface Placement {
  series: readonly OpenSeries[];
  /** @param frames Referenced Frame Number: the first one counts, of none the first frame */
  image(sopInstanceUID: string, frames?: readonly number[]): ImagePlace | undefined;
  ofSeries(seriesInstanceUID: string): OpenSeries[];
  ofFrameOfReference(frameOfReferenceUID: string): OpenSeries[];
}

const opened = (source: SourceSeries): OpenSeries => {
  const plan = planSlices(source.slices);
  if (!plan.ok) return { source, grid: plan };
  const slices = plan.value.order.map(index => source.slices[index]);
  return { source: { ...source, slices }, grid: accept(plan.value.geometry) };
};

const keyOf = (sopInstanceUID: string, frame = 1): string => `${sopInstanceUID}#${frame}`;

export function placementOn(sources: readonly SourceSeries[]): Placement {
  const series = sources.filter(({ slices }) => slices.length > 0).map(opened);
  const images = new Map<string, ImagePlace>();
  // Of an image that several volumes show, the one that is a volume has it.
  const byPreference = [...series].sort((a, b) => Number(b.grid.ok) - Number(a.grid.ok));
  for (const each of byPreference) {
    each.source.slices.forEach(({ sopInstanceUID, frameNumber }, slice) => {
      const key = keyOf(sopInstanceUID, frameNumber);
      if (!images.has(key)) images.set(key, { series: each, slice });
    });
  }
  return {
    series,
    image: (sopInstanceUID, frames) => images.get(keyOf(sopInstanceUID, frames?.[0])),
    ofSeries: uid => series.filter(({ source }) => source.seriesInstanceUID === uid),
    ofFrameOfReference: uid => series.filter(({ source }) => source.frameOfReferenceUID === uid),
  };
}

/** The plane that an image lies in; a picture without a place has its own (`planImage`). */
const planeOf = (slice: SliceHeader): VolumeGeometry => {
  const plan = planImage({ ...slice, samplesPerPixel: 1 });
  if (!plan.ok) throw new Error(plan.refusal.message);
  return plan.value.geometry;
};

/**
 * LPS+ millimetres of image coordinates: 0, 0 is the top left corner of the first pixel, whose middle
 * is 0.5, 0.5 (PS3.3 C.18.6.1.1, and C.10.5.1.2 for units of PIXEL).
 */
export const imageToWorld = ({ series, slice }: ImagePlace, x: number, y: number): Vec3 =>
  indexToWorld(planeOf(series.source.slices[slice]), [x - 0.5, y - 0.5, 0]);

/** The slice of a series that is nearest to a point. */
export function nearestSlice({ source, grid }: OpenSeries, point: Vec3): number {
  const last = source.slices.length - 1;
  if (grid.ok) return Math.min(last, Math.max(0, Math.round(worldToIndex(grid.value, point)[2])));
  let nearest = 0;
  let least = Infinity;
  source.slices.forEach((slice, index) => {
    const distance = Math.abs(worldToIndex(planeOf(slice), point)[2]);
    if (distance < least) [nearest, least] = [index, distance];
  });
  return nearest;
}

/** Middle of an image, LPS+ millimetres. */
export const middleOfImage = (place: ImagePlace): Vec3 => {
  const { rows, columns } = place.series.source.slices[place.slice];
  return imageToWorld(place, columns / 2, rows / 2);
};

export const middleOfSeries = (series: OpenSeries): ImagePlace => ({
  series,
  slice: Math.floor(series.source.slices.length / 2),
});

/** What a finding says of where it is. */
export const shownAt = ({ series, slice }: ImagePlace, centroid: Vec3) => {
  const { sopInstanceUID, frameNumber } = series.source.slices[slice];
  return {
    middleSlice: slice,
    centroid,
    referencedSOPInstanceUID: sopInstanceUID,
    ...(frameNumber !== undefined && { referencedFrameNumber: frameNumber }),
  };
};

/** Tells the series that others refer to, of those that are open. */
export const keyOfSeries = ({ source }: OpenSeries): string =>
  `${source.seriesInstanceUID} ${source.slices.map(({ sopInstanceUID }) => sopInstanceUID).sort()[0]}`;

export const sourceAbsent = ({ called }: Pick<ForeignHeader, 'called'>): Outcome<never> =>
  refuse(
    'foreignSourceAbsent',
    `A result of another program, ${called}, is not shown: the images that it is of are not among those that are open`,
    { object: called },
  );
