import { z } from 'zod';
import { anyItem, anyItems, anyNumber, anyNumbers, anyReference } from './schemas';

/** Functional groups (PS3.3 C.7.6.16.2) of a frame, or of all of them. */
const group = z.object({
  PixelMeasuresSequence: anyItem(
    z.object({
      PixelSpacing: anyNumbers,
      SliceThickness: anyNumber,
      SpacingBetweenSlices: anyNumber,
    }),
  ),
  PlanePositionSequence: anyItem(z.object({ ImagePositionPatient: anyNumbers })),
  PlaneOrientationSequence: anyItem(z.object({ ImageOrientationPatient: anyNumbers })),
  PlanePositionSlideSequence: z.array(z.unknown()).optional().catch(undefined),
  SegmentIdentificationSequence: anyItem(z.object({ ReferencedSegmentNumber: anyNumber })),
  DerivationImageSequence: anyItems(z.object({ SourceImageSequence: anyItems(anyReference) })),
  RealWorldValueMappingSequence: z.array(z.unknown()).optional().catch(undefined),
});
type Group = z.infer<typeof group>;

/** What places the frames of a multi-frame object, and the images that the whole of it is of. */
export const framesSchema = z.object({
  SharedFunctionalGroupsSequence: anyItem(group),
  PerFrameFunctionalGroupsSequence: anyItems(group),
  ReferencedSeriesSequence: anyItems(
    z.object({
      SeriesInstanceUID: z.array(z.string()).optional().catch(undefined),
      ReferencedInstanceSequence: anyItems(anyReference),
    }),
  ),
});
export type FunctionalGroups = z.infer<typeof framesSchema>;

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
  mapping?: unknown[];
}

export const referencesOf = (
  items: ReadonlyArray<z.infer<typeof anyReference>>,
): ImageReference[] =>
  items.flatMap(({ ReferencedSOPInstanceUID: uid, ReferencedFrameNumber: frames }) =>
    uid === undefined ? [] : [{ sopInstanceUID: uid, ...(frames && { frames }) }],
  );

const positive = (value: number | undefined): number | undefined =>
  value !== undefined && value > 0 ? value : undefined;

function planeOf(own: Group, shared: Group | undefined): FramePlane | undefined {
  const position = (own.PlanePositionSequence ?? shared?.PlanePositionSequence)
    ?.ImagePositionPatient;
  const orientation = (own.PlaneOrientationSequence ?? shared?.PlaneOrientationSequence)
    ?.ImageOrientationPatient;
  const measures = own.PixelMeasuresSequence ?? shared?.PixelMeasuresSequence;
  const spacing = measures?.PixelSpacing;
  if (position?.length !== 3 || orientation?.length !== 6 || spacing?.length !== 2)
    return undefined;
  if (!spacing.every(mm => mm > 0)) return undefined;
  return {
    position: [position[0], position[1], position[2]],
    orientation: orientation as unknown as FramePlane['orientation'],
    spacing: [spacing[0], spacing[1]],
    betweenSlices: positive(measures?.SpacingBetweenSlices),
    thickness: positive(measures?.SliceThickness),
  };
}

/** The frames of a multi-frame object: what each says, else what is said of all. */
export const framesOf = ({
  SharedFunctionalGroupsSequence: shared,
  PerFrameFunctionalGroupsSequence: perFrame,
}: FunctionalGroups): Frame[] =>
  perFrame.map(own => ({
    plane: planeOf(own, shared),
    segmentNumber: (own.SegmentIdentificationSequence ?? shared?.SegmentIdentificationSequence)
      ?.ReferencedSegmentNumber,
    images: referencesOf(
      (own.DerivationImageSequence.length > 0
        ? own.DerivationImageSequence
        : (shared?.DerivationImageSequence ?? [])
      ).flatMap(({ SourceImageSequence }) => SourceImageSequence),
    ),
    tiled: (own.PlanePositionSlideSequence ?? shared?.PlanePositionSlideSequence) !== undefined,
    mapping: own.RealWorldValueMappingSequence ?? shared?.RealWorldValueMappingSequence,
  }));

/** The instances that the whole object says it is of, beside what its frames say. */
export const wholeReferences = ({ ReferencedSeriesSequence }: FunctionalGroups) => ({
  series: ReferencedSeriesSequence.flatMap(({ SeriesInstanceUID }) => SeriesInstanceUID ?? []),
  images: ReferencedSeriesSequence.flatMap(({ ReferencedInstanceSequence }) =>
    referencesOf(ReferencedInstanceSequence),
  ),
});
