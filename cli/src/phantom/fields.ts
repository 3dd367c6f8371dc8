import { createRandom } from './random';

// Bound once: a test runner's sandbox makes every look-up of a global dear.
const { abs, ceil, floor, max, min, sqrt } = Math;

/**
 * Signed distances (mm, negative inside) and the blends made from them. Radial and scaled distances
 * are exact on the surface and first-order close beside it, which is all that an anti-aliased edge
 * of about a voxel needs.
 */

/** Fraction of a voxel inside a surface at signed distance `distance`; `half` is half the edge's width. */
export const coverage = (distance: number, half: number): number =>
  distance <= -half ? 1 : distance >= half ? 0 : 0.5 - distance / (2 * half);

export const mix = (from: number, to: number, fraction: number): number =>
  from + (to - from) * fraction;

export const smoothstep = (low: number, high: number, value: number): number => {
  const t = value <= low ? 0 : value >= high ? 1 : (value - low) / (high - low);
  return t * t * (3 - 2 * t);
};

/** Union with a fillet of about `k` mm (polynomial smooth minimum, Quilez 2013). */
export const smoothUnion = (a: number, b: number, k: number): number => {
  const h = k - abs(a - b);
  const least = a < b ? a : b;
  return h <= 0 ? least : least - (h * h) / (4 * k);
};

/** Intersection with an edge rounded by about `k` mm. */
export const smoothIntersection = (a: number, b: number, k: number): number =>
  -smoothUnion(-a, -b, k);

/** Distance to an axis-aligned ellipsoid, to first order. */
export const ellipsoid = (
  x: number,
  y: number,
  z: number,
  rx: number,
  ry: number,
  rz: number,
): number => {
  const u = x / rx;
  const v = y / ry;
  const w = z / rz;
  const rho = sqrt(u * u + v * v + w * w);
  if (rho < 0.05) {
    return -0.95 * min(rx, ry, rz);
  }
  const gradient = sqrt((u / rx) ** 2 + (v / ry) ** 2 + (w / rz) ** 2) / rho;
  return (rho - 1) / gradient;
};

/**
 * Radial distance to a rounded rectangle u⁴ + v⁴ + c·u²v² = 1, with u = x/a and v = y/b; c = 2 is an
 * ellipse, c = 0 a superellipse of the fourth order.
 */
export const superellipse = (x: number, y: number, a: number, b: number, c: number): number => {
  const uu = (x / a) * (x / a);
  const vv = (y / b) * (y / b);
  const rho = sqrt(sqrt(uu * uu + vv * vv + c * uu * vv));
  return rho < 1e-3 ? -min(a, b) : sqrt(x * x + y * y) * (1 - 1 / rho);
};

/** A tube from a to b whose radius goes from `ra` to `rb`, mm. */
export interface Tube {
  ax: number;
  ay: number;
  az: number;
  bx: number;
  by: number;
  bz: number;
  ra: number;
  rb: number;
}

/** Distance to a tapered tube with round ends (radius interpolated along its axis). */
export const tubeDistance = (t: Tube, x: number, y: number, z: number): number => {
  const dx = t.bx - t.ax;
  const dy = t.by - t.ay;
  const dz = t.bz - t.az;
  const px = x - t.ax;
  const py = y - t.ay;
  const pz = z - t.az;
  const along = (px * dx + py * dy + pz * dz) / (dx * dx + dy * dy + dz * dz + 1e-9);
  const s = along <= 0 ? 0 : along >= 1 ? 1 : along;
  const ex = px - s * dx;
  const ey = py - s * dy;
  const ez = pz - s * dz;
  return sqrt(ex * ex + ey * ey + ez * ez) - (t.ra + s * (t.rb - t.ra));
};

/** A polyline of points [x, y, z, radius] as tubes. */
export const polyline = (points: readonly (readonly [number, number, number, number])[]): Tube[] =>
  points.slice(1).map((b, i) => {
    const a = points[i];
    return { ax: a[0], ay: a[1], az: a[2], bx: b[0], by: b[1], bz: b[2], ra: a[3], rb: b[3] };
  });

/** Smooth curve through knots [z, value…], sampled every millimetre (Catmull-Rom, flat beyond its ends). */
export function createProfile(
  knots: readonly (readonly [number, number])[],
): (z: number) => number {
  const low = knots[0][0];
  const high = knots[knots.length - 1][0];
  const samples = new Float64Array(ceil(high - low) + 2);
  const at = (i: number) => knots[min(max(i, 0), knots.length - 1)];
  for (let s = 0; s < samples.length; s++) {
    const z = min(low + s, high);
    let i = 0;
    while (i < knots.length - 2 && z > knots[i + 1][0]) {
      i++;
    }
    const [z0, v0] = at(i);
    const [z1, v1] = at(i + 1);
    const span = z1 - z0;
    const before = i > 0 ? (v1 - at(i - 1)[1]) / (z1 - at(i - 1)[0]) : (v1 - v0) / span;
    const after =
      i + 2 < knots.length ? (at(i + 2)[1] - v0) / (at(i + 2)[0] - z0) : (v1 - v0) / span;
    const t = (z - z0) / span;
    samples[s] =
      v0 * (2 * t * t * t - 3 * t * t + 1) +
      v1 * (3 * t * t - 2 * t * t * t) +
      before * span * (t * t * t - 2 * t * t + t) +
      after * span * (t * t * t - t * t);
  }
  return z => {
    const s = z <= low ? 0 : z >= high ? high - low : z - low;
    const i = s | 0;
    return samples[i] + (s - i) * (samples[i + 1] - samples[i]);
  };
}

const LATTICE = 32;

/** Smooth noise in [-1, 1] on a random lattice of unit spacing that repeats every 32 (value noise). */
export function createTexture(
  seed: number,
  stream: string,
): (x: number, y: number, z: number) => number {
  const random = createRandom(seed, stream);
  const lattice = Float32Array.from({ length: LATTICE ** 3 }, () => random.between(-1, 1));
  const mask = LATTICE - 1;
  return (x, y, z) => {
    const fx = floor(x);
    const fy = floor(y);
    const fz = floor(z);
    let u = x - fx;
    let v = y - fy;
    let w = z - fz;
    u = u * u * (3 - 2 * u);
    v = v * v * (3 - 2 * v);
    w = w * w * (3 - 2 * w);
    const x0 = fx & mask;
    const x1 = (fx + 1) & mask;
    const y0 = (fy & mask) * LATTICE;
    const y1 = ((fy + 1) & mask) * LATTICE;
    const z0 = (fz & mask) * LATTICE * LATTICE;
    const z1 = ((fz + 1) & mask) * LATTICE * LATTICE;
    const a = lattice[z0 + y0 + x0] + u * (lattice[z0 + y0 + x1] - lattice[z0 + y0 + x0]);
    const b = lattice[z0 + y1 + x0] + u * (lattice[z0 + y1 + x1] - lattice[z0 + y1 + x0]);
    const c = lattice[z1 + y0 + x0] + u * (lattice[z1 + y0 + x1] - lattice[z1 + y0 + x0]);
    const d = lattice[z1 + y1 + x0] + u * (lattice[z1 + y1 + x1] - lattice[z1 + y1 + x0]);
    const ab = a + v * (b - a);
    const cd = c + v * (d - c);
    return ab + w * (cd - ab);
  };
}
