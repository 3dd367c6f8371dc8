import type { SegmentationType } from '../../core/evidence/table';
import type { Engine, Provenance, RunResult } from '../../core/findings/types';
import { uidFrom } from '../../core/model/identity';
import { CODE, codeItem } from './codes';
import type { Dataset } from './dataset';
import type { SourceAttributes } from './source';
import { clipped, dicomMoment } from './text';

/** Manufacturer (0008,0070) of all our evidence: by it an archive's query and our reader know it. */
export const MANUFACTURER = 'Second Reader';

/** The two kinds of Segmentation that are written: Segmentation and Label Map Segmentation Storage. */
export type SegmentationKind = Exclude<SegmentationType, 'auto'>;

/**
 * SOP Instance UID of a run's segmentation of either kind: the same run stored twice is the same
 * instance, and its two kinds are two instances.
 */
export const segmentationUIDOf = (runId: string, type: SegmentationKind = 'binary'): string =>
  uidFrom('evidence', type === 'binary' ? 'SEG' : 'SEG LABELMAP', runId);

/** Series Instance UID of an evidence instance. Each is alone in its series. */
export const seriesUIDOf = (sopInstanceUID: string): string =>
  uidFrom('evidence series', sopInstanceUID);

export const deviceUIDOf = (provenance: Provenance): string =>
  uidFrom('device', provenance.modelId, provenance.modelVersion, provenance.modelSha256);

/** "ct-lungs 1.0.0" */
export const modelLabel = ({ modelId, modelVersion }: Provenance): string =>
  `${modelId} ${modelVersion}`;

/** Enhanced General Equipment (PS3.3 C.7.5.2): this software with this model. */
export const equipment = (provenance: Provenance): Dataset => ({
  Manufacturer: MANUFACTURER,
  ManufacturerModelName: clipped(modelLabel(provenance), 64),
  // What tells one device from another of its kind: the network's SHA-256, 64 digits as LO holds.
  DeviceSerialNumber: provenance.modelSha256,
  SoftwareVersions: [
    clipped(`Second Reader ${provenance.softwareVersion}`, 64),
    clipped(`${provenance.modelId} ${provenance.modelVersion}`, 64),
  ],
});

const ENGINES: Record<Engine, string> = {
  webgpu: 'WebGPU',
  'wasm-threads': 'WebAssembly with threads',
  wasm: 'WebAssembly',
  native: 'native',
  remote: 'remote server',
};

/** Contributing Equipment (PS3.3 C.12.1.1.5): the model, its version and hash, when it ran, where. */
export const contributingEquipment = (provenance: Provenance, offset?: string): Dataset => ({
  PurposeOfReferenceCodeSequence: [codeItem(CODE.processingEquipment)],
  Manufacturer: clipped(provenance.manufacturer ?? MANUFACTURER, 64),
  ManufacturerModelName: clipped(provenance.modelName, 64),
  DeviceSerialNumber: provenance.modelSha256,
  SoftwareVersions: clipped(provenance.modelVersion, 64),
  ContributionDateTime: dicomMoment(provenance.startedAt, offset).dateTime,
  ContributionDescription: clipped(
    `AI model ${provenance.modelId} ${provenance.modelVersion}, SHA-256 ${provenance.modelSha256}, ` +
      `run by Second Reader ${provenance.softwareVersion}` +
      (provenance.engine ? ` on ${ENGINES[provenance.engine.engine]}` : ''),
    1000,
  ),
});

/** The modules that every evidence object begins with: patient, study, series, equipment, SOP common. */
export function generalModules(request: {
  run: RunResult;
  source: SourceAttributes;
  sopInstanceUID: string;
  modality: string;
  seriesDescription: string;
  /** Added to 1000 × the source's SeriesNumber, so that evidence sorts behind its source. */
  seriesOffset: number;
  instanceNumber: number;
  /** ISO 8601. */
  contentMoment: string;
}) {
  const { run, source } = request;
  const created = dicomMoment(request.contentMoment, source.timezoneOffset);
  return {
    copied: source.patientAndStudy,
    InstanceCreationDate: created.date,
    InstanceCreationTime: created.time,
    TimezoneOffsetFromUTC: source.timezoneOffset,
    StudyInstanceUID: run.source.studyInstanceUID,
    Modality: request.modality,
    SeriesInstanceUID: seriesUIDOf(request.sopInstanceUID),
    SeriesNumber: source.seriesNumber * 1000 + request.seriesOffset,
    SeriesDate: created.date,
    SeriesTime: created.time,
    SeriesDescription: clipped(request.seriesDescription, 64),
    InstitutionName: source.institutionName,
    InstanceNumber: request.instanceNumber,
    ContentDate: created.date,
    ContentTime: created.time,
    ContributingEquipmentSequence: [contributingEquipment(run.provenance, source.timezoneOffset)],
    ...equipment(run.provenance),
  } satisfies Dataset;
}
