import type { LabelMap } from '../volume/types';
import type { RunResult, SegmentFinding } from './types';

/** A run of a segmentation model: it has a label map, and its findings are segments of it. */
export interface SegmentationRun extends RunResult {
  labelMap: LabelMap;
  findings: SegmentFinding[];
}

export const isSegmentationRun = (run: RunResult): run is SegmentationRun =>
  run.labelMap !== undefined && run.findings.every(finding => finding.kind === 'segment');
