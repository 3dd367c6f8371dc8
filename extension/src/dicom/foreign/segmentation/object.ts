import { z } from 'zod';
import type { CodedConcept, ForeignOrigin, Segment } from '../../../core/findings/types';
import type { Vec3 } from '../../../core/geometry/types';
import { CODE, sameCode } from '../../common/codes';
import { framesSchema } from '../frames';
import { colourOf, keyOfLabel } from '../naming';
import { anyCode, anyItem, anyItems, anyNumber, anyNumbers, anyText } from '../schemas';

const segment = z.object({
  SegmentNumber: anyNumber,
  SegmentLabel: anyText,
  SegmentDescription: anyText,
  SegmentAlgorithmType: anyText,
  SegmentAlgorithmName: anyText,
  SegmentationAlgorithmIdentificationSequence: anyItem(
    z.object({ AlgorithmName: anyText, AlgorithmVersion: anyText, AlgorithmSource: anyText }),
  ),
  SegmentedPropertyCategoryCodeSequence: anyCode,
  SegmentedPropertyTypeCodeSequence: z
    .array(z.unknown())
    .catch([])
    .transform(items => ({ code: anyCode.parse(items), ...modifier.parse(items[0] ?? {}) })),
  AnatomicRegionSequence: anyCode,
  RecommendedDisplayCIELabValue: anyNumbers,
  TrackingID: anyText,
  TrackingUID: anyText,
});
const modifier = z.object({ SegmentedPropertyTypeModifierCodeSequence: anyCode });
export type ForeignSegment = z.infer<typeof segment> & { SegmentNumber: number };

export const segmentationSchema = framesSchema.extend({
  SegmentSequence: anyItems(segment).transform(segments =>
    segments.filter((each): each is ForeignSegment => each.SegmentNumber !== undefined),
  ),
  PixelPaddingValue: anyNumber,
  FrameOfReferenceUID: anyText,
  SegmentationFractionalType: anyText,
});
export type ForeignSegmentation = z.infer<typeof segmentationSchema>;

const BACKGROUND: Pick<CodedConcept, 'value' | 'scheme'> = { value: '125040', scheme: 'DCM' };

/** A label map may describe its background as a segment (PS3.3 C.8.20.2). */
export const isBackground = (each: ForeignSegment): boolean =>
  sameCode(each.SegmentedPropertyTypeCodeSequence.code, BACKGROUND) ||
  (each.SegmentNumber === 0 && /^background$/i.test(each.SegmentLabel ?? 'background'));

/** 16 bit CIELab (PS3.3 C.10.7.1.1) to L* 0–100, a* and b* −128–127. */
const cielabOf = ([l, a, b]: readonly number[]): Vec3 => [
  (l / 0xffff) * 100,
  (a / 0xffff) * 255 - 128,
  (b / 0xffff) * 255 - 128,
];

const tissue: CodedConcept = { value: '85756007', scheme: 'SCT', meaning: 'Tissue' };

/** A segment in our terms. `label` is its value in the label map that it is shown in. */
export function segmentOf(each: ForeignSegment, label: number): Segment {
  const { code, SegmentedPropertyTypeModifierCodeSequence: side } =
    each.SegmentedPropertyTypeCodeSequence;
  const name = each.SegmentLabel ?? code?.meaning ?? `Segment ${each.SegmentNumber}`;
  const lab = each.RecommendedDisplayCIELabValue;
  return {
    segmentNumber: label,
    key: keyOfLabel(name),
    label: { en: name },
    category: each.SegmentedPropertyCategoryCodeSequence ?? tissue,
    type: code ?? CODE.finding,
    ...(side && { modifier: side }),
    recommendedDisplayCIELab:
      lab?.length === 3 ? cielabOf(lab) : colourOf(Math.max(0, each.SegmentNumber - 1)),
  };
}

const ALGORITHM_TYPES: Record<string, ForeignOrigin['algorithmType']> = {
  AUTOMATIC: 'automatic',
  SEMIAUTOMATIC: 'semiautomatic',
  MANUAL: 'manual',
};

/** That of all segments; where they differ nothing is said of the whole. */
export function algorithmTypeOf(
  segments: readonly ForeignSegment[],
): ForeignOrigin['algorithmType'] {
  const types = new Set(
    segments.map(each => ALGORITHM_TYPES[each.SegmentAlgorithmType ?? ''] ?? 'unknown'),
  );
  return types.size === 1 ? [...types][0] : 'unknown';
}

export function algorithmOf(segments: readonly ForeignSegment[]) {
  const names = new Set(
    segments.flatMap(
      each =>
        each.SegmentationAlgorithmIdentificationSequence?.AlgorithmName ??
        each.SegmentAlgorithmName ??
        [],
    ),
  );
  const identified = segments
    .map(each => each.SegmentationAlgorithmIdentificationSequence)
    .find(each => each !== undefined);
  return {
    ...(names.size > 0 && { name: [...names].join(', ') }),
    ...(names.size === 1 && { version: identified?.AlgorithmVersion }),
    source: identified?.AlgorithmSource,
  };
}
