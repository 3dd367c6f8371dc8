import { createDelivery } from '@second-reader/core/reading/delivery';
import type { EvidenceArchive, OutboxEntry, OutboxStore } from '@second-reader/core/reading/ports';
import type { Refusal } from '@second-reader/core/outcome';
import { MANUFACTURER } from '@second-reader/dicom/common/identity';
import { createEvidenceArchive } from '../../../extension/src/adapters/dicomweb/archive';

/** The archive at a DICOMweb root, with the headers that it asks for. */
export const archiveAt = (
  root: string,
  headers: () => Record<string, string> = () => ({}),
): EvidenceArchive =>
  createEvidenceArchive(
    () => ({ qidoRoot: root, wadoRoot: root, stowRoot: root, headers }),
    MANUFACTURER,
  );

/** After these, whatever is sent next meets the same. */
const OF_THE_ARCHIVE = new Set(['archiveUnreachable', 'archiveUnauthorized']);

/** An archive that was away, or refused access, is not asked for each of a thousand objects. */
const askedOnce = (archive: EvidenceArchive): EvidenceArchive => {
  let away: Awaited<ReturnType<EvidenceArchive['store']>> | undefined;
  return {
    ...archive,
    async store(objects) {
      if (away) return away;
      const answer = await archive.store(objects);
      if (!answer.ok && OF_THE_ARCHIVE.has(answer.refusal.code)) away = answer;
      return answer;
    },
  };
};

export interface SendReport {
  /** SOP Instance UIDs that the archive has acknowledged now. */
  stored: string[];
  warnings: Array<{ sopInstanceUID: string; warning: string }>;
  /** What stays in the outbox, and why. */
  pending: number;
  objects: number;
  failed: Array<{ entry: OutboxEntry; why: Refusal }>;
  lastError?: Refusal;
  /** When it is worth trying again; none where all that waits was refused for good. */
  nextAttemptAt?: string;
}

/**
 * Tries everything in an outbox once, with the delivery that the viewer uses: nothing leaves the
 * outbox before the archive has acknowledged it.
 */
export const sendOutbox = async (
  outbox: OutboxStore,
  archive: EvidenceArchive,
): Promise<SendReport> => {
  const report: SendReport = { stored: [], warnings: [], pending: 0, objects: 0, failed: [] };
  const take = (acknowledged: Array<{ sopInstanceUID: string; warning?: string }>) => {
    report.stored.push(...acknowledged.map(({ sopInstanceUID }) => sopInstanceUID));
    for (const { sopInstanceUID, warning } of acknowledged) {
      if (warning) report.warnings.push({ sopInstanceUID, warning });
    }
  };
  const delivery = createDelivery(outbox, askedOnce(archive), {
    delivered: (_entry, acknowledged) => take(acknowledged),
    failed: (entry, why, acknowledged) => {
      take(acknowledged);
      report.failed.push({ entry, why });
    },
    pending: ({ pending, objects = 0, lastError, nextAttemptAt }) =>
      Object.assign(report, { pending, objects, lastError, nextAttemptAt }),
  });
  await delivery.flush();
  delivery.stop();
  return report;
};

export interface Patience {
  /** Milliseconds from now after which nothing more is tried. */
  milliseconds: number;
  /** Asked where something may yet be stored: whether waiting can help. */
  goesOn?(report: SendReport): boolean;
  /** Told before each wait. */
  waiting?(report: SendReport, milliseconds: number): void;
}

/**
 * Tries everything in an outbox until the archive has it, the archive has refused for good what is
 * left, or patience is over. Waits double (delivery's back-off). What was stored and warned of in all
 * attempts is in the report; what failed is of the last one.
 */
export const sendPatiently = async (
  outbox: OutboxStore,
  archive: EvidenceArchive,
  { milliseconds, goesOn, waiting }: Patience,
): Promise<SendReport> => {
  const end = Date.now() + milliseconds;
  const stored: SendReport['stored'] = [];
  const warnings: SendReport['warnings'] = [];
  for (;;) {
    const report = await sendOutbox(outbox, archive);
    stored.push(...report.stored);
    warnings.push(...report.warnings);
    const next = report.nextAttemptAt && Date.parse(report.nextAttemptAt);
    if (!next || next > end || goesOn?.(report) === false) return { ...report, stored, warnings };
    const wait = Math.max(0, next - Date.now());
    waiting?.(report, wait);
    await new Promise(resolve => setTimeout(resolve, wait));
  }
};
