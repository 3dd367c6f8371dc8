import type { Outcome, Refusal } from '../outcome';
import type { ModelManifest } from '../model/manifest';
import type { SliceHeader, Volume } from '../volume/types';
import type {
  EngineReport,
  Finding,
  ModelResult,
  Phase,
  RunResult,
  SourceSeries,
} from '../findings/types';
import type { EvidenceTable, SegmentationType } from '../evidence/table';
import type { Review } from '../review/types';
import type { Withdrawal, WithdrawnRun } from '../review/withdrawal';

/** How far a run has come. `fraction` is of the phase, 0–1; absent while it cannot be known. */
export interface Progress {
  phase: Phase;
  fraction?: number;
}
export interface RunControl {
  signal: AbortSignal;
  onProgress(progress: Progress): void;
}

/** A display set as the host lists it, without its voxels. */
export interface DisplaySetSummary {
  displaySetInstanceUID: string;
  studyInstanceUID: string;
  seriesInstanceUID: string;
  frameOfReferenceUID?: string;
  modality: string;
  description: string;
  slices: SliceHeader[];
}

/** The host's display sets and their voxels, from the host's own cache. */
export interface VolumeSource {
  list(): DisplaySetSummary[];
  /** Voxels in real-world values. Refuses with the geometry's own reason. */
  read(displaySetInstanceUID: string, control: RunControl): Promise<Outcome<Volume>>;
}

/** A model package: its manifest and where its files are. */
export interface ModelPackage {
  manifest: ModelManifest;
  /** URL (browser) or folder (Node) that `files[].path` is relative to, ending in "/". */
  baseUrl: string;
  /** Added by the site's configuration, by its own URL. */
  fromSite?: boolean;
}

export interface ModelRegistry {
  list(): Promise<{ packages: ModelPackage[]; refused: Array<{ url: string; refusal: Refusal }> }>;
  /** `MODEL_CARD.md` of a package, as Markdown. */
  card(model: ModelPackage): Promise<Outcome<string>>;
}

export interface InferenceOutput {
  output: ModelResult;
  engine: EngineReport;
  timing: Partial<Record<Phase, number>>;
}

export interface RunOptions {
  /** Key of the manifest's operating point; its first one when left out. */
  operatingPoint?: string;
}

/** Runs one package; one queue, so runs never overlap. Takes the voxels' buffers. */
export interface InferenceEngine {
  /**
   * @param volumes one a channel, in the manifest's order (`channelsOf`); two channels of one series
   *   are the same object. Results lie on the grid of the first.
   */
  run(
    model: ModelPackage,
    volumes: readonly Volume[],
    options: RunOptions,
    control: RunControl,
  ): Promise<Outcome<InferenceOutput>>;
}

/** What AI drew, on the host's viewports. */
export interface OverlayDisplay {
  show(run: RunResult, displaySetInstanceUID: string): Promise<void>;
  setVisible(runIds: string[], visible: boolean): void;
  /** Marks a finding as chosen, and brings its middle slice to the active viewport. */
  jumpTo(run: RunResult, finding: Finding, displaySetInstanceUID: string): void;
  /** Rejected findings are drawn no more; re-opened ones again. */
  setFindingVisible(run: RunResult, finding: Finding, visible: boolean): void;
  remove(runId: string): void;
}

/** A result and the display set that it is of. */
export interface PlacedRun {
  runId: string;
  displaySetInstanceUID: string;
}

/** Two results beside one another in the viewer's grid, each with its own overlay only. */
export interface SideBySideDisplay {
  /** Refuses where the viewer's layout cannot be changed now. */
  open(left: PlacedRun, right: PlacedRun): Outcome<void>;
  /** Brings the layout of before back; nothing where the reader has chosen another meanwhile. */
  close(): void;
  /** Tells when the reader has left it by the viewer's own means. */
  onLeft(listener: () => void): void;
}

/** One DICOM instance, encoded (Part 10 file) and ready to store. */
export interface EvidenceObject {
  sopClassUID: string;
  sopInstanceUID: string;
  seriesInstanceUID: string;
  studyInstanceUID: string;
  part10: ArrayBuffer;
}

/** DICOM attributes of the source instances (DICOM JSON model, by SOP Instance UID), for copying. */
export type SourceMetadata = Map<string, Record<string, unknown>>;

/** Makes evidence of a result and its reviews: SEG and, with the reviews, SR. */
export interface EvidenceWriter {
  write(request: {
    run: RunResult;
    reviews: Review[];
    source: SourceMetadata;
    /** Whether reviews are written (maturity `feedback`) or only the result (`production`). */
    includeReviews: boolean;
    reviewer: string;
    /**
     * SOP Instance UIDs of this run's evidence that is stored or on its way, oldest first: a report
     * that says something new refers to the one before it, and so takes its place.
     */
    predecessors?: readonly string[];
    /** Which objects each kind of finding becomes; the field's practice without it. */
    table?: EvidenceTable;
    segmentationType?: SegmentationType;
    /** The source's voxels, where a Secondary Capture is asked for. */
    volume?: Volume;
  }): Promise<Outcome<EvidenceObject[]>>;
  /**
   * A note that withdraws stored evidence of one of our runs, and the run with it: what else of the
   * run is there, or comes there later, counts as withdrawn too.
   */
  withdraw(request: {
    run: RunResult;
    source: SourceMetadata;
    /** SOP Instance UIDs of all its evidence that the archive has. */
    instances: readonly string[];
    withdrawal: Withdrawal;
  }): Promise<Outcome<EvidenceObject>>;
}

