import type { SegmentationRun } from '../../core/findings/segmentationRun';
import type { SegmentFinding } from '../../core/findings/types';
import type { Vec3 } from '../../core/geometry/types';
import { uidFrom } from '../../core/model/identity';
import type { EvidenceObject } from '../../core/reading/ports';
import { CODE, codeItem } from '../common/codes';
import type { Dataset } from '../common/dataset';
import { DICTIONARY, SOP_CLASS } from '../common/dictionary';
import { encodePart10 } from '../common/encode';
import { generalModules, modelLabel, segmentationUIDOf, seriesUIDOf } from '../common/identity';
import { instanceReferences, type SourceAttributes } from '../common/source';
import { clipped } from '../common/text';
import { packFrames, packedLength, planFrames, type Frame } from './frames';
import { parametersText } from './parameters';

/** CIELab as unsigned 16 bit: L* over 0–100, a* and b* over −128–127 (PS3.3 C.10.7.1.1). */
export const cielabValue = ([l, a, b]: Vec3): number[] =>
  [l / 100, (a + 128) / 255, (b + 128) / 255].map(part =>
    Math.round(Math.min(1, Math.max(0, part)) * 0xffff),
  );

/** Findings in the order of their segments: finding i is Segment Number i + 1. */
export const segmentOrder = (run: SegmentationRun): SegmentFinding[] =>
  [...run.findings].sort((a, b) => a.segment.segmentNumber - b.segment.segmentNumber);

const segmentItem = (run: SegmentationRun, finding: SegmentFinding, index: number): Dataset => {
  const { segment } = finding;
  const { provenance } = run;
  const modifier = segment.modifier
    ? { SegmentedPropertyTypeModifierCodeSequence: [codeItem(segment.modifier)] }
    : {};
  return {
    SegmentNumber: index + 1,
    SegmentLabel: clipped(segment.label.en, 64),
    SegmentAlgorithmType: 'AUTOMATIC',
    SegmentAlgorithmName: clipped(modelLabel(provenance), 64),
    SegmentedPropertyCategoryCodeSequence: [codeItem(segment.category)],
    SegmentedPropertyTypeCodeSequence: [{ ...codeItem(segment.type), ...modifier }],
    RecommendedDisplayCIELabValue: cielabValue(segment.recommendedDisplayCIELab),
    TrackingID: finding.trackingIdentifier,
    TrackingUID: finding.id,
    SegmentationAlgorithmIdentificationSequence: [
      {
        AlgorithmFamilyCodeSequence: [
          codeItem(provenance.algorithmFamily ?? CODE.artificialIntelligence),
        ],
        AlgorithmName: clipped(provenance.modelName, 64),
        AlgorithmVersion: clipped(provenance.modelVersion, 64),
        AlgorithmParameters: parametersText(run, finding),
        ...(provenance.manufacturer && { AlgorithmSource: clipped(provenance.manufacturer, 64) }),
      },
    ],
  };
};

/** Pixel Measures, Plane Orientation: the same for all frames (PS3.3 C.7.6.16.2). */
const sharedGroups = (run: SegmentationRun): Dataset => {
  const { spacing, direction } = run.labelMap.geometry;
  return {
    PixelMeasuresSequence: [
      {
        SliceThickness: run.source.slices[0].sliceThickness ?? spacing[2],
        SpacingBetweenSlices: spacing[2],
        PixelSpacing: [spacing[1], spacing[0]],
      },
    ],
    PlaneOrientationSequence: [
      {
        ImageOrientationPatient: run.source.slices[0].imageOrientationPatient ?? [
          ...direction[0],
          ...direction[1],
        ],
      },
    ],
  };
};

/** Where the middle of slice k's first pixel is: as its own header says, else from the grid. */
const positionOf = (run: SegmentationRun, k: number): readonly number[] => {
  const { origin, spacing, direction } = run.labelMap.geometry;
  return (
    run.source.slices[k].imagePositionPatient ??
    origin.map((start, axis) => start + k * spacing[2] * direction[2][axis])
  );
};

