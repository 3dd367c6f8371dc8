import type { VoiWindow } from './types';

/**
 * A VOI window as a straight line onto 0…1 (PS3.3 C.11.2.1.2.1 LINEAR, C.11.2.1.3.2 LINEAR_EXACT):
 * y = clamp(x · factor + offset, 0, 1). Undefined for SIGMOID, and for a LINEAR window of width 1,
 * which is a step.
 */
export function linearVoi({
  center,
  width,
  function: voiFunction,
}: VoiWindow): { factor: number; offset: number; low: number; high: number } | undefined {
  const isExact = voiFunction === 'LINEAR_EXACT';
  const middle = isExact ? center : center - 0.5;
  const length = isExact ? width : width - 1;
  if (voiFunction === 'SIGMOID' || !(length > 0)) return undefined;
  return { factor: 1 / length, offset: 0.5 - middle / length, low: 0, high: 1 };
}

/** A real-world value through a VOI window, onto 0…1 (PS3.3 C.11.2.1.2.1, C.11.2.1.3). */
export function voiValue(voi: VoiWindow, x: number): number {
  if (voi.function === 'SIGMOID') {
    return 1 / (1 + Math.exp((-4 * (x - voi.center)) / voi.width));
  }
  const line = linearVoi(voi);
  if (!line) return x <= voi.center - (voi.function === 'LINEAR' ? 0.5 : 0) ? 0 : 1;
  return Math.min(Math.max(x * line.factor + line.offset, 0), 1);
}

/**
 * The window that shows mirrored values as this one shows the values themselves, turned over:
 * voi′(mirror − x) = 1 − voi(x). For volumes whose MONOCHROME1 voxels were inverted; `mirror` is
 * the sum of a value and its mirror image. LINEAR's half-open edge (the 0.5 of C.11.2.1.2.1)
 * mirrors onto the other side.
 */
export const mirroredVoi = (voi: VoiWindow, mirror: number): VoiWindow => ({
  ...voi,
  center: mirror - voi.center + (voi.function === 'LINEAR' ? 1 : 0),
});
