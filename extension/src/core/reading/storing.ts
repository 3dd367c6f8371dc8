import { evidenceOfRun, evidenceTable, type EvidenceTable } from '../evidence/table';
import type { SegmentationType } from '../evidence/table';
import type { ModelManifest } from '../model/manifest';
import { accept, refusal, type Outcome, type Refusal } from '../outcome';
import type { Review } from '../review/types';
import type { SourceSeries } from '../findings/types';
import type { Volume } from '../volume/types';
import type {
  ArchiveTraits,
  EvidenceArchive,
  EvidenceObject,
  EvidenceWriter,
  OutboxEntry,
  OutboxStore,
  SourceMetadata,
  VolumeSource,
} from './ports';
import { reviewSignature, reviewsOf, type RunRecord } from './records';
import type { Maturity } from './state';

export interface StoringPorts {
  archive: EvidenceArchive;
  writer: EvidenceWriter;
  outbox: OutboxStore;
  volumes: Pick<VolumeSource, 'read'>;
  /** Without it nothing is learnt: each result is written both ways where the site says `auto`. */
  traits?: ArchiveTraits;
}

/** What the site says of the evidence of all models. */
export interface EvidenceSettings {
  evidence?: Partial<EvidenceTable>;
  /** BINARY without it: every viewer reads it. */
  segmentationType?: SegmentationType;
}

type Written = 'binary' | 'labelmap';
type WriteRequest = Parameters<EvidenceWriter['write']>[0];

/** Above this part of what the browser may use, the disk is called nearly full. */
const NEARLY_FULL = 0.9;
const MEGABYTE = 1_000_000;

const bytesOf = (objects: readonly EvidenceObject[]): number =>
  objects.reduce((sum, { part10 }) => sum + part10.byteLength, 0);

/**
 * Makes evidence and puts it in the outbox; sending is `delivery`'s. The source's attributes are
 * asked for when a study opens, so that an archive that goes down later does not keep a
 * radiologist from signing off.
 */
