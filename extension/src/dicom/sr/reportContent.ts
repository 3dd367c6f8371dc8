import { segmentationOf } from '../../core/findings/segmentationRun';
import type { Finding, RunResult } from '../../core/findings/types';
import type { Review } from '../../core/review/types';
import { CODE, codeItem, modalityCodes } from '../common/codes';
import type { Dataset } from '../common/dataset';
import type { SourceAttributes } from '../common/source';
import { parametricMapUIDs } from '../parametricMap/grid';
import { segmentOrder } from '../seg/writeSegmentation';
import * as content from './contentItems';
import { imageLibrary } from './imageLibrary';
import {
  evaluation,
  identification,
  measurementGroup,
  nothingFound,
  personOf,
} from './measurementGroups';
import { deviceObserver, LANGUAGE, personObserver } from './observers';
import { instanceItem, type InstanceReference } from './references';
import { isSegmentation } from './regions';
import { OTHERS_FINDINGS, REVIEW, REVIEWED_RESULT } from './reviewCodes';

export interface ContentRequest {
  run: RunResult;
  source: SourceAttributes;
  /** In the order of the findings, one a finding at most. */
  reviews: readonly Review[];
  /** Evidence that the groups refer to. */
  beside: readonly InstanceReference[];
}

/** Segments of the label map in the order of their numbers, then all else as the model gave it. */
export const findingOrder = (run: RunResult): readonly Finding[] => {
  const segmentation = segmentationOf(run);
  if (!segmentation) return run.findings;
  return [...segmentOrder(segmentation), ...run.findings.filter(({ kind }) => kind !== 'segment')];
};

const reviewersOf = (reviews: readonly Review[]): string[] =>
  [...new Set(reviews.map(personOf))].filter(reviewer => reviewer !== '');

/** Root content item: Measurement Report (TID 1500). */
function root(
  { run, source }: ContentRequest,
  observers: readonly Dataset[],
  groups: readonly Dataset[],
): Dataset {
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
      LANGUAGE,
      ...observers,
      {
        ...content.code('HAS CONCEPT MOD', CODE.procedureReported, procedure),
        ConceptCodeSequence: [procedureItem],
      },
      imageLibrary(run, source),
      ...groups,
    ],
  };
}

/** What our own run found: every finding, with its review or that no one has reviewed it. */
export function ownContent(request: ContentRequest): Dataset {
  const { run, source, reviews, beside } = request;
  const reviewOf = new Map(reviews.map(review => [review.findingId, review]));
  const segmentation = beside.find(isSegmentation);
  const order = findingOrder(run);
  const segments = order.filter(({ kind }) => kind === 'segment');
  const mapOf = (finding: Finding) =>
    finding.kind === 'map'
      ? beside.find(each =>
          parametricMapUIDs(run.runId, finding.mapKey).includes(each.sopInstanceUID),
        )
      : undefined;
  const groups = order.map(finding =>
    measurementGroup(
      run,
      finding,
      { segmentation, segmentNumber: segments.indexOf(finding) + 1, map: mapOf(finding) },
      { review: reviewOf.get(finding.id), offset: source.timezoneOffset },
    ),
  );
  return root(
    request,
    [...deviceObserver(run.provenance), ...reviewersOf(reviews).flatMap(personObserver)],
    [
      order.length === 0
        ? nothingFound(run)
        : content.container('CONTAINS', CODE.imagingMeasurements, groups),
    ],
  );
}

/** Which program found it (TID 4019), as far as its objects say. */
const othersAlgorithm = ({ provenance }: RunResult): Dataset[] =>
  provenance.modelName !== '' && provenance.modelVersion !== ''
    ? [
        content.text('HAS CONCEPT MOD', CODE.algorithmName, provenance.modelName),
        content.text('HAS CONCEPT MOD', CODE.algorithmVersion, provenance.modelVersion),
      ]
    : [];

/**
 * What readers said of another program's findings: for each that was reviewed, and only for these, a
 * Measurement and Qualitative Evaluation Group (TID 1501) with its tracking identifiers, its
 * concept, the objects that hold it, and the verdict. Nothing that the other program measured is
 * repeated, for this report does not answer for it. The observers are the readers.
 */
export function othersContent(request: ContentRequest): Dataset {
  const { run, source, reviews } = request;
  const found = new Map(run.findings.map(finding => [finding.id, finding]));
  const holders = run.foreign?.instances ?? [];
  const groups = reviews.map(review => {
    const finding = found.get(review.findingId);
    if (!finding) throw new Error(`a review of ${review.findingId}, which is none of the run's`);
    return content.container(
      'CONTAINS',
      CODE.measurementGroup,
      [
        ...identification(finding),
        ...othersAlgorithm(run),
        ...holders.map(holder => instanceItem('CONTAINS', CODE.source, holder)),
        evaluation(review, source.timezoneOffset),
      ],
      '1501',
    );
  });
  const subject = content.container('CONTAINS', CODE.qualitativeEvaluations, [
    content.code('CONTAINS', REVIEW, OTHERS_FINDINGS, [
      content.text('HAS PROPERTIES', REVIEWED_RESULT, run.runId),
    ]),
  ]);
  return root(request, reviewersOf(reviews).flatMap(personObserver), [
    ...(groups.length > 0 ? [content.container('CONTAINS', CODE.imagingMeasurements, groups)] : []),
    subject,
  ]);
}
