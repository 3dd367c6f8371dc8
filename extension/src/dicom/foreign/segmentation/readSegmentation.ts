import type { RunResult, SegmentFinding } from '../../../core/findings/types';
import { measureSegments } from '../../../core/measure/measure';
import { accept, refusal, refuse, type Outcome, type Refusal } from '../../../core/outcome';
import { CODE } from '../../common/codes';
import type { ParsedDataset } from '../../common/parse';
import { issueOf } from '../../common/schemas';
import { segmentationPixels, type SegmentationPixels } from '../../seg/decode';
import { framesOf, wholeReferences, type Frame } from '../frames';
import { originOf, provenanceOf, unreadable, type ForeignHeader } from '../header';
import { foreignRunId, numbered, type Names } from '../naming';
import { shownAt, type OpenSeries, type Placement } from '../placement';
import { sourceOf } from '../sourceOf';
import { frameGrid, onSource, type FrameGrid } from './grid';
import { FRACTION_THRESHOLD, labelMapsOf, type UnpackedMap } from './labelMaps';
import {
  algorithmOf,
  algorithmTypeOf,
  isBackground,
  segmentationSchema,
  segmentOf,
  type ForeignSegment,
  type ForeignSegmentation,
} from './object';

/** A segmentation's runs, and where each of its segments went. */
export interface ReadForeignSegmentation {
  runs: RunResult[];
  /** Ids of the findings by Segment Number. */
  findings: Map<number, string>;
  /** Segment Numbers whose finding's id is not a Tracking UID of their own. */
  untracked: Set<number>;
}

/** What was done to lay it on the source, said to those who look at it. */
function remarksOf(pixels: SegmentationPixels, grid: FrameGrid, header: ForeignHeader): Refusal[] {
  const remarks: Refusal[] = [];
  if (pixels.type === 'FRACTIONAL') {
    remarks.push(
      refusal(
        'foreignThresholded',
        `${header.called} holds fractions: voxels of at least ${FRACTION_THRESHOLD} are shown`,
        { object: header.called, threshold: FRACTION_THRESHOLD },
      ),
    );
  }
  if (grid.relation.kind === 'pull' && !grid.relation.exact) {
    remarks.push(
      refusal(
        'foreignResampled',
        `${header.called} lies on a grid of its own: each voxel of the images shows the nearest one of it`,
        { object: header.called },
      ),
    );
  }
  const beside = grid.slices.filter(slice => slice < 0).length;
  if (beside > 0) {
    remarks.push(
      refusal(
        'foreignCropped',
        `${beside} of ${grid.slices.length} frames of ${header.called} lie beside the images and are not shown`,
        { object: header.called, met: beside, allowed: grid.slices.length },
      ),
    );
  }
  return remarks;
}

/** What of a segmentation could not be read is refused before anything is laid out. */
function checked(
  header: ForeignHeader,
  dataset: ParsedDataset,
): Outcome<{ segmentation: ForeignSegmentation; frames: Frame[]; pixels: SegmentationPixels }> {
  const parsed = segmentationSchema.safeParse(dataset);
  if (!parsed.success) return unreadable(header, issueOf(parsed.error));
  const frames = framesOf(parsed.data);
  if (parsed.data.SegmentSequence.length === 0)
    return unreadable(header, 'it describes no segment');
  const tiles = frames.some(({ tiled }) => tiled);
  const [syntax] = (dataset.TransferSyntaxUID ?? []) as string[];
  if (tiles || isTiledFull(dataset)) {
    return refuse(
      'foreignTiled',
      `A result of another program, ${header.called}, is not shown: it is of a whole-slide image`,
      { object: header.called },
    );
  }
  if (Array.isArray(dataset.PixelData)) {
    return refuse(
      'foreignCompressed',
      `A result of another program, ${header.called}, is not shown: its pixels are compressed in transfer syntax ${syntax}, which is not decoded`,
      { object: header.called, syntax },
    );
  }
  const pixels = segmentationPixels(
    dataset.NumberOfFrames ? dataset : { ...dataset, NumberOfFrames: [frames.length] },
  );
  return pixels.ok ? accept({ segmentation: parsed.data, frames, pixels: pixels.value }) : pixels;
}

const isTiledFull = ({ DimensionOrganizationType: type }: ParsedDataset): boolean =>
  Array.isArray(type) && type[0] === 'TILED_FULL';

