import type { SliceHeader } from '../../extension/src/core/volume/types';

/** A data set in the DICOM JSON model (PS3.18 F.2). */
export type JsonDataset = Record<string, { vr: string; Value?: unknown[] }>;

/** The header of a slice in grey as the host gives it, from its data set. */
export const sliceHeaderOf = (header: JsonDataset): SliceHeader => {
  const numbers = (tag: string): number[] => (header[tag]?.Value ?? []).map(Number);
  const text = (tag: string): string => String(header[tag]?.Value?.[0] ?? '');
  const [x, y, z] = numbers('00200032');
  return {
    sopInstanceUID: text('00080018'),
    sopClassUID: text('00080016'),
    rows: numbers('00280010')[0],
    columns: numbers('00280011')[0],
    pixelSpacing: numbers('00280030') as unknown as [number, number],
    imagePositionPatient: [x, y, z],
    imageOrientationPatient: numbers(
      '00200037',
    ) as unknown as SliceHeader['imageOrientationPatient'],
    sliceThickness: numbers('00180050')[0],
    photometricInterpretation: 'MONOCHROME2',
    samplesPerPixel: 1,
    rescaleSlope: Number(text('00281053') || 1),
    rescaleIntercept: Number(text('00281052') || 0),
    modality: text('00080060'),
  };
};
