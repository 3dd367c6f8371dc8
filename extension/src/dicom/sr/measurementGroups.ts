import type { Finding, RunResult } from '../../core/findings/types';
import { conceptOf } from '../../core/findings/types';
import { boxOf } from '../../core/findings/detectionBox';
import { add, scale } from '../../core/geometry/vector';
import { uidFrom } from '../../core/model/identity';
import type { Review } from '../../core/review/types';
import { planSlices } from '../../core/volume/assemble';
import { CODE, isLaterality, sameCode, UNIT } from '../common/codes';
import type { Dataset } from '../common/dataset';
import { SOP_CLASS } from '../common/dictionary';
import { segmentationUIDOf } from '../common/identity';
import { dicomMoment } from '../common/text';
import * as content from './contentItems';
import { findingParametersText, runParametersText } from './findingParameters';
import {
  NOTHING_FOUND,
  REASON_CODES,
  REJECTION_REASON,
  REVIEW,
  VERDICT_CODES,
} from './reviewCodes';

/** PersonName as the site gives it; a backslash parts values and is none of a name. */
export const personOf = ({ reviewer }: Review): string => reviewer.replaceAll('\\', ' ').trim();

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
function evaluation(review: Review | undefined, offset?: string): Dataset {
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

/** Of a segment the Segmentation holds what the run is made again from; of others the report does. */
const parametersOf = (run: RunResult, finding: Finding): string => {
  switch (finding.kind) {
    case 'detection':
    case 'classification':
    case 'regression':
      return findingParametersText(run, finding);
    default:
      return `model=${run.provenance.modelId} sha256=${run.provenance.modelSha256} run=${run.runId}`;
  }
};

/** The ellipsoid in a detection's box: the ends of its axes (PS3.3 C.18.9.1.2). */
function ellipsoid(run: RunResult, finding: Extract<Finding, { kind: 'detection' }>): Dataset {
  const plan = planSlices(run.source.slices);
  if (!plan.ok) throw new Error(`a detection in what is no volume: ${plan.refusal.message}`);
  const { centre, half, direction } = boxOf(finding, plan.value.geometry);
  const ends = direction.flatMap((axis, index) => [
    ...add(centre, scale(axis, -half[index])),
    ...add(centre, scale(axis, half[index])),
  ]);
  return content.spatialCoordinates3D(
    'CONTAINS',
    CODE.volumeSurface,
    'ELLIPSOID',
    ends,
    run.source.frameOfReferenceUID ?? uidFrom('frame of reference', run.source.seriesInstanceUID),
  );
}

/** Where a finding is: its segment, or the surface around it; of a whole series nothing. */
function region(run: RunResult, finding: Finding, segmentNumber: number): Dataset[] {
  const series = content.uidReference(
    'CONTAINS',
    CODE.sourceSeriesForSegmentation,
    run.source.seriesInstanceUID,
  );
  switch (finding.kind) {
    case 'segment':
      return [
        content.image('CONTAINS', CODE.referencedSegment, {
          ReferencedSOPClassUID: SOP_CLASS.segmentation,
          ReferencedSOPInstanceUID: segmentationUIDOf(run.runId),
          ReferencedSegmentNumber: segmentNumber,
        }),
        series,
      ];
    case 'detection':
      return [ellipsoid(run, finding), series];
    case 'classification':
    case 'regression':
    case 'annotation':
    case 'keyImage':
    case 'map':
      return [];
  }
}

/** How sure the model is, in percent, as computer-aided detection reports it (TID 4006). */
const certainty = (finding: Finding): Dataset[] =>
  finding.kind === 'detection' || finding.kind === 'classification'
    ? [
        content.numeric(
          'CONTAINS',
          CODE.certaintyOfFinding,
          Number((finding.score * 100).toFixed(2)),
          UNIT.percent,
        ),
      ]
    : [];

/**
 * One finding with its measurements and its review: Volumetric ROI Measurements and Qualitative
 * Evaluations (TID 1411) of what has a place, Measurement and Qualitative Evaluation Group
 * (TID 1501) of what is said of the whole series.
 */
export function measurementGroup(
  run: RunResult,
  finding: Finding,
  segmentNumber: number,
  { review, offset }: { review: Review | undefined; offset?: string },
): Dataset {
  const { category, type } = conceptOf(finding);
  const hasPlace = finding.kind === 'segment' || finding.kind === 'detection';
  return content.container(
    'CONTAINS',
    CODE.measurementGroup,
    [
      content.text('HAS OBS CONTEXT', CODE.trackingIdentifier, finding.trackingIdentifier),
      content.uidReference('HAS OBS CONTEXT', CODE.trackingUniqueIdentifier, finding.id),
      ...(category ? [content.code('CONTAINS', CODE.findingCategory, category)] : []),
      content.code('CONTAINS', CODE.finding, type),
      ...findingSite(finding),
      ...algorithm(run, parametersOf(run, finding)),
      ...region(run, finding, segmentNumber),
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
      evaluation(review, offset),
    ],
    hasPlace ? '1411' : '1501',
  );
}

/** What a run that found nothing reports in place of groups: that, and by which model. */
export const nothingFound = (run: RunResult): Dataset =>
  content.container('CONTAINS', CODE.qualitativeEvaluations, [
    content.code('CONTAINS', CODE.finding, NOTHING_FOUND, algorithm(run, runParametersText(run))),
  ]);
