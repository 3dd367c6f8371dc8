import type { RunResult } from '../../core/findings/types';
import { uidFrom } from '../../core/model/identity';
import { accept, refuse, type Outcome } from '../../core/outcome';
import type { EvidenceObject } from '../../core/reading/ports';
import { REJECTION_TITLES, type RejectionTitle } from '../common/codes';
import { modelLabel } from '../common/identity';
import type { SourceAttributes } from '../common/source';
import { deviceObserver, personNamed, personObserver } from '../sr/observers';
import { instanceItem, type InstanceReference } from '../sr/references';
import { keyObjectDocument } from './keyObjectDocument';
import { withdrawnRunNamed } from './readRejectionNote';

export interface RejectionRequest {
  /** The run that is withdrawn, and not some of its evidence only. */
  run: RunResult;
  source: SourceAttributes;
  /** All its stored evidence: it must not be shown any more. */
  objects: ReadonlyArray<InstanceReference & { studyInstanceUID: string }>;
  reason: RejectionTitle;
  /** ISO 8601: when it was decided; no clock is read. */
  rejectedAt: string;
  /** PersonName of who decided; the model's device is the observer where no one is named. */
  rejectedBy?: string;
  /** Why, in words. */
  comment?: string;
}

/**
 * A rejection note: a Key Object Selection that withdraws stored evidence (IHE RAD TF-3 4.66,
 * Imaging Object Change Management). Archives that know it no longer show what it refers to; our
 * own reader passes it over (`rejectedInstances`), and what else there is of the run, which the
 * document names. The same objects for the same reason make the same instance.
 *
 * Refuses with `rejectionOfNothing`, and with `rejectionOfOtherStudy` where an object is of another
 * study than the run, for a document refers to objects of its own study.
 */
export function writeRejectionNote(request: RejectionRequest): Outcome<EvidenceObject> {
  const { run, source, reason, rejectedAt, comment } = request;
  const { studyInstanceUID } = run.source;
  const other = request.objects.find(each => each.studyInstanceUID !== studyInstanceUID);
  if (other) {
    return refuse(
      'rejectionOfOtherStudy',
      `Nothing was withdrawn: object ${other.sopInstanceUID} is of study ${other.studyInstanceUID}, the result of ${studyInstanceUID}`,
      { object: other.sopInstanceUID, met: other.studyInstanceUID, allowed: studyInstanceUID },
    );
  }
  const objects = [
    ...new Map(request.objects.map(each => [each.sopInstanceUID, each] as const)).values(),
  ].sort((a, b) => (a.sopInstanceUID < b.sopInstanceUID ? -1 : 1));
  if (objects.length === 0) {
    return refuse(
      'rejectionOfNothing',
      'Nothing was withdrawn: a rejection note names one stored object at least, and 0 were given',
    );
  }
  const title = REJECTION_TITLES[reason];
  const person = personNamed(request.rejectedBy ?? '');
  return accept(
    keyObjectDocument({
      run,
      source,
      sopInstanceUID: uidFrom(
        'evidence',
        'KO rejection',
        title.value,
        ...objects.map(({ sopInstanceUID }) => sopInstanceUID),
      ),
      seriesDescription: `AI ${modelLabel(run.provenance)} rejection note`,
      seriesOffset: 7,
      contentMoment: rejectedAt,
      title,
      observers: person ? personObserver(person) : deviceObserver(run.provenance),
      description: [
        `${title.meaning}: ${objects.length} objects of AI result ${run.provenance.modelName} ${run.provenance.modelVersion} ${withdrawnRunNamed(run.runId)}`,
        ...(comment ? [comment] : []),
      ].join('. '),
      items: objects.map(object => instanceItem('CONTAINS', undefined, object)),
      references: objects,
    }),
  );
}