/** What stored evidence says: a result without its run, and its reviews. Others' have `run.foreign`. */
export interface StoredReading {
  run: RunResult;
  reviews: Review[];
  /** SOP Instance UIDs it was read from: the segmentation, then the reports, oldest first. */
  instances: string[];
  /** Of ours, which kind its segmentation is. */
  segmentationType?: 'binary' | 'labelmap';
}

export interface EvidenceReader {
  /**
   * Part 10 files of our own SEG and SR of one study, in any order. Files of others are passed
   * over; one of ours that cannot be read is told to `onRefused`, and the others still are read.
   * Refuses only when nothing could be read and something was refused. Runs that were withdrawn are
   * told to `onWithdrawn` and are not among the readings.
   */
  read(
    files: ArrayBuffer[],
    source: SourceSeries[],
    onRefused?: (refusal: Refusal) => void,
    onWithdrawn?: (withdrawn: WithdrawnRun) => void,
  ): Promise<Outcome<StoredReading[]>>;
}

/** What the archive said of one instance (STOW-RS response, PS3.18 10.5.3). */
export type InstanceAcknowledgement =
  | { state: 'stored'; sopInstanceUID: string; warning?: string }
  | {
      state: 'refused';
      sopInstanceUID: string;
      reason: string;
      /** For good: the archive takes no such class, or not this content. Absent where it may pass. */
      cause?: 'classNotSupported' | 'content';
    };

export interface EvidenceArchive {
  /** Resolves with one acknowledgement an object, or refuses: unreachable, unauthorised, … */
  store(objects: EvidenceObject[]): Promise<Outcome<InstanceAcknowledgement[]>>;
  /**
   * Every SEG, SR, presentation state, key object, parametric map and secondary capture of a study,
   * ours and others', as Part 10 files. What is left out (too much, or not to be had) is told to
   * `onSkipped`; refuses when the archive cannot be asked at all.
   */
  retrieveEvidence(
    studyInstanceUID: string,
    onSkipped?: (refusal: Refusal) => void,
  ): Promise<Outcome<ArrayBuffer[]>>;
  /** DICOM JSON metadata of the source series, for the writer. */
  metadata(source: SourceSeries): Promise<Outcome<SourceMetadata>>;
  /** Which archive is asked now, and with which credentials: texts to compare, not to read. */
  identity(): { archive: string; credentials: string } | undefined;
}

/** What is learnt of an archive and need not be tried again: the kind of SEG that it takes. */
export interface ArchiveTraits {
  segmentationType(archive: string): Exclude<SegmentationType, 'auto'> | undefined;
  learn(archive: string, type: Exclude<SegmentationType, 'auto'>): void;
}

export interface OutboxEntry {
  /** Idempotent: the same evidence enqueued twice is one entry. */
  id: string;
  studyInstanceUID: string;
  runId: string;
  objects: EvidenceObject[];
  /**
   * The same evidence with its segmentation of the other kind, stored in place of `objects` when
   * the archive does not take a class of theirs. Written beforehand: a page that is gone cannot.
   */
  alternative?: EvidenceObject[];
  /** Refused for good: sent again only when a person asks, or on a new page. */
  held?: boolean;
  /** The objects are a note that withdraws the run's evidence; no evidence is among them. */
  withdrawal?: Withdrawal;
  /** Which reviews the objects carry; see `reviewSignature`. */
  signature: string;
  attempts: number;
  enqueuedAt: string;
  lastError?: Refusal;
}

/** What must be stored, kept before anything is sent. Survives a reload and a crash. */
export interface OutboxStore {
  put(entry: OutboxEntry): Promise<Outcome<void>>;
  list(): Promise<OutboxEntry[]>;
  remove(id: string): Promise<void>;
  /** Bytes used and allowed, where that can be known. */
  room?(): Promise<{ usage: number; quota: number } | undefined>;
  /**
   * Does work while nobody else (another tab, another process) works on this outbox; waits for them
   * first. Without it there is nobody else.
   */
  exclusively?(work: () => Promise<void>): Promise<void>;
}

/**
 * Results and reviews of studies that are being read, kept on this workstation until the archive
 * has them: a reload or a crash loses neither. Not used at maturity `research`.
 */
export interface DraftStore {
  saveRun(run: RunResult): Promise<Outcome<void>>;
  /**
   * Does not wait for the run to be saved: once the storage is open, what is given here is on its
   * way to the disk when the call returns, and a page that goes away at once loses nothing of it.
   */
  saveReviews(run: RunResult, reviews: Review[]): Promise<Outcome<void>>;
  /** Reviews of a run that was itself perhaps not saved in time; the same run has the same id. */
  reviewsOf(runId: string): Promise<KeptReviews | undefined>;
  load(studyInstanceUID: string): Promise<Draft[]>;
  remove(runId: string): Promise<void>;
  /** Notes that a run has begun, or has ended; what began and did not end was interrupted. */
  markRun(mark: RunMark, state: 'begun' | 'ended'): Promise<void>;
  interrupted(studyInstanceUID: string): Promise<RunMark[]>;
}
export interface KeptReviews {
  reviews: Review[];
  /** ISO 8601: when the reviews were last saved. */
  savedAt: string;
}
export interface Draft extends KeptReviews {
  run: RunResult;
}
export interface RunMark {
  studyInstanceUID: string;
  seriesInstanceUID: string;
  modelId: string;
}

export interface Notifier {
  info(code: string, values?: Record<string, string | number>): void;
  warn(refusal: Refusal): void;
}
