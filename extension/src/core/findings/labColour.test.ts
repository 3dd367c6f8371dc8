import { labToCss, labToRgb } from './labColour';

// sRGB primaries in D50 CIELab, from the ICC sRGB profile (rounded to 0.01).
it.each([
  ['black', [0, 0, 0], [0, 0, 0]],
  ['white', [100, 0, 0], [255, 255, 255]],
  ['middle grey', [53.59, 0, 0], [128, 128, 128]],
  ['red', [54.29, 80.81, 69.89], [255, 0, 0]],
  ['green', [87.82, -79.27, 80.99], [0, 255, 0]],
  ['blue', [29.57, 68.3, -112.03], [0, 0, 255]],
] as const)('turns %s from CIELab into sRGB', (_name, lab, rgb) => {
  labToRgb(lab).forEach((channel, i) => expect(Math.abs(channel - rgb[i])).toBeLessThanOrEqual(1));
});

it('clips a colour that no screen can show', () => {
  labToRgb([60, -128, -128]).forEach(channel => {
    expect(channel).toBeGreaterThanOrEqual(0);
    expect(channel).toBeLessThanOrEqual(255);
  });
});

it('writes CSS', () => {
  expect(labToCss([100, 0, 0])).toBe('rgb(255 255 255)');
});
