import type { Vec3 } from '../geometry/types';
import { add, cross, dot, norm, normalize, scale, subtract } from '../geometry/vector';
import type { Shape } from './types';

/** A slice as it is shown: a point of it, its unit normal, and how far from it still belongs to it. */
export interface Slab {
  point: Vec3;
  normal: Vec3;
  /** Half of the slab's thickness, mm. */
  reach: number;
}

/** What of a shape lies on a slice: a line, closed or open, or places that are marked. */
export interface ShapeOutline {
  form: 'closed' | 'open' | 'points';
  /** LPS+ millimetres. */
  points: Vec3[];
}

/** Corners that a curve is drawn with. */
const CORNERS = 48;

const around = (at: (cosine: number, sine: number) => Vec3): Vec3[] =>
  Array.from({ length: CORNERS }, (_, index) => {
    const angle = (2 * Math.PI * index) / CORNERS;
    return at(Math.cos(angle), Math.sin(angle));
  });

const middle = (a: Vec3, b: Vec3): Vec3 => scale(add(a, b), 0.5);
const half = (a: Vec3, b: Vec3): Vec3 => scale(subtract(b, a), 0.5);

const ellipse = (centre: Vec3, a: Vec3, b: Vec3): Vec3[] =>
  around((cosine, sine) => add(centre, add(scale(a, cosine), scale(b, sine))));

/** Any unit vector at a right angle to `v`. */
const acrossOf = (v: Vec3): Vec3 => {
  const least = [0, 1, 2].sort((a, b) => Math.abs(v[a]) - Math.abs(v[b]))[0];
  return normalize(cross(v, [Number(least === 0), Number(least === 1), Number(least === 2)]));
};

/**
 * The cut of a plane through an ellipsoid x = c + A·u with |u| = 1, where the columns of A are its
 * half axes: all u with (Aᵀn)·u = n·(p − c), which is a circle on the unit sphere.
 */
function ellipsoidCut([a1, a2, b1, b2, c1, c2]: readonly Vec3[], slab: Slab): Vec3[] {
  const centre = middle(a1, a2);
  const axes = [half(a1, a2), half(b1, b2), half(c1, c2)];
  const m = axes.map(axis => dot(axis, slab.normal)) as unknown as Vec3;
  const length = norm(m);
  const distance = dot(subtract(slab.point, centre), slab.normal);
  if (Math.abs(distance) > length + slab.reach || length === 0) return [];
  // One that is thinner than the slice, or just touched by it, is drawn by its nearest cut.
  const height = Math.max(-0.98, Math.min(0.98, distance / length));
  const along = normalize(m);
  const e1 = acrossOf(along);
  const e2 = cross(along, e1);
  const radius = Math.sqrt(1 - height ** 2);
  return around((cosine, sine) => {
    const u = add(scale(along, height), scale(add(scale(e1, cosine), scale(e2, sine)), radius));
    return axes.reduce<Vec3>((sum, axis, index) => add(sum, scale(axis, u[index])), centre);
  });
}

/** The whole line of a shape that is one; nothing of a shape with too few points. */
function lineOf({ graphicType, points }: Shape, imageNormal: Vec3): ShapeOutline | undefined {
  switch (graphicType) {
    case 'POLYLINE':
      return points.length > 1 ? { form: 'open', points } : undefined;
    case 'POLYGON':
      return points.length > 2 ? { form: 'closed', points } : undefined;
    case 'CIRCLE': {
      if (points.length < 2) return undefined;
      const [centre, edge] = points;
      const radius = subtract(edge, centre);
      return { form: 'closed', points: ellipse(centre, radius, cross(imageNormal, radius)) };
    }
    case 'ELLIPSE': {
      if (points.length < 4) return undefined;
      const [a1, a2, b1, b2] = points;
      return { form: 'closed', points: ellipse(middle(a1, a2), half(a1, a2), half(b1, b2)) };
    }
    default:
      return undefined;
  }
}

/** The parts of a line that lie within a slab, edge by edge. */
function clipped({ form, points }: ShapeOutline, { point, normal, reach }: Slab): ShapeOutline[] {
  const heights = points.map(each => dot(subtract(each, point), normal));
  if (heights.every(height => Math.abs(height) <= reach)) return [{ form, points }];
  const edges = form === 'closed' ? points.length : points.length - 1;
  return Array.from({ length: edges }, (_, index) => index).flatMap((from): ShapeOutline[] => {
    const to = (from + 1) % points.length;
    const rise = heights[to] - heights[from];
    const [low, high] =
      rise === 0
        ? Math.abs(heights[from]) <= reach
          ? [0, 1]
          : [1, 0]
        : [(-reach - heights[from]) / rise, (reach - heights[from]) / rise].sort((a, b) => a - b);
    const [start, end] = [Math.max(0, low), Math.min(1, high)];
    if (start > end) return [];
    const along = subtract(points[to], points[from]);
    const at = (part: number) => add(points[from], scale(along, part));
    return [{ form: 'open', points: [at(start), at(end)] }];
  });
}

/**
 * What of a shape is to be drawn on a slice. Shapes of DICOM (PS3.3 C.18.6, C.18.9): circles by
 * centre and edge, ellipses by the ends of their axes, ellipsoids by those of three.
 *
 * @param imageNormal of the images that were drawn on, in whose plane a circle lies
 */
export function outlinesOn(shape: Shape, slab: Slab, imageNormal: Vec3): ShapeOutline[] {
  const { graphicType, points } = shape;
  if (graphicType === 'ELLIPSOID') {
    const cut = points.length < 6 ? [] : ellipsoidCut(points, slab);
    return cut.length > 0 ? [{ form: 'closed', points: cut }] : [];
  }
  const line = lineOf(shape, imageNormal);
  if (line) return clipped(line, slab);
  const near = points.filter(
    each => Math.abs(dot(subtract(each, slab.point), slab.normal)) <= slab.reach,
  );
  return near.length > 0 ? [{ form: 'points', points: near }] : [];
}
