import type { SegmentationRun } from '../../core/findings/segmentationRun';
import type { SegmentFinding } from '../../core/findings/types';
import type { Vec3 } from '../../core/geometry/types';
import { uidFrom } from '../../core/model/identity';
import type { EvidenceObject } from '../../core/reading/ports';
import type { LabelMap } from '../../core/volume/types';
import { CODE, codeItem } from '../common/codes';
import type { Dataset } from '../common/dataset';
import { DICTIONARY, SOP_CLASS } from '../common/dictionary';
import { RLE_LOSSLESS } from '../common/encapsulated';
import { encodePart10, type EncapsulatedPixels, type NativePixels } from '../common/encode';
import {
  generalModules,
  modelLabel,
  segmentationUIDOf,
  seriesUIDOf,
  type SegmentationKind,
} from '../common/identity';
import { instanceReferences, type SourceAttributes } from '../common/source';
import { clipped } from '../common/text';
import { packFrames, packedLength, planFrames } from './frames';
import { fillLabelFrames, planLabelFrames, rleLabelFrames } from './labelFrames';
import { parametersText } from './parameters';

/** CIELab as unsigned 16 bit: L* over 0–100, a* and b* over −128–127 (PS3.3 C.10.7.1.1). */
export const cielabValue = ([l, a, b]: Vec3): number[] =>
  [l / 100, (a + 128) / 255, (b + 128) / 255].map(part =>
    Math.round(Math.min(1, Math.max(0, part)) * 0xffff),
  );

/** Findings in the order of their segments: finding i is Segment Number i + 1. */
export const segmentOrder = (run: SegmentationRun): SegmentFinding[] =>
  [...run.findings].sort((a, b) => a.segment.segmentNumber - b.segment.segmentNumber);

const BACKGROUND = { value: '125040', scheme: 'DCM', meaning: 'Background' };

/**
 * A LABELMAP describes every value it holds, also that of no segment, whether or not it is the Pixel
 * Padding Value too (PS3.3 C.8.20.2.3). Its items may stand in any order (C.8.20.2.4). This one stands
 * last, so that item i is Segment Number i + 1 also to readers that count items instead of reading
 * their numbers, as OHIF does up to 3.14.
 */
const backgroundItem = (run: SegmentationRun): Dataset => ({
  SegmentNumber: 0,
  SegmentLabel: 'Background',
  SegmentAlgorithmType: 'AUTOMATIC',
  SegmentAlgorithmName: clipped(modelLabel(run.provenance), 64),
  SegmentedPropertyCategoryCodeSequence: [codeItem(BACKGROUND)],
  SegmentedPropertyTypeCodeSequence: [codeItem(BACKGROUND)],
  RecommendedDisplayCIELabValue: cielabValue([0, 0, 0]),
});

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

/** A frame: its slice k and, of BINARY, its Segment Number. */
interface FrameOf {
  slice: number;
  number?: number;
}

/** The per-frame groups of every slice that has a frame, made once a slice and used by its frames. */
const perFrameGroups = (run: SegmentationRun, frames: readonly FrameOf[]): Dataset[] => {
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
  return frames.map(({ slice, number }): Dataset => {
    const { groups, position } = ofSlice.get(slice)!;
    if (number === undefined) {
      return { ...groups, FrameContentSequence: [{ DimensionIndexValues: [position] }] };
    }
    return {
      ...groups,
      FrameContentSequence: [{ DimensionIndexValues: [number, position] }],
      SegmentIdentificationSequence: [{ ReferencedSegmentNumber: number }],
    };
  });
};

/** BINARY's frames are told apart by segment and position, LABELMAP's by position alone. */
const dimensions = (run: SegmentationRun, type: SegmentationKind): Dataset => {
  const organization =
    type === 'binary'
      ? uidFrom('dimension organization', run.runId)
      : uidFrom('dimension organization', 'LABELMAP', run.runId);
  const bySegment = {
    DimensionOrganizationUID: organization,
    DimensionIndexPointer: DICTIONARY.ReferencedSegmentNumber[0],
    FunctionalGroupPointer: DICTIONARY.SegmentIdentificationSequence[0],
    DimensionDescriptionLabel: 'Segment Number',
  };
  const byPosition = {
    DimensionOrganizationUID: organization,
    DimensionIndexPointer: DICTIONARY.ImagePositionPatient[0],
    FunctionalGroupPointer: DICTIONARY.PlanePositionSequence[0],
    DimensionDescriptionLabel: 'Image Position Patient',
  };
  return {
    DimensionOrganizationSequence: [{ DimensionOrganizationUID: organization }],
    DimensionIndexSequence: type === 'binary' ? [bySegment, byPosition] : [byPosition],
  };
};

/** What the two kinds differ in: frames, segments, bits, and how the pixels are written. */
interface Encoding {
  frames: FrameOf[];
  attributes: Dataset;
  pixels: NativePixels | EncapsulatedPixels;
}

function binaryEncoding(run: SegmentationRun, findings: readonly SegmentFinding[]): Encoding {
  const [columns, rows] = run.labelMap.geometry.dimensions;
  const labels = findings.map(({ segment }) => segment.segmentNumber);
  const plan = planFrames(run.labelMap, labels);
  const numbers = new Map(labels.map((label, index) => [label, index + 1]));
  return {
    frames: plan.frames.map(({ label, slice }) => ({ slice, number: numbers.get(label)! })),
    attributes: { BitsAllocated: 1, BitsStored: 1, HighBit: 0, SegmentationType: 'BINARY' },
    pixels: {
      length: packedLength(plan.frames.length, rows * columns),
      fill: target => packFrames(run.labelMap, plan, target),
    },
  };
}

