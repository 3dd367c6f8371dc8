import type { SourceSeries } from '../../core/findings/types';
import type { LabelMap } from '../../core/volume/types';
import type { Cornerstone } from '../../types/cornerstone';
import { createBreathing } from './breathing';
import { sliceKey, type DisplaySetSlice } from './displaySetSlices';

/**
 * One label image for each of the host's images, in the host's order: which need not be the order
 * of k. Made and filled slice by slice, so that no task is long; the host's own way makes them all
 * in one task.
 *
 * @param labelMap on the grid of `source`, in whose order its slices are
 * @returns ids of the label images, as `representationData.Labelmap.imageIds` wants them
 */
export async function createLabelmapImages(
  cornerstone: Cornerstone,
  labelMap: LabelMap,
  source: SourceSeries,
  slices: DisplaySetSlice[],
): Promise<string[]> {
  const { geometry, voxels } = labelMap;
  const [columns, rows] = geometry.dimensions;
  const size = columns * rows;
  const kOf = new Map(source.slices.map((slice, k) => [sliceKey(slice), k]));
  const breathe = createBreathing();
  const imageIds: string[] = [];
  try {
    for (const [index, { imageId, header }] of slices.entries()) {
      const image = cornerstone.imageLoader.createAndCacheDerivedLabelmapImage(imageId, {
        instanceNumber: index + 1,
      });
      imageIds.push(image.imageId);
      const k = kOf.get(sliceKey(header));
      const target = image.voxelManager?.getScalarData() ?? image.getPixelData();
      // A slice that the result does not cover, or on another matrix, stays empty.
      if (k !== undefined && target.length === size) {
        target.set(voxels.subarray(k * size, (k + 1) * size));
      }
      await breathe();
    }
  } catch (error) {
    removeLabelmapImages(cornerstone, imageIds);
    throw error;
  }
  return imageIds;
}

/**
 * Gives the memory back: the host forgets a segmentation and keeps its images. For volume viewports
 * it has made a volume of them, which holds them and goes first.
 */
export function removeLabelmapImages(
  { cache }: Cornerstone,
  imageIds: string[],
  volumeId?: string,
): void {
  if (volumeId && cache.getVolume(volumeId)) cache.removeVolumeLoadObject(volumeId);
  for (const imageId of imageIds) {
    // The host may have emptied its cache by itself, when the mode was left.
    if (!cache.getImage(imageId)) continue;
    try {
      cache.removeImageLoadObject(imageId);
    } catch (error) {
      // Another volume of the host's still holds it; it goes when the host empties its cache.
      console.debug('Second Reader: a label image stays in the cache', error);
    }
  }
}
