import type { VolumeGeometry } from '../geometry/types';
import type { ModelChannel, PreprocessingStep } from '../model/manifest';
import { accept, type Outcome } from '../outcome';
import type { Volume, VoxelArray } from '../volume/types';
import { planPasses } from './pass';
import { runPass } from './resample';

/** What steps read of a volume. Voxels are in real-world values. */
export type SourceVolume = Pick<Volume, 'voxels' | 'geometry' | 'voi' | 'suvbwFactor'>;

/** What the network sees: Float32 voxels on the network's grid. */
export interface PreprocessedVolume {
  /** [channel][k][j][i], i fastest. */
  data: Float32Array;
  channels: number;
  /** Where that grid lies in the patient: enough to bring a result back (`invert`). */
  geometry: VolumeGeometry;
}

/**
 * Runs a manifest's `preprocessing` steps in order, fused (orientation, spacing and intensity in
 * one walk, straight from the source's own voxel type). The sources are read, never changed.
 *
 * @param volumes one a channel; two channels of one series are the same object
 * @param channels the manifest's channels in the same order; the first one's grid is the reference
 */
export function preprocess(
  volumes: readonly SourceVolume[],
  channels: readonly ModelChannel[],
  steps: readonly PreprocessingStep[],
): Outcome<PreprocessedVolume> {
  if (volumes.length !== channels.length) {
    throw new Error(`${volumes.length} volumes for ${channels.length} channels`);
  }
  const prepared = volumes.map(volume => {
    let voxels: VoxelArray = volume.voxels;
    let geometry = volume.geometry;
    for (const pass of planPasses(geometry, steps)) {
      voxels = runPass(voxels, [...geometry.dimensions], pass);
      geometry = pass.geometry;
    }
    return { data: voxels as Float32Array<ArrayBuffer>, geometry };
  });
  const { geometry, data: first } = prepared[0];
  if (prepared.length === 1) return accept({ data: first, channels: 1, geometry });
  const data = new Float32Array(first.length * prepared.length);
  prepared.forEach((channel, index) => data.set(channel.data, index * first.length));
  return accept({ data, channels: prepared.length, geometry });
}

/** The grid that `preprocess` would give, without touching a voxel: to size tensors beforehand. */
export function preprocessedGeometry(
  geometry: VolumeGeometry,
  steps: readonly PreprocessingStep[],
): VolumeGeometry {
  const passes = planPasses(geometry, steps);
  return passes[passes.length - 1].geometry;
}
