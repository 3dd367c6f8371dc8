import type { Shape } from '../../core/findings/types';
import type { Vec3 } from '../../core/geometry/types';
import { add, scale } from '../../core/geometry/vector';
import { imageToWorld, nearestSlice, type ImagePlace, type OpenSeries } from './placement';

/** Points that each type has at least, and at most (PS3.3 C.18.6.1.2, C.18.9.1.2, C.10.5.1.1). */
const POINTS: Record<Shape['graphicType'], readonly [number, number]> = {
  POINT: [1, 1],
  MULTIPOINT: [1, Infinity],
  POLYLINE: [2, Infinity],
  POLYGON: [3, Infinity],
  CIRCLE: [2, 2],
  ELLIPSE: [4, 4],
  ELLIPSOID: [6, 6],
  TEXT: [1, 1],
};
const isType = (type: string): type is Shape['graphicType'] => type in POINTS;

/** GSPS has lines that are rounded through their points; the points are the same. */
const typeOf = (type: string): Shape['graphicType'] | undefined => {
  const known = type === 'INTERPOLATED' ? 'POLYLINE' : type;
  return isType(known) ? known : undefined;
};

const fits = (type: Shape['graphicType'], count: number): boolean =>
  count >= POINTS[type][0] && count <= POINTS[type][1];

/** A polyline of one point is a point to many writers. */
const settled = (type: Shape['graphicType'], count: number): Shape['graphicType'] =>
  type === 'POLYLINE' && count === 1 ? 'POINT' : type;

/** A drawing on an image: columns and rows, one after the other; undefined where it is none. */
export function shapeOnImage(
  graphicType: string,
  data: readonly number[],
  place: ImagePlace,
): Shape | undefined {
  const type = typeOf(graphicType);
  const count = data.length / 2;
  if (!type || !Number.isInteger(count)) return undefined;
  const settledType = settled(type, count);
  if (!fits(settledType, count)) return undefined;
  const { sopInstanceUID, frameNumber } = place.series.source.slices[place.slice];
  return {
    graphicType: settledType,
    points: Array.from({ length: count }, (_, index) =>
      imageToWorld(place, data[index * 2], data[index * 2 + 1]),
    ),
    referencedSOPInstanceUID: sopInstanceUID,
    ...(frameNumber !== undefined && { referencedFrameNumber: frameNumber }),
  };
}

/** A drawing in the patient: x, y, z of each point, LPS+ millimetres. */
export function shapeInSpace(graphicType: string, data: readonly number[]): Shape | undefined {
  const type = typeOf(graphicType);
  const count = data.length / 3;
  if (!type || !Number.isInteger(count)) return undefined;
  const settledType = settled(type, count);
  if (!fits(settledType, count)) return undefined;
  return {
    graphicType: settledType,
    points: Array.from({ length: count }, (_, index) => [
      data[index * 3],
      data[index * 3 + 1],
      data[index * 3 + 2],
    ]),
  };
}

const isClosed = (points: readonly Vec3[]): boolean =>
  points.length > 2 && points[0].every((value, axis) => value === points[points.length - 1][axis]);

/** A circle's centre; of all else the mean of its points, one that closes a line counted once. */
export function middleOf({ graphicType, points }: Shape): Vec3 {
  if (graphicType === 'CIRCLE') return points[0];
  const distinct = isClosed(points) ? points.slice(1) : points;
  return scale(
    distinct.reduce((sum, point) => add(sum, point), [0, 0, 0]),
    1 / distinct.length,
  );
}

/** Where to look at drawings: at the middle of them; words only where there is nothing else. */
export function middleOfShapes(
  shapes: readonly Shape[],
  series: OpenSeries,
): { place: ImagePlace; centroid: Vec3 } {
  const drawn = shapes.filter(({ graphicType }) => graphicType !== 'TEXT');
  const placed = (drawn.length > 0 ? drawn : shapes)
    .map(shape => {
      const centroid = middleOf(shape);
      const slice = series.source.slices.findIndex(
        ({ sopInstanceUID, frameNumber }) =>
          sopInstanceUID === shape.referencedSOPInstanceUID &&
          frameNumber === shape.referencedFrameNumber,
      );
      return { centroid, slice: slice >= 0 ? slice : nearestSlice(series, centroid) };
    })
    .sort((a, b) => a.slice - b.slice);
  const { slice, centroid } = placed[Math.floor((placed.length - 1) / 2)];
  return { place: { series, slice }, centroid };
}
