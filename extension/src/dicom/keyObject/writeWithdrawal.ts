import type { RunResult } from '../../core/findings/types';
import type { Outcome } from '../../core/outcome';
import type { EvidenceObject, EvidenceWriter } from '../../core/reading/ports';
import { KEY_OBJECT_TITLES } from '../common/codes';
import { SOP_CLASS } from '../common/dictionary';
import { segmentationUIDOf, seriesUIDOf } from '../common/identity';
import { sourceAttributes } from '../common/source';
import { presentationStateUIDOf } from '../presentation/writePresentationState';
import { secondaryCaptureUIDOf } from '../secondaryCapture/writeSecondaryCapture';
import { MOST_STATES, otherEvidence } from '../sr/predecessors';
import type { InstanceReference } from '../sr/references';
import { keyImagesOf, keyObjectsUIDOf } from './writeKeyObjects';
import { writeRejectionNote } from './writeRejectionNote';

/**
 * References to evidence of a run of ours from its SOP Instance UIDs alone, for that is what an
 * archive acknowledges. The UIDs derive from the run: each kind's are known, and what is none of
 * them is a report.
 */
function ownReferences(run: RunResult, uids: readonly string[]): InstanceReference[] {
  const { runId } = run;
  const images = keyImagesOf(run);
  const classes = new Map<string, string>([
    // Maps are what is left of these when the others are taken away.
    ...otherEvidence(run).map((uid): [string, string] => [uid, SOP_CLASS.parametricMap]),
    ...Array.from({ length: MOST_STATES }, (_, part): [string, string] => [
      presentationStateUIDOf(runId, part),
      SOP_CLASS.grayscaleSoftcopyPresentationState,
    ]),
    [segmentationUIDOf(runId, 'binary'), SOP_CLASS.segmentation],
    [segmentationUIDOf(runId, 'labelmap'), SOP_CLASS.labelMapSegmentation],
    [secondaryCaptureUIDOf(runId), SOP_CLASS.multiFrameTrueColorSecondaryCapture],
    ...Object.values(KEY_OBJECT_TITLES).map((title): [string, string] => [
      keyObjectsUIDOf(runId, images, title),
      SOP_CLASS.keyObjectSelection,
    ]),
  ]);
  return [...new Set(uids)].map(sopInstanceUID => ({
    sopClassUID: classes.get(sopInstanceUID) ?? SOP_CLASS.comprehensive3DSR,
    sopInstanceUID,
    seriesInstanceUID: seriesUIDOf(sopInstanceUID),
  }));
}

/** The note that withdraws a run of ours; refuses as `sourceAttributes` and `writeRejectionNote`. */
export function writeWithdrawal({
  run,
  source: metadata,
  instances,
  withdrawal: { reason, withdrawnAt, withdrawnBy },
}: Parameters<EvidenceWriter['withdraw']>[0]): Outcome<EvidenceObject> {
  const source = sourceAttributes(run, metadata);
  if (!source.ok) return source;
  const { studyInstanceUID } = run.source;
  return writeRejectionNote({
    run,
    source: source.value,
    objects: ownReferences(run, instances).map(each => ({ ...each, studyInstanceUID })),
    reason,
    rejectedAt: withdrawnAt,
    rejectedBy: withdrawnBy,
  });
}
