import type { Vec3 } from '../geometry/types';

// CIE 15:2004: the constants of the inverse of L*a*b*.
const EPSILON = 216 / 24389;
const KAPPA = 24389 / 27;
/** The D50 white point, which DICOM's PCS-values are relative to (PS3.3 C.10.7.1.1, ICC.1). */
const WHITE: Vec3 = [0.9642, 1, 0.8249];

const toXYZ = (f: number): number => {
  const cube = f ** 3;
  return cube > EPSILON ? cube : (116 * f - 16) / KAPPA;
};

const gamma = (linear: number): number =>
  linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;

/**
 * CIELab (L* 0–100, a* and b* −128–127, D50) to sRGB, each channel 0–255.
 * IEC 61966-2-1 with the Bradford-adapted D50 matrix; colours outside sRGB are clipped.
 */
export function labToRgb([l, a, b]: Readonly<Vec3>): [number, number, number] {
  const fy = (l + 16) / 116;
  const x = toXYZ(fy + a / 500) * WHITE[0];
  const y = toXYZ(fy) * WHITE[1];
  const z = toXYZ(fy - b / 200) * WHITE[2];
  const channels = [
    3.1338561 * x - 1.6168667 * y - 0.4906146 * z,
    -0.9787684 * x + 1.9161415 * y + 0.033454 * z,
    0.0719453 * x - 0.2289914 * y + 1.4052427 * z,
  ];
  const [red, green, blue] = channels.map(channel =>
    Math.round(255 * gamma(Math.min(1, Math.max(0, channel)))),
  );
  return [red, green, blue];
}

export const labToCss = (lab: Readonly<Vec3>): string => `rgb(${labToRgb(lab).join(' ')})`;
