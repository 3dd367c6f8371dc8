import type { Vec3 } from '../geometry/types';
import { norm, subtract } from '../geometry/vector';
import { outlinesOn, type Slab } from './shapeOutlines';
import type { Shape } from './types';

const axial = (z: number, reach = 1): Slab => ({ point: [0, 0, z], normal: [0, 0, 1], reach });
const coronal = (y: number, reach = 0.5): Slab => ({ point: [0, y, 0], normal: [0, 1, 0], reach });
const shape = (graphicType: Shape['graphicType'], points: Vec3[]): Shape => ({
  graphicType,
  points,
});
const on = (given: Shape, slab: Slab) => outlinesOn(given, slab, [0, 0, 1]);

it('marks points on their slice only', () => {
  const points = shape('MULTIPOINT', [
    [1, 2, 0],
    [3, 4, 0.9],
    [5, 6, 5],
  ]);
  expect(on(points, axial(0))).toEqual([
    {
      form: 'points',
      points: [
        [1, 2, 0],
        [3, 4, 0.9],
      ],
    },
  ]);
  expect(on(points, axial(-5))).toEqual([]);
  expect(on(shape('TEXT', [[0, 0, 0]]), axial(0))[0].form).toBe('points');
});

const square: Vec3[] = [
  [0, 0, 0],
  [10, 0, 0],
  [10, 10, 0],
  [0, 10, 0],
];

it('draws a polygon whole on its own slice, and where another plane crosses it', () => {
  expect(on(shape('POLYGON', square), axial(0.5))).toEqual([{ form: 'closed', points: square }]);
  expect(on(shape('POLYGON', square), axial(2))).toEqual([]);
  expect(on(shape('POLYGON', square), coronal(5))).toEqual([
    {
      form: 'open',
      points: [
        [10, 4.5, 0],
        [10, 5.5, 0],
      ],
    },
    {
      form: 'open',
      points: [
        [0, 5.5, 0],
        [0, 4.5, 0],
      ],
    },
  ]);
});

it('leaves a polyline open', () => {
  expect(on(shape('POLYLINE', square), axial(0))[0].form).toBe('open');
  expect(on(shape('POLYLINE', square.slice(0, 1)), axial(0))[0]?.form).toBe('points');
});

it('draws circles and ellipses around their centres', () => {
  const [circle] = on(
    shape('CIRCLE', [
      [5, 5, 0],
      [8, 9, 0],
    ]),
    axial(0),
  );
  for (const point of circle.points) expect(norm(subtract(point, [5, 5, 0]))).toBeCloseTo(5, 9);
  const [ellipse] = on(
    shape('ELLIPSE', [
      [-4, 1, 0],
      [4, 1, 0],
      [0, -1, 0],
      [0, 3, 0],
    ]),
    axial(0),
  );
  for (const [x, y] of ellipse.points) expect((x / 4) ** 2 + ((y - 1) / 2) ** 2).toBeCloseTo(1, 9);
});

it('cuts an ellipsoid where the slice lies', () => {
  const ball = shape('ELLIPSOID', [
    [-5, 0, 10],
    [5, 0, 10],
    [0, -5, 10],
    [0, 5, 10],
    [0, 0, 5],
    [0, 0, 15],
  ]);
  const radiusAt = (z: number) => {
    const [cut] = on(ball, axial(z));
    for (const point of cut.points) expect(point[2]).toBeCloseTo(z, 9);
    return norm(subtract(cut.points[0], [0, 0, z]));
  };
  expect(radiusAt(10)).toBeCloseTo(5, 9);
  expect(radiusAt(13)).toBeCloseTo(4, 9);
  expect(on(ball, axial(16.5))).toEqual([]);
  expect(on(ball, coronal(3))[0].points.every(([, y]) => Math.abs(y - 3) < 1e-9)).toBe(true);
});

it('draws nothing of a shape that lacks its points', () => {
  expect(on(shape('ELLIPSOID', square), axial(0))).toEqual([]);
  expect(on(shape('POLYGON', []), axial(0))).toEqual([]);
});
