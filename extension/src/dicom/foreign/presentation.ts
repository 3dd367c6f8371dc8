import { z } from 'zod';
import type { AnnotationFinding, RunResult, Shape } from '../../core/findings/types';
import { norm, subtract } from '../../core/geometry/vector';
import { accept, refuse, type Outcome, type Refusal } from '../../core/outcome';
import type { ParsedDataset } from '../common/parse';
import { issueOf } from '../common/schemas';
import { referencesOf, type ImageReference } from './frames';
import { instanceOf, originOf, provenanceOf, unreadable, type ForeignHeader } from './header';
import { conceptOfLabel, foreignRunId, numbered, type Names } from './naming';
import {
  keyOfSeries,
  shownAt,
  sourceAbsent,
  type ImagePlace,
  type OpenSeries,
  type Placement,
} from './placement';
import { anyItems, anyNumber, anyNumbers, anyReference, anyText } from './schemas';
import { middleOfShapes, shapeOnImage } from './shapes';

const textObject = z.object({
  BoundingBoxAnnotationUnits: anyText,
  AnchorPointAnnotationUnits: anyText,
  UnformattedTextValue: anyText,
  BoundingBoxTopLeftHandCorner: anyNumbers,
  BoundingBoxBottomRightHandCorner: anyNumbers,
  AnchorPoint: anyNumbers,
  GraphicGroupID: anyNumber,
  TrackingUID: anyText,
});
const graphicObject = z.object({
  GraphicAnnotationUnits: anyText,
  GraphicData: anyNumbers,
  GraphicType: anyText,
  GraphicGroupID: anyNumber,
  TrackingID: anyText,
  TrackingUID: anyText,
});
const compoundObject = z.object({
  CompoundGraphicUnits: anyText,
  GraphicData: anyNumbers,
  GraphicGroupID: anyNumber,
});

/** The annotations of a presentation state (PS3.3 C.10.5, C.10.4, C.10.7, C.11.11). */
const stateSchema = z.object({
  ReferencedSeriesSequence: anyItems(z.object({ ReferencedImageSequence: anyItems(anyReference) })),
  DisplayedAreaSelectionSequence: anyItems(
    z.object({
      ReferencedImageSequence: anyItems(anyReference),
      DisplayedAreaTopLeftHandCorner: anyNumbers,
      DisplayedAreaBottomRightHandCorner: anyNumbers,
    }),
  ),
  ImageRotation: anyNumber,
  GraphicLayerSequence: anyItems(
    z.object({ GraphicLayer: anyText, GraphicLayerDescription: anyText }),
  ),
  GraphicAnnotationSequence: anyItems(
    z.object({
      GraphicLayer: anyText,
      ReferencedImageSequence: anyItems(anyReference),
      TextObjectSequence: anyItems(textObject),
      GraphicObjectSequence: anyItems(graphicObject),
      CompoundGraphicSequence: anyItems(compoundObject),
    }),
  ),
});
type State = z.infer<typeof stateSchema>;
type Annotation = State['GraphicAnnotationSequence'][number];

/** Image coordinates of coordinates in their units. */
type ToPixels = (units: string | undefined, x: number, y: number) => readonly [number, number];

const refersTo = (items: readonly ImageReference[], { series, slice }: ImagePlace): boolean => {
  const { sopInstanceUID, frameNumber } = series.source.slices[slice];
  return items.some(
    each =>
      each.sopInstanceUID === sopInstanceUID &&
      (!each.frames || frameNumber === undefined || each.frames.includes(frameNumber)),
  );
};

/**
 * DISPLAY units are parts of the displayed area (PS3.3 C.10.5.1.2), which runs from the pixel that
 * stands at the top left when the image is turned and mirrored to that at the bottom right (C.10.4);
 * turned by a quarter, its width is of the image's rows. Without a displayed area it is the image.
 */
function toPixelsOn(state: State, place: ImagePlace): ToPixels {
  const { rows, columns } = place.series.source.slices[place.slice];
  const areas = state.DisplayedAreaSelectionSequence;
  const area =
    areas.find(each => refersTo(referencesOf(each.ReferencedImageSequence), place)) ??
    areas.find(each => each.ReferencedImageSequence.length === 0);
  const [left, top] = area?.DisplayedAreaTopLeftHandCorner ?? [1, 1];
  const [right, bottom] = area?.DisplayedAreaBottomRightHandCorner ?? [columns, rows];
  // From the outer edge of one pixel (counted from 1) to the outer edge of the other.
  const edges = (from: number, to: number): [number, number] =>
    from <= to ? [from - 1, to] : [from, to - 1];
  const across = edges(left, right);
  const down = edges(top, bottom);
  const quarter = ((state.ImageRotation ?? 0) / 90) % 2 === 1;
  return (units, x, y) => {
    if (units !== 'DISPLAY') return [x, y];
    const [u, v] = quarter ? [y, x] : [x, y];
    return [across[0] + u * (across[1] - across[0]), down[0] + v * (down[1] - down[0])];
  };
}

