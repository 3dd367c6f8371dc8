import type { VolumeGeometry } from '../geometry/types';

export type VoxelArray =
  Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Float32Array;

/**
 * What the volume assembler needs to know of one slice (one instance, or one frame of a multi-frame
 * instance), read from DICOM attributes of the same names.
 */
export interface SliceHeader {
  sopInstanceUID: string;
  sopClassUID: string;
  /** 1-based, for multi-frame instances. */
  frameNumber?: number;
  instanceNumber?: number;
  rows: number;
  columns: number;
  /** [between rows, between columns], mm, as in DICOM PixelSpacing. */
  pixelSpacing?: readonly [number, number];
  imagePositionPatient?: readonly [number, number, number];
  /** Row cosines then column cosines. */
  imageOrientationPatient?: readonly [number, number, number, number, number, number];
  sliceThickness?: number;
  gantryDetectorTilt?: number;
  photometricInterpretation: string;
  samplesPerPixel: number;
  /** Bits that hold a stored value; needed only where MONOCHROME1 is inverted. */
  bitsStored?: number;
  /** 0 unsigned, 1 two's complement. */
  pixelRepresentation?: number;
  rescaleSlope: number;
  rescaleIntercept: number;
  modality: string;
  manufacturer?: string;
  bodyPartExamined?: string;
}

/** Voxels in real-world values (HU for CT: rescale slope and intercept applied) on their grid. */
export interface Volume {
  geometry: VolumeGeometry;
  voxels: VoxelArray;
  modality: string;
  /** Slices in the order of k: `slices[k]` made voxels k. */
  slices: SliceHeader[];
}

/** A label map: 0 is background, other values are segment numbers. */
export interface LabelMap {
  geometry: VolumeGeometry;
  voxels: Uint8Array;
}
