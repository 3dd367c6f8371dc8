import { z } from 'zod';
import { accept, refuse, type Outcome } from '../../core/outcome';
import type { SegmentationRun } from '../../core/findings/segmentationRun';
import type { SegmentFinding, SourceSeries } from '../../core/findings/types';
import type { Vec3, VolumeGeometry } from '../../core/geometry/types';
import { parsedCode } from '../common/codes';
import type { ParsedDataset } from '../common/parse';
import { matchedSource } from '../common/matchedSource';
import { issueOf, number, single, text } from '../common/schemas';
import { segmentationPixels, unpackSegments, type FramePlace } from './decode';
import { provenanceOf } from '../common/parameters';
import { parametersSchema } from './parameters';

const jsonParameters = text.transform((json, context) => {
  try {
    return parametersSchema.parse(JSON.parse(json));
  } catch (error) {
    const message = error instanceof z.ZodError ? issueOf(error) : String(error);
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  }
});

const modifier = single(
  z.object({ SegmentedPropertyTypeModifierCodeSequence: parsedCode.optional() }),
);

const segmentSchema = z.object({
  SegmentNumber: number,
  SegmentedPropertyCategoryCodeSequence: parsedCode,
  SegmentedPropertyTypeCodeSequence: z
    .array(z.unknown())
    .transform(items => ({ code: parsedCode.parse(items), ...modifier.parse(items) })),
  TrackingID: text,
  TrackingUID: text,
  RecommendedDisplayCIELabValue: z.tuple([z.number(), z.number(), z.number()]),
  SegmentationAlgorithmIdentificationSequence: single(
    z.object({
      AlgorithmFamilyCodeSequence: parsedCode,
      AlgorithmParameters: jsonParameters,
      AlgorithmSource: text.optional(),
    }),
  ),
});

/** The segments but for the background, which is Segment 0 of a LABELMAP. */
const backgroundSchema = z.object({ SegmentNumber: z.tuple([z.literal(0)]) });
const segmentsSchema = z
  .array(z.unknown())
  .transform(items => items.filter(item => !backgroundSchema.safeParse(item).success))
  .pipe(z.array(segmentSchema).min(1));

const frameSchema = z.object({
  // Of BINARY.
  SegmentIdentificationSequence: single(z.object({ ReferencedSegmentNumber: number })).optional(),
  DerivationImageSequence: single(
    z.object({
      SourceImageSequence: single(
        z.object({ ReferencedSOPInstanceUID: text, ReferencedFrameNumber: number.optional() }),
      ),
    }),
  ),
});

const segmentationSchema = z.object({
  SOPInstanceUID: text,
  Rows: number,
  Columns: number,
  SegmentationType: z.tuple([z.enum(['BINARY', 'LABELMAP'])]),
  ReferencedSeriesSequence: single(
    z.object({
      SeriesInstanceUID: text,
      ReferencedInstanceSequence: z.array(z.object({ ReferencedSOPInstanceUID: text })),
    }),
  ),
  SegmentSequence: segmentsSchema,
  PerFrameFunctionalGroupsSequence: z.array(frameSchema).min(1),
});
type Segmentation = z.infer<typeof segmentationSchema>;

/** A run as its segmentation tells it: measurements are the report's, and not here. */
export interface ReadSegmentation {
  sopInstanceUID: string;
  run: SegmentationRun;
  /** By finding: the names of its measurements, by `measurementKey`. */
  measurementNames: Map<string, Record<string, string>>;
}

/** 16 bit CIELab to L* 0–100, a* and b* −128–127, to the hundredth that 16 bit are good for. */
const cielabOf = ([l, a, b]: readonly number[]): Vec3 => {
  const round = (value: number): number => Math.round(value * 100) / 100;
  return [
    round((l / 0xffff) * 100),
    round((a / 0xffff) * 255 - 128),
    round((b / 0xffff) * 255 - 128),
  ];
};

const keyOf = (sopInstanceUID: string, frameNumber = 1): string =>
  `${sopInstanceUID}#${frameNumber}`;

/** The open series that the segmentation lies on, with its slices in k order, and its grid. */
function gridOf(
  segmentation: Segmentation,
  sources: readonly SourceSeries[],
): Outcome<{ source: SourceSeries; geometry: VolumeGeometry } | undefined> {
  const { SeriesInstanceUID: series, ReferencedInstanceSequence: references } =
    segmentation.ReferencedSeriesSequence;
  const matched = matchedSource(
    series,
    references.map(each => each.ReferencedSOPInstanceUID),
    sources,
  );
  if (!matched.ok || !matched.value) return matched;
  const { geometry } = matched.value;
  const { Rows, Columns } = segmentation;
  if (geometry.dimensions[0] !== Columns || geometry.dimensions[1] !== Rows) {
    const allowed = `${geometry.dimensions[0]}×${geometry.dimensions[1]}`;
    return refuse(
      'evidenceMatrixDiffers',
      `A stored AI result has ${Columns}×${Rows} pixels, its source ${allowed}`,
      { met: `${Columns}×${Rows}`, allowed },
    );
  }
  return matched;
}

