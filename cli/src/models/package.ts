import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseManifest } from '@second-reader/core/model/validate';
import type { ModelManifest } from '@second-reader/core/model/manifest';
import { channelsOf } from '@second-reader/core/model/manifest';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import type { ModelPackage } from '@second-reader/core/reading/ports';
import type { SliceHeader, Volume, VoxelArray } from '@second-reader/core/volume/types';
import type { VolumeGeometry } from '@second-reader/core/geometry/types';
import { readNifti } from './nifti';

/** Refuses `manifestMissing`, `manifestNotJson`, `manifestInvalid`. */
export async function readManifestOf(folder: string): Promise<Outcome<ModelManifest>> {
  const file = path.join(folder, 'model.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    return refuse('manifestMissing', `${file} cannot be read (${reason}).`, { file, reason });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const reason = (error as Error).message;
    return refuse('manifestNotJson', `${file} is not JSON: ${reason}`, { file, reason });
  }
  return parseManifest(json);
}

/** The package in a folder, as the engine port takes it. */
export const loadPackage = async (folder: string): Promise<Outcome<ModelPackage>> => {
  const manifest = await readManifestOf(folder);
  return manifest.ok
    ? accept({ manifest: manifest.value, baseUrl: `${path.resolve(folder)}/` })
    : manifest;
};

/** Headers of slices that never were DICOM: enough for code that counts them. */
const headersOf = (geometry: VolumeGeometry, modality: string): SliceHeader[] =>
  Array.from({ length: geometry.dimensions[2] }, (_, k) => ({
    sopInstanceUID: `2.25.${k + 1}`,
    sopClassUID: '1.2.840.10008.5.1.4.1.1.7',
    rows: geometry.dimensions[1],
    columns: geometry.dimensions[0],
    photometricInterpretation: 'MONOCHROME2',
    samplesPerPixel: 1,
    rescaleSlope: 1,
    rescaleIntercept: 0,
    modality,
  }));

export const volumeOf = (
  geometry: VolumeGeometry,
  voxels: VoxelArray,
  modality: string,
): Volume => ({ geometry, voxels, modality, slices: headersOf(geometry, modality) });

/**
 * NIfTI files as the model's channels, in the manifest's order. Refuses `volumeCount` (one file a channel is
 * needed), `niftiUnreadable`.
 */
export const readVolumes = async (
  manifest: ModelManifest,
  files: readonly string[],
): Promise<Outcome<Volume[]>> => {
  const channels = channelsOf(manifest);
  if (files.length !== channels.length) {
    const names = channels.map(({ key, modality }) => `${key} (${modality})`).join(', ');
    return refuse(
      'volumeCount',
      `${files.length} --volume were given; ${manifest.id} has ${channels.length} channel(s): ${names}.`,
      { given: files.length, needed: channels.length, channels: names },
    );
  }
  const volumes: Volume[] = [];
  for (const [index, file] of files.entries()) {
    const read = await readNifti(file);
    if (!read.ok) return read;
    const { geometry, values } = read.value;
    volumes.push(volumeOf(geometry, values, channels[index].modality));
  }
  return accept(volumes);
};
