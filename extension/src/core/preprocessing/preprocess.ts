import type { VolumeGeometry } from '../geometry/types';
import type { PreprocessingStep } from '../model/manifest';
import type { Volume, VoxelArray } from '../volume/types';
import { planPasses } from './pass';
import { runPass } from './resample';

/** What the network sees: Float32 voxels, i fastest, on the network's grid. */
export interface PreprocessedVolume {
  data: Float32Array;
  /** Where that grid lies in the patient: enough to bring a result back (`invert`). */
  geometry: VolumeGeometry;
}

/**
 * Runs a manifest's `preprocessing` steps in order, fused (orientation, spacing and intensity in
 * one walk, straight from the source's own voxel type). The source is read, never changed.
 *
 * Agrees with MONAI 1.5's `Orientation`, `Spacing` and `ScaleIntensityRange` on the golden arrays
 * in tests/golden.
 */
export function preprocess(
  volume: Pick<Volume, 'voxels' | 'geometry'>,
  steps: readonly PreprocessingStep[],
): PreprocessedVolume {
  let voxels: VoxelArray = volume.voxels;
  let geometry = volume.geometry;
  let data: Float32Array | undefined;
  for (const pass of planPasses(geometry, steps)) {
    data = runPass(voxels, [...geometry.dimensions], pass);
    voxels = data as Float32Array<ArrayBuffer>;
    geometry = pass.geometry;
  }
  return { data: data!, geometry };
}

/** The grid that `preprocess` would give, without touching a voxel: to size tensors beforehand. */
export function preprocessedGeometry(
  geometry: VolumeGeometry,
  steps: readonly PreprocessingStep[],
): VolumeGeometry {
  const passes = planPasses(geometry, steps);
  return passes[passes.length - 1].geometry;
}

/** MONAI's `Orientation` alone. */
export const orientation = (
  volume: Pick<Volume, 'voxels' | 'geometry'>,
  axcodes: string,
): PreprocessedVolume => preprocess(volume, [{ transform: 'orientation', axcodes }]);

/** MONAI's `Spacing` alone: pixdim in millimetres along the volume's own axes. */
export const spacing = (
  volume: Pick<Volume, 'voxels' | 'geometry'>,
  pixdim: [number, number, number],
  {
    mode = 'bilinear',
    paddingMode = 'border',
  }: { mode?: 'bilinear' | 'nearest'; paddingMode?: 'border' | 'zeros' } = {},
): PreprocessedVolume => preprocess(volume, [{ transform: 'spacing', pixdim, mode, paddingMode }]);

/** MONAI's `ScaleIntensityRange` alone. */
export const scaleIntensityRange = (
  volume: Pick<Volume, 'voxels' | 'geometry'>,
  range: { aMin: number; aMax: number; bMin: number; bMax: number; clip?: boolean },
): PreprocessedVolume =>
  preprocess(volume, [{ transform: 'scaleIntensityRange', ...range, clip: range.clip ?? false }]);
