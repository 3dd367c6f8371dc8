import type { MapGrid } from '../../core/evidence/table';
import type { CodedConcept, RunResult, ScalarMap } from '../../core/findings/types';
import type { VolumeGeometry } from '../../core/geometry/types';
import { voxelCount } from '../../core/geometry/transform';
import { uidFrom } from '../../core/model/identity';
import type { EvidenceObject } from '../../core/reading/ports';
import { CODE, codeItem } from '../common/codes';
import type { Dataset } from '../common/dataset';
import { DICTIONARY, SOP_CLASS } from '../common/dictionary';
import { encodePart10 } from '../common/encode';
import { generalModules, modelLabel, seriesUIDOf } from '../common/identity';
import { instanceReferences, type SourceAttributes } from '../common/source';
import { clipped } from '../common/text';
import { framePosition, frameSources, type FrameSource } from './frames';
import { parametricMapUIDOf, pixelsOnModel, pixelsOnSource, type MapPixels } from './grid';
import { mapParametersText } from './parameters';

/** CID 7203 has no term for what a neural network does to an image. */
const DERIVATION: CodedConcept = {
  value: '113097',
  scheme: 'DCM',
  meaning: 'Unspecified method of calculation',
};
const QUANTITY: CodedConcept = { value: '246205007', scheme: 'SCT', meaning: 'Quantity' };
const IMAGE_TYPE = ['DERIVED', 'PRIMARY', 'VOLUME', 'QUANTITY'];

/** What the values are, in which unit, and by which algorithm: a stored value is the real one. */
function realWorldValueMapping(
  run: RunResult,
  map: ScalarMap,
  { geometry, range: { low, high } }: MapPixels,
): Dataset {
  const text = (concept: CodedConcept, value: string): Dataset => ({
    ValueType: 'TEXT',
    ConceptNameCodeSequence: [codeItem(concept)],
    TextValue: value,
  });
  return {
    LUTExplanation: clipped(map.label.en, 64),
    LUTLabel: clipped(map.key, 16),
    MeasurementUnitsCodeSequence: [codeItem(map.unit)],
    DoubleFloatRealWorldValueFirstValueMapped: low,
    DoubleFloatRealWorldValueLastValueMapped: high,
    RealWorldValueIntercept: 0,
    RealWorldValueSlope: 1,
    QuantityDefinitionSequence: [
      {
        ValueType: 'CODE',
        ConceptNameCodeSequence: [codeItem(QUANTITY)],
        ConceptCodeSequence: [codeItem(map.concept)],
      },
      text(CODE.algorithmName, run.provenance.modelName),
      text(CODE.algorithmVersion, run.provenance.modelVersion),
      text(CODE.algorithmParameters, mapParametersText(run, map, geometry)),
    ],
  };
}

function derivationImage(run: RunResult, { slices, samePixels }: FrameSource): Dataset {
  return {
    DerivationCodeSequence: [codeItem(DERIVATION)],
    SourceImageSequence: slices.map((k): Dataset => {
      const { sopClassUID, sopInstanceUID, frameNumber } = run.source.slices[k];
      return {
        ReferencedSOPClassUID: sopClassUID,
        ReferencedSOPInstanceUID: sopInstanceUID,
        ReferencedFrameNumber: frameNumber,
        PurposeOfReferenceCodeSequence: [codeItem(CODE.sourceImageForProcessing)],
        SpatialLocationsPreserved: samePixels ? 'YES' : 'NO',
      };
    }),
  };
}

/** Where frame k begins: where its slice says that it does, if their pixels are the same. */
const positionOf = (run: RunResult, geometry: VolumeGeometry, k: number, source?: FrameSource) =>
  (source?.samePixels && run.source.slices[source.slices[0]].imagePositionPatient) ||
  framePosition(geometry, k);

function functionalGroups(run: RunResult, map: ScalarMap, pixels: MapPixels) {
  const { geometry, range } = pixels;
  const { spacing, direction, dimensions } = geometry;
  const sources = frameSources(run, geometry);
  const everySlice = { slices: run.source.slices.map((_, k) => k), samePixels: false };
  const shared: Dataset = {
    PixelMeasuresSequence: [
      {
        SliceThickness: spacing[2],
        SpacingBetweenSlices: spacing[2],
        PixelSpacing: [spacing[1], spacing[0]],
      },
    ],
    PlaneOrientationSequence: [{ ImageOrientationPatient: [...direction[0], ...direction[1]] }],
    FrameVOILUTSequence: [
      {
        WindowCenter: (range.low + range.high) / 2,
        WindowWidth: range.high > range.low ? range.high - range.low : 1,
        VOILUTFunction: 'LINEAR_EXACT',
      },
    ],
    PixelValueTransformationSequence: [{ RescaleIntercept: 0, RescaleSlope: 1, RescaleType: 'US' }],
    RealWorldValueMappingSequence: [realWorldValueMapping(run, map, pixels)],
    ParametricMapFrameTypeSequence: [{ FrameType: IMAGE_TYPE }],
    ...(!sources && { DerivationImageSequence: [derivationImage(run, everySlice)] }),
  };
  const perFrame = Array.from({ length: dimensions[2] }, (_, k): Dataset => ({
    FrameContentSequence: [
      { StackID: '1', InStackPositionNumber: k + 1, DimensionIndexValues: [1, k + 1] },
    ],
    PlanePositionSequence: [
      { ImagePositionPatient: [...positionOf(run, geometry, k, sources?.[k])] },
    ],
    ...(sources && { DerivationImageSequence: [derivationImage(run, sources[k])] }),
  }));
  return {
    SharedFunctionalGroupsSequence: [shared],
    PerFrameFunctionalGroupsSequence: perFrame,
  } satisfies Dataset;
}

