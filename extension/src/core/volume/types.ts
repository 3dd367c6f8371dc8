import type { VolumeGeometry } from '../geometry/types';
import type { Outcome } from '../outcome';

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
  /** At the detector's front plane, for projection radiographs (PS3.3 10.7.1.3); as PixelSpacing. */
  imagerPixelSpacing?: readonly [number, number];
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
  seriesDescription?: string;
  protocolName?: string;
  imageType?: readonly string[];
  contrastBolusAgent?: string;
  convolutionKernel?: string;
  /** Years. */
  patientAge?: number;
  voi?: VoiWindow;
  pet?: PetAttributes;
}

/** The first window of an image (PS3.3 C.11.2.1.2), in real-world values. */
export interface VoiWindow {
  center: number;
  width: number;
  function: 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID';
}

/** What standardized uptake values are reckoned from (PS3.3 C.8.9.1 to C.8.9.4). */
export interface PetAttributes {
  /** Units (0054,1001): BQML, CNTS, GML … */
  units?: string;
  /** kg */
  patientWeight?: number;
  /** Bq */
  radionuclideTotalDose?: number;
  /** s */
  radionuclideHalfLife?: number;
  /** DICOM TM or DT, as they stand. */
  radiopharmaceuticalStartTime?: string;
  radiopharmaceuticalStartDateTime?: string;
  seriesDate?: string;
  seriesTime?: string;
  acquisitionDate?: string;
  acquisitionTime?: string;
  /** START, ADMIN or NONE. */
  decayCorrection?: string;
  /** CorrectedImage (0028,0051) holds DECY and ATTN where these were done. */
  correctedImage?: readonly string[];
}

/** Voxels in real-world values (HU for CT: rescale slope and intercept applied) on their grid. */
export interface Volume {
  geometry: VolumeGeometry;
  voxels: VoxelArray;
  modality: string;
  /** Slices in the order of k: `slices[k]` made voxels k. */
  slices: SliceHeader[];
  /** A single image that says no size of its pixels: they are counted as 1 mm. */
  spacingAssumed?: boolean;
  /** What `voiLut` and `suvbw` need of the headers, which do not travel to the worker. */
  voi?: VoiWindow;
  /** SUVbw = value · factor, or why it cannot be reckoned; absent where the series is no PET. */
  suvbwFactor?: Outcome<number>;
}

/** A label map: 0 is background, other values are segment numbers. */
export interface LabelMap {
  geometry: VolumeGeometry;
  voxels: Uint8Array;
}
