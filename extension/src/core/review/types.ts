/** The reasons a radiologist can reject a finding for; keys of `reject.<reason>` in locales. */
export const REJECTION_REASONS = [
  'notPresent',
  'wrongLocation',
  'wrongExtent',
  'wrongLabel',
  'artefact',
  'other',
] as const;
export type RejectionReason = (typeof REJECTION_REASONS)[number];

export const VERDICTS = ['accepted', 'rejected', 'notReviewed'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** A radiologist's judgement of one finding. The absence of one is “not reviewed”. */
export interface Review {
  findingId: string;
  verdict: 'accepted' | 'rejected';
  reason?: RejectionReason;
  comment?: string;
  /** Who judged: PersonName as the site gives it. */
  reviewer: string;
  /** ISO 8601. */
  reviewedAt: string;
}

/** Stands for a reviewer whom the host cannot name: no login, no setting. Attests to nothing. */
export const UNKNOWN_READER = 'Unknown reader';
