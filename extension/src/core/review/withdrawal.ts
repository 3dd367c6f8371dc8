/**
 * Why stored evidence is withdrawn: the titles of a rejection note (PS3.16 CID 7011; IHE RAD TF-3
 * 4.66, Imaging Object Change Management).
 */
export const WITHDRAWAL_REASONS = [
  'quality',
  'patientSafety',
  'incorrectWorklistEntry',
  'retentionExpired',
] as const;
export type WithdrawalReason = (typeof WITHDRAWAL_REASONS)[number];

/** A decision that the archive's evidence of one run is not to be used any more. */
export interface Withdrawal {
  reason: WithdrawalReason;
  /** ISO 8601: when it was decided. */
  withdrawnAt: string;
  /** PersonName of who decided; empty where no one is named. */
  withdrawnBy: string;
}

/** A run whose evidence is marked as withdrawn in the archive. It never comes back; see `runAgain`. */
export interface WithdrawnRun extends Withdrawal {
  runId: string;
  modelId: string;
  modelVersion: string;
  modelName: string;
}
