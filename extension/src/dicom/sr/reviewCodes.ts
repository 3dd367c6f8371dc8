import type { CodedConcept } from '../../core/findings/types';
import { REJECTION_REASONS, type RejectionReason, type Verdict } from '../../core/review/types';
import type { Dataset } from '../common/dataset';

/**
 * The review of an AI finding has no concept in PS3.16: "Selection Status" (121404, DCM) chooses
 * among measured values, the approval codes of CID 800 are of protocols, and Content Assessment
 * Results assess whole instances. So these are our own, and Coding Scheme Identification says so.
 */
const SCHEME = '99SECONDREADER';
const own = (value: string, meaning: string): CodedConcept => ({ value, scheme: SCHEME, meaning });

export const REVIEW = own('review', 'AI finding review');
export const REJECTION_REASON = own('reason', 'Reason for rejecting AI finding');

/** In place of findings. Not “no abnormality”: a model says nothing of what it was not made for. */
export const NOTHING_FOUND = own('nothingFound', 'Nothing found by AI model');

/** Whose findings a report judges that has none of its own. */
export const OTHERS_FINDINGS = own('othersFindings', 'Findings of another program');
/** Our name for the result that was judged; it holds together the reports on one result. */
export const REVIEWED_RESULT = own('result', 'Result that was reviewed');

export const VERDICT_CODES: Record<Verdict, CodedConcept> = {
  accepted: own('accepted', 'Accepted by reader'),
  rejected: own('rejected', 'Rejected by reader'),
  notReviewed: own('notReviewed', 'Not reviewed'),
};

export const REASON_CODES: Record<RejectionReason, CodedConcept> = {
  notPresent: own('notPresent', 'Finding is not present'),
  wrongLocation: own('wrongLocation', 'Finding is at the wrong location'),
  wrongExtent: own('wrongExtent', 'Finding has the wrong extent'),
  wrongLabel: own('wrongLabel', 'Finding has the wrong label'),
  artefact: own('artefact', 'Finding is an artefact'),
  other: own('other', 'Other reason'),
};

export const verdictOf = (code: CodedConcept): Verdict | undefined =>
  code.scheme === SCHEME && code.value in VERDICT_CODES ? (code.value as Verdict) : undefined;

export const reasonOf = (code: CodedConcept): RejectionReason | undefined =>
  code.scheme === SCHEME ? REJECTION_REASONS.find(reason => reason === code.value) : undefined;

/** An item of Coding Scheme Identification Sequence (PS3.3 C.12.1.1.1). */
export const CODING_SCHEME: Dataset = {
  CodingSchemeDesignator: SCHEME,
  CodingSchemeName: 'Second Reader: review of AI findings',
  CodingSchemeVersion: '1',
  CodingSchemeResponsibleOrganization: 'Second Reader',
};
