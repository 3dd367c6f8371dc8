import { createRequire } from 'node:module';
import { uidOf } from './identity';
import type { Phantom } from './phantom';

type Attributes = Record<string, unknown>;

/** The part of dcmjs used here; it has no type declarations. */
interface Dcmjs {
  data: {
    DicomDict: new (meta: unknown) => { dict: unknown; write(options?: Attributes): ArrayBuffer };
    DicomMetaDictionary: { denaturalizeDataset(dataset: Attributes): unknown };
  };
}
const { data } = createRequire(__filename)('dcmjs') as Dcmjs;

const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2';
const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const RESCALE_INTERCEPT = -1024;

/** What names a study of a synthetic patient. */
export interface StudyIdentity {
  patientId: string;
  patientName: string;
  /** DICOM DA. */
  birthDate: string;
  sex: 'F' | 'M' | 'O';
  /** DICOM DA. */
  studyDate: string;
  /** DICOM TM. */
  studyTime: string;
  accessionNumber: string;
  studyId: string;
  /** DICOM AS. */
  age: string;
}

export interface StudyUids {
  studyInstanceUID: string;
  seriesInstanceUID: string;
  frameOfReferenceUID: string;
}

/** UIDs of a study: the same whenever it is made. */
export function uidsOf({ patientId, accessionNumber }: StudyIdentity): StudyUids {
  const name = `${patientId}/${accessionNumber}`;
  return {
    studyInstanceUID: uidOf(`${name}/study`),
    seriesInstanceUID: uidOf(`${name}/series 2`),
    frameOfReferenceUID: uidOf(`${name}/frame of reference`),
  };
}

/** SOP Instance UID of slice k (0 the most caudal). */
export const instanceUidOf = (identity: StudyIdentity, k: number): string =>
  uidOf(`${identity.patientId}/${identity.accessionNumber}/series 2/slice ${k}`);

/** A decimal string of at most 16 characters. */
const ds = (value: number): string => {
  const text = String(Math.round(value * 1e6) / 1e6);
  return text.length <= 16 ? text : value.toPrecision(9);
};

/**
 * One slice of a phantom as a DICOM Part 10 file: CT Image Storage, Explicit VR Little Endian,
 * signed 16 bit. Instance 1 is the most cranial, as a scanner numbers them.
 *
 * @param k slice index, 0 the most caudal
 */
export function writeSlice(phantom: Phantom, identity: StudyIdentity, k: number): Uint8Array {
  const { geometry, voxels } = phantom.volume;
  const { options } = phantom;
  const [columns, rows, slices] = geometry.dimensions;
  const uids = uidsOf(identity);
  const sopInstanceUID = instanceUidOf(identity, k);
  const plane = columns * rows;
  const stored = new Int16Array(plane);
  for (let i = 0; i < plane; i++) {
    stored[i] = voxels[k * plane + i] - RESCALE_INTERCEPT;
  }
  const z = geometry.origin[2] + k * geometry.spacing[2];
  const dataset: Attributes = {
    SpecificCharacterSet: 'ISO_IR 192',
    ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
    InstanceCreationDate: identity.studyDate,
    InstanceCreationTime: identity.studyTime,
    SOPClassUID: CT_IMAGE_STORAGE,
    SOPInstanceUID: sopInstanceUID,
    StudyDate: identity.studyDate,
    SeriesDate: identity.studyDate,
    AcquisitionDate: identity.studyDate,
    ContentDate: identity.studyDate,
    StudyTime: identity.studyTime,
    SeriesTime: identity.studyTime,
    AcquisitionTime: identity.studyTime,
    ContentTime: identity.studyTime,
    AccessionNumber: identity.accessionNumber,
    Modality: 'CT',
    Manufacturer: 'Second Reader',
    InstitutionName: 'Second Reader sample data',
    ReferringPhysicianName: '',
    StudyDescription: 'Chest CT, synthetic sample',
    SeriesDescription: 'Chest CT',
    ManufacturerModelName: 'Chest phantom',
    PatientName: identity.patientName,
    PatientID: identity.patientId,
    PatientBirthDate: identity.birthDate,
    PatientSex: identity.sex,
    PatientAge: identity.age,
    PatientIdentityRemoved: 'YES',
    DeidentificationMethod: 'Synthetic: there is no patient',
    BodyPartExamined: 'CHEST',
    ScanOptions: 'HELICAL MODE',
    SliceThickness: ds(options.sliceSpacing),
    KVP: '120',
    DataCollectionDiameter: '500',
    DeviceSerialNumber: 'SR-PHANTOM',
    SoftwareVersions: 'phantom 1',
    ProtocolName: 'Chest',
    ReconstructionDiameter: ds(options.fieldOfView),
    GantryDetectorTilt: '0',
    TableHeight: '160',
    RotationDirection: 'CW',
    ExposureTime: '500',
    XRayTubeCurrent: '200',
    Exposure: '100',
    FilterType: 'BODY',
    ConvolutionKernel: options.sharpness > 0.6 ? 'LUNG' : 'STANDARD',
    PatientPosition: 'HFS',
    StudyInstanceUID: uids.studyInstanceUID,
    SeriesInstanceUID: uids.seriesInstanceUID,
    StudyID: identity.studyId,
    SeriesNumber: '2',
    AcquisitionNumber: '1',
    InstanceNumber: String(slices - k),
    ImagePositionPatient: [ds(geometry.origin[0]), ds(geometry.origin[1]), ds(z)],
    ImageOrientationPatient: ['1', '0', '0', '0', '1', '0'],
    FrameOfReferenceUID: uids.frameOfReferenceUID,
    PositionReferenceIndicator: '',
    SliceLocation: ds(z),
    ImageComments: 'synthetic: made by Second Reader, no patient',
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: rows,
    Columns: columns,
    PixelSpacing: [ds(geometry.spacing[1]), ds(geometry.spacing[0])],
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelRepresentation: 1,
    BurnedInAnnotation: 'NO',
    WindowCenter: ['-600', '40'],
    WindowWidth: ['1500', '400'],
    RescaleIntercept: String(RESCALE_INTERCEPT),
    RescaleSlope: '1',
    RescaleType: 'HU',
    WindowCenterWidthExplanation: ['LUNG', 'SOFT TISSUE'],
    PixelData: [stored.buffer],
    _vrMap: { PixelData: 'OW', PixelPaddingValue: 'SS' },
  };
  if (options.padding !== null) {
    dataset.PixelPaddingValue = options.padding - RESCALE_INTERCEPT;
  }
  const file = new data.DicomDict(
    data.DicomMetaDictionary.denaturalizeDataset({
      FileMetaInformationVersion: [new Uint8Array([0, 1]).buffer],
      MediaStorageSOPClassUID: CT_IMAGE_STORAGE,
      MediaStorageSOPInstanceUID: sopInstanceUID,
      TransferSyntaxUID: EXPLICIT_LITTLE_ENDIAN,
      ImplementationClassUID: uidOf('implementation'),
      ImplementationVersionName: 'SECOND_READER_1',
    }),
  );
  file.dict = data.DicomMetaDictionary.denaturalizeDataset(dataset);
  return new Uint8Array(file.write({ allowInvalidVRLength: false }));
}
