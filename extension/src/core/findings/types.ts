import type { Vec3 } from '../geometry/types';
import type { LabelMap, SliceHeader } from '../volume/types';

/** A coded concept: CodeValue, CodingSchemeDesignator, CodeMeaning (PS3.3 8.8). */
export interface CodedConcept {
  value: string;
  scheme: string;
  meaning: string;
}

/** A measured value with its concept and its UCUM unit. */
export interface Measurement {
  /** Stable key for translations, for example `volume` or `meanIntensity`. */
  name: string;
  concept: CodedConcept;
  /** Derivation (121401, DCM) of the concept over the segment: mean, standard deviation. */
  derivation?: CodedConcept;
  value: number;
  unit: CodedConcept;
}

export type Engine = 'webgpu' | 'wasm-threads' | 'wasm' | 'native' | 'remote';

/** Where tensors were computed, and why there. */
export interface EngineReport {
  engine: Engine;
  threads: number;
  /** Why a faster engine was not used; absent when the first choice ran. Code of `engine.<code>`. */
  fallbackReason?: string;
  detail?: string;
}

export type Phase =
  'queued' | 'model' | 'voxels' | 'preprocess' | 'infer' | 'postprocess' | 'measure';

/** What the model did, with which file, where: enough to make the run again. */
export interface Provenance {
  modelId: string;
  modelVersion: string;
  modelName: string;
  /** SHA-256 of the network file, lower-case hex. */
  modelSha256: string;
  licence: string;
  engine: EngineReport;
  /** ISO 8601. */
  startedAt: string;
  /** Milliseconds by phase. */
  timing: Partial<Record<Phase, number>>;
  softwareVersion: string;
  /** Who made the model (the manifest's `facts.manufacturer`). */
  manufacturer?: string;
  /** What kind of algorithm it is, CID 7162 (the manifest's `facts.algorithmFamily`). */
  algorithmFamily?: CodedConcept;
}

/** One segment of a label map as the model's manifest declares it. */
export interface Segment {
  segmentNumber: number;
  /** Stable key within the model, for example `left-lung`. */
  key: string;
  /** The manifest's own label by language; `en` is always there. */
  label: Record<string, string> & { en: string };
  category: CodedConcept;
  type: CodedConcept;
  modifier?: CodedConcept;
  /** CIELab as L* 0–100, a* and b* −128–127. */
  recommendedDisplayCIELab: Vec3;
}

/** What the engine returns for a segmentation model: a label map on the source grid. */
export interface SegmentationOutput {
  kind: 'segmentation';
  labelMap: LabelMap;
  segments: Array<
    Segment & {
      measurements: Measurement[];
      /** Voxels in the segment; a segment of none is reported, not hidden. */
      voxelCount: number;
      /** Slice index k with the segment's middle, and its LPS+ centre on that slice. */
      middleSlice: number;
      centroid: Vec3;
    }
  >;
}

export interface SourceSeries {
  studyInstanceUID: string;
  seriesInstanceUID: string;
  frameOfReferenceUID?: string;
  /** In k order. */
  slices: SliceHeader[];
}

/** One thing a radiologist can judge. */
export interface Finding {
  /** Tracking Unique Identifier (112040, DCM): also the finding's id everywhere. */
  id: string;
  /** Tracking Identifier (112039, DCM): for people. */
  trackingIdentifier: string;
  runId: string;
  kind: 'segment';
  segment: Segment;
  measurements: Measurement[];
  middleSlice: number;
  centroid: Vec3;
  /** Instance and frame to show when the finding is chosen. */
  referencedSOPInstanceUID: string;
  referencedFrameNumber?: number;
}

/** One execution of one model package on one display set, with what it produced. */
export interface RunResult {
  /** Derived from model hash, manifest version and source series: the same run has the same id. */
  runId: string;
  source: SourceSeries;
  provenance: Provenance;
  labelMap: LabelMap;
  findings: Finding[];
}
