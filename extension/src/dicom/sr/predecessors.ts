import type { RunResult } from '../../core/findings/types';
import { KEY_OBJECT_TITLES } from '../common/codes';
import { segmentationUIDOf } from '../common/identity';
import { keyImagesOf, keyObjectsUIDOf } from '../keyObject/writeKeyObjects';
import { parametricMapUIDs } from '../parametricMap/grid';
import { presentationStateUIDOf } from '../presentation/writePresentationState';
import { secondaryCaptureUIDOf } from '../secondaryCapture/writeSecondaryCapture';
import type { InstanceReference } from './references';

/** Presentation states are several only where slices are rescaled apart; none has so many. */
export const MOST_STATES = 64;

/** What evidence of this run can be called that is no report, whatever a site has written of it. */
export const otherEvidence = (run: RunResult): string[] => {
  const images = keyImagesOf(run);
  return [
    segmentationUIDOf(run.runId, 'binary'),
    segmentationUIDOf(run.runId, 'labelmap'),
    ...(run.maps ?? []).flatMap(({ key }) => parametricMapUIDs(run.runId, key)),
    ...Array.from({ length: MOST_STATES }, (_, part) => presentationStateUIDOf(run.runId, part)),
    secondaryCaptureUIDOf(run.runId),
    ...Object.values(KEY_OBJECT_TITLES).map(title => keyObjectsUIDOf(run.runId, images, title)),
  ];
};

/**
 * The reports among a run's stored evidence, oldest first. A report's UID derives from reviews of
 * earlier times and cannot be told from its looks; so all else is taken away: what is written
 * beside it, what this run's other evidence is called, and what another program's result was read
 * from.
 */
export function earlierReports(
  run: RunResult,
  predecessors: readonly string[],
  beside: readonly InstanceReference[],
): string[] {
  if (predecessors.length === 0) return [];
  const others = new Set([
    ...otherEvidence(run),
    ...beside.map(({ sopInstanceUID }) => sopInstanceUID),
    ...(run.foreign?.instances ?? []).map(({ sopInstanceUID }) => sopInstanceUID),
  ]);
  return predecessors.filter(uid => !others.has(uid));
}
