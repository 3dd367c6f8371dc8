import type { CodedConcept, RunResult, ScalarMap } from '../../core/findings/types';
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
import { mapParametersText } from './parameters';

/** SOP Instance UID of one of a run's maps: the same run stored twice is the same instance. */
export const parametricMapUIDOf = (runId: string, mapKey: string): string =>
  uidFrom('evidence', 'PM', runId, mapKey);

/** CID 7203 has no term for what a neural network does to an image. */
const DERIVATION: CodedConcept = {
  value: '113097',
  scheme: 'DCM',
  meaning: 'Unspecified method of calculation',
};
const QUANTITY: CodedConcept = { value: '246205007', scheme: 'SCT', meaning: 'Quantity' };
const IMAGE_TYPE = ['DERIVED', 'PRIMARY', 'VOLUME', 'QUANTITY'];

/** The least and the greatest finite value; NaN and infinities say that there is no value. */
export function finiteRange(values: Float32Array): { low: number; high: number } {
  let low = Infinity;
  let high = -Infinity;
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low > high ? { low: 0, high: 0 } : { low, high };
}

/** What the values are, in which unit, and by which algorithm: a stored value is the real one. */
function realWorldValueMapping(
  run: RunResult,
  map: ScalarMap,
  { low, high }: { low: number; high: number },
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
      text(CODE.algorithmParameters, mapParametersText(run, map)),
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

function functionalGroups(run: RunResult, map: ScalarMap, range: { low: number; high: number }) {
  const { spacing, direction, dimensions } = map.geometry;
  const sources = frameSources(run, map);
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
    RealWorldValueMappingSequence: [realWorldValueMapping(run, map, range)],
    ParametricMapFrameTypeSequence: [{ FrameType: IMAGE_TYPE }],
    ...(!sources && { DerivationImageSequence: [derivationImage(run, everySlice)] }),
  };
  const perFrame = Array.from({ length: dimensions[2] }, (_, k): Dataset => ({
    FrameContentSequence: [
      { StackID: '1', InStackPositionNumber: k + 1, DimensionIndexValues: [1, k + 1] },
    ],
    PlanePositionSequence: [{ ImagePositionPatient: [...framePosition(map.geometry, k)] }],
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
 * One of a run's maps as a Parametric Map (PS3.3 A.75) with Float Pixel Data, on the map's own grid:
 * frame k is the map's k, its pixels i along rows. Stored values are real-world values in the map's
 * unit. NaN and infinities stay what they are, as OF allows (PS3.5 8): they are out of the range of
 * the Real World Value Mapping, which is that of the finite values.
 *
 * All of it derives from the run. It holds no review, and says so.
 */
export function writeParametricMap(
  run: RunResult,
  source: SourceAttributes,
  map: ScalarMap,
): EvidenceObject {
  const [columns, rows, frames] = map.geometry.dimensions;
  if (map.values.length !== voxelCount(map.geometry)) {
    throw new Error(`Map ${map.key} has ${map.values.length} values on another grid`);
  }
  const sopInstanceUID = parametricMapUIDOf(run.runId, map.key);
  const range = finiteRange(map.values);
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
    ...functionalGroups(run, map, range),
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
    length: map.values.byteLength,
    // Float32Array is little endian wherever this runs, as the transfer syntax is.
    fill: target =>
      target.set(new Uint8Array(map.values.buffer, map.values.byteOffset, map.values.byteLength)),
  });
  return {
    ...identity,
    seriesInstanceUID: seriesUIDOf(sopInstanceUID),
    studyInstanceUID: run.source.studyInstanceUID,
    part10,
  };
}
