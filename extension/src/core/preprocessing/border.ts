/** What stands beyond the outermost voxels. */
export type BorderMode = 'constant' | 'edge' | 'reflect';

/** The index inside 0 … size − 1 that stands for `x`, mirrored at the outermost voxels' centres. */
const reflected = (x: number, size: number): number => {
  const period = Math.max(1, 2 * (size - 1));
  const inside = ((x % period) + period) % period;
  return inside < size ? inside : period - inside;
};

/**
 * The source index that each of `count` indices from `start` reads on an axis of `size` voxels;
 * −1 where it is filled with a constant. Borders are those of the part of the axis that is read: what
 * is cut away is not reflected back in (numpy's and torch's `pad` after a crop).
 */
export function borderIndices(
  start: number,
  count: number,
  size: number,
  mode: BorderMode,
): Int32Array {
  const first = Math.max(0, start);
  const end = Math.min(size, start + count);
  return Int32Array.from({ length: count }, (_, index) => {
    const x = start + index;
    if (x >= first && x < end) return x;
    switch (mode) {
      case 'constant':
        return -1;
      case 'edge':
        return x < first ? first : end - 1;
      case 'reflect':
        return first + reflected(x - first, end - first);
    }
  });
}