/** Where each frame goes; refuses a frame of a slice or a segment that is not known. */
function placesOf(
  segmentation: Segmentation,
  source: SourceSeries,
  labels: ReadonlyMap<number, number>,
): Outcome<FramePlace[]> {
  const sliceOf = new Map(source.slices.map((s, k) => [keyOf(s.sopInstanceUID, s.frameNumber), k]));
  const binary = segmentation.SegmentationType[0] === 'BINARY';
  const places: FramePlace[] = [];
  for (const [index, frame] of segmentation.PerFrameFunctionalGroupsSequence.entries()) {
    const image = frame.DerivationImageSequence.SourceImageSequence;
    const slice = sliceOf.get(keyOf(image.ReferencedSOPInstanceUID, image.ReferencedFrameNumber));
    const segment = frame.SegmentIdentificationSequence?.ReferencedSegmentNumber;
    const label = binary ? labels.get(segment ?? 0) : 0;
    if (slice === undefined || label === undefined) {
      return refuse(
        'evidenceFrameUnplaced',
        `Frame ${index + 1} of a stored AI result is of segment ${segment ?? 'none'} on instance ${image.ReferencedSOPInstanceUID}, one of which is not known`,
        {
          frame: index + 1,
          segment: segment ?? '–',
          instance: image.ReferencedSOPInstanceUID,
        },
      );
    }
    places.push({ slice, label });
  }
  return accept(places);
}

function voxelsOf(
  dataset: ParsedDataset,
  segmentation: Segmentation,
  source: SourceSeries,
): Outcome<Uint8Array> {
  const pixels = segmentationPixels(dataset);
  if (!pixels.ok) return pixels;
  const labels = new Map(
    segmentation.SegmentSequence.map(segment => [
      segment.SegmentNumber,
      segment.SegmentationAlgorithmIdentificationSequence.AlgorithmParameters.output.value,
    ]),
  );
  const places = placesOf(segmentation, source, labels);
  if (!places.ok) return places;
  const unpacked = unpackSegments(pixels.value, places.value, source.slices.length, { labels });
  return unpacked.ok ? accept(unpacked.value.voxels) : unpacked;
}

const findingOf = (
  segment: Segmentation['SegmentSequence'][number],
  runId: string,
  source: SourceSeries,
): SegmentFinding => {
  const { output } = segment.SegmentationAlgorithmIdentificationSequence.AlgorithmParameters;
  const type = segment.SegmentedPropertyTypeCodeSequence;
  const slice = source.slices[Math.min(output.middleSlice, source.slices.length - 1)];
  const modifierCode = type.SegmentedPropertyTypeModifierCodeSequence;
  return {
    id: segment.TrackingUID,
    trackingIdentifier: segment.TrackingID,
    runId,
    kind: 'segment',
    segment: {
      segmentNumber: output.value,
      key: output.key,
      label: output.label,
      category: segment.SegmentedPropertyCategoryCodeSequence,
      type: type.code,
      ...(modifierCode && { modifier: modifierCode }),
      recommendedDisplayCIELab: cielabOf(segment.RecommendedDisplayCIELabValue),
    },
    measurements: [],
    middleSlice: output.middleSlice,
    centroid: output.centroid,
    referencedSOPInstanceUID: slice.sopInstanceUID,
    referencedFrameNumber: slice.frameNumber,
  };
};

/**
 * A run from one of our own segmentations, of either kind. `undefined` when its source series is not among the
 * given ones (another series of the study); a refusal when it cannot be laid on its source.
 */
export function readSegmentation(
  dataset: ParsedDataset,
  sources: readonly SourceSeries[],
): Outcome<ReadSegmentation | undefined> {
  const parsed = segmentationSchema.safeParse(dataset);
  if (!parsed.success) {
    const reason = issueOf(parsed.error);
    return refuse('evidenceUnreadable', `A stored AI result (SEG) cannot be read: ${reason}`, {
      object: 'SEG',
      reason,
    });
  }
  const segmentation = parsed.data;
  const grid = gridOf(segmentation, sources);
  if (!grid.ok) return grid;
  if (!grid.value) return accept(undefined);
  const { source, geometry } = grid.value;
  const voxels = voxelsOf(dataset, segmentation, source);
  if (!voxels.ok) return voxels;
  const segments = segmentation.SegmentSequence;
  const algorithm = segments[0].SegmentationAlgorithmIdentificationSequence;
  const { runId } = algorithm.AlgorithmParameters;
  return accept({
    sopInstanceUID: segmentation.SOPInstanceUID,
    run: {
      runId,
      source,
      provenance: {
        ...provenanceOf(algorithm.AlgorithmParameters),
        algorithmFamily: algorithm.AlgorithmFamilyCodeSequence,
        ...(algorithm.AlgorithmSource && { manufacturer: algorithm.AlgorithmSource }),
      },
      labelMap: { geometry, voxels: voxels.value },
      findings: segments.map(segment => findingOf(segment, runId, source)),
    },
    measurementNames: new Map(
      segments.map(segment => [
        segment.TrackingUID,
        segment.SegmentationAlgorithmIdentificationSequence.AlgorithmParameters.output.measurements,
      ]),
    ),
  });
}
