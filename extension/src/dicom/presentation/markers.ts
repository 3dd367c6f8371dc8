import { boxOf, crossesPlane } from '../../core/findings/detectionBox';
import {
  conceptOf,
  type DetectionFinding,
  type Finding,
  type RunResult,
  type SegmentFinding,
} from '../../core/findings/types';
import type { VolumeGeometry } from '../../core/geometry/types';
import { indexToWorld, worldToIndex } from '../../core/geometry/transform';
import { planSlices } from '../../core/volume/assemble';
import { modelLabel } from '../common/identity';
import { outlinesOf, type PixelPoint } from './outline';

/** A box around what is smaller than this many pixels is drawn so large, or nobody would see it. */
const LEAST_EDGE = 6;

/** What is drawn of one finding on one slice, in PIXEL units. */
export interface Marker {
  finding: Finding;
  /** Index k in the run's slices. */
  slice: number;
  /** Closed lines; the last point is the first. */
  lines: PixelPoint[][];
  /** Where the text stands. */
  anchor: PixelPoint;
  text: string;
}

export const gridOf = (run: RunResult): VolumeGeometry => {
  const plan = planSlices(run.source.slices);
  if (!plan.ok) throw new Error(`a result of what is no volume: ${plan.refusal.message}`);
  return plan.value.geometry;
};

/** "Nodule 1, 93 %, ct-lung-nodules 0.1.0, AI, not reviewed" */
export const markerText = (run: RunResult, finding: Finding): string =>
  [
    conceptOf(finding).label.en,
    ...('score' in finding && finding.score !== undefined
      ? [`${Math.round(finding.score * 100)} %`]
      : []),
    modelLabel(run.provenance),
    'AI, not reviewed',
  ].join(', ');

/**
 * The edges of a detection's box in the plane of the slices, kept within the image; `undefined`
 * when all of it is outside.
 */
export function boxInPlane(
  { centroid, size }: Pick<DetectionFinding, 'centroid' | 'size'>,
  geometry: VolumeGeometry,
): { left: number; top: number; right: number; bottom: number } | undefined {
  const index = worldToIndex(geometry, centroid);
  const [[left, right], [top, bottom]] = [0, 1].map(axis => {
    const edge = Math.max(size[axis] / geometry.spacing[axis], LEAST_EDGE);
    // The middle of pixel i is at i + ½.
    const middle = index[axis] + 0.5;
    const limit = geometry.dimensions[axis];
    return [Math.max(0, middle - edge / 2), Math.min(limit, middle + edge / 2)];
  });
  return right > left && bottom > top ? { left, top, right, bottom } : undefined;
}

function ofDetection(run: RunResult, finding: DetectionFinding, geometry: VolumeGeometry) {
  const edges = boxInPlane(finding, geometry);
  if (!edges) return [];
  const { left, top, right, bottom } = edges;
  const box = boxOf(finding, geometry);
  const normal = geometry.direction[2];
  return run.source.slices.flatMap((_, slice): Marker[] => {
    const point = indexToWorld(geometry, [0, 0, slice]);
    if (!crossesPlane(box, { point, normal }, geometry.spacing)) return [];
    return [
      {
        finding,
        slice,
        lines: [
          [
            [left, top],
            [right, top],
            [right, bottom],
            [left, bottom],
            [left, top],
          ],
        ],
        anchor: [left, bottom],
        text: markerText(run, finding),
      },
    ];
  });
}

function ofSegment(run: RunResult, finding: SegmentFinding): Marker[] {
  const { labelMap } = run;
  if (!labelMap) return [];
  return run.source.slices.flatMap((_, slice): Marker[] => {
    const lines = outlinesOf(labelMap, finding.segment.segmentNumber, slice);
    if (lines.length === 0) return [];
    const points = lines.flat();
    const left = Math.min(...points.map(([column]) => column));
    const bottom = Math.max(...points.map(([, row]) => row));
    return [{ finding, slice, lines, anchor: [left, bottom], text: markerText(run, finding) }];
  });
}

/**
 * What is drawn of the findings, by slice: the box of a detection on each slice that it crosses, the
 * outline of a segment on each slice that it is on. Of others, and of what lies outside the image,
 * nothing.
 */
export function markersOf(run: RunResult, findings: readonly Finding[]): Marker[] {
  const geometry = gridOf(run);
  const markers = findings.flatMap(finding => {
    if (finding.kind === 'detection') return ofDetection(run, finding, geometry);
    return finding.kind === 'segment' ? ofSegment(run, finding) : [];
  });
  return markers
    .map((marker, index) => ({ marker, index }))
    .sort((a, b) => a.marker.slice - b.marker.slice || a.index - b.index)
    .map(({ marker }) => marker);
}
