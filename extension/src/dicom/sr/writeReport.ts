import { segmentationOf } from '../../core/findings/segmentationRun';
import type { RunResult } from '../../core/findings/types';
import { uidFrom } from '../../core/model/identity';
import type { EvidenceObject } from '../../core/reading/ports';
import { UNKNOWN_READER, type Review } from '../../core/review/types';
import type { Dataset } from '../common/dataset';
import { SOP_CLASS } from '../common/dictionary';
import { encodePart10 } from '../common/encode';
import {
  deviceUIDOf,
  generalModules,
  MANUFACTURER,
  modelLabel,
  segmentationUIDOf,
  seriesUIDOf,
} from '../common/identity';
import type { SourceAttributes } from '../common/source';
import { clipped, dicomMoment } from '../common/text';
import { parametricMapUIDs } from '../parametricMap/grid';
import { personOf } from './measurementGroups';
import { earlierReports } from './predecessors';
import { hierarchicalReference, sourceReferences, type InstanceReference } from './references';
import { isSegmentation } from './regions';
import { findingOrder, othersContent, ownContent } from './reportContent';
import { CODING_SCHEME } from './reviewCodes';

export interface ReportRequest {
  run: RunResult;
  source: SourceAttributes;
  /** Reviews that a person made; empty at maturity `production`. */
  reviews: readonly Review[];
  /** SOP Instance UIDs of this run's stored evidence, its earlier reports among it, oldest first. */
  predecessors: readonly string[];
  /**
   * Evidence written with the report, which its groups refer to where they have need of it. Left
   * out, it is the BINARY Segmentation of a run that has segments.
   */
  beside?: readonly InstanceReference[];
}

/** The reviews of this run's findings in the order of the findings; one a finding. */
const reviewsInOrder = (run: RunResult, reviews: readonly Review[]): Review[] => {
  const byFinding = new Map(reviews.map(review => [review.findingId, review]));
  return findingOrder(run).flatMap(({ id }) => byFinding.get(id) ?? []);
};

const usualBeside = (run: RunResult): InstanceReference[] => {
  if (!segmentationOf(run)) return [];
  const sopInstanceUID = segmentationUIDOf(run.runId);
  const seriesInstanceUID = seriesUIDOf(sopInstanceUID);
  return [{ sopClassUID: SOP_CLASS.segmentation, sopInstanceUID, seriesInstanceUID }];
};

/** Of what is written beside a report that which its groups refer to. */
const referredTo = ({ run, beside = usualBeside(run) }: ReportRequest): InstanceReference[] => {
  const maps = new Set(
    run.findings.flatMap(each =>
      each.kind === 'map' ? parametricMapUIDs(run.runId, each.mapKey) : [],
    ),
  );
  const segmentation = beside.find(isSegmentation);
  return beside.filter(each => each === segmentation || maps.has(each.sopInstanceUID));
};

const uidsOf = (references: readonly InstanceReference[]): string =>
  references.map(({ sopInstanceUID }) => sopInstanceUID).join(' ');

/** Which report this is: a new one after the last, or the last one again if it says the same. */
function place(
  run: RunResult,
  reviews: readonly Review[],
  beside: readonly InstanceReference[],
  earlier: readonly string[],
) {
  const uidAfter = (predecessors: readonly string[]): string =>
    uidFrom(
      'evidence',
      'SR',
      run.runId,
      predecessors.join(' '),
      ...reviews.flatMap(({ findingId, verdict, reason, comment, reviewer, reviewedAt }) => [
        findingId,
        verdict,
        reason ?? '',
        comment ?? '',
        reviewer,
        reviewedAt,
      ]),
      ...(uidsOf(beside) === uidsOf(usualBeside(run)) ? [] : [uidsOf(beside)]),
    );
  const before = earlier.slice(0, -1);
  const again = earlier.length > 0 && uidAfter(before) === earlier.at(-1);
  const predecessors = again ? before : earlier;
  return {
    sopInstanceUID: uidAfter(predecessors),
    predecessors,
    instanceNumber: predecessors.length + 1,
  };
}

/** Who attests to the whole report: only when a person has reviewed every finding of it. */
function verification(request: ReportRequest, reviews: readonly Review[], all: boolean): Dataset {
  const reviewers = [...new Set(reviews.map(personOf))];
  if (!all || reviewers.some(reviewer => reviewer === '' || reviewer === UNKNOWN_READER)) {
    return { VerificationFlag: 'UNVERIFIED' };
  }
  return {
    VerificationFlag: 'VERIFIED',
    VerifyingObserverSequence: reviewers.map(reviewer => ({
      VerifyingObserverName: reviewer,
      VerifyingObserverIdentificationCodeSequence: [],
      VerifyingOrganization: clipped(request.source.institutionName ?? 'Not stated', 64),
      VerificationDateTime: dicomMoment(
        latest(reviews.filter(review => personOf(review) === reviewer)),
        request.source.timezoneOffset,
      ).dateTime,
    })),
  };
}

const latest = (reviews: readonly Review[]): string =>
  reviews.reduce(
    (last, { reviewedAt }) => (Date.parse(reviewedAt) > Date.parse(last) ? reviewedAt : last),
    reviews[0].reviewedAt,
  );

const stateOf = (reviewed: number, of: number): string => {
  if (of === 0) return 'nothing found';
  if (reviewed === 0) return 'not reviewed';
  return reviewed === of ? 'reviewed' : `${reviewed} of ${of} reviewed`;
};