function lines(
  type: string,
  data: readonly number[] | undefined,
  units: string | undefined,
  toPixels: ToPixels,
  place: ImagePlace,
): Shape[] {
  if (!data || data.length % 2 !== 0) return [];
  const pixels = Array.from({ length: data.length / 2 }, (_, index) =>
    toPixels(units, data[index * 2], data[index * 2 + 1]),
  ).flat();
  const shape = shapeOnImage(type, pixels, place);
  return shape ? [shape] : [];
}

function words(object: z.infer<typeof textObject>, toPixels: ToPixels, place: ImagePlace): Shape[] {
  const { AnchorPoint: anchor, BoundingBoxTopLeftHandCorner: corner } = object;
  const text = object.UnformattedTextValue;
  const point = anchor?.length === 2 ? anchor : corner?.length === 2 ? corner : undefined;
  if (!point || text === undefined) return [];
  const units =
    point === anchor ? object.AnchorPointAnnotationUnits : object.BoundingBoxAnnotationUnits;
  const [x, y] = toPixels(units, point[0], point[1]);
  const shape = shapeOnImage('TEXT', [x, y], place);
  return shape ? [{ ...shape, text }] : [];
}

/** Objects that are one thing: joined by a group, else all of an annotation. */
interface Group {
  shapes: Shape[];
  trackingUID?: string;
  trackingID?: string;
}

/** The objects of an annotation by the group that joins them; those of none are one group. */
function groupsOf(annotation: Annotation, toPixels: ToPixels, place: ImagePlace): Group[] {
  const groups = new Map<number, Group>();
  const add = (
    { GraphicGroupID: id = -1, ...tracked }: Partial<z.infer<typeof graphicObject>>,
    shapes: readonly Shape[],
  ): void => {
    if (shapes.length === 0) return;
    const known = groups.get(id);
    groups.set(id, {
      shapes: [...(known?.shapes ?? []), ...shapes],
      trackingUID: known?.trackingUID ?? tracked.TrackingUID,
      trackingID: known?.trackingID ?? tracked.TrackingID,
    });
  };
  for (const each of annotation.GraphicObjectSequence) {
    const { GraphicType: type, GraphicAnnotationUnits: units, GraphicData: data } = each;
    add(each, lines(type ?? '', data, units, toPixels, place));
  }
  for (const each of annotation.TextObjectSequence) add(each, words(each, toPixels, place));
  // A compound graphic is also written in simple ones (PS3.3 C.10.5.1.3); where not, its points are.
  if (groups.size === 0) {
    for (const each of annotation.CompoundGraphicSequence) {
      const { GraphicData: data, CompoundGraphicUnits: units } = each;
      add({ GraphicGroupID: each.GraphicGroupID }, lines('POLYLINE', data, units, toPixels, place));
    }
  }
  return [...groups.values()];
}

interface Drawn extends Group {
  place: ImagePlace;
  layer?: string;
}

const textOf = ({ shapes }: Group): string => shapes.flatMap(({ text }) => text ?? []).join(' ');

/** Least and largest coordinates of what is drawn, words left out; undefined of words alone. */
function extentOf(shapes: readonly Shape[]): readonly [number[], number[]] | undefined {
  const points = shapes.flatMap(shape => (shape.graphicType === 'TEXT' ? [] : shape.points));
  if (points.length === 0) return undefined;
  const along = (axis: number): number[] => points.map(point => point[axis]);
  return [
    [0, 1, 2].map(axis => Math.min(...along(axis))),
    [0, 1, 2].map(axis => Math.max(...along(axis))),
  ];
}

/** Whether one stands behind the other on the next image: as far apart as the images are, no more. */
function goesOn(before: Drawn, next: Drawn): boolean {
  if (before.place.series !== next.place.series) return false;
  if (next.place.slice !== before.place.slice + 1) return false;
  if (before.layer !== next.layer || textOf(before) === '') return false;
  if (textOf(before) !== textOf(next)) return false;
  const [a, b] = [extentOf(before.shapes), extentOf(next.shapes)];
  const [here, there] = [before, next].map(
    ({ place }) => place.series.source.slices[place.slice].imagePositionPatient,
  );
  if (!a || !b || !here || !there) return false;
  const apart = norm(subtract(here, there)) + 1e-3;
  return [0, 1, 2].every(
    axis => a[0][axis] - apart <= b[1][axis] && b[0][axis] - apart <= a[1][axis],
  );
}

/**
 * A mark that goes on from image to image is one finding: annotations of one Tracking UID, else
 * those of the same words in the same place of neighbouring images.
 */
