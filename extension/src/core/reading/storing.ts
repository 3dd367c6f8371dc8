import { accept, refusal, type Outcome, type Refusal } from '../outcome';
import type { Review } from '../review/types';
import type {
  EvidenceArchive,
  EvidenceWriter,
  OutboxEntry,
  OutboxStore,
  SourceMetadata,
} from './ports';
import { reviewSignature, reviewsOf, type RunRecord } from './records';
import type { Maturity } from './state';

export interface StoringPorts {
  archive: EvidenceArchive;
  writer: EvidenceWriter;
  outbox: OutboxStore;
}

/**
 * Makes evidence and puts it in the outbox; sending is `delivery`'s. The source's attributes are
 * asked for when a study opens, so that an archive that goes down later does not keep a
 * radiologist from signing off.
 */
export const createStoring = ({ archive, writer, outbox }: StoringPorts) => {
  const metadata = new Map<string, Promise<Outcome<SourceMetadata>>>();

  const metadataOf = (record: RunRecord): Promise<Outcome<SourceMetadata>> => {
    const key = record.run.source.seriesInstanceUID;
    const known = metadata.get(key);
    if (known) return known;
    const asked = archive.metadata(record.run.source).then(outcome => {
      // A refusal is not kept: the next attempt asks again.
      if (!outcome.ok) metadata.delete(key);
      return outcome;
    });
    metadata.set(key, asked);
    return asked;
  };

  /** Enqueues what the archive does not have yet of one run; `false` when it has everything. */
  const enqueue = async (
    record: RunRecord,
    reviews: ReadonlyMap<string, Review>,
    options: { maturity: Exclude<Maturity, 'research'>; reviewer: string; now: string },
  ): Promise<Outcome<{ entry?: OutboxEntry; signature: string }>> => {
    const source = await metadataOf(record);
    if (!source.ok) return source;
    const signature = reviewSignature(record.run, reviews);
    const written = await writer.write({
      run: record.run,
      reviews: options.maturity === 'feedback' ? reviewsOf(record.run, reviews) : [],
      source: source.value,
      includeReviews: options.maturity === 'feedback',
      reviewer: options.reviewer,
      predecessors: [...new Set([...record.acknowledged, ...record.enqueued])],
    });
    if (!written.ok) return written;
    const missing = written.value.filter(object => !record.acknowledged.has(object.sopInstanceUID));
    if (missing.length === 0) return accept({ signature });
    const entry: OutboxEntry = {
      id: missing.map(object => object.sopInstanceUID).join(' '),
      studyInstanceUID: record.run.source.studyInstanceUID,
      runId: record.run.runId,
      objects: missing,
      signature,
      attempts: 0,
      enqueuedAt: options.now,
    };
    const kept = await outbox.put(entry);
    if (!kept.ok) return kept;
    record.enqueued.push(...missing.map(object => object.sopInstanceUID));
    return accept({ entry, signature });
  };

  return {
    enqueue,
    prefetch: (record: RunRecord) => void metadataOf(record),
    forget: () => metadata.clear(),
  };
};

/** Why nothing is stored at maturity `research`. */
export const researchStoresNothing = (): Refusal =>
  refusal(
    'researchStoresNothing',
    'Nothing was stored: this site runs at maturity "research"; storing needs "production" or "feedback"',
    { maturity: 'research' },
  );
