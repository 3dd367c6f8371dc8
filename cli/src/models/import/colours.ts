/** CIELab as the manifest has it: L* 0–100, a* and b* −128–127, relative to D50. */
export type Lab = [number, number, number];

// CIE 15:2004; IEC 61966-2-1 with the matrix adapted to D50 (Bradford), as core's `labToRgb`.
const EPSILON = 216 / 24389;
const KAPPA = 24389 / 27;
const WHITE = [0.9642, 1, 0.8249];
const TO_XYZ = [
  [0.4360747, 0.3850649, 0.1430804],
  [0.2225045, 0.7168786, 0.0606169],
  [0.0139322, 0.0971045, 0.7141733],
];

const round = (value: number): number => Math.round(value * 10) / 10;

/** sRGB, each channel 0–255, to CIELab (D50), one decimal. */
export const rgbToLab = (rgb: readonly [number, number, number]): Lab => {
  const linear = rgb.map(channel => {
    const c = channel / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  const [fx, fy, fz] = TO_XYZ.map((row, i) => {
    const t = row.reduce((sum, weight, c) => sum + weight * linear[c], 0) / WHITE[i];
    return t > EPSILON ? Math.cbrt(t) : (KAPPA * t + 16) / 116;
  });
  return [round(116 * fy - 16), round(500 * (fx - fy)), round(200 * (fy - fz))];
};

/** Hues around the circle, two lightnesses in turn, so that neighbours in the list are far apart. */
export const evenlySpread = (index: number, count: number): Lab => {
  const hue = (2 * Math.PI * index) / Math.max(1, count);
  const lightness = index % 2 === 0 ? 65 : 78;
  return [lightness, round(48 * Math.cos(hue)), round(48 * Math.sin(hue))];
};
