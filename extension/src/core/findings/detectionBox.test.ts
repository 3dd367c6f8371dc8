import type { Direction, Vec3 } from '../geometry/types';
import { boxOf, convexHull, cornersOf, crossesPlane } from './detectionBox';

const axial: Direction = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];
const spacing: Vec3 = [0.7, 0.7, 5];
const box = (size: Vec3, centroid: Vec3 = [10, 20, 30], direction = axial) =>
  boxOf({ centroid, size }, { direction });
const slice = (z: number) => ({ point: [0, 0, z] as const, normal: [0, 0, 1] as const });

it.each([
  [30, true],
  [34, true],
  [36.1, false],
  [24, true],
  [23.9, false],
])('a box of 12 mm around z 30 is on the slice at z %d: %s', (z, drawn) => {
  expect(crossesPlane(box([8, 8, 12]), slice(z), spacing)).toBe(drawn);
});

it('is drawn on at least one slice, however thin it is', () => {
  for (let z = 27.5; z < 32.5; z += 0.25) {
    const thin = box([2, 2, 0.5], [0, 0, z]);
    const slices = [25, 30, 35].filter(at => crossesPlane(thin, slice(at), spacing));
    expect(slices.length).toBeGreaterThan(0);
    expect(slices).toContain(30);
  }
});

it('is drawn on a slab that it lies in, from behind too', () => {
  const slab = { point: [0, 0, 60] as const, normal: [0, 0, -1] as const };
  expect(crossesPlane(box([8, 8, 8]), slab, spacing)).toBe(false);
  expect(crossesPlane(box([8, 8, 8]), { ...slab, slabThickness: 56 }, spacing)).toBe(true);
});

it('is met by planes across the other axes, and by oblique ones', () => {
  const coronal = (y: number) => ({ point: [0, y, 0] as const, normal: [0, 1, 0] as const });
  expect(crossesPlane(box([8, 6, 12]), coronal(22.9), spacing)).toBe(true);
  expect(crossesPlane(box([8, 6, 12]), coronal(23.1), spacing)).toBe(false);
  const root = Math.SQRT1_2;
  const oblique = (d: number) => ({
    point: [10 + d * root, 20, 30 + d * root] as const,
    normal: [root, 0, root] as const,
  });
  // Half of the diagonal of its 8 by 12 mm face: (4 + 6) / √2 = 7.07 mm.
  expect(crossesPlane(box([8, 6, 12]), oblique(7), spacing)).toBe(true);
  expect(crossesPlane(box([8, 6, 12]), oblique(7.2), spacing)).toBe(false);
});

it('has eight corners that are half an edge from its centre', () => {
  const turned: Direction = [
    [0, 1, 0],
    [-1, 0, 0],
    [0, 0, 1],
  ];
  const corners = cornersOf(box([2, 4, 6], [0, 0, 0], turned));
  expect(new Set(corners.map(String)).size).toBe(8);
  expect(corners.every(([x, y]) => Math.abs(x) === 2 && Math.abs(y) === 1)).toBe(true);
  expect(corners.every(([, , z]) => Math.abs(z) === 3)).toBe(true);
});

it('seen along an axis is a rectangle, whatever its corners hide', () => {
  const flat = cornersOf(box([2, 4, 6], [0, 0, 0])).map(([x, y]) => [x, y] as const);
  expect(convexHull(flat)).toEqual([
    [-1, -2],
    [1, -2],
    [1, 2],
    [-1, 2],
  ]);
  expect(convexHull([[1, 1]])).toEqual([[1, 1]]);
  expect(convexHull([])).toEqual([]);
});
