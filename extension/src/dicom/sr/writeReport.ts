import { isSegmentationRun, type SegmentationRun } from '../../core/findings/segmentationRun';
import type { Finding, RunResult } from '../../core/findings/types';
import { uidFrom } from '../../core/model/identity';
import type { VolumeGeometry } from '../../core/geometry/types';
import type { EvidenceObject } from '../../core/reading/ports';
import { UNKNOWN_READER, type Review } from '../../core/review/types';
import { planSlices } from '../../core/volume/assemble';
import { CODE, codeItem, modalityCodes, UNIT } from '../common/codes';
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
import { instanceReferences, type SourceAttributes } from '../common/source';
import { clipped, dicomMoment } from '../common/text';
import { segmentOrder } from '../seg/writeSegmentation';
import * as content from './contentItems';
import { measurementGroup, nothingFound, personOf } from './measurementGroups';
import { CODING_SCHEME } from './reviewCodes';

export interface ReportRequest {
  run: RunResult;
  source: SourceAttributes;
  /** Reviews that a person made; empty at maturity `production`. */
  reviews: readonly Review[];
  /** SOP Instance UIDs of the earlier reports of this run, oldest first. */
  predecessors: readonly string[];
}

/** Segments in the order of their numbers, all else as the model gave it. */
const findingOrder = (run: RunResult): readonly Finding[] =>
  isSegmentationRun(run) ? segmentOrder(run) : run.findings;

/** The reviews of this run's findings in the order of the findings; one a finding. */
const reviewsInOrder = (run: RunResult, reviews: readonly Review[]): Review[] => {
  const byFinding = new Map(reviews.map(review => [review.findingId, review]));
  return findingOrder(run).flatMap(({ id }) => byFinding.get(id) ?? []);
};

const reportUIDOf = (runId: string, reviews: readonly Review[], predecessor?: string): string =>
  uidFrom(
    'evidence',
    'SR',
    runId,
    predecessor ?? '',
    ...reviews.flatMap(({ findingId, verdict, reason, comment, reviewer, reviewedAt }) => [
      findingId,
      verdict,
      reason ?? '',
      comment ?? '',
      reviewer,
      reviewedAt,
    ]),
  );

/** Which report this is: a new one after the last, or the last one again if it says the same. */
function place(runId: string, reviews: readonly Review[], predecessors: readonly string[]) {
  const earlier = predecessors.filter(uid => uid !== segmentationUIDOf(runId));
  const last = earlier.at(-1);
  const again = reportUIDOf(runId, reviews, earlier.at(-2));
  if (last !== undefined && again === last) {
    return { sopInstanceUID: last, predecessor: earlier.at(-2), instanceNumber: earlier.length };
  }
  return {
    sopInstanceUID: reportUIDOf(runId, reviews, last),
    predecessor: last,
    instanceNumber: earlier.length + 1,
  };
}

/** Observation context (TID 1001): the model as Device (TID 1004), each reviewer as Person (TID 1003). */
function observers(run: RunResult, reviewers: readonly string[]): Dataset[] {
  const { provenance } = run;
  const device = [
    content.code('HAS OBS CONTEXT', CODE.observerType, CODE.device),
    content.uidReference('HAS OBS CONTEXT', CODE.deviceObserverUID, deviceUIDOf(provenance)),
    content.text('HAS OBS CONTEXT', CODE.deviceObserverName, provenance.modelName),
    content.text(
      'HAS OBS CONTEXT',
      CODE.deviceObserverManufacturer,
      provenance.manufacturer ?? MANUFACTURER,
    ),
    content.text('HAS OBS CONTEXT', CODE.deviceObserverModelName, modelLabel(provenance)),
    content.text('HAS OBS CONTEXT', CODE.deviceObserverSerialNumber, provenance.modelSha256),
  ];
  const people = reviewers.flatMap(reviewer => [
    content.code('HAS OBS CONTEXT', CODE.observerType, CODE.person),
    content.personName('HAS OBS CONTEXT', CODE.personObserverName, reviewer),
  ]);
  return [...device, ...people];
}

const geometryOf = (run: RunResult): VolumeGeometry => {
  if (run.labelMap) return run.labelMap.geometry;
  const plan = planSlices(run.source.slices);
  if (!plan.ok) throw new Error(`a result of what is no volume: ${plan.refusal.message}`);
  return plan.value.geometry;
};

