import type { Vec3 } from '../geometry/types';
import { dot, norm, subtract } from '../geometry/vector';
import type { Direction } from '../geometry/types';
import type { AnnotationFinding, DetectionFinding, Finding } from '../findings/types';

/** Where a finding lies: a box along the axes of the images it was found on, LPS+ millimetres. */
export interface Place {
  centre: Vec3;
  /** Half of each edge along the axes. */
  half: Vec3;
}

/** Centres this near are one place, however small both are: a click is no more exact than that. */
const CLICK_MM = 3;

export const hasPlace = (finding: Finding): finding is DetectionFinding | AnnotationFinding =>
  finding.kind === 'detection' ||
  (finding.kind === 'annotation' && finding.shapes.some(({ points }) => points.length > 0));

/** An ellipse's and an ellipsoid's extent is that of its axes' ends, which are its points. */
const extentOf = (points: readonly Vec3[], direction: Direction): Place => {
  const along = direction.map(axis => points.map(point => dot(point, axis)));
  const low = along.map(values => Math.min(...values));
  const high = along.map(values => Math.max(...values));
  const middle = low.map((value, axis) => (value + high[axis]) / 2);
  const centre = [0, 1, 2].map(
    world =>
      middle[0] * direction[0][world] +
      middle[1] * direction[1][world] +
      middle[2] * direction[2][world],
  );
  const half = low.map((value, axis) => (high[axis] - value) / 2);
  return { centre: [centre[0], centre[1], centre[2]], half: [half[0], half[1], half[2]] };
};

/** A circle is given by its centre and one point of it: as far to the other side. */
const pointsOf = (shape: AnnotationFinding['shapes'][number]): readonly Vec3[] => {
  const [centre, edge] = shape.points;
  if (shape.graphicType !== 'CIRCLE' || !edge) return shape.points;
  const radius = norm(subtract(edge, centre));
  return [-radius, radius].flatMap((r): Vec3[] => [
    [centre[0] + r, centre[1], centre[2]],
    [centre[0], centre[1] + r, centre[2]],
  ]);
};

export const placeOf = (
  finding: DetectionFinding | AnnotationFinding,
  direction: Direction,
): Place =>
  finding.kind === 'detection'
    ? {
        centre: finding.centroid,
        half: [finding.size[0] / 2, finding.size[1] / 2, finding.size[2] / 2],
      }
    : extentOf(finding.shapes.flatMap(pointsOf), direction);

export const centreDistance = (a: Place, b: Place): number => norm(subtract(a.centre, b.centre));

/** Intersection over union of the two boxes; 0 where they do not meet or have no volume. */
export const intersectionOverUnion = (a: Place, b: Place, direction: Direction): number => {
  const offset = subtract(a.centre, b.centre);
  let shared = 1;
  for (let axis = 0; axis < 3; axis++) {
    const apart = Math.abs(dot(offset, direction[axis]));
    const overlap = Math.min(
      a.half[axis] + b.half[axis] - apart,
      2 * Math.min(a.half[axis], b.half[axis]),
    );
    if (overlap <= 0) return 0;
    shared *= overlap;
  }
  const volume = ({ half }: Place) => 8 * half[0] * half[1] * half[2];
  return shared / (volume(a) + volume(b) - shared);
};

/**
 * Whether two findings are of one place: the centre of one lies within the radius (half the longest
 * edge) of the other, as LUNA16 counts a hit.
 */
export const isOnePlace = (a: Place, b: Place): boolean =>
  centreDistance(a, b) <= Math.max(CLICK_MM, ...a.half, ...b.half);
