import type { CodedConcept, RunResult } from '../../core/findings/types';
import type { SliceHeader } from '../../core/volume/types';
import { CODE, modalityCodes, ORIENTATION, POSITION, UNIT } from '../common/codes';
import type { Dataset } from '../common/dataset';
import type { SourceAttributes } from '../common/source';
import * as content from './contentItems';
import { referencedSOP } from './references';
import { gridOf, isPlaced } from './regions';

const number = (concept: CodedConcept, value: number, unit: CodedConcept): Dataset =>
  content.numeric('HAS ACQ CONTEXT', concept, value, unit);
const millimetres = (concept: CodedConcept, value: number): Dataset =>
  number(concept, value, UNIT.millimetre);

/** The study's date and time, where the source has them and they are valid (PS3.5 6.2). */
function studyMoment({ patientAndStudy }: SourceAttributes): Dataset[] {
  const valueOf = (tag: string) => String(patientAndStudy[tag]?.Value?.[0] ?? '');
  const date = valueOf('00080020');
  const time = valueOf('00080030');
  return [
    ...(/^\d{8}$/.test(date) ? [content.date('HAS ACQ CONTEXT', CODE.studyDate, date)] : []),
    ...(/^\d{2,6}(\.\d{1,6})?$/.test(time)
      ? [content.time('HAS ACQ CONTEXT', CODE.studyTime, time)]
      : []),
  ];
}

/** Projection Radiography (TID 1603). */
function projectionDescriptors(run: RunResult, source: SourceAttributes): Dataset[] {
  const { spacing } = gridOf(run);
  const [row, column] = source.patientOrientation ?? [];
  const { pixelSpacing, imagerPixelSpacing } = run.source.slices[0];
  return [
    ...(row && column
      ? [
          content.text('HAS ACQ CONTEXT', CODE.patientOrientationRow, row),
          content.text('HAS ACQ CONTEXT', CODE.patientOrientationColumn, column),
        ]
      : []),
    // Where the headers say no size of a pixel, the grid's millimetre is assumed and not told.
    ...(pixelSpacing || imagerPixelSpacing
      ? [
          millimetres(CODE.horizontalPixelSpacing, spacing[0]),
          millimetres(CODE.verticalPixelSpacing, spacing[1]),
        ]
      : []),
  ];
}

/** Cross-Sectional Modalities (TID 1604), as far as all slices share it. */
function crossSectionalDescriptors(run: RunResult): Dataset[] {
  const { spacing, dimensions } = gridOf(run);
  const [first] = run.source.slices;
  const { sliceThickness } = first;
  return [
    millimetres(CODE.horizontalPixelSpacing, spacing[0]),
    millimetres(CODE.verticalPixelSpacing, spacing[1]),
    ...(dimensions[2] > 1 ? [millimetres(CODE.spacingBetweenSlices, spacing[2])] : []),
    ...(sliceThickness !== undefined && sliceThickness > 0
      ? [millimetres(CODE.sliceThickness, sliceThickness)]
      : []),
    ...(first.imageOrientationPatient ?? []).map((cosine, index) =>
      number(ORIENTATION[index], cosine, UNIT.cosine),
    ),
  ];
}

/** Image Library Entry (TID 1601): an instance, with its position where it is one slice. */
const entryOf = (slice: SliceHeader): Dataset =>
  content.image(
    'CONTAINS',
    undefined,
    referencedSOP(slice),
    slice.frameNumber === undefined && slice.imagePositionPatient
      ? slice.imagePositionPatient.map((value, axis) => millimetres(POSITION[axis], value))
      : [],
  );

/** Image Library (TID 1600): what the series is (TID 1602), then its instances, each once. */
export function imageLibrary(run: RunResult, source: SourceAttributes): Dataset {
  const { dimensions } = gridOf(run);
  const { slices, frameOfReferenceUID } = run.source;
  const descriptors = [
    content.code('HAS ACQ CONTEXT', CODE.modality, modalityCodes(slices[0].modality).modality),
    ...studyMoment(source),
    ...(frameOfReferenceUID
      ? [content.uidReference('HAS ACQ CONTEXT', CODE.frameOfReferenceUID, frameOfReferenceUID)]
      : []),
    number(CODE.pixelDataRows, dimensions[1], UNIT.pixels),
    number(CODE.pixelDataColumns, dimensions[0], UNIT.pixels),
    ...(isPlaced(run) ? crossSectionalDescriptors(run) : projectionDescriptors(run, source)),
  ];
  const instances = new Map(slices.map(slice => [slice.sopInstanceUID, slice]));
  const group = content.container('CONTAINS', CODE.imageLibraryGroup, [
    ...descriptors,
    ...Array.from(instances.values(), entryOf),
  ]);
  return content.container('CONTAINS', CODE.imageLibrary, [group], '1600');
}