/** Image Library (TID 1600): what the series is, then its instances. */
function imageLibrary(run: RunResult): Dataset {
  const { dimensions, spacing } = geometryOf(run);
  const { modality } = modalityCodes(run.source.slices[0].modality);
  const number = (
    concept: Parameters<typeof content.numeric>[1],
    value: number,
    unit = UNIT.millimetre,
  ) => content.numeric('HAS ACQ CONTEXT', concept, value, unit);
  const descriptors = [
    content.code('HAS ACQ CONTEXT', CODE.modality, modality),
    ...(run.source.frameOfReferenceUID
      ? [
          content.uidReference(
            'HAS ACQ CONTEXT',
            CODE.frameOfReferenceUID,
            run.source.frameOfReferenceUID,
          ),
        ]
      : []),
    number(CODE.pixelDataRows, dimensions[1], UNIT.pixels),
    number(CODE.pixelDataColumns, dimensions[0], UNIT.pixels),
    number(CODE.horizontalPixelSpacing, spacing[0]),
    number(CODE.verticalPixelSpacing, spacing[1]),
    number(CODE.spacingBetweenSlices, spacing[2]),
  ];
  const images = instanceReferences(run).map(each => content.image('CONTAINS', undefined, each));
  const group = content.container('CONTAINS', CODE.imageLibraryGroup, [...descriptors, ...images]);
  return content.container('CONTAINS', CODE.imageLibrary, [group], '1600');
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

/** Whether a Segmentation goes with the report: it holds the segments that the report is of. */
export const hasSegmentation = (run: RunResult): run is SegmentationRun =>
  isSegmentationRun(run) && run.findings.length > 0;

const evidenceSequence = (run: RunResult): Dataset => {
  const segmentation = segmentationUIDOf(run.runId);
  const ofSegmentation = {
    SeriesInstanceUID: seriesUIDOf(segmentation),
    ReferencedSOPSequence: [
      { ReferencedSOPClassUID: SOP_CLASS.segmentation, ReferencedSOPInstanceUID: segmentation },
    ],
  };
  return {
    StudyInstanceUID: run.source.studyInstanceUID,
    ReferencedSeriesSequence: [
      {
        SeriesInstanceUID: run.source.seriesInstanceUID,
        ReferencedSOPSequence: instanceReferences(run),
      },
      ...(hasSegmentation(run) ? [ofSegmentation] : []),
    ],
  };
};

const predecessorSequence = (run: RunResult, predecessor: string): Dataset => ({
  StudyInstanceUID: run.source.studyInstanceUID,
  ReferencedSeriesSequence: [
    {
      SeriesInstanceUID: seriesUIDOf(predecessor),
      ReferencedSOPSequence: [
        {
          ReferencedSOPClassUID: SOP_CLASS.comprehensive3DSR,
          ReferencedSOPInstanceUID: predecessor,
        },
      ],
    },
  ],
});

/** Root content item: Measurement Report (TID 1500). */
function measurementReport(request: ReportRequest, reviews: readonly Review[]): Dataset {
  const { run, source } = request;
  const reviewOf = new Map(reviews.map(review => [review.findingId, review]));
  const reviewers = [...new Set(reviews.map(personOf))].filter(reviewer => reviewer !== '');
  const { procedure } = modalityCodes(run.source.slices[0].modality);
  const procedureItem: Dataset = source.procedureCode
    ? { copied: source.procedureCode }
    : codeItem(procedure);
  return {
    ValueType: 'CONTAINER',
    ConceptNameCodeSequence: [codeItem(CODE.imagingMeasurementReport)],
    ContinuityOfContent: 'SEPARATE',
    ...content.templateOf('1500'),
    ContentSequence: [
      content.code('HAS CONCEPT MOD', CODE.language, {
        value: 'en-US',
        scheme: 'RFC5646',
        meaning: 'English (United States)',
      }),
      ...observers(run, reviewers),
      {
        ...content.code('HAS CONCEPT MOD', CODE.procedureReported, procedure),
        ConceptCodeSequence: [procedureItem],
      },
      imageLibrary(run),
      run.findings.length === 0
        ? nothingFound(run)
        : content.container(
            'CONTAINS',
            CODE.imagingMeasurements,
            findingOrder(run).map((finding, index) =>
              measurementGroup(run, finding, index + 1, {
                review: reviewOf.get(finding.id),
                offset: source.timezoneOffset,
              }),
            ),
          ),
    ],
  };
}

/**
 * What a run found and what readers said of it, as a Comprehensive 3D SR (PS3.3 A.35.13) after
 * TID 1500. Every finding is there with its review; one that no person reviewed says so; a run that
 * found nothing says that. COMPLETE when all findings are reviewed; VERIFIED only when those who reviewed them are named.
 *
 * The instance derives from the run, the reviews and the report before it, so the same reviews
 * stored twice are one instance. Dates are those of the run and the reviews, never of the clock.
 */
export function writeReport(request: ReportRequest): EvidenceObject {
  const { run, source } = request;
  const reviews = reviewsInOrder(run, request.reviews);
  const all = run.findings.length > 0 && reviews.length === run.findings.length;
  const { sopInstanceUID, predecessor, instanceNumber } = place(
    run.runId,
    reviews,
    request.predecessors,
  );
  const state = stateOf(reviews.length, run.findings.length);
  const general = generalModules({
    run,
    source,
    sopInstanceUID,
    modality: 'SR',
    seriesDescription: `AI ${modelLabel(run.provenance)} report, ${state}`,
    seriesOffset: 2,
    instanceNumber,
    contentMoment: reviews.length > 0 ? latest(reviews) : run.provenance.startedAt,
  });
  const identity = { sopClassUID: SOP_CLASS.comprehensive3DSR, sopInstanceUID };
  const part10 = encodePart10(identity, {
    ...general,
    CodingSchemeIdentificationSequence: [CODING_SCHEME],
    ReferencedPerformedProcedureStepSequence: [],
    PerformedProcedureCodeSequence: source.procedureCode ? [{ copied: source.procedureCode }] : [],
    CompletionFlag: all ? 'COMPLETE' : 'PARTIAL',
    CompletionFlagDescription: `AI findings: ${state}`,
    PreliminaryFlag: all ? 'FINAL' : 'PRELIMINARY',
    ...verification(request, reviews, all),
    AuthorObserverSequence: [
      {
        ObserverType: 'DEV',
        DeviceUID: deviceUIDOf(run.provenance),
        StationName: '',
        Manufacturer: general.Manufacturer,
        ManufacturerModelName: general.ManufacturerModelName,
        InstitutionName: source.institutionName ?? '',
        InstitutionCodeSequence: [],
      },
    ],
    CurrentRequestedProcedureEvidenceSequence: [evidenceSequence(run)],
    ...(predecessor && {
      PredecessorDocumentsSequence: [predecessorSequence(run, predecessor)],
    }),
    ...measurementReport(request, reviews),
  });
  return {
    ...identity,
    seriesInstanceUID: seriesUIDOf(sopInstanceUID),
    studyInstanceUID: run.source.studyInstanceUID,
    part10,
  };
}
