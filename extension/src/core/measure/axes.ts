/** A point in a slice, millimetres along its rows and columns. */
type Point = readonly [number, number];

const cross = (o: Point, a: Point, b: Point): number =>
  (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);

/** Corners of the convex hull, counter-clockwise (Andrew's monotone chain, 1979). */
export function convexHull(points: readonly Point[]): Point[] {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  if (sorted.length < 3) {
    return sorted;
  }
  const half = (ordered: readonly Point[]): Point[] => {
    const chain: Point[] = [];
    for (const point of ordered) {
      while (
        chain.length >= 2 &&
        cross(chain[chain.length - 2], chain[chain.length - 1], point) <= 0
      ) {
        chain.pop();
      }
      chain.push(point);
    }
    chain.pop();
    return chain;
  };
  return [...half(sorted), ...half(sorted.reverse())];
}

/** The two corners that lie farthest apart, and how far. */
export function diameterOf(hull: readonly Point[]): { from: Point; to: Point; length: number } {
  let widest = { from: hull[0], to: hull[0], length: 0 };
  for (let a = 0; a < hull.length; a++) {
    for (let b = a + 1; b < hull.length; b++) {
      const length = Math.hypot(hull[a][0] - hull[b][0], hull[a][1] - hull[b][1]);
      if (length > widest.length) {
        widest = { from: hull[a], to: hull[b], length };
      }
    }
  }
  return widest;
}

/**
 * The longest chord of a convex outline at right angles to a line. Along the line a chord's length
 * is a concave function that bends at the corners, so it is longest at one of them.
 */
export function longestPerpendicular(hull: readonly Point[], from: Point, to: Point): number {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  if (length === 0) {
    return 0;
  }
  const u: Point = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
  const along = (p: Point) => p[0] * u[0] + p[1] * u[1];
  const aside = (p: Point) => p[1] * u[0] - p[0] * u[1];
  const corners = hull.map(p => [along(p), aside(p)] as const);
  let longest = 0;
  for (const [t] of corners) {
    let low = Infinity;
    let high = -Infinity;
    corners.forEach(([t0, s0], index) => {
      const [t1, s1] = corners[(index + 1) % corners.length];
      if (t < Math.min(t0, t1) || t > Math.max(t0, t1)) {
        return;
      }
      const ends = t0 === t1 ? [s0, s1] : [s0 + ((s1 - s0) * (t - t0)) / (t1 - t0)];
      low = Math.min(low, ...ends);
      high = Math.max(high, ...ends);
    });
    longest = Math.max(longest, high - low);
  }
  return longest;
}