function labelMapEncoding(
  { labelMap }: SegmentationRun,
  findings: readonly SegmentFinding[],
  compressed: boolean,
): Encoding {
  const labels = findings.map(({ segment }) => segment.segmentNumber);
  const { slices, pixels } = compressed
    ? compressedLabels(labelMap, labels)
    : plainLabels(labelMap, labels);
  return {
    frames: slices.map(slice => ({ slice })),
    attributes: {
      BitsAllocated: 8,
      BitsStored: 8,
      HighBit: 7,
      PixelPaddingValue: 0,
      SegmentationType: 'LABELMAP',
    },
    pixels,
  };
}

interface LabelPixels {
  slices: number[];
  pixels: Encoding['pixels'];
}

const compressedLabels = (labelMap: LabelMap, labels: readonly number[]): LabelPixels => {
  const { slices, fragments } = rleLabelFrames(labelMap, labels);
  return { slices, pixels: { transferSyntaxUID: RLE_LOSSLESS, fragments } };
};

const plainLabels = (labelMap: LabelMap, labels: readonly number[]): LabelPixels => {
  const [columns, rows] = labelMap.geometry.dimensions;
  const plan = planLabelFrames(labelMap, labels);
  const length = plan.slices.length * rows * columns;
  const fill = (target: Uint8Array) => fillLabelFrames(labelMap, plan, target);
  return { slices: plan.slices, pixels: { length, fill } };
};

/** Segments are told apart by a byte of the label map. */
function checkSegments(findings: readonly SegmentFinding[]): void {
  const numbers = findings.map(({ segment }) => segment.segmentNumber);
  const outside = numbers.find(each => !Number.isInteger(each) || each < 1 || each > 255);
  if (outside !== undefined) throw new Error(`Segment number ${outside} is not one of 1 to 255`);
  if (new Set(numbers).size !== numbers.length) {
    throw new Error(`Segment numbers ${numbers.join(', ')} are not each of one segment`);
  }
}

export interface SegmentationOptions {
  type?: SegmentationKind;
  /**
   * Whether a label map is in RLE Lossless, the default, or in Explicit VR Little Endian. RLE takes
   * some hundredths of the size. Bits are not compressed: a frame of RLE holds whole bytes
   * (PS3.5 G.2).
   */
  compressed?: boolean;
}

/**
 * The label map of a run as a Segmentation (PS3.3 A.51): segments of the findings in the order of
 * their segment numbers, counted from 1; only frames that are not empty; each frame derived from
 * the source instance that it lies on.
 *
 * `binary` (Segmentation Storage) has a frame of single bits a segment and slice; `labelmap` (Label
 * Map Segmentation Storage) a frame of bytes a slice, each byte a Segment Number or 0 for the
 * background, which is Segment 0. Segments have the same numbers in both.
 *
 * The label map is on the grid of `run.source.slices` (i fastest, k the index of the slice). All of
 * it derives from the run: the same run gives the same bytes. It holds no review, and says so.
 * @throws where two findings have one segment number or one is not of 1 to 255.
 */
export function writeSegmentation(
  run: SegmentationRun,
  source: SourceAttributes,
  { type = 'binary', compressed = true }: SegmentationOptions = {},
): EvidenceObject {
  const [columns, rows] = run.labelMap.geometry.dimensions;
  const findings = segmentOrder(run);
  checkSegments(findings);
  const { frames, attributes, pixels } =
    type === 'binary' ? binaryEncoding(run, findings) : labelMapEncoding(run, findings, compressed);
  const segments = findings.map((finding, index) => segmentItem(run, finding, index));
  const sopInstanceUID = segmentationUIDOf(run.runId, type);
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
    ...attributes,
    PixelRepresentation: 0,
    BurnedInAnnotation: 'NO',
    ...('00282110' in source.lossy ? {} : { LossyImageCompression: '00' }),
    SegmentsOverlap: 'NO',
    ContentLabel: 'AI_SEGMENTATION',
    ContentDescription: 'AI result as computed, not reviewed; reviews are in its SR',
    ContentCreatorName: '',
    SegmentSequence: type === 'labelmap' ? [...segments, backgroundItem(run)] : segments,
    ...dimensions(run, type),
    SharedFunctionalGroupsSequence: [sharedGroups(run)],
    PerFrameFunctionalGroupsSequence: perFrameGroups(run, frames),
    ReferencedSeriesSequence: [
      {
        SeriesInstanceUID: run.source.seriesInstanceUID,
        ReferencedInstanceSequence: instanceReferences(run),
      },
    ],
  } satisfies Dataset;
  const sopClassUID = type === 'binary' ? SOP_CLASS.segmentation : SOP_CLASS.labelMapSegmentation;
  const identity = { sopClassUID, sopInstanceUID };
  return {
    ...identity,
    seriesInstanceUID: seriesUIDOf(sopInstanceUID),
    studyInstanceUID: run.source.studyInstanceUID,
    part10: encodePart10(identity, dataset, pixels),
  };
}