function joined(drawn: readonly Drawn[]): Drawn[][] {
  const marks: Drawn[][] = [];
  const ordered = [...drawn].sort((a, b) => a.place.slice - b.place.slice);
  for (const each of ordered) {
    const mark = marks.find(known => {
      const last = known[known.length - 1];
      return each.trackingUID !== undefined && each.place.series === last.place.series
        ? each.trackingUID === last.trackingUID
        : last.trackingUID === undefined && goesOn(last, each);
    });
    if (mark) mark.push(each);
    else marks.push([each]);
  }
  // In the order in which the state draws them.
  const firstOf = (mark: readonly Drawn[]): number =>
    Math.min(...mark.map(each => drawn.indexOf(each)));
  return marks.sort((a, b) => firstOf(a) - firstOf(b));
}

function drawnIn(state: State, placement: Placement): { drawn: Drawn[]; missing: number } {
  const everywhere = state.ReferencedSeriesSequence.flatMap(({ ReferencedImageSequence }) =>
    referencesOf(ReferencedImageSequence),
  );
  const drawn: Drawn[] = [];
  let missing = 0;
  for (const annotation of state.GraphicAnnotationSequence) {
    const own = referencesOf(annotation.ReferencedImageSequence);
    for (const { sopInstanceUID, frames } of own.length > 0 ? own : everywhere) {
      for (const frame of frames ?? [undefined]) {
        const place = placement.image(sopInstanceUID, frame === undefined ? undefined : [frame]);
        if (!place) {
          missing++;
          continue;
        }
        const toPixels = toPixelsOn(state, place);
        for (const group of groupsOf(annotation, toPixels, place)) {
          drawn.push({ ...group, place, layer: annotation.GraphicLayer });
        }
      }
    }
  }
  return { drawn, missing };
}

/**
 * What a presentation state draws on images: a finding for each annotation, or for each group of
 * graphics within it; one that goes on from image to image is one finding. Annotations of no image
 * are on all that the state refers to. A mark of a finding that was read already is that finding.
 *
 * @param tracked the result that has a finding of that Tracking UID, by the same maker
 * Refuses with `foreignUnreadable`, `foreignNothingToShow` (a state of window and zoom alone) and
 * `foreignSourceAbsent`.
 */
export function readForeignPresentation(
  header: ForeignHeader,
  dataset: ParsedDataset,
  placement: Placement,
  names: Names,
  tracked: (trackingUID: string) => RunResult | undefined,
  onRefused: (refusal: Refusal) => void,
): Outcome<RunResult[]> {
  const parsed = stateSchema.safeParse(dataset);
  if (!parsed.success) return unreadable(header, issueOf(parsed.error));
  const state = parsed.data;
  const { drawn, missing } = drawnIn(state, placement);
  if (drawn.length === 0) {
    if (missing > 0) return sourceAbsent(header);
    return refuse(
      'foreignNothingToShow',
      `${header.called} of another program is not shown: it (presentation state) tells of nothing that has a place on the images`,
      { object: header.called },
    );
  }
  if (missing > 0) {
    const absent = sourceAbsent(header);
    if (!absent.ok) onRefused(absent.refusal);
  }
  const layers = new Map(
    state.GraphicLayerSequence.map(each => [each.GraphicLayer, each.GraphicLayerDescription]),
  );
  const bySeries = new Map<OpenSeries, AnnotationFinding[]>();
  joined(drawn).forEach((mark, index) => {
    const [{ place, layer, trackingUID, trackingID }] = mark;
    const { series } = place;
    const known = trackingUID === undefined ? undefined : tracked(trackingUID);
    if (known?.foreign) {
      const { instances } = known.foreign;
      const isNew = instances.every(each => each.sopInstanceUID !== header.SOPInstanceUID);
      if (isNew) instances.push(instanceOf(header));
      return;
    }
    const shapes = mark.flatMap(each => each.shapes);
    const findings = bySeries.get(series) ?? [];
    bySeries.set(series, findings);
    const text = shapes.map(shape => shape.text?.split(/[\r\n]/)[0]).find(line => line);
    const label = text ?? layers.get(layer) ?? layer ?? header.ContentLabel ?? 'Annotation';
    const middle = middleOfShapes(shapes, series);
    findings.push({
      kind: 'annotation',
      id: names.idOf(trackingUID, header.SOPInstanceUID, String(index)),
      trackingIdentifier: trackingID ?? label,
      runId: foreignRunId(header.SOPInstanceUID, keyOfSeries(series)),
      measurements: [],
      ...shownAt(middle.place, middle.centroid),
      concept: conceptOfLabel(label),
      shapes,
    });
  });
  return accept(
    [...bySeries].map(([series, findings]): RunResult => ({
      runId: findings[0].runId,
      source: series.source,
      provenance: provenanceOf(header, {}, header.ContentCreatorName),
      findings: numbered(findings),
      foreign: originOf(header, 'unknown'),
    })),
  );
}