const evidenceSequence = (run: RunResult, beside: readonly InstanceReference[]): Dataset =>
  hierarchicalReference(run.source.studyInstanceUID, [
    ...sourceReferences(run),
    ...beside,
    ...(run.foreign?.instances ?? []),
  ]);

/** All reports that this one takes the place of: a reader may lack some of them. */
const predecessorSequence = (run: RunResult, predecessors: readonly string[]): Dataset =>
  hierarchicalReference(
    run.source.studyInstanceUID,
    predecessors.map(sopInstanceUID => ({
      sopClassUID: SOP_CLASS.comprehensive3DSR,
      sopInstanceUID,
      seriesInstanceUID: seriesUIDOf(sopInstanceUID),
    })),
  );

/** Of another program's result the report is the readers' and this program's, not that program's. */
const OURSELVES = {
  Manufacturer: MANUFACTURER,
  ManufacturerModelName: MANUFACTURER,
  SoftwareVersions: MANUFACTURER,
  DeviceSerialNumber: MANUFACTURER,
  ContributingEquipmentSequence: undefined,
} as const;

/** Author Observer (PS3.3 C.17.2): the model of what it found, readers of what they said of others'. */
function authors({ run, source }: ReportRequest, reviews: readonly Review[]): Dataset[] {
  const institution = {
    InstitutionName: source.institutionName ?? '',
    InstitutionCodeSequence: [],
  };
  const people = run.foreign ? [...new Set(reviews.map(personOf))].filter(each => each !== '') : [];
  if (people.length > 0) {
    return people.map(person => ({
      ObserverType: 'PSN',
      PersonName: person,
      PersonIdentificationCodeSequence: [],
      ...institution,
    }));
  }
  return [
    {
      ObserverType: 'DEV',
      DeviceUID: run.foreign ? uidFrom('device', MANUFACTURER) : deviceUIDOf(run.provenance),
      StationName: '',
      Manufacturer: MANUFACTURER,
      ManufacturerModelName: run.foreign ? MANUFACTURER : clipped(modelLabel(run.provenance), 64),
      ...institution,
    },
  ];
}

/**
 * Whether there is something to report: of our own run always; of another program's result only
 * what a person said of it, or that what was said before is taken back.
 */
export const hasReport = ({ run, reviews, predecessors, beside = [] }: ReportRequest): boolean =>
  run.foreign === undefined ||
  reviewsInOrder(run, reviews).length > 0 ||
  earlierReports(run, predecessors, beside).length > 0;

/**
 * What a run found and what readers said of it, as a Comprehensive 3D SR (PS3.3 A.35.13) after
 * TID 1500. Every finding is there with its review; one that no person reviewed says so; a run that
 * found nothing says that. COMPLETE when all findings are reviewed; VERIFIED only when those who
 * reviewed them are named.
 *
 * Of another program's result (`run.foreign`) only the reviews are there, and nothing of what that
 * program measured; see `hasReport`.
 *
 * The instance derives from the run, the reviews and the reports before it, so the same reviews
 * stored twice are one instance. Dates are those of the run and the reviews, never of the clock.
 */
export function writeReport(request: ReportRequest): EvidenceObject {
  const { run, source } = request;
  const reviews = reviewsInOrder(run, request.reviews);
  const all = run.findings.length > 0 && reviews.length === run.findings.length;
  const beside = referredTo(request);
  const { sopInstanceUID, predecessors, instanceNumber } = place(
    run,
    reviews,
    beside,
    earlierReports(run, request.predecessors, request.beside ?? []),
  );
  const state = stateOf(reviews.length, run.findings.length);
  const general = generalModules({
    run,
    source,
    sopInstanceUID,
    modality: 'SR',
    seriesDescription: run.foreign
      ? `Review of ${run.provenance.modelName}, ${state}`
      : `AI ${modelLabel(run.provenance)} report, ${state}`,
    seriesOffset: 2,
    instanceNumber,
    contentMoment: reviews.length > 0 ? latest(reviews) : run.provenance.startedAt,
  });
  const identity = { sopClassUID: SOP_CLASS.comprehensive3DSR, sopInstanceUID };
  const part10 = encodePart10(identity, {
    ...general,
    ...(run.foreign && OURSELVES),
    CodingSchemeIdentificationSequence: [CODING_SCHEME],
    ReferencedPerformedProcedureStepSequence: [],
    PerformedProcedureCodeSequence: source.procedureCode ? [{ copied: source.procedureCode }] : [],
    CompletionFlag: all ? 'COMPLETE' : 'PARTIAL',
    CompletionFlagDescription: clipped(`AI findings: ${state}`, 64),
    PreliminaryFlag: all ? 'FINAL' : 'PRELIMINARY',
    ...verification(request, reviews, all),
    AuthorObserverSequence: authors(request, reviews),
    CurrentRequestedProcedureEvidenceSequence: [evidenceSequence(run, beside)],
    ...(predecessors.length > 0 && {
      PredecessorDocumentsSequence: [predecessorSequence(run, predecessors)],
    }),
    ...(run.foreign ? othersContent : ownContent)({ run, source, reviews, beside }),
  });
  return {
    ...identity,
    seriesInstanceUID: seriesUIDOf(sopInstanceUID),
    studyInstanceUID: run.source.studyInstanceUID,
    part10,
  };
}
