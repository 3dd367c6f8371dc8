import { createDelivery } from '@second-reader/core/reading/delivery';
import type { EvidenceArchive, OutboxStore } from '@second-reader/core/reading/ports';
import type { Refusal } from '@second-reader/core/outcome';
import { MANUFACTURER } from '@second-reader/dicom/common/identity';
import { createEvidenceArchive } from '../../../extension/src/adapters/dicomweb/archive';

/** The archive at a DICOMweb root, with the headers that it asks for. */
export const archiveAt = (root: string, headers: Record<string, string> = {}): EvidenceArchive =>
  createEvidenceArchive(
    () => ({ qidoRoot: root, wadoRoot: root, stowRoot: root, headers: () => headers }),
    MANUFACTURER,
  );

export interface SendReport {
  /** SOP Instance UIDs that the archive has acknowledged now. */
  stored: string[];
  warnings: string[];
  /** What stays in the outbox, and why. */
  pending: number;
  objects: number;
  lastError?: Refusal;
}

/**
 * Tries everything in an outbox once, with the delivery that the viewer uses: nothing leaves the
 * outbox before the archive has acknowledged it.
 */
export const sendOutbox = async (
  outbox: OutboxStore,
  archive: EvidenceArchive,
): Promise<SendReport> => {
  const report: SendReport = { stored: [], warnings: [], pending: 0, objects: 0 };
  const take = (acknowledged: Array<{ sopInstanceUID: string; warning?: string }>) => {
    report.stored.push(...acknowledged.map(({ sopInstanceUID }) => sopInstanceUID));
    report.warnings.push(...acknowledged.flatMap(({ warning }) => warning ?? []));
  };
  const delivery = createDelivery(outbox, archive, {
    delivered: (_entry, acknowledged) => take(acknowledged),
    failed: (_entry, _why, acknowledged) => take(acknowledged),
    pending: ({ pending, objects = 0, lastError }) =>
      Object.assign(report, { pending, objects, lastError }),
  });
  await delivery.flush();
  delivery.stop();
  return report;
};
