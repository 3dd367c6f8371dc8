import { z } from 'zod';
import type { PetAttributes, SliceHeader, VoiWindow } from '../../core/volume/types';

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
/** Several values of one attribute; in text they are joined by backslashes. */
const texts = z.preprocess(
  value => (typeof value === 'string' ? value.split('\\') : absent(value) ? undefined : value),
  z
    .array(z.coerce.string())
    .transform(list => list.map(each => each.trim()).filter(each => each !== ''))
    .optional()
    .catch(undefined),
);
const numbers = <N extends 2 | 3 | 6>(count: N) =>
  z.preprocess(value => {
    // Some of the host's providers give typed arrays, or text with backslashes.
    if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array);
    const list = typeof value === 'string' ? value.split('\\') : value;
    return Array.isArray(list) ? list.map(Number) : undefined;
  }, z.array(z.number()).length(count).optional().catch(undefined));

/** Of the first of several doses: SUV by body weight knows one. */
const radiopharmaceutical = z.preprocess(
  first,
  z
    .object({
      RadionuclideTotalDose: number,
      RadionuclideHalfLife: number,
      RadiopharmaceuticalStartTime: text,
      RadiopharmaceuticalStartDateTime: text,
    })
    .optional()
    .catch(undefined),
);

const instanceSchema = z.object({
  SOPInstanceUID: z.string().min(1),
  SOPClassUID: text,
  InstanceNumber: number,
  Rows: number,
  Columns: number,
  PixelSpacing: numbers(2),
  ImagerPixelSpacing: numbers(2),
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
  SeriesDescription: text,
  ProtocolName: text,
  ImageType: texts,
  ContrastBolusAgent: text,
  ConvolutionKernel: text,
  PatientAge: text,
  WindowCenter: number,
  WindowWidth: number,
  VOILUTFunction: text,
  Units: text,
  PatientWeight: number,
  RadiopharmaceuticalInformationSequence: radiopharmaceutical,
  SeriesDate: text,
  SeriesTime: text,
  AcquisitionDate: text,
  AcquisitionTime: text,
  DecayCorrection: text,
  CorrectedImage: texts,
});
type Attributes = z.infer<typeof instanceSchema>;

/** How many of each unit of an Age String (PS3.5 6.2, AS) make a year. */
const PER_YEAR: Record<string, number> = { D: 365.25, W: 365.25 / 7, M: 12, Y: 1 };

const yearsOf = (age: string | undefined): number | undefined => {
  const [, count, unit] = /^\s*(\d{1,3})([DWMY])\s*$/.exec(age ?? '') ?? [];
  return unit === undefined ? undefined : Number(count) / PER_YEAR[unit];
};

const FUNCTIONS: ReadonlyArray<VoiWindow['function']> = ['LINEAR', 'LINEAR_EXACT', 'SIGMOID'];

/** The first of the windows; a function we do not know, or a width below its least, is none. */
const voiOf = ({ WindowCenter, WindowWidth, VOILUTFunction }: Attributes) => {
  const name = VOILUTFunction?.trim().toUpperCase() || 'LINEAR';
  const voiFunction = FUNCTIONS.find(known => known === name);
  if (WindowCenter === undefined || WindowWidth === undefined || !voiFunction) return undefined;
  // PS3.3 C.11.2.1.2.1: at least 1 for LINEAR, more than 0 for the others.
  const isWide = voiFunction === 'LINEAR' ? WindowWidth >= 1 : WindowWidth > 0;
  return isWide ? { center: WindowCenter, width: WindowWidth, function: voiFunction } : undefined;
};

const petOf = (attributes: Attributes): PetAttributes | undefined => {
  if (attributes.Modality !== 'PT') return undefined;
  const dose = attributes.RadiopharmaceuticalInformationSequence;
  return {
    units: attributes.Units,
    patientWeight: attributes.PatientWeight,
    radionuclideTotalDose: dose?.RadionuclideTotalDose,
    radionuclideHalfLife: dose?.RadionuclideHalfLife,
    radiopharmaceuticalStartTime: dose?.RadiopharmaceuticalStartTime,
    radiopharmaceuticalStartDateTime: dose?.RadiopharmaceuticalStartDateTime,
    seriesDate: attributes.SeriesDate,
    seriesTime: attributes.SeriesTime,
    acquisitionDate: attributes.AcquisitionDate,
    acquisitionTime: attributes.AcquisitionTime,
    decayCorrection: attributes.DecayCorrection,
    correctedImage: attributes.CorrectedImage,
  };
};

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
    imagerPixelSpacing: attributes.ImagerPixelSpacing as SliceHeader['imagerPixelSpacing'],
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
    seriesDescription: attributes.SeriesDescription,
    protocolName: attributes.ProtocolName,
    imageType: attributes.ImageType,
    contrastBolusAgent: attributes.ContrastBolusAgent,
    convolutionKernel: attributes.ConvolutionKernel,
    patientAge: yearsOf(attributes.PatientAge),
    voi: voiOf(attributes),
    pet: petOf(attributes),
  };
}
