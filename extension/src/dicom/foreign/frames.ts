import { z } from 'zod';
import type { ParsedDataset } from '../common/parse';
import { anyItems, anyReference, anyText } from './schemas';

/** Items are data sets of the parser; their attributes are looked at one by one, below. */
const datasets = z
  .array(z.custom<ParsedDataset>(item => typeof item === 'object' && item !== null))
  .catch([])
  .optional();

/** What places the frames of a multi-frame object, and the images that the whole of it is of. */
export const framesSchema = z.object({
  SharedFunctionalGroupsSequence: datasets,
  PerFrameFunctionalGroupsSequence: datasets,
  ReferencedSeriesSequence: anyItems(
    z.object({
      SeriesInstanceUID: anyText,
      ReferencedInstanceSequence: anyItems(anyReference),
    }),
  ),
});
export type FunctionalGroups = z.infer<typeof framesSchema>;

/*
 * Functional groups (PS3.3 C.7.6.16.2) are tens of thousands in a large segmentation: a schema for
 * each of them takes longer than its pixels. These read one attribute as forgivingly as `schemas`.
 */
const itemsOf = (from: ParsedDataset | undefined, keyword: string): ParsedDataset[] => {
  const value = from?.[keyword];
  return Array.isArray(value) && typeof value[0] === 'object' ? (value as ParsedDataset[]) : [];
};
const numbersOf = (from: ParsedDataset | undefined, keyword: string): number[] | undefined => {
  const value: readonly unknown[] | Uint8Array | undefined = from?.[keyword];
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.every(each => Number.isFinite(each)) ? (value as number[]) : undefined;
};
const textOf = (from: ParsedDataset, keyword: string): string | undefined => {
  const value: readonly unknown[] | Uint8Array | undefined = from[keyword];
  const [first] = Array.isArray(value) ? (value as unknown[]) : [];
  return typeof first === 'string' && first.trim() !== '' ? first.trim() : undefined;
};

/** An image that a frame was made of. */
export interface ImageReference {
  sopInstanceUID: string;
  frames?: number[];
}

/** A frame's place in the patient, LPS+ millimetres; absent where it does not say it. */
export interface FramePlane {
  position: readonly [number, number, number];
  orientation: readonly [number, number, number, number, number, number];
  /** Between rows, between columns. */
  spacing: readonly [number, number];
  betweenSlices?: number;
  thickness?: number;
}

export interface Frame {
  plane?: FramePlane;
  segmentNumber?: number;
  images: ImageReference[];
  /** Of a whole-slide image: a tile. */
  tiled: boolean;
  mapping: ParsedDataset[];
}

export const referencesOf = (
  items: ReadonlyArray<z.infer<typeof anyReference>>,
): ImageReference[] =>
  items.flatMap(({ ReferencedSOPInstanceUID: uid, ReferencedFrameNumber: frames }) =>
    uid === undefined ? [] : [{ sopInstanceUID: uid, ...(frames && { frames }) }],
  );

const positive = (values: number[] | undefined): number | undefined =>
  values && values[0] > 0 ? values[0] : undefined;

/** Of a frame what it says, else what is said of all. */
type Macro = (keyword: string) => ParsedDataset[];

function planeOf(macro: Macro): FramePlane | undefined {
  const position = numbersOf(macro('PlanePositionSequence')[0], 'ImagePositionPatient');
  const orientation = numbersOf(macro('PlaneOrientationSequence')[0], 'ImageOrientationPatient');
  const [measures] = macro('PixelMeasuresSequence');
  const spacing = numbersOf(measures, 'PixelSpacing');
  if (position?.length !== 3 || orientation?.length !== 6 || spacing?.length !== 2)
    return undefined;
  if (!spacing.every(mm => mm > 0)) return undefined;
  return {
    position: [position[0], position[1], position[2]],
    orientation: orientation as unknown as FramePlane['orientation'],
    spacing: [spacing[0], spacing[1]],
    betweenSlices: positive(numbersOf(measures, 'SpacingBetweenSlices')),
    thickness: positive(numbersOf(measures, 'SliceThickness')),
  };
}

const imagesOf = (macro: Macro): ImageReference[] =>
  macro('DerivationImageSequence')
    .flatMap(derivation => itemsOf(derivation, 'SourceImageSequence'))
    .flatMap(image => {
      const sopInstanceUID = textOf(image, 'ReferencedSOPInstanceUID');
      const frames = numbersOf(image, 'ReferencedFrameNumber');
      return sopInstanceUID === undefined ? [] : [{ sopInstanceUID, ...(frames && { frames }) }];
    });

/** The frames of a multi-frame object: what each says, else what is said of all. */
export function framesOf({
  SharedFunctionalGroupsSequence: [shared] = [],
  PerFrameFunctionalGroupsSequence: perFrame = [],
}: FunctionalGroups): Frame[] {
  return perFrame.map(own => {
    const macro: Macro = keyword => {
      const said = itemsOf(own, keyword);
      return said.length > 0 ? said : itemsOf(shared, keyword);
    };
    return {
      plane: planeOf(macro),
      segmentNumber: numbersOf(
        macro('SegmentIdentificationSequence')[0],
        'ReferencedSegmentNumber',
      )?.[0],
      images: imagesOf(macro),
      tiled: macro('PlanePositionSlideSequence').length > 0,
      mapping: macro('RealWorldValueMappingSequence'),
    };
  });
}

/** The instances that the whole object says it is of, beside what its frames say. */
export const wholeReferences = ({ ReferencedSeriesSequence }: FunctionalGroups) => ({
  series: ReferencedSeriesSequence.flatMap(({ SeriesInstanceUID: uid }) => uid ?? []),
  images: ReferencedSeriesSequence.flatMap(({ ReferencedInstanceSequence }) =>
    referencesOf(ReferencedInstanceSequence),
  ),
});
