import type { Shape } from '../../../core/findings/types';
import type { Vec3 } from '../../../core/geometry/types';
import { accept, refuse, type Outcome } from '../../../core/outcome';
import type { ImageReference } from '../frames';
import { unreadable, type ForeignHeader } from '../header';
import {
  middleOfImage,
  middleOfSeries,
  sourceAbsent,
  type ImagePlace,
  type OpenSeries,
  type Placement,
} from '../placement';
import { middleOfShapes, shapeInSpace, shapeOnImage } from '../shapes';
import type { Drawing, ReportedGroup } from './groups';

/** Where a thing that a report tells of is: on one series. */
export interface Location {
  place: ImagePlace;
  centroid: Vec3;
  shapes: Shape[];
}

/** Images that the report as a whole is of, by series. */
export interface Evidence {
  images: ImageReference[];
  /** Series of each image, by SOP Instance UID. */
  seriesOf: Map<string, string>;
}

const at = (place: ImagePlace): Location => ({ place, centroid: middleOfImage(place), shapes: [] });

const seriesOfImages = (
  images: readonly ImageReference[],
  placement: Placement,
): OpenSeries | undefined => {
  for (const { sopInstanceUID, frames } of images) {
    const place = placement.image(sopInstanceUID, frames);
    if (place) return place.series;
  }
  return undefined;
};

/** An image that is not open: its series is not, or lacks it. */
function imageUnknown(
  header: ForeignHeader,
  { sopInstanceUID, frames }: ImageReference,
  { seriesOf }: Evidence,
  placement: Placement,
): Outcome<never> {
  const series = seriesOf.get(sopInstanceUID);
  const isOpen =
    placement.image(sopInstanceUID) !== undefined ||
    (series !== undefined && placement.ofSeries(series).length > 0);
  if (!isOpen) return sourceAbsent(header);
  const image = frames ? `${sopInstanceUID}, frame ${frames[0]}` : sopInstanceUID;
  return refuse(
    'foreignImageUnknown',
    `Something in a result of another program, ${header.called}, is not shown: it is on the image ${image}, which its series does not have`,
    { object: header.called, image },
  );
}

/** The series on which points in a frame of reference are shown. */
function seriesInSpace(
  header: ForeignHeader,
  frameOfReferenceUID: string,
  group: ReportedGroup,
  evidence: Evidence,
  placement: Placement,
): Outcome<OpenSeries> {
  const inSpace = placement.ofFrameOfReference(frameOfReferenceUID);
  const named = group.sourceSeries ? placement.ofSeries(group.sourceSeries) : [];
  const meant = [
    seriesOfImages(group.images, placement),
    ...named,
    seriesOfImages(evidence.images, placement),
  ].find(series => series && inSpace.includes(series));
  const found = meant ?? inSpace.find(({ grid }) => grid.ok) ?? inSpace[0];
  if (found) return accept(found);
  return refuse(
    'foreignFrameOfReferenceUnknown',
    `Something in a result of another program, ${header.called}, is not shown: its points are in a frame of reference that no open series has (${frameOfReferenceUID || 'none'})`,
    { object: header.called, frameOfReference: frameOfReferenceUID || '—' },
  );
}

function drawn(
  header: ForeignHeader,
  drawing: Drawing,
  group: ReportedGroup,
  evidence: Evidence,
  placement: Placement,
): Outcome<{ series: OpenSeries; shape: Shape }> {
  const damaged = () =>
    unreadable(header, `${drawing.type} has ${drawing.data.length} coordinates`);
  if (drawing.image) {
    const place = placement.image(drawing.image.sopInstanceUID, drawing.image.frames);
    if (!place) return imageUnknown(header, drawing.image, evidence, placement);
    const shape = shapeOnImage(drawing.type, drawing.data, place);
    return shape ? accept({ series: place.series, shape }) : damaged();
  }
  const uid = drawing.frameOfReferenceUID ?? '';
  const series = seriesInSpace(header, uid, group, evidence, placement);
  if (!series.ok) return series;
  const shape = shapeInSpace(drawing.type, drawing.data);
  return shape ? accept({ series: series.value, shape }) : damaged();
}

/**
 * Where the thing is: where it is drawn, one location a series that it is drawn on (a mass in both
 * views of a breast); else the image, the series or the report that it is of.
 *
 * What cannot be placed is told to `onRefused`; of a thing drawn twice the rest is still shown.
 */
export function locationsOf(
  header: ForeignHeader,
  group: ReportedGroup,
  evidence: Evidence,
  placement: Placement,
  onRefused: (outcome: Outcome<never>) => void,
): Location[] {
  if (group.drawings.length > 0) {
    const bySeries = new Map<OpenSeries, Shape[]>();
    for (const drawing of group.drawings) {
      const outcome = drawn(header, drawing, group, evidence, placement);
      if (!outcome.ok) onRefused(outcome);
      else {
        const { series, shape } = outcome.value;
        bySeries.set(series, [...(bySeries.get(series) ?? []), shape]);
      }
    }
    return [...bySeries].map(([series, shapes]) => ({ ...middleOfShapes(shapes, series), shapes }));
  }
  for (const { sopInstanceUID, frames } of group.images) {
    const place = placement.image(sopInstanceUID, frames);
    if (place) return [at(place)];
  }
  if (group.images.length > 0) {
    onRefused(imageUnknown(header, group.images[0], evidence, placement));
    return [];
  }
  const [named] = group.sourceSeries ? placement.ofSeries(group.sourceSeries) : [];
  const series =
    named ?? (group.sourceSeries ? undefined : seriesOfImages(evidence.images, placement));
  if (series) return [at(middleOfSeries(series))];
  onRefused(sourceAbsent(header));
  return [];
}
