import type { JsonDataSet } from '../part10/dicomJson';

export interface Window {
  center: number;
  width: number;
  /** VOI LUT Function (0028,1056). */
  shape: 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID';
}

export interface GrayscaleTransform {
  slope: number;
  intercept: number;
  window?: Window;
}

const number = (dataSet: JsonDataSet | undefined, tag: string): number | undefined => {
  const value = Number(dataSet?.[tag]?.Value?.[0] ?? Number.NaN);
  return Number.isFinite(value) ? value : undefined;
};
const item = (dataSet: JsonDataSet | undefined, tag: string, index = 0): JsonDataSet | undefined =>
  dataSet?.[tag]?.Value?.[index] as JsonDataSet | undefined;

/** Shape of the window by its name; LINEAR where there is none (PS3.3 C.11.2.1.3). */
export const windowShape = (name: unknown): Window['shape'] =>
  name === 'LINEAR_EXACT' || name === 'SIGMOID' ? name : 'LINEAR';

/**
 * Rescale and window of a frame (from 1): its own attributes, else those of its functional groups
 * (PS3.3 C.7.6.16.2.9, C.7.6.16.2.10), per frame before shared.
 */
export function grayscaleTransformOf(metadata: JsonDataSet, frame: number): GrayscaleTransform {
  const perFrame = item(metadata, '52009230', frame - 1);
  const shared = item(metadata, '52009229');
  const group = (tag: string) => item(perFrame, tag) ?? item(shared, tag);
  const rescale = number(metadata, '00281053') === undefined ? group('00289145') : metadata;
  const voi = number(metadata, '00281051') === undefined ? group('00289132') : metadata;
  const center = number(voi, '00281050');
  const width = number(voi, '00281051');
  return {
    slope: number(rescale, '00281053') ?? 1,
    intercept: number(rescale, '00281052') ?? 0,
    window:
      center !== undefined && width !== undefined && width >= 1
        ? { center, width, shape: windowShape(voi?.['00281056']?.Value?.[0]) }
        : undefined,
  };
}

/** A value through the window, 0–255 (PS3.3 C.11.2.1.2.1, C.11.2.1.3.1 and C.11.2.1.3.2). */
export function applyWindow({ center, width, shape }: Window, value: number): number {
  if (shape === 'SIGMOID') {
    return 255 / (1 + Math.exp((-4 * (value - center)) / width));
  }
  const fraction =
    shape === 'LINEAR_EXACT' || width <= 1
      ? (value - center) / width + 0.5
      : (value - (center - 0.5)) / (width - 1) + 0.5;
  return Math.min(255, Math.max(0, fraction * 255));
}