const dimensions = (run: RunResult, map: ScalarMap): Dataset => {
  const organization = uidFrom('dimension organization', run.runId, map.key);
  const dimension = (keyword: 'StackID' | 'InStackPositionNumber', label: string): Dataset => ({
    DimensionOrganizationUID: organization,
    DimensionIndexPointer: DICTIONARY[keyword][0],
    FunctionalGroupPointer: DICTIONARY.FrameContentSequence[0],
    DimensionDescriptionLabel: label,
  });
  return {
    DimensionOrganizationSequence: [{ DimensionOrganizationUID: organization }],
    DimensionIndexSequence: [
      dimension('StackID', 'Stack ID'),
      dimension('InStackPositionNumber', 'In-Stack Position Number'),
    ],
  };
};

/**
 * One of a run's maps as a Parametric Map (PS3.3 A.75) with Float Pixel Data. Stored values are
 * real-world values in the map's unit; the range of the Real World Value Mapping is that of the
 * finite ones.
 *
 * On the `model`'s grid frame k is the map's k, its pixels i along rows. NaN and infinities stay
 * what they are, as OF allows (PS3.5 8). On the `source`'s, frame k is its slice k, pixel by pixel;
 * values are interpolated linearly, and where there are none Float Pixel Padding Value stands. See
 * `mapGridFor` for which.
 *
 * All of it derives from the run. It holds no review, and says so.
 */
export function writeParametricMap(
  run: RunResult,
  source: SourceAttributes,
  map: ScalarMap,
  { grid = 'model' }: { grid?: MapGrid } = {},
): EvidenceObject {
  if (map.values.length !== voxelCount(map.geometry)) {
    throw new Error(`Map ${map.key} has ${map.values.length} values on another grid`);
  }
  const pixels = grid === 'source' ? pixelsOnSource(run, map) : pixelsOnModel(map);
  const [columns, rows, frames] = pixels.geometry.dimensions;
  const sopInstanceUID = parametricMapUIDOf(run.runId, map.key, grid);
  const place = Math.max(0, run.maps?.findIndex(({ key }) => key === map.key) ?? 0);
  const dataset = {
    ...generalModules({
      run,
      source,
      sopInstanceUID,
      modality: 'OT',
      seriesDescription: `AI ${modelLabel(run.provenance)} ${map.label.en}, before review`,
      seriesOffset: 5,
      instanceNumber: place + 1,
      contentMoment: run.provenance.startedAt,
    }),
    copied: { ...source.patientAndStudy, ...source.lossy },
    BodyPartExamined: source.bodyPartExamined,
    FrameOfReferenceUID:
      run.source.frameOfReferenceUID ?? uidFrom('frame of reference', run.source.seriesInstanceUID),
    PositionReferenceIndicator: source.positionReferenceIndicator,
    ImageType: IMAGE_TYPE,
    ContentQualification: 'RESEARCH',
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    NumberOfFrames: frames,
    Rows: rows,
    Columns: columns,
    BitsAllocated: 32,
    FloatPixelPaddingValue: pixels.padding,
    // A range of one value: some validators ask for both.
    FloatPixelPaddingRangeLimit: pixels.padding,
    BurnedInAnnotation: 'NO',
    RecognizableVisualFeatures: 'NO',
    PresentationLUTShape: 'IDENTITY',
    PixelPresentation: 'MONOCHROME',
    ...('00282110' in source.lossy ? {} : { LossyImageCompression: '00' }),
    ContentLabel: 'AI_MAP',
    ContentDescription: 'AI result as computed, not reviewed',
    ContentCreatorName: '',
    AcquisitionContextSequence: [],
    ...dimensions(run, map),
    ...functionalGroups(run, map, pixels),
    ReferencedSeriesSequence: [
      {
        SeriesInstanceUID: run.source.seriesInstanceUID,
        ReferencedInstanceSequence: instanceReferences(run),
      },
    ],
  } satisfies Dataset;
  const identity = { sopClassUID: SOP_CLASS.parametricMap, sopInstanceUID };
  const part10 = encodePart10(identity, dataset, {
    element: 'FloatPixelData',
    length: voxelCount(pixels.geometry) * Float32Array.BYTES_PER_ELEMENT,
    fill(target) {
      const values = new Float32Array(columns * rows);
      // Float32Array is little endian wherever this runs, as the transfer syntax is.
      const bytes = new Uint8Array(values.buffer);
      for (let k = 0; k < frames; k++) {
        pixels.frame(k, values);
        target.set(bytes, k * bytes.length);
      }
    },
  });
  return {
    ...identity,
    seriesInstanceUID: seriesUIDOf(sopInstanceUID),
    studyInstanceUID: run.source.studyInstanceUID,
    part10,
  };
}
