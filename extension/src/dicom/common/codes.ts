import { z } from 'zod';
import type { CodedConcept } from '../../core/findings/types';
import type { WithdrawalReason } from '../../core/review/withdrawal';
import type { Dataset } from './dataset';
import { clipped } from './text';

const dcm = (value: string, meaning: string): CodedConcept => ({ value, scheme: 'DCM', meaning });
const sct = (value: string, meaning: string): CodedConcept => ({ value, scheme: 'SCT', meaning });
const umls = (value: string, meaning: string): CodedConcept => ({ value, scheme: 'UMLS', meaning });

/** A coded concept as an item of a code sequence (PS3.3 8.8). */
export const codeItem = ({ value, scheme, meaning }: CodedConcept): Dataset => ({
  // Code Value is an SH; longer codes have an attribute of their own.
  ...(value.length <= 16 ? { CodeValue: value } : { LongCodeValue: value }),
  CodingSchemeDesignator: scheme,
  CodeMeaning: clipped(meaning, 64),
});

/** The first item of a parsed code sequence. */
export const parsedCode = z
  .array(
    z.object({
      CodeValue: z.array(z.string()).optional(),
      LongCodeValue: z.array(z.string()).optional(),
      CodingSchemeDesignator: z.array(z.string()).min(1),
      CodeMeaning: z.array(z.string()).min(1),
    }),
  )
  .min(1)
  .transform(([item]): CodedConcept => ({
    value: item.CodeValue?.[0] ?? item.LongCodeValue?.[0] ?? '',
    scheme: item.CodingSchemeDesignator[0],
    meaning: item.CodeMeaning[0],
  }));

export const sameCode = (
  a: Pick<CodedConcept, 'value' | 'scheme'> | undefined,
  b: Pick<CodedConcept, 'value' | 'scheme'>,
): boolean => a?.value === b.value && a.scheme === b.scheme;

/** Concepts of PS3.16 (DCM) and SNOMED CT that the objects use. */
export const CODE = {
  processingEquipment: dcm('109102', 'Processing Equipment'),
  segmentation: dcm('113076', 'Segmentation'),
  sourceImageForProcessing: dcm('121322', 'Source image for image processing operation'),
  artificialIntelligence: dcm('123110', 'Artificial Intelligence'),

  imagingMeasurementReport: dcm('126000', 'Imaging Measurement Report'),
  language: dcm('121049', 'Language of Content Item and Descendants'),
  observerType: dcm('121005', 'Observer Type'),
  person: dcm('121006', 'Person'),
  device: dcm('121007', 'Device'),
  personObserverName: dcm('121008', 'Person Observer Name'),
  deviceObserverUID: dcm('121012', 'Device Observer UID'),
  deviceObserverName: dcm('121013', 'Device Observer Name'),
  deviceObserverManufacturer: dcm('121014', 'Device Observer Manufacturer'),
  deviceObserverModelName: dcm('121015', 'Device Observer Model Name'),
  deviceObserverSerialNumber: dcm('121016', 'Device Observer Serial Number'),
  procedureReported: dcm('121058', 'Procedure reported'),
  imageLibrary: dcm('111028', 'Image Library'),
  imageLibraryGroup: dcm('126200', 'Image Library Group'),
  modality: dcm('121139', 'Modality'),
  frameOfReferenceUID: dcm('112227', 'Frame of Reference UID'),
  pixelDataRows: dcm('110910', 'Pixel Data Rows'),
  pixelDataColumns: dcm('110911', 'Pixel Data Columns'),
  horizontalPixelSpacing: dcm('111026', 'Horizontal Pixel Spacing'),
  verticalPixelSpacing: dcm('111066', 'Vertical Pixel Spacing'),
  spacingBetweenSlices: dcm('112226', 'Spacing between slices'),
  imagingMeasurements: dcm('126010', 'Imaging Measurements'),
  measurementGroup: dcm('125007', 'Measurement Group'),
  trackingIdentifier: dcm('112039', 'Tracking Identifier'),
  trackingUniqueIdentifier: dcm('112040', 'Tracking Unique Identifier'),
  finding: dcm('121071', 'Finding'),
  referencedSegment: dcm('121191', 'Referenced Segment'),
  volumeSurface: dcm('121231', 'Volume Surface'),
  sourceSeriesForSegmentation: dcm('121232', 'Source series for segmentation'),
  algorithmName: dcm('111001', 'Algorithm Name'),
  algorithmParameters: dcm('111002', 'Algorithm Parameters'),
  algorithmVersion: dcm('111003', 'Algorithm Version'),
  certaintyOfFinding: dcm('111012', 'Certainty of Finding'),
  derivation: dcm('121401', 'Derivation'),
  comment: dcm('121106', 'Comment'),
  imageRegion: dcm('111030', 'Image Region'),
  outline: dcm('111041', 'Outline'),
  sliceThickness: dcm('112225', 'Slice Thickness'),
  studyDate: dcm('111060', 'Study Date'),
  studyTime: dcm('111061', 'Study Time'),
  patientOrientationRow: dcm('111044', 'Patient Orientation Row'),
  patientOrientationColumn: dcm('111043', 'Patient Orientation Column'),
  keyObjectDescription: dcm('113012', 'Key Object Description'),
  source: sct('260753009', 'Source'),
  present: sct('52101004', 'Present'),

  qualitativeEvaluations: umls('C0034375', 'Qualitative Evaluations'),
  findingCategory: sct('276214006', 'Finding category'),
  findingSite: sct('363698007', 'Finding Site'),
  laterality: sct('272741003', 'Laterality'),
  anatomicalStructure: sct('123037004', 'Anatomical Structure'),
  imagingProcedure: sct('363679005', 'Imaging procedure'),
} as const;

