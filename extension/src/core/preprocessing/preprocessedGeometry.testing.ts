import type { VolumeGeometry } from '../geometry/types';
import type { PreprocessingStep } from '../model/manifest';
import { boxGeometry, boxOf, paddedBox } from './box';
import { gridAfterFused } from './pass';
import { letterboxSize, resizedGeometry } from './resize';

/**
 * The grid that `preprocess` would give, without touching a voxel: to size tensors beforehand.
 * Throws where it depends on the voxels (`cropForeground`).
 */
export function preprocessedGeometry(
  geometry: VolumeGeometry,
  steps: readonly PreprocessingStep[],
): VolumeGeometry {
  let grid = geometry;
  for (const step of steps) {
    switch (step.transform) {
      case 'orientation':
      case 'spacing':
        grid = gridAfterFused(grid, [step]);
        break;
      case 'cropForeground':
        throw new Error('the grid after cropForeground depends on the voxels');
      case 'centerSpatialCrop':
      case 'spatialPad':
      case 'divisiblePad':
      case 'resizeWithPadOrCrop':
        grid = boxGeometry(grid, boxOf(grid.dimensions, step));
        break;
      case 'resize':
        grid = resizedGeometry(grid, step.spatialSize, step.alignCorners);
        break;
      case 'letterbox': {
        const size = letterboxSize(grid.dimensions, step.spatialSize);
        const box = paddedBox(size, step.spatialSize, 'symmetric');
        grid = boxGeometry(resizedGeometry(grid, size), box);
        break;
      }
    }
  }
  return grid;
}