function runOf(
  header: ForeignHeader,
  series: OpenSeries,
  segments: readonly ForeignSegment[],
  map: UnpackedMap,
  voxels: Uint8Array,
  part: number,
  names: Names,
): { run: RunResult; findings: Map<number, string>; untracked: Set<number> } {
  if (!series.grid.ok) throw new Error('a segmentation was laid on a series that is no volume');
  const labelMap = { geometry: series.grid.value, voxels };
  const here = segments.filter(each => map.labels.has(each.SegmentNumber));
  const labels = here.map(each => segmentOf(each, map.labels.get(each.SegmentNumber)!));
  const measured = measureSegments(
    labelMap,
    { voxels, modality: series.source.slices[0].modality },
    labels.map(({ segmentNumber, label, recommendedDisplayCIELab: [l, a, b], ...rest }) => ({
      ...rest,
      value: segmentNumber,
      name: label,
      recommendedDisplayCIELab: [l, a, b] as [number, number, number],
    })),
    [],
  );
  const runId = foreignRunId(header.SOPInstanceUID, String(part));
  const findings = new Map<number, string>();
  const untracked = new Set<number>();
  const found = here.flatMap((each, index): SegmentFinding[] => {
    const { voxelCount, middleSlice, centroid } = measured[index];
    if (voxelCount === 0) return [];
    const id = names.idOf(each.TrackingUID, header.SOPInstanceUID, String(each.SegmentNumber));
    findings.set(each.SegmentNumber, id);
    if (id !== each.TrackingUID) untracked.add(each.SegmentNumber);
    const evaluations = [
      ...(each.AnatomicRegionSequence
        ? [{ concept: CODE.findingSite, value: each.AnatomicRegionSequence }]
        : []),
      ...(each.SegmentDescription
        ? [{ concept: CODE.comment, value: each.SegmentDescription }]
        : []),
    ];
    return [
      {
        kind: 'segment',
        id,
        trackingIdentifier: each.TrackingID ?? labels[index].label.en,
        runId,
        segment: labels[index],
        measurements: [],
        ...shownAt({ series, slice: middleSlice }, centroid),
        ...(evaluations.length > 0 && { evaluations }),
      },
    ];
  });
  const provenance = provenanceOf(header, algorithmOf(here), header.ContentCreatorName);
  const run: RunResult = {
    runId,
    source: series.source,
    provenance,
    labelMap,
    findings: numbered(found),
    foreign: originOf(header, algorithmTypeOf(here)),
  };
  return { run, findings, untracked };
}

/**
 * The runs that a segmentation of any kind and maker is shown as: one, or where segments overlap or
 * are more than 255 as many as there are label maps. Segments without a voxel on the source are no
 * findings.
 *
 * Refuses with `foreignUnreadable`, `foreignTiled`, `foreignCompressed`, `foreignSourceAbsent`,
 * `foreignOutside`, or what `segmentationPixels`, `frameGrid` and `labelMapsOf` refuse with.
 */
export function readForeignSegmentation(
  header: ForeignHeader,
  dataset: ParsedDataset,
  placement: Placement,
  names: Names,
): Outcome<ReadForeignSegmentation> {
  const read = checked(header, dataset);
  if (!read.ok) return read;
  const { segmentation, frames, pixels } = read.value;
  const whole = wholeReferences(segmentation);
  const images = [...frames.flatMap(frame => frame.images), ...whole.images];
  const series = sourceOf(
    header,
    {
      images,
      series: whole.series,
      frameOfReferenceUID: segmentation.FrameOfReferenceUID,
    },
    placement,
  );
  if (!series.ok) return series;
  const { columns, rows } = pixels;
  const grid = frameGrid(header, frames, columns, rows, series.value, placement);
  if (!grid.ok) return grid;
  const segments = segmentation.SegmentSequence.filter(each => !isBackground(each));
  const numbers = [...new Set(segments.map(each => each.SegmentNumber))];
  const only = numbers.length === 1 ? numbers[0] : undefined;
  const maps = labelMapsOf(
    header,
    pixels,
    grid.value,
    numbers,
    frame => frames[frame].segmentNumber ?? only,
    [
      segmentation.PixelPaddingValue ?? 0,
      ...segmentation.SegmentSequence.filter(isBackground).map(each => each.SegmentNumber),
    ],
  );
  if (!maps.ok) return maps;
  const remarks = remarksOf(pixels, grid.value, header);
  const result: ReadForeignSegmentation = {
    runs: [],
    findings: new Map(),
    untracked: new Set(),
  };
  const sourceGrid = series.value.grid;
  if (!sourceGrid.ok) return sourceGrid;
  maps.value.forEach((map, part) => {
    const voxels = onSource(map.voxels, columns, rows, grid.value, sourceGrid.value);
    const { run, ...more } = runOf(header, series.value, segments, map, voxels, part, names);
    more.findings.forEach((id, number) => result.findings.set(number, id));
    more.untracked.forEach(number => result.untracked.add(number));
    result.runs.push(remarks.length > 0 ? { ...run, foreign: { ...run.foreign!, remarks } } : run);
  });
  const isBeside = (): boolean =>
    grid.value.slices.every(slice => slice < 0) ||
    maps.value.some(({ voxels }) => voxels.some(value => value !== 0));
  if (result.findings.size === 0 && isBeside()) {
    return refuse(
      'foreignOutside',
      `A result of another program, ${header.called}, is not shown: all of it lies beside the images`,
      { object: header.called },
    );
  }
  return accept(result);
}
