import { accept, refuse, type Outcome } from '../../core/outcome';
import type { CodedConcept, Finding, RunResult, ScalarMap } from '../../core/findings/types';
import { voxelCount } from '../../core/geometry/transform';
import { uidFrom } from '../../core/model/identity';
import type { EvidenceObject } from '../../core/reading/ports';
import type { Volume } from '../../core/volume/types';
import { bodyPart } from '../common/bodyPart';
import { CODE, codeItem } from '../common/codes';
import type { Dataset } from '../common/dataset';
import { DICTIONARY, SOP_CLASS } from '../common/dictionary';
import { encodePart10 } from '../common/encode';
import { generalModules, MANUFACTURER, modelLabel, seriesUIDOf } from '../common/identity';
import { imageReferences } from '../common/imageReferences';
import type { SourceAttributes } from '../common/source';
import { clipped } from '../common/text';
import { NOT_REVIEWED } from './legend';
import { keyPictures } from './render';

/** SOP Instance UID of a run's Secondary Capture: the same run stored twice is the same instance. */
export const secondaryCaptureUIDOf = (runId: string): string => uidFrom('evidence', 'SC', runId);

const ANNOTATION: CodedConcept = {
  value: '113097',
  scheme: 'DCM',
  meaning: 'Unspecified method of calculation',
};

const sliceKey = ({
  sopInstanceUID,
  frameNumber,
}: {
  sopInstanceUID: string;
  frameNumber?: number;
}) => `${sopInstanceUID}#${frameNumber ?? 1}`;

/** Whether the voxels are there and are those of the run's source, slice by slice. */
function checkVoxels(run: RunResult, volume: Volume | undefined): Outcome<Volume> {
  const { slices, seriesInstanceUID } = run.source;
  if (!volume || volume.voxels.length !== voxelCount(volume.geometry)) {
    return refuse(
      'secondaryCaptureWithoutVoxels',
      `A Secondary Capture was asked for, and the ${slices.length} slices of series ${seriesInstanceUID} are not loaded: it is drawn from their voxels`,
      { series: seriesInstanceUID, slices: slices.length },
    );
  }
  const isSame =
    volume.slices.length === slices.length &&
    volume.slices.every((slice, k) => sliceKey(slice) === sliceKey(slices[k]));
  if (!isSame) {
    return refuse(
      'secondaryCaptureOfOtherVoxels',
      `A Secondary Capture was not made: the voxels given are of ${volume.slices.length} slices that are not the ${slices.length} slices of series ${seriesInstanceUID} in their order`,
      { met: volume.slices.length, allowed: slices.length, series: seriesInstanceUID },
    );
  }
  return accept(volume);
}

/** References to the slices that the pictures were made of. */
const sourceImages = (run: RunResult, slices: readonly number[]): Dataset[] =>
  imageReferences(run, slices).map(reference => ({
    ...reference,
    PurposeOfReferenceCodeSequence: [codeItem(CODE.sourceImageForProcessing)],
  }));

/**
 * Key pictures of a run as one Multi-frame True Color Secondary Capture (PS3.3 A.8.5), for viewers
 * that show nothing else: per key slice its window, the overlay, the legend, the model and the words
 * “AI result – not reviewed” in the pixels. It holds no review, whatever was reviewed since.
 *
 * Refuses with `secondaryCaptureWithoutVoxels` and `secondaryCaptureOfOtherVoxels`.
 *
 * @param volume the source's voxels, in real-world values, on the grid of `run.source.slices`
 * @param shown the findings and maps to be drawn; all of the run without it
 */
export function writeSecondaryCapture(
  run: RunResult,
  source: SourceAttributes,
  volume: Volume | undefined,
  shown: { findings: readonly Finding[]; maps: readonly ScalarMap[] } = {
    findings: run.findings,
    maps: run.maps ?? [],
  },
): Outcome<EvidenceObject> {
  const voxels = checkVoxels(run, volume);
  if (!voxels.ok) return voxels;
  const pictures = keyPictures(run, voxels.value, shown.findings, shown.maps);
  const frames = pictures.slices.length;
  const sopInstanceUID = secondaryCaptureUIDOf(run.runId);
  const general = generalModules({
    run,
    source,
    sopInstanceUID,
    modality: 'OT',
    seriesDescription: `AI ${modelLabel(run.provenance)} key pictures, before review`,
    seriesOffset: 4,
    instanceNumber: 1,
    contentMoment: run.provenance.startedAt,
  });
  const dataset = {
    ...general,
    copied: { ...source.patientAndStudy, ...source.lossy },
    ...bodyPart(source),
    PatientOrientation: '',
    ConversionType: 'WSD',
    SecondaryCaptureDeviceManufacturer: MANUFACTURER,
    SecondaryCaptureDeviceManufacturerModelName: general.ManufacturerModelName,
    SecondaryCaptureDeviceSoftwareVersions: general.SoftwareVersions,
    DateOfSecondaryCapture: general.ContentDate,
    TimeOfSecondaryCapture: general.ContentTime,
    ImageType: ['DERIVED', 'SECONDARY'],
    DerivationDescription: clipped(
      `${NOT_REVIEWED}: what AI model ${modelLabel(run.provenance)} found is burned into key slices in their window; not for measuring`,
      1024,
    ),
    DerivationCodeSequence: [codeItem(ANNOTATION)],
    SourceImageSequence: sourceImages(run, pictures.slices),
    ImageComments: NOT_REVIEWED,
    SamplesPerPixel: 3,
    PhotometricInterpretation: 'RGB',
    PlanarConfiguration: 0,
    NumberOfFrames: frames,
    Rows: pictures.height,
    Columns: pictures.width,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelRepresentation: 0,
    BurnedInAnnotation: 'YES',
    ...('00282110' in source.lossy ? {} : { LossyImageCompression: '00' }),
    ...(frames > 1 && {
      FrameIncrementPointer: DICTIONARY.PageNumberVector[0],
      PageNumberVector: pictures.slices.map((_, frame) => frame + 1),
    }),
  } satisfies Dataset;
  const identity = { sopClassUID: SOP_CLASS.multiFrameTrueColorSecondaryCapture, sopInstanceUID };
  const frameLength = 3 * pictures.width * pictures.height;
  const part10 = encodePart10(identity, dataset, {
    length: frames * frameLength,
    fill: target =>
      pictures.slices.forEach((_, frame) => target.set(pictures.draw(frame), frame * frameLength)),
  });
  return accept({
    ...identity,
    seriesInstanceUID: seriesUIDOf(sopInstanceUID),
    studyInstanceUID: run.source.studyInstanceUID,
    part10,
  });
}
