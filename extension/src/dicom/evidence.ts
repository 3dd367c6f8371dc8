import {
  DEFAULT_EVIDENCE,
  evidenceOfRun,
  isEvidenceFinding,
  type EvidenceKind,
  type EvidenceTable,
} from '../core/evidence/table';
import { segmentationOf } from '../core/findings/segmentationRun';
import type { Finding, RunResult } from '../core/findings/types';
import { accept, type Outcome } from '../core/outcome';
import type { EvidenceObject, EvidenceWriter } from '../core/reading/ports';
import { sourceAttributes, type SourceAttributes } from './common/source';
import { writeKeyObjects } from './keyObject/writeKeyObjects';
import { writeWithdrawal } from './keyObject/writeWithdrawal';
import { mapGridFor } from './parametricMap/grid';
import { writeParametricMap } from './parametricMap/writeParametricMap';
import { writePresentationState } from './presentation/writePresentationState';
import { writeSecondaryCapture } from './secondaryCapture/writeSecondaryCapture';
import { writeSegmentation } from './seg/writeSegmentation';
import { hasReport, writeReport, type ReportRequest } from './sr/writeReport';

export { createEvidenceReader } from './readEvidence';

type WriteRequest = Parameters<EvidenceWriter['write']>[0];

/** Findings whose row of the table has this kind of object. */
const findingsFor = (run: RunResult, table: EvidenceTable, kind: EvidenceKind): Finding[] =>
  run.findings.filter(
    finding => isEvidenceFinding(finding.kind) && table[finding.kind].includes(kind),
  );

/** One kind of object, or those of that kind; none where the run has nothing to put in it. */
function objectsOf(
  kind: Exclude<EvidenceKind, 'report'>,
  { run, volume, segmentationType, predecessors, table = DEFAULT_EVIDENCE }: WriteRequest,
  source: SourceAttributes,
): Outcome<EvidenceObject[]> {
  switch (kind) {
    case 'segmentation': {
      const segments = segmentationOf(run);
      if (!segments) return accept([]);
      // Who calls knows what the archive takes; BINARY is what every viewer reads.
      const type = segmentationType === 'labelmap' ? 'labelmap' : 'binary';
      return accept([writeSegmentation(segments, source, { type })]);
    }
    case 'parametricMap':
      return accept(
        (run.maps ?? []).map(map => {
          const grid = mapGridFor(run, map, table.mapGrid, predecessors);
          return writeParametricMap(run, source, map, { grid });
        }),
      );
    case 'presentationState':
      return accept(writePresentationState(run, source, findingsFor(run, table, kind)));
    case 'secondaryCapture': {
      const shown = {
        findings: findingsFor(run, table, kind),
        maps: table.map.includes(kind) ? (run.maps ?? []) : [],
      };
      const capture = writeSecondaryCapture(run, source, volume, shown);
      return capture.ok ? accept([capture.value]) : capture;
    }
    case 'keyObjects': {
      const selection = writeKeyObjects(run, source);
      return accept(selection ? [selection] : []);
    }
  }
}

/**
 * The evidence of a run after the table of the request, each object once, in the order of
 * `evidenceKinds`; the report refers to what is written beside it. A run that found nothing has a
 * report that says so. Of another program's result only what readers said of it is written, if
 * they said anything.
 *
 * Refuses with `sourceMetadataMissing`, `sourceMetadataOfOtherStudy`, and, where a Secondary Capture
 * is asked for, `secondaryCaptureWithoutVoxels` or `secondaryCaptureOfOtherVoxels`; then nothing is
 * written, for a part of the evidence must not pass for all of it.
 */
export function writeEvidence(request: WriteRequest): Outcome<EvidenceObject[]> {
  const { run, table = DEFAULT_EVIDENCE } = request;
  const source = sourceAttributes(run, request.source);
  if (!source.ok) return source;
  const kinds = evidenceOfRun(run, table);
  const written = new Map<EvidenceKind, EvidenceObject[]>();
  for (const kind of kinds) {
    if (kind === 'report') continue;
    const objects = objectsOf(kind, request, source.value);
    if (!objects.ok) return objects;
    written.set(kind, objects.value);
  }
  if (kinds.includes('report')) {
    const report: ReportRequest = {
      run,
      source: source.value,
      reviews: request.includeReviews ? request.reviews : [],
      predecessors: request.predecessors ?? [],
      beside: [...written.values()].flat(),
    };
    if (hasReport(report)) written.set('report', [writeReport(report)]);
  }
  return accept(kinds.flatMap(kind => written.get(kind) ?? []));
}

export const createEvidenceWriter = (): EvidenceWriter => ({
  write: async request => writeEvidence(request),
  withdraw: async request => writeWithdrawal(request),
});
