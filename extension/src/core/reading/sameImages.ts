import type { SliceHeader } from '../volume/types';

interface Images {
  seriesInstanceUID: string;
  slices: readonly SliceHeader[];
}

/**
 * Whether two are of the same images. A series of radiographs is not one thing to look at: each of
 * its films is a display set of its own, with results of its own.
 */
export const sameImages = (a: Images, b: Images): boolean => {
  if (a.seriesInstanceUID !== b.seriesInstanceUID) return false;
  const instances = new Set(a.slices.map(({ sopInstanceUID }) => sopInstanceUID));
  return b.slices.some(({ sopInstanceUID }) => instances.has(sopInstanceUID));
};
