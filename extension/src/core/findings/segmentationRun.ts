import type { LabelMap } from '../volume/types';
import type { Finding, RunResult, SegmentFinding } from './types';

/** A run of a segmentation model: it has a label map, and its findings are segments of it. */
export interface SegmentationRun extends RunResult {
  labelMap: LabelMap;
  findings: SegmentFinding[];
}

export const isSegmentationRun = (run: RunResult): run is SegmentationRun =>
  run.labelMap !== undefined && run.findings.every(finding => finding.kind === 'segment');

const isSegment = (finding: Finding): finding is SegmentFinding => finding.kind === 'segment';

/**
 * A run with its segments only, whatever else it has beside them (maps); nothing of a run that has
 * no segment or no label map.
 */
export const segmentationOf = (run: RunResult): SegmentationRun | undefined => {
  const findings = run.findings.filter(isSegment);
  return run.labelMap && findings.length > 0
    ? { ...run, labelMap: run.labelMap, findings }
    : undefined;
};