/** The per-frame groups of every slice that has a frame, made once a slice and used by its frames. */
const perFrameGroups = (
  run: SegmentationRun,
  frames: readonly Frame[],
  labels: readonly number[],
) => {
  const derivation = [codeItem(CODE.segmentation)];
  const purpose = [codeItem(CODE.sourceImageForProcessing)];
  const slices = [...new Set(frames.map(({ slice }) => slice))].sort((a, b) => a - b);
  const ofSlice = new Map(
    slices.map((k, index) => {
      const { sopClassUID, sopInstanceUID, frameNumber } = run.source.slices[k];
      const groups = {
        PlanePositionSequence: [{ ImagePositionPatient: [...positionOf(run, k)] }],
        DerivationImageSequence: [
          {
            DerivationCodeSequence: derivation,
            SourceImageSequence: [
              {
                ReferencedSOPClassUID: sopClassUID,
                ReferencedSOPInstanceUID: sopInstanceUID,
                ReferencedFrameNumber: frameNumber,
                PurposeOfReferenceCodeSequence: purpose,
                SpatialLocationsPreserved: 'YES',
              },
            ],
          },
        ],
      } satisfies Dataset;
      return [k, { groups, position: index + 1 }];
    }),
  );
  const numbers = new Map(labels.map((label, index) => [label, index + 1]));
  return frames.map(({ label, slice }): Dataset => {
    const { groups, position } = ofSlice.get(slice)!;
    const number = numbers.get(label)!;
    return {
      ...groups,
      FrameContentSequence: [{ DimensionIndexValues: [number, position] }],
      SegmentIdentificationSequence: [{ ReferencedSegmentNumber: number }],
    };
  });
};

const dimensions = (run: SegmentationRun): Dataset => {
  const organization = uidFrom('dimension organization', run.runId);
  return {
    DimensionOrganizationSequence: [{ DimensionOrganizationUID: organization }],
    DimensionIndexSequence: [
      {
        DimensionOrganizationUID: organization,
        DimensionIndexPointer: DICTIONARY.ReferencedSegmentNumber[0],
        FunctionalGroupPointer: DICTIONARY.SegmentIdentificationSequence[0],
        DimensionDescriptionLabel: 'Segment Number',
      },
      {
        DimensionOrganizationUID: organization,
        DimensionIndexPointer: DICTIONARY.ImagePositionPatient[0],
        FunctionalGroupPointer: DICTIONARY.PlanePositionSequence[0],
        DimensionDescriptionLabel: 'Image Position Patient',
      },
    ],
  };
};

/**
 * The label map of a run as a BINARY Segmentation (PS3.3 A.51): segments of the findings in the
 * order of their segment numbers, counted from 1 as the standard wants; only frames that are not
 * empty; each frame derived from the source instance that it lies on.
 *
 * The label map is on the grid of `run.source.slices` (i fastest, k the index of the slice). All of
 * it derives from the run: the same run gives the same bytes. It holds no review, and says so.
 */
export function writeSegmentation(run: SegmentationRun, source: SourceAttributes): EvidenceObject {
  const [columns, rows] = run.labelMap.geometry.dimensions;
  const findings = segmentOrder(run);
  const labels = findings.map(({ segment }) => segment.segmentNumber);
  const frames = planFrames(run.labelMap, labels);
  const sopInstanceUID = segmentationUIDOf(run.runId);
  const dataset = {
    ...generalModules({
      run,
      source,
      sopInstanceUID,
      modality: 'SEG',
      seriesDescription: `AI ${modelLabel(run.provenance)} segmentation, before review`,
      seriesOffset: 1,
      instanceNumber: 1,
      contentMoment: run.provenance.startedAt,
    }),
    copied: { ...source.patientAndStudy, ...source.lossy },
    BodyPartExamined: source.bodyPartExamined,
    FrameOfReferenceUID:
      run.source.frameOfReferenceUID ?? uidFrom('frame of reference', run.source.seriesInstanceUID),
    PositionReferenceIndicator: source.positionReferenceIndicator,
    ImageType: ['DERIVED', 'PRIMARY'],
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    NumberOfFrames: frames.length,
    Rows: rows,
    Columns: columns,
    BitsAllocated: 1,
    BitsStored: 1,
    HighBit: 0,
    PixelRepresentation: 0,
    BurnedInAnnotation: 'NO',
    ...('00282110' in source.lossy ? {} : { LossyImageCompression: '00' }),
    SegmentationType: 'BINARY',
    SegmentsOverlap: 'NO',
    ContentLabel: 'AI_SEGMENTATION',
    ContentDescription: 'AI result as computed, not reviewed; reviews are in its SR',
    ContentCreatorName: '',
    SegmentSequence: findings.map((finding, index) => segmentItem(run, finding, index)),
    ...dimensions(run),
    SharedFunctionalGroupsSequence: [sharedGroups(run)],
    PerFrameFunctionalGroupsSequence: perFrameGroups(run, frames, labels),
    ReferencedSeriesSequence: [
      {
        SeriesInstanceUID: run.source.seriesInstanceUID,
        ReferencedInstanceSequence: instanceReferences(run),
      },
    ],
  } satisfies Dataset;
  const identity = { sopClassUID: SOP_CLASS.segmentation, sopInstanceUID };
  const part10 = encodePart10(identity, dataset, {
    length: packedLength(frames.length, rows * columns),
    fill: target => packFrames(run.labelMap, frames, target),
  });
  return {
    ...identity,
    seriesInstanceUID: seriesUIDOf(sopInstanceUID),
    studyInstanceUID: run.source.studyInstanceUID,
    part10,
  };
}
