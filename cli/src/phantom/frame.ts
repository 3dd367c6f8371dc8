import type { VolumeGeometry } from '@second-reader/core/geometry/types';
import type { PhantomOptions } from './options';

/** Row-major 3 × 3. */
export type Matrix3 = readonly [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];
export type Point = [number, number, number];

/** Anatomical millimetres to LPS millimetres in the scanner, and back. */
export interface Frame {
  rotation: Matrix3;
  toScanner(p: readonly [number, number, number]): Point;
  toAnatomy(p: readonly [number, number, number]): Point;
}

/** Rz·Ry·Rx for angles in degrees. */
export function rotationMatrix([rx, ry, rz]: readonly [number, number, number]): Matrix3 {
  const rad = Math.PI / 180;
  const [a, b, c] = [rx * rad, ry * rad, rz * rad];
  const [sa, ca, sb, cb, sc, cc] = [
    Math.sin(a),
    Math.cos(a),
    Math.sin(b),
    Math.cos(b),
    Math.sin(c),
    Math.cos(c),
  ];
  return [
    cc * cb,
    cc * sb * sa - sc * ca,
    cc * sb * ca + sc * sa,
    sc * cb,
    sc * sb * sa + cc * ca,
    sc * sb * ca - cc * sa,
    -sb,
    cb * sa,
    cb * ca,
  ];
}

export function createFrame({ position: t, rotation, scale: s }: PhantomOptions): Frame {
  const r = rotationMatrix(rotation);
  return {
    rotation: r,
    toScanner: ([x, y, z]) => {
      const [u, v, w] = [x * s[0], y * s[1], z * s[2]];
      return [
        t[0] + r[0] * u + r[1] * v + r[2] * w,
        t[1] + r[3] * u + r[4] * v + r[5] * w,
        t[2] + r[6] * u + r[7] * v + r[8] * w,
      ];
    },
    toAnatomy: ([x, y, z]) => {
      const [u, v, w] = [x - t[0], y - t[1], z - t[2]];
      return [
        (r[0] * u + r[3] * v + r[6] * w) / s[0],
        (r[1] * u + r[4] * v + r[7] * w) / s[1],
        (r[2] * u + r[5] * v + r[8] * w) / s[2],
      ];
    },
  };
}

/** The axial grid of a phantom: k grows towards the head. */
export function createGrid(options: PhantomOptions): VolumeGeometry {
  const { columns, rows, slices, fieldOfView, sliceSpacing, position, fieldOffset, scale } =
    options;
  const pixel = fieldOfView / columns;
  // DICOM keeps positions as decimal strings: round them to what a file says.
  const round = (value: number) => Math.round(value * 1000) / 1000;
  const top = position[2] + options.scanTop * scale[2];
  return {
    dimensions: [columns, rows, slices],
    spacing: [pixel, pixel, sliceSpacing],
    origin: [
      round(position[0] + fieldOffset[0] - (pixel * (columns - 1)) / 2),
      round(position[1] + fieldOffset[1] - (pixel * (rows - 1)) / 2),
      round(top - sliceSpacing * (slices - 1)),
    ],
    direction: [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
  };
}