export const createStoring = (
  { archive, writer, outbox, volumes, traits }: StoringPorts,
  settings: EvidenceSettings,
  manifestOf: (modelId: string) => ModelManifest | undefined,
) => {
  const metadata = new Map<string, Promise<Outcome<SourceMetadata>>>();

  const metadataOf = (source: SourceSeries): Promise<Outcome<SourceMetadata>> => {
    const key = source.seriesInstanceUID;
    const known = metadata.get(key);
    if (known) return known;
    const asked = archive.metadata(source).then(outcome => {
      // A refusal is not kept: the next attempt asks again.
      if (!outcome.ok) metadata.delete(key);
      return outcome;
    });
    metadata.set(key, asked);
    return asked;
  };

  /** The kinds of segmentation to write: two where it is yet to be seen what the archive takes. */
  const typesFor = (record: RunRecord, isSegmented: boolean): [Written, Written?] => {
    // What is stored of this run stays what it is: another kind would be a second segmentation.
    if (record.segmentationType) return [record.segmentationType];
    const { segmentationType = 'binary' } = settings;
    if (segmentationType !== 'auto') return [segmentationType];
    const identity = archive.identity();
    const learnt = identity && traits?.segmentationType(identity.archive);
    if (learnt) return [learnt];
    return isSegmented ? ['labelmap', 'binary'] : ['binary'];
  };

  /** The voxels, read from the host's cache again: they are not kept, and few results need them. */
  const voxelsFor = async (
    record: RunRecord,
    isNeeded: boolean,
  ): Promise<Outcome<Volume | undefined>> => {
    if (!isNeeded) return accept(undefined);
    const control = { signal: new AbortController().signal, onProgress: () => undefined };
    return volumes.read(record.displaySetInstanceUID, control);
  };

  const tellRoom = async (bytes: number, tell: (told: Refusal) => void) => {
    const room = await outbox.room?.();
    if (!room || room.usage + bytes <= NEARLY_FULL * room.quota) return;
    const left = Math.max(0, Math.floor((room.quota - room.usage) / MEGABYTE));
    const needed = Math.ceil(bytes / MEGABYTE);
    const message = `The disk space this browser may use is nearly full: ${left} MB are left, ${needed} MB are to be kept until the archive has them`;
    tell(refusal('outboxNearlyFull', message, { left, needed }));
  };

  /**
   * Enqueues what the archive does not have yet of one run; no entry when it has everything.
   *
   * @param tell is told of what does not keep the evidence from being sent: a full disk.
   */
  const enqueue = async (
    record: RunRecord,
    reviews: ReadonlyMap<string, Review>,
    options: { maturity: Exclude<Maturity, 'research'>; reviewer: string; now: string },
    tell: (told: Refusal) => void,
  ): Promise<Outcome<{ entry?: OutboxEntry; signature: string }>> => {
    const { run } = record;
    const source = await metadataOf(run.source);
    if (!source.ok) return source;
    const table = evidenceTable(
      manifestOf(run.provenance.modelId)?.evidence,
      run.foreign ? undefined : settings.evidence,
    );
    const kinds = evidenceOfRun(run, table);
    const isOurs = run.foreign === undefined;
    const volume = await voxelsFor(record, isOurs && kinds.includes('secondaryCapture'));
    if (!volume.ok) return volume;
    const signature = reviewSignature(run, reviews);
    const others = new Set(run.foreign?.instances.map(({ sopInstanceUID }) => sopInstanceUID));
    const request: WriteRequest = {
      run,
      reviews: options.maturity === 'feedback' ? reviewsOf(run, reviews) : [],
      source: source.value,
      includeReviews: options.maturity === 'feedback',
      reviewer: options.reviewer,
      predecessors: [...new Set([...record.acknowledged, ...record.enqueued])].filter(
        uid => !others.has(uid),
      ),
      table,
      volume: volume.value,
    };
    const [first, second] = typesFor(record, isOurs && kinds.includes('segmentation'));
    const written = await writer.write({ ...request, segmentationType: first });
    if (!written.ok) return written;
    const otherwise = second && (await writer.write({ ...request, segmentationType: second }));
    if (otherwise && !otherwise.ok) return otherwise;
    const notYet = (objects: readonly EvidenceObject[]) =>
      objects.filter(object => !record.acknowledged.has(object.sopInstanceUID));
    const missing = notYet(written.value);
    if (missing.length === 0) return accept({ signature });
    const entry: OutboxEntry = {
      id: missing.map(object => object.sopInstanceUID).join(' '),
      studyInstanceUID: run.source.studyInstanceUID,
      runId: run.runId,
      objects: missing,
      ...(otherwise && { alternative: notYet(otherwise.value) }),
      signature,
      attempts: 0,
      enqueuedAt: options.now,
    };
    await tellRoom(bytesOf([...missing, ...(entry.alternative ?? [])]), tell);
    const kept = await outbox.put(entry);
    if (!kept.ok) tell(kept.refusal);
    record.enqueued.push(...missing.map(object => object.sopInstanceUID));
    return accept({ entry, signature });
  };

  return {
    enqueue,
    metadataOf,
    prefetch: (source: SourceSeries) => void metadataOf(source),
    forget: () => metadata.clear(),
    /** What an answer of the archive says of the kinds of segmentation that it takes. */
    learn(type: Written) {
      const identity = archive.identity();
      if (identity && settings.segmentationType === 'auto') traits?.learn(identity.archive, type);
    },
  };
};

/** Why nothing is stored at maturity `research`. */
export const researchStoresNothing = (): Refusal =>
  refusal(
    'researchStoresNothing',
    'Nothing was stored: this site runs at maturity "research"; storing needs "production" or "feedback"',
    { maturity: 'research' },
  );

/** Why some results are not stored though others are. */
export const modelsStoreNothing = (models: readonly string[]): Refusal => {
  const named = models.join(', ');
  return refusal(
    'modelsStoreNothing',
    `Results of these models were not stored: at this site they are at maturity "research": ${named}`,
    { models: named },
  );
};
