import { boxOf, crossesPlane } from '../../core/findings/detectionBox';
import type { Finding, RunResult, ScalarMap } from '../../core/findings/types';
import { indexToWorld, worldToIndex } from '../../core/geometry/transform';
import type { Vec3, VolumeGeometry } from '../../core/geometry/types';

/** Frames of one Secondary Capture at most: it is a summary, and all of it is pixels. */
export const MAX_KEY_SLICES = 20;

/** Where the greatest value of a map is: its index there, and the source slice nearest to it. */
export function peakOf(
  { values, geometry }: ScalarMap,
  source: VolumeGeometry,
): { index: Vec3; slice: number } {
  let peak = -1;
  for (let at = 0; at < values.length; at++) {
    if (Number.isFinite(values[at]) && (peak < 0 || values[at] > values[peak])) peak = at;
  }
  const [columns, rows] = geometry.dimensions;
  const at = Math.max(0, peak);
  const index: Vec3 = [
    at % columns,
    Math.floor(at / columns) % rows,
    Math.floor(at / (columns * rows)),
  ];
  const [, , slice] = worldToIndex(source, indexToWorld(geometry, index));
  return { index, slice: Math.min(source.dimensions[2] - 1, Math.max(0, Math.round(slice))) };
}

/**
 * The slices that show what was found: the middle one of each finding, the strongest findings'
 * first where there are too many; of maps that with the greatest value; of a run that found nothing
 * the middle of the series. In k order, each once.
 */
export function keySlices(
  run: RunResult,
  findings: readonly Finding[],
  maps: readonly ScalarMap[],
  source: VolumeGeometry,
): { slices: number[]; of: number } {
  const last = source.dimensions[2] - 1;
  const wanted = new Set([
    ...findings.map(({ middleSlice }) => Math.min(last, Math.max(0, middleSlice))),
    ...maps.map(map => peakOf(map, source).slice),
  ]);
  if (wanted.size === 0) wanted.add(Math.floor(run.source.slices.length / 2));
  const slices = [...wanted].slice(0, MAX_KEY_SLICES).sort((a, b) => a - b);
  return { slices, of: wanted.size };
}

/** Whether a finding is to be seen on slice k: what has no place is said on all of them. */
export function isOnSlice(
  run: RunResult,
  finding: Finding,
  k: number,
  source: VolumeGeometry,
): boolean {
  switch (finding.kind) {
    case 'segment': {
      if (!run.labelMap) return false;
      const [columns, rows] = source.dimensions;
      const { voxels } = run.labelMap;
      const base = columns * rows * k;
      return voxels.subarray(base, base + columns * rows).includes(finding.segment.segmentNumber);
    }
    case 'detection':
      return crossesPlane(
        boxOf(finding, source),
        { point: indexToWorld(source, [0, 0, k]), normal: source.direction[2] },
        source.spacing,
      );
    default:
      return true;
  }
}
