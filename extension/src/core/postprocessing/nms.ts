type Triple = readonly [number, number, number];

/** A box along three axes, in one unit: its middle and its edges. */
export interface ScoredBox {
  center: Triple;
  size: Triple;
  score: number;
  /** Boxes of different classes never suppress each other. */
  classValue: number;
}

/** Intersection over union of two boxes along the same axes, 0–1. */
export function boxIou(a: ScoredBox, b: ScoredBox): number {
  let intersection = 1;
  for (let axis = 0; axis < 3; axis++) {
    const low = Math.max(a.center[axis] - a.size[axis] / 2, b.center[axis] - b.size[axis] / 2);
    const high = Math.min(a.center[axis] + a.size[axis] / 2, b.center[axis] + b.size[axis] / 2);
    intersection *= Math.max(0, high - low);
  }
  const volume = ({ size }: ScoredBox) => size[0] * size[1] * size[2];
  const union = volume(a) + volume(b) - intersection;
  return union > 0 ? intersection / union : 0;
}

/** Strongest first; of equal scores the one nearer to the first voxel, so that runs agree. */
const byStrength = (a: ScoredBox, b: ScoredBox): number =>
  b.score - a.score ||
  a.center[2] - b.center[2] ||
  a.center[1] - b.center[1] ||
  a.center[0] - b.center[0];

/**
 * Greedy non-maximum suppression in three dimensions: from the strongest box down, a box stays
 * unless its IoU with a stronger one of its class that stayed exceeds `iouThreshold` (MONAI's
 * `batched_nms`).
 *
 * @returns at most `maxDetections` boxes, strongest first
 */
export function nonMaximumSuppression<T extends ScoredBox>(
  boxes: readonly T[],
  { iouThreshold, maxDetections }: { iouThreshold: number; maxDetections: number },
): T[] {
  const kept: T[] = [];
  for (const box of [...boxes].sort(byStrength)) {
    if (kept.length === maxDetections) {
      break;
    }
    const isSuppressed = kept.some(
      other => other.classValue === box.classValue && boxIou(other, box) > iouThreshold,
    );
    if (!isSuppressed) {
      kept.push(box);
    }
  }
  return kept;
}