/** Image Position (Patient) of TID 1604: x, y, z. */
export const POSITION = [
  dcm('110901', 'Image Position (Patient) X'),
  dcm('110902', 'Image Position (Patient) Y'),
  dcm('110903', 'Image Position (Patient) Z'),
] as const;
/** Image Orientation (Patient) of TID 1604: x, y, z of the row, then of the column. */
export const ORIENTATION = [
  dcm('110904', 'Image Orientation (Patient) Row X'),
  dcm('110905', 'Image Orientation (Patient) Row Y'),
  dcm('110906', 'Image Orientation (Patient) Row Z'),
  dcm('110907', 'Image Orientation (Patient) Column X'),
  dcm('110908', 'Image Orientation (Patient) Column Y'),
  dcm('110909', 'Image Orientation (Patient) Column Z'),
] as const;

/** Titles of a Key Object Selection (CID 7010) that choose images to be looked at. */
export const KEY_OBJECT_TITLES = {
  ofInterest: dcm('113000', 'Of Interest'),
  forReferringProvider: dcm('113002', 'For Referring Provider'),
  forSurgery: dcm('113003', 'For Surgery'),
  forTeaching: dcm('113004', 'For Teaching'),
  forReportAttachment: dcm('113020', 'For Report Attachment'),
} as const;

/** Titles of a rejection note (CID 7010 and 7011; IHE RAD TF-3 4.66, Imaging Object Change Management). */
export const REJECTION_TITLES = {
  quality: dcm('113001', 'Rejected for Quality Reasons'),
  patientSafety: dcm('113037', 'Rejected for Patient Safety Reasons'),
  incorrectWorklistEntry: dcm('113038', 'Incorrect Modality Worklist Entry'),
  retentionExpired: dcm('113039', 'Data Retention Policy Expired'),
} as const satisfies Record<WithdrawalReason, CodedConcept>;
export type RejectionTitle = WithdrawalReason;

/** Laterality (CID 244). */
const LATERALITIES = new Set(['7771000', '24028007', '51440002', '66459002']);
export const isLaterality = (code: CodedConcept): boolean =>
  code.scheme === 'SCT' && LATERALITIES.has(code.value);

/** Modality (CID 29) and the procedure that it stands for where the study does not name one. */
const MODALITIES: Record<string, { modality: CodedConcept; procedure: CodedConcept }> = {
  CT: {
    modality: dcm('CT', 'Computed Tomography'),
    procedure: sct('77477000', 'Computed tomography'),
  },
  MR: {
    modality: dcm('MR', 'Magnetic Resonance'),
    procedure: sct('113091000', 'Magnetic resonance imaging'),
  },
  PT: {
    modality: dcm('PT', 'Positron emission tomography'),
    procedure: sct('82918005', 'Positron emission tomography'),
  },
  CR: { modality: dcm('CR', 'Computed Radiography'), procedure: CODE.imagingProcedure },
  DX: { modality: dcm('DX', 'Digital Radiography'), procedure: CODE.imagingProcedure },
  MG: { modality: dcm('MG', 'Mammography'), procedure: CODE.imagingProcedure },
  US: { modality: dcm('US', 'Ultrasound'), procedure: CODE.imagingProcedure },
  NM: { modality: dcm('NM', 'Nuclear Medicine'), procedure: CODE.imagingProcedure },
  XA: { modality: dcm('XA', 'X-Ray Angiography'), procedure: CODE.imagingProcedure },
};
export const modalityCodes = (modality: string) =>
  MODALITIES[modality] ?? {
    modality: dcm(modality, modality),
    procedure: CODE.imagingProcedure,
  };

const ucum = (value: string, meaning: string): CodedConcept => ({ value, scheme: 'UCUM', meaning });
export const UNIT = {
  percent: ucum('%', 'Percent'),
  millimetre: ucum('mm', 'mm'),
  pixels: ucum('{pixels}', 'pixels'),
  cosine: ucum('{-1:1}', '{-1:1}'),
} as const;
