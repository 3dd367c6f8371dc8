import type { FindingState, RunState } from '../core/reading/state';
import { conceptOf, type EngineReport, type Measurement } from '../core/findings/types';
import type { Texts } from '../locales';

/** “not reviewed”, “accepted by …”, “rejected: reason”. */
export function verdictText(finding: FindingState, texts: Texts): string {
  switch (finding.verdict) {
    case 'accepted':
      return finding.reviewer
        ? texts.t('verdict.acceptedBy', { reviewer: texts.person(finding.reviewer) })
        : texts.t('verdict.accepted');
    case 'rejected':
      return finding.reason
        ? texts.t('verdict.rejectedFor', { reason: texts.t(`reject.${finding.reason}`) })
        : texts.t('verdict.rejected');
    case 'notReviewed':
      return texts.t('verdict.notReviewed');
  }
}

/** Who judged and when, for a tooltip. */
export function reviewedBy(finding: FindingState, texts: Texts): string | undefined {
  const who =
    finding.reviewer && texts.t('verdict.by', { reviewer: texts.person(finding.reviewer) });
  const when = finding.reviewedAt && texts.dateTime(finding.reviewedAt);
  return [who, when].filter(Boolean).join(', ') || undefined;
}

export const findingName = (finding: FindingState, texts: Texts): string =>
  texts.own(conceptOf(finding).label);

export const engineText = (report: EngineReport | undefined, texts: Texts): string =>
  report
    ? texts.t(`engine.${report.engine}`, { count: report.threads })
    : texts.t('engine.external');

/** Why a faster engine was not used; nothing where the first choice ran. */
export function engineReason(report: EngineReport | undefined, texts: Texts): string | undefined {
  if (!report) return undefined;
  const key = `engine.${report.fallbackReason}`;
  return report.fallbackReason && texts.has(key) ? texts.t(key) : report.fallbackReason;
}

export function measurementName(measurement: Measurement, texts: Texts): string {
  const key = `measurement.${measurement.name}`;
  return texts.has(key) ? texts.t(key) : measurement.concept.meaning;
}

export function originText(run: RunState, texts: Texts): string {
  if (run.foreign && run.origin === 'archive') {
    return texts.t('panel.origin.others');
  }
  if (run.origin !== 'run') {
    return texts.t(`panel.origin.${run.origin}`);
  }
  const milliseconds = Object.values(run.timing).reduce((sum, phase) => sum + (phase ?? 0), 0);
  return milliseconds > 0
    ? texts.t('panel.origin.runTook', { duration: texts.duration(milliseconds / 1000) })
    : texts.t('panel.origin.run');
}
