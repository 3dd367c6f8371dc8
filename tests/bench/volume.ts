import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DEFAULT_OPTIONS } from '../../cli/src/phantom/options';
import { makePhantom } from '../../cli/src/phantom/phantom';
import type { VolumeGeometry } from '../../extension/src/core/geometry/types';

export const BENCH_FOLDER = path.join(os.tmpdir(), 'second-reader-bench');
export const BENCH_VOLUME = 'phantom-512x512x300.raw';

/**
 * A chest CT phantom of 512×512×300 voxels (0.72×0.72×1.03 mm, int16 HU): the seeded phantom at
 * half that resolution with every voxel repeated along each axis. Made once and kept.
 */
export const benchVolume = (): { geometry: VolumeGeometry; voxels: Int16Array<ArrayBuffer> } => {
  const file = path.join(BENCH_FOLDER, BENCH_VOLUME);
  const geometryFile = `${file}.json`;
  if (!existsSync(geometryFile)) {
    const { volume } = makePhantom({
      ...DEFAULT_OPTIONS,
      columns: 256,
      rows: 256,
      slices: 150,
      sliceSpacing: 2.06,
    });
    const [ni, nj, nk] = volume.geometry.dimensions;
    const voxels = new Int16Array(ni * nj * nk * 8);
    for (let k = 0, at = 0; k < 2 * nk; k++) {
      for (let j = 0; j < 2 * nj; j++) {
        const row = ni * ((j >> 1) + nj * (k >> 1));
        for (let i = 0; i < 2 * ni; i++) voxels[at++] = volume.voxels[row + (i >> 1)];
      }
    }
    const geometry: VolumeGeometry = {
      ...volume.geometry,
      dimensions: [2 * ni, 2 * nj, 2 * nk],
      spacing: [
        volume.geometry.spacing[0] / 2,
        volume.geometry.spacing[1] / 2,
        volume.geometry.spacing[2] / 2,
      ],
    };
    mkdirSync(BENCH_FOLDER, { recursive: true });
    writeFileSync(file, voxels);
    writeFileSync(geometryFile, JSON.stringify(geometry));
  }
  const bytes = readFileSync(file);
  const geometry = JSON.parse(readFileSync(geometryFile, 'utf8')) as VolumeGeometry;
  const voxels = new Int16Array(bytes.byteLength / 2);
  new Uint8Array(voxels.buffer).set(bytes);
  return { geometry, voxels };
};
