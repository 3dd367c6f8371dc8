import type { Finding, RunResult } from '../../core/findings/types';
import { conceptOf } from '../../core/findings/types';
import type { Review } from '../../core/review/types';
import { CODE, isLaterality, sameCode, UNIT } from '../common/codes';
import type { Dataset } from '../common/dataset';
import { dicomMoment } from '../common/text';
import * as content from './contentItems';
import { findingParametersText, runParametersText } from './findingParameters';
import { personNamed } from './observers';
import { regionOf } from './regions';
import {
  NOTHING_FOUND,
  REASON_CODES,
  REJECTION_REASON,
  REVIEW,
  VERDICT_CODES,
} from './reviewCodes';

export const personOf = ({ reviewer }: Review): string => personNamed(reviewer);

/** Anatomy is also the site, with its side; of other findings the model does not tell a site. */
function findingSite(finding: Finding): Dataset[] {
  const { category, type, modifier } = conceptOf(finding);
  if (finding.kind !== 'segment' || !sameCode(category, CODE.anatomicalStructure)) return [];
  const side =
    modifier && isLaterality(modifier)
      ? [content.code('HAS CONCEPT MOD', CODE.laterality, modifier)]
      : [];
  return [content.code('HAS CONCEPT MOD', CODE.findingSite, type, side)];
}

/** Qualitative evaluation: what the reader said of the finding, or that no one has reviewed it. */
export function evaluation(review: Review | undefined, offset?: string): Dataset {
  if (!review) return content.code('CONTAINS', REVIEW, VERDICT_CODES.notReviewed);
  const properties = [
    ...(personOf(review)
      ? [content.personName('HAS PROPERTIES', CODE.personObserverName, personOf(review))]
      : []),
    ...(review.reason
      ? [content.code('HAS PROPERTIES', REJECTION_REASON, REASON_CODES[review.reason])]
      : []),
    ...(review.comment ? [content.text('HAS PROPERTIES', CODE.comment, review.comment)] : []),
  ];
  return {
    ...content.code('CONTAINS', REVIEW, VERDICT_CODES[review.verdict], properties),
    ObservationDateTime: dicomMoment(review.reviewedAt, offset).dateTime,
  };
}

/** Algorithm Identification (TID 4019). */
const algorithm = ({ provenance }: RunResult, parameters: string): Dataset[] => [
  content.text('HAS CONCEPT MOD', CODE.algorithmName, provenance.modelName),
  content.text('HAS CONCEPT MOD', CODE.algorithmVersion, provenance.modelVersion),
  content.text('HAS CONCEPT MOD', CODE.algorithmParameters, parameters),
];

/** Of a segment its Segmentation holds what the run is made again from; of all else the report does. */
const parametersOf = (run: RunResult, finding: Finding, inSegmentation: boolean): string =>
  finding.kind === 'segment' && inSegmentation
    ? `model=${run.provenance.modelId} sha256=${run.provenance.modelSha256} run=${run.runId}`
    : findingParametersText(run, finding);

/** How sure the model is, in percent, as computer-aided detection reports it (TID 4006). */
const certainty = (finding: Finding): Dataset[] =>
  'score' in finding && finding.score !== undefined
    ? [
        content.numeric(
          'CONTAINS',
          CODE.certaintyOfFinding,
          Number((finding.score * 100).toFixed(2)),
          UNIT.percent,
        ),
      ]
    : [];

/** Question and answer, coded or in words. A class that the model found is one: it is present. */
const qualitativeEvaluations = (finding: Finding): Dataset[] => [
  ...(finding.kind === 'classification'
    ? [content.code('CONTAINS', finding.concept.type, CODE.present)]
    : []),
  ...(finding.evaluations ?? []).map(({ concept, value }) =>
    typeof value === 'string'
      ? content.text('CONTAINS', concept, value)
      : content.code('CONTAINS', concept, value),
  ),
];

/** Words that belong to a key image or to a drawing. */
const comments = (finding: Finding): Dataset[] => {
  const words =
    finding.kind === 'keyImage'
      ? [finding.text]
      : finding.kind === 'annotation'
        ? finding.shapes.map(({ text }) => text)
        : [];
  return words.flatMap(each => (each ? [content.text('CONTAINS', CODE.comment, each)] : []));
};

/** What a finding is called: Tracking Identifier, Finding Category, Finding, Finding Site. */
export const identification = (finding: Finding): Dataset[] => {
  const { category, type } = conceptOf(finding);
  return [
    content.text('HAS OBS CONTEXT', CODE.trackingIdentifier, finding.trackingIdentifier),
    content.uidReference('HAS OBS CONTEXT', CODE.trackingUniqueIdentifier, finding.id),
    ...(category ? [content.code('CONTAINS', CODE.findingCategory, category)] : []),
    content.code('CONTAINS', CODE.finding, type),
    ...findingSite(finding),
  ];
};

/**
 * One finding with its measurements (TID 1419) and its review: Planar or Volumetric ROI
 * Measurements and Qualitative Evaluations (TID 1410, TID 1411) of what has a place, Measurement
 * and Qualitative Evaluation Group (TID 1501) of what is said of the whole series, of images, or of
 * a segment whose Segmentation is not written.
 */
export function measurementGroup(
  run: RunResult,
  finding: Finding,
  beside: Parameters<typeof regionOf>[2],
  { review, offset }: { review: Review | undefined; offset?: string },
): Dataset {
  const region = regionOf(run, finding, beside);
  return content.container(
    'CONTAINS',
    CODE.measurementGroup,
    [
      ...identification(finding),
      ...algorithm(run, parametersOf(run, finding, beside.segmentation !== undefined)),
      ...region.items,
      ...certainty(finding),
      ...finding.measurements.map(({ concept, derivation, value, unit }) =>
        content.numeric(
          'CONTAINS',
          concept,
          value,
          unit,
          derivation ? [content.code('HAS CONCEPT MOD', CODE.derivation, derivation)] : [],
        ),
      ),
      ...qualitativeEvaluations(finding),
      ...comments(finding),
      evaluation(review, offset),
    ],
    region.template,
  );
}

/** What a run that found nothing reports in place of groups: that, and by which model. */
export const nothingFound = (run: RunResult): Dataset =>
  content.container('CONTAINS', CODE.qualitativeEvaluations, [
    content.code('CONTAINS', CODE.finding, NOTHING_FOUND, algorithm(run, runParametersText(run))),
  ]);
