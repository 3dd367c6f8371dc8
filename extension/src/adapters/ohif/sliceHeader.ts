import { z } from 'zod';
import type { SliceHeader } from '../../core/volume/types';

/**
 * The host keeps attributes as dcmjs names them. A value that is a list in DICOM is a list or, of
 * one, may be the value alone; numbers may be text where a data source was made by hand.
 */
const first = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value);
const absent = (value: unknown): boolean => value === undefined || value === null || value === '';

const number = z.preprocess(value => {
  const one = first(value);
  return absent(one) ? undefined : Number(one);
}, z.number().optional().catch(undefined));
const text = z.preprocess(value => {
  const one = first(value);
  return absent(one) ? undefined : String(one);
}, z.string().optional());
const numbers = <N extends 2 | 3 | 6>(count: N) =>
  z.preprocess(value => {
    // Some of the host's providers give typed arrays, or text with backslashes.
    if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array);
    const list = typeof value === 'string' ? value.split('\\') : value;
    return Array.isArray(list) ? list.map(Number) : undefined;
  }, z.array(z.number()).length(count).optional().catch(undefined));

const instanceSchema = z.object({
  SOPInstanceUID: z.string().min(1),
  SOPClassUID: text,
  InstanceNumber: number,
  Rows: number,
  Columns: number,
  PixelSpacing: numbers(2),
  ImagePositionPatient: numbers(3),
  ImageOrientationPatient: numbers(6),
  SliceThickness: number,
  GantryDetectorTilt: number,
  PhotometricInterpretation: text,
  SamplesPerPixel: number,
  BitsStored: number,
  PixelRepresentation: number,
  RescaleSlope: number,
  RescaleIntercept: number,
  Modality: text,
  Manufacturer: text,
  BodyPartExamined: text,
});

/**
 * For a frame without a position the host makes one up, `[0, 0, frameNumber]`. A millimetre a frame
 * is not what was scanned, so it is taken for what it is: missing.
 */
const isMadeUp = (position: number[], frameNumber: number | undefined): boolean =>
  frameNumber !== undefined &&
  position[0] === 0 &&
  position[1] === 0 &&
  position[2] === frameNumber;

/**
 * The header of one slice from the host's attributes of its instance (or of one of its frames);
 * nothing where they are no image's. Missing Rescale attributes mean 1 and 0, as for images whose
 * stored values are their meaning (PS3.3 C.7.6.3); missing geometry is left out, for `planVolume`
 * to refuse with the slice it met.
 *
 * @param frameNumber 1-based, for multi-frame instances
 */
export function sliceHeaderOf(instance: unknown, frameNumber?: number): SliceHeader | undefined {
  const parsed = instanceSchema.safeParse(instance);
  if (!parsed.success) return undefined;
  const attributes = parsed.data;
  if (!attributes.Rows || !attributes.Columns) return undefined;
  const position = attributes.ImagePositionPatient;
  const imagePositionPatient = position && isMadeUp(position, frameNumber) ? undefined : position;
  return {
    sopInstanceUID: attributes.SOPInstanceUID,
    sopClassUID: attributes.SOPClassUID ?? '',
    frameNumber,
    instanceNumber: attributes.InstanceNumber,
    rows: attributes.Rows,
    columns: attributes.Columns,
    pixelSpacing: attributes.PixelSpacing as SliceHeader['pixelSpacing'],
    imagePositionPatient: imagePositionPatient as SliceHeader['imagePositionPatient'],
    imageOrientationPatient:
      attributes.ImageOrientationPatient as SliceHeader['imageOrientationPatient'],
    sliceThickness: attributes.SliceThickness,
    gantryDetectorTilt: attributes.GantryDetectorTilt,
    photometricInterpretation: attributes.PhotometricInterpretation ?? 'MONOCHROME2',
    samplesPerPixel: attributes.SamplesPerPixel ?? 1,
    bitsStored: attributes.BitsStored,
    pixelRepresentation: attributes.PixelRepresentation,
    rescaleSlope: attributes.RescaleSlope ?? 1,
    rescaleIntercept: attributes.RescaleIntercept ?? 0,
    modality: attributes.Modality ?? '',
    manufacturer: attributes.Manufacturer,
    bodyPartExamined: attributes.BodyPartExamined,
  };
}
