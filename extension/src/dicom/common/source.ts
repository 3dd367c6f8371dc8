import { z } from 'zod';
import { accept, refuse, type Outcome } from '../../core/outcome';
import type { RunResult } from '../../core/findings/types';
import type { SourceMetadata } from '../../core/reading/ports';
import type { Dataset, JsonElement } from './dataset';
import { minutesOfOffset } from './text';

/** A type 2 attribute is written even where the source has none, with zero length. */
const TYPE_2: Record<string, string> = {
  '00080020': 'DA', // StudyDate
  '00080030': 'TM', // StudyTime
  '00080050': 'SH', // AccessionNumber
  '00080090': 'PN', // ReferringPhysicianName
  '00100010': 'PN', // PatientName
  '00100020': 'LO', // PatientID
  '00100030': 'DA', // PatientBirthDate
  '00100040': 'CS', // PatientSex
  '00200010': 'SH', // StudyID
};

/** Patient (C.7.1.1), General Study (C.7.2.1) and Patient Study (C.7.2.2), PS3.3. */
const PATIENT_AND_STUDY = [
  ...Object.keys(TYPE_2),
  '00100021', // IssuerOfPatientID
  '00100022', // TypeOfPatientID
  '00100024', // IssuerOfPatientIDQualifiersSequence
  '00100032', // PatientBirthTime
  '00101001', // OtherPatientNames
  '00101002', // OtherPatientIDsSequence
  '00102160', // EthnicGroup
  '00104000', // PatientComments
  '00102201', // PatientSpeciesDescription
  '00102202', // PatientSpeciesCodeSequence
  '00102292', // PatientBreedDescription
  '00102293', // PatientBreedCodeSequence
  '00102294', // BreedRegistrationSequence
  '00102297', // ResponsiblePerson
  '00102298', // ResponsiblePersonRole
  '00102299', // ResponsibleOrganization
  '00120062', // PatientIdentityRemoved
  '00120063', // DeidentificationMethod
  '00120064', // DeidentificationMethodCodeSequence
  '00080051', // IssuerOfAccessionNumberSequence
  '00080096', // ReferringPhysicianIdentificationSequence
  '0008009C', // ConsultingPhysicianName
  '00081030', // StudyDescription
  '00081032', // ProcedureCodeSequence
  '00081048', // PhysiciansOfRecord
  '00081049', // PhysiciansOfRecordIdentificationSequence
  '00081060', // NameOfPhysiciansReadingStudy
  '00081062', // PhysiciansReadingStudyIdentificationSequence
  '00081110', // ReferencedStudySequence
  '00321034', // RequestingServiceCodeSequence
  '00401012', // ReasonForPerformedProcedureCodeSequence
  '00081080', // AdmittingDiagnosesDescription
  '00081084', // AdmittingDiagnosesCodeSequence
  '00101010', // PatientAge
  '00101020', // PatientSize
  '00101030', // PatientWeight
  '00102000', // MedicalAlerts
  '00102110', // Allergies
  '001021A0', // SmokingStatus
  '001021C0', // PregnancyStatus
  '00102180', // Occupation
  '001021B0', // AdditionalPatientHistory
  '00102203', // PatientSexNeutered
  '00380010', // AdmissionID
  '00380014', // IssuerOfAdmissionIDSequence
  '00380060', // ServiceEpisodeID
  '00380062', // ServiceEpisodeDescription
];

/** Clinical Trial Subject, Study and Series (C.7.1.3, C.7.2.3, C.7.3.2): only as a whole. */
const CLINICAL_TRIAL = [
  '00120010', // ClinicalTrialSponsorName
  '00120020', // ClinicalTrialProtocolID
  '00120021', // ClinicalTrialProtocolName
  '00120030', // ClinicalTrialSiteID
  '00120031', // ClinicalTrialSiteName
  '00120040', // ClinicalTrialSubjectID
  '00120042', // ClinicalTrialSubjectReadingID
  '00120050', // ClinicalTrialTimePointID
  '00120051', // ClinicalTrialTimePointDescription
  '00120081', // ClinicalTrialProtocolEthicsCommitteeName
  '00120082', // ClinicalTrialProtocolEthicsCommitteeApprovalNumber
  '00120060', // ClinicalTrialCoordinatingCenterName
  '00120071', // ClinicalTrialSeriesID
  '00120072', // ClinicalTrialSeriesDescription
];
const TRIAL_REQUIRED = ['00120010', '00120020'];

const LOSSY_IMAGE_COMPRESSION = [
  '00282110', // LossyImageCompression
  '00282112', // LossyImageCompressionRatio
  '00282114', // LossyImageCompressionMethod
];

