import type { Direction, Vec3, VolumeGeometry } from '../geometry/types';
import { add, dot, scale, subtract } from '../geometry/vector';
import type { DetectionFinding } from './types';

/** A box of a detection in the patient: LPS+ millimetres. */
export interface DetectionBox {
  centre: Vec3;
  /** Half of each edge along `direction`. */
  half: Vec3;
  direction: Direction;
}

/** A slice as it is shown: a point of it, its normal, and how thick a slab it stands for (mm). */
export interface ShownPlane {
  point: Vec3;
  normal: Vec3;
  slabThickness?: number;
}

const halves = (size: Vec3): Vec3 => scale(size, 0.5);

/** The box of a detection on the grid of its source. */
export const boxOf = (
  { centroid, size }: Pick<DetectionFinding, 'centroid' | 'size'>,
  { direction }: Pick<VolumeGeometry, 'direction'>,
): DetectionBox => ({ centre: centroid, half: halves(size), direction });

/** How far a box reaches from its centre along a unit vector. */
const reachAlong = ({ half, direction }: DetectionBox, normal: Vec3): number =>
  half.reduce((reach, length, axis) => reach + length * Math.abs(dot(direction[axis], normal)), 0);

/**
 * Whether a detection is to be drawn on a shown slice: its box crosses the slice or its slab. A box
 * thinner than a voxel of the source counts as a voxel, so that each is drawn on one slice at least.
 */
export function crossesPlane(
  box: DetectionBox,
  { point, normal, slabThickness = 0 }: ShownPlane,
  spacing: Vec3,
): boolean {
  const [x, y, z] = halves(spacing);
  const [i, j, k] = box.half;
  const grown = { ...box, half: [Math.max(i, x), Math.max(j, y), Math.max(k, z)] as const };
  const distance = Math.abs(dot(subtract(box.centre, point), normal));
  // A hair more, for places and positions that were rounded when they were written.
  return distance <= reachAlong(grown, normal) + slabThickness / 2 + 0.01;
}

/** The eight corners of a box. */
export const cornersOf = ({ centre, half, direction }: DetectionBox): Vec3[] =>
  Array.from({ length: 8 }, (_, corner) =>
    half.reduce<Vec3>(
      (at, length, axis) =>
        add(at, scale(direction[axis], corner & (1 << axis) ? length : -length)),
      centre,
    ),
  );

type Point = readonly [number, number];

/**
 * The convex hull of points, counter-clockwise in x to the right and y up (Andrew 1979, monotone
 * chain); of a box seen along one of its axes that is its rectangle.
 */
export function convexHull(points: readonly Point[]): Point[] {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const turn = (o: Point, a: Point, b: Point) =>
    (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);
  const chain = (along: readonly Point[]): Point[] => {
    const hull: Point[] = [];
    for (const point of along) {
      while (
        hull.length >= 2 &&
        turn(hull[hull.length - 2], hull[hull.length - 1], point) <= 1e-6
      ) {
        hull.pop();
      }
      hull.push(point);
    }
    return hull.slice(0, -1);
  };
  const hull = [...chain(sorted), ...chain(sorted.reverse())];
  return hull.length > 0 ? hull : sorted.slice(0, 1);
}