const element = z.looseObject({ vr: z.string().length(2), Value: z.array(z.unknown()).optional() });
type Elements = Record<string, JsonElement>;

/** What evidence takes from the source instances. */
export interface SourceAttributes {
  /** Patient, study and trial attributes, to be written as they are. */
  patientAndStudy: Elements;
  /** LossyImageCompression, its ratio and method, where the source was compressed with loss. */
  lossy: Elements;
  bodyPartExamined?: string;
  seriesNumber: number;
  institutionName?: string;
  positionReferenceIndicator: string;
  /** PatientOrientation, of a projection radiograph: of its rows, of its columns. */
  patientOrientation?: readonly [string, string];
  /** TimezoneOffsetFromUTC of the source ("+0200"); DA and TM of the evidence are of it too. */
  timezoneOffset?: string;
  /** ProcedureCodeSequence's first item, as DICOM JSON. */
  procedureCode?: Elements;
}

const pick = (from: Record<string, unknown>, tags: readonly string[]): Elements => {
  const picked: Elements = {};
  for (const tag of tags) {
    const parsed = element.safeParse(from[tag] ?? from[tag.toLowerCase()]);
    if (parsed.success) picked[tag] = { vr: parsed.data.vr, Value: parsed.data.Value };
    else if (tag in TYPE_2) picked[tag] = { vr: TYPE_2[tag] };
  }
  return picked;
};

const isPresent = (value: JsonElement | undefined): boolean =>
  value?.Value?.[0] !== undefined && value.Value[0] !== null && value.Value[0] !== '';

/**
 * Reads what the evidence copies from the metadata of the source instances (DICOM JSON, which is
 * UTF-8 whatever the instance was in). Any instance of the series will do: these attributes are the
 * patient's and the study's.
 *
 * Refuses with `sourceMetadataMissing` when no instance of the series has metadata, for evidence
 * without a patient must never be made, and with `sourceMetadataOfOtherStudy` when they disagree.
 */
export function sourceAttributes(
  run: RunResult,
  source: SourceMetadata,
): Outcome<SourceAttributes> {
  const { slices, seriesInstanceUID, studyInstanceUID } = run.source;
  const known = slices.find(({ sopInstanceUID }) => source.has(sopInstanceUID));
  const metadata = known && source.get(known.sopInstanceUID);
  if (!metadata) {
    return refuse(
      'sourceMetadataMissing',
      `Evidence was not made: none of the ${slices.length} instances of series ${seriesInstanceUID} has metadata`,
      { series: seriesInstanceUID, slices: slices.length },
    );
  }
  const first = (tag: string): unknown => pick(metadata, [tag])[tag]?.Value?.[0];
  const text = (tag: string): string | undefined => {
    const value = first(tag);
    return value === undefined || value === null ? undefined : String(value);
  };
  const study = text('0020000D');
  if (study !== undefined && study !== studyInstanceUID) {
    return refuse(
      'sourceMetadataOfOtherStudy',
      `Evidence was not made: the source metadata is of study ${study}, the run of ${studyInstanceUID}`,
      { met: study, allowed: studyInstanceUID },
    );
  }
  const trial = pick(metadata, CLINICAL_TRIAL);
  const wholeTrial = TRIAL_REQUIRED.every(tag => isPresent(trial[tag]));
  const offset = text('00080201');
  const [row, column] = pick(metadata, ['00200020'])['00200020']?.Value ?? [];
  const number = Number(first('00200011') ?? 0);
  return accept({
    patientAndStudy: { ...pick(metadata, PATIENT_AND_STUDY), ...(wholeTrial ? trial : {}) },
    lossy: text('00282110') === '01' ? pick(metadata, LOSSY_IMAGE_COMPRESSION) : {},
    bodyPartExamined: text('00180015'),
    seriesNumber: Number.isInteger(number) && number >= 0 && number < 2e6 ? number : 0,
    institutionName: text('00080080'),
    positionReferenceIndicator: text('00201040') ?? '',
    ...(row && column ? { patientOrientation: [String(row), String(column)] as const } : {}),
    timezoneOffset:
      offset !== undefined && minutesOfOffset(offset) !== undefined ? offset.trim() : undefined,
    procedureCode: first('00081032') as Elements | undefined,
  });
}

/** References to the instances of a series, each once, in their order. */
export const instanceReferences = (run: RunResult): Dataset[] => {
  const classes = new Map(run.source.slices.map(s => [s.sopInstanceUID, s.sopClassUID]));
  return Array.from(classes, ([instance, sopClass]) => ({
    ReferencedSOPClassUID: sopClass,
    ReferencedSOPInstanceUID: instance,
  }));
};
