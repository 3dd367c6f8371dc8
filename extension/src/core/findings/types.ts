import type { Vec3, VolumeGeometry } from '../geometry/types';
import type { Refusal } from '../outcome';
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
  /** Measurement Method (370129005, SCT), where it is said. */
  method?: CodedConcept;
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
  /** SHA-256 of the network file, of a chain that of its networks' hashes; lower-case hex. */
  modelSha256: string;
  licence: string;
  /** Absent where another program computed it, who knows where. */
  engine?: EngineReport;
  /** ISO 8601. */
  startedAt: string;
  /** Milliseconds by phase. */
  timing: Partial<Record<Phase, number>>;
  softwareVersion: string;
  /** Who made the model (the manifest's `facts.manufacturer`). */
  manufacturer?: string;
  /** What kind of algorithm it is, CID 7162 (the manifest's `facts.algorithmFamily`). */
  algorithmFamily?: CodedConcept;
  /** The threshold on the model's scores, and what the manifest calls it. */
  operatingPoint?: { key: string; threshold: number };
}

/** What a finding is called and how it is coded. */
export interface FindingConcept {
  /** Stable key within the model, for example `left-lung`. */
  key: string;
  /** The manifest's own label by language; `en` is always there. */
  label: Record<string, string> & { en: string };
  category?: CodedConcept;
  type: CodedConcept;
  modifier?: CodedConcept;
  /** CIELab as L* 0–100, a* and b* −128–127. */
  recommendedDisplayCIELab?: Vec3;
}

/** One segment of a label map as the model's manifest declares it. */
export interface Segment extends FindingConcept {
  segmentNumber: number;
  category: CodedConcept;
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

/** What a detection model found above the threshold, strongest first. */
export interface DetectionOutput {
  kind: 'detection';
  /** Of the operating point; 0 keeps everything. */
  threshold: number;
  detections: Array<
    FindingConcept & {
      /** Probability, 0–1. */
      score: number;
      /** Middle of the box, LPS+ millimetres. */
      centroid: Vec3;
      /** Edges of the box along the source's i, j and k, millimetres. */
      size: Vec3;
      middleSlice: number;
      measurements: Measurement[];
    }
  >;
}

/** What a classification model said of the whole series: every class, with its probability. */
export interface ClassificationOutput {
  kind: 'classification';
  threshold: number;
  classes: Array<
    FindingConcept & {
      score: number;
      /** The most probable class, or with several labels one that reaches the threshold. */
      positive: boolean;
    }
  >;
}

/** What a regression model measured of the whole series. */
export interface RegressionOutput {
  kind: 'regression';
  values: Array<FindingConcept & { measurement: Measurement }>;
}

/** A value at each place: probability, saliency, uncertainty. On the network's grid. */
export interface ScalarMap {
  key: string;
  label: Record<string, string> & { en: string };
  concept: CodedConcept;
  unit: CodedConcept;
  geometry: VolumeGeometry;
  /** i fastest, as all voxels. */
  values: Float32Array;
}

export type ModelResult = (
  SegmentationOutput | DetectionOutput | ClassificationOutput | RegressionOutput
) & { maps?: ScalarMap[] };

export interface SourceSeries {
  studyInstanceUID: string;
  seriesInstanceUID: string;
  frameOfReferenceUID?: string;
  /** In k order. */
  slices: SliceHeader[];
}

interface FindingBase {
  /** Tracking Unique Identifier (112040, DCM): also the finding's id everywhere. */
  id: string;
  /** Tracking Identifier (112039, DCM): for people. */
  trackingIdentifier: string;
  runId: string;
  measurements: Measurement[];
  /** Slice to show when the finding is chosen; of the whole series, its middle one. */
  middleSlice: number;
  centroid: Vec3;
  /** Instance and frame to show when the finding is chosen. */
  referencedSOPInstanceUID: string;
  referencedFrameNumber?: number;
  /** What was said of it in words or codes, beside its measurements (TID 1500 row 13, TID 1501). */
  evaluations?: QualitativeEvaluation[];
}
/** A concept with its coded or written value, for example malignancy: probable. */
export interface QualitativeEvaluation {
  concept: CodedConcept;
  value: CodedConcept | string;
}
export interface SegmentFinding extends FindingBase {
  kind: 'segment';
  segment: Segment;
}
export interface DetectionFinding extends FindingBase {
  kind: 'detection';
  concept: FindingConcept;
  /** Probability, 0–1. */
  score: number;
  /** Edges of the box along the source's i, j and k, millimetres; its middle is `centroid`. */
  size: Vec3;
}
export interface ClassificationFinding extends FindingBase {
  kind: 'classification';
  concept: FindingConcept;
  score: number;
}
/** The value is the first of the measurements. */
export interface RegressionFinding extends FindingBase {
  kind: 'regression';
  concept: FindingConcept;
}

/** Graphic Types of SCOORD (PS3.3 C.18.6) and SCOORD3D (C.18.9), and words at a place. */
export const GRAPHIC_TYPES = [
  'POINT',
  'MULTIPOINT',
  'POLYLINE',
  'POLYGON',
  'CIRCLE',
  'ELLIPSE',
  'ELLIPSOID',
  'TEXT',
] as const;

/** A drawing of SR (SCOORD3D, SCOORD) or of a presentation state, brought into the patient's space. */
export interface Shape {
  /** PS3.3 C.18.9 and C.18.6, and GSPS's text as `TEXT` at one point. CIRCLE and ELLIPSE by their defining points. */
  graphicType: (typeof GRAPHIC_TYPES)[number];
  /** LPS+ millimetres. */
  points: Vec3[];
  /** The one image it was drawn on; absent of what stands in space. */
  referencedSOPInstanceUID?: string;
  referencedFrameNumber?: number;
  text?: string;
}
/** What somebody drew: lines, boxes, ellipses, markers with words. */
export interface AnnotationFinding extends FindingBase {
  kind: 'annotation';
  concept: FindingConcept;
  shapes: Shape[];
  /** Probability, 0–1, where it is said. */
  score?: number;
}
/** Images that somebody says are to be looked at: a Key Object Selection, a Secondary Capture. */
export interface KeyImageFinding extends FindingBase {
  kind: 'keyImage';
  concept: FindingConcept;
  images: Array<{ sopInstanceUID: string; frameNumber?: number }>;
  text?: string;
}
/** One of the run's `maps`, as a thing to be looked at and judged. */
export interface MapFinding extends FindingBase {
  kind: 'map';
  concept: FindingConcept;
  mapKey: string;
}

/** One thing a radiologist can judge. */
export type Finding =
  | SegmentFinding
  | DetectionFinding
  | ClassificationFinding
  | RegressionFinding
  | AnnotationFinding
  | KeyImageFinding
  | MapFinding;

/** Who made a result that this program did not, as its objects say. */
export interface ForeignOrigin {
  /** What it was read from; the one that names the findings first. */
  instances: Array<{ sopClassUID: string; sopInstanceUID: string; seriesInstanceUID: string }>;
  manufacturer?: string;
  manufacturerModelName?: string;
  softwareVersions?: string;
  seriesDescription?: string;
  /** PersonName of who drew or wrote it, where that was a person. */
  author?: string;
  /** SegmentAlgorithmType and the like. */
  algorithmType: 'automatic' | 'semiautomatic' | 'manual' | 'unknown';
  /** What was done to show it: a threshold, resampling, parts left out. Texts as of refusals. */
  remarks?: Refusal[];
}

export const conceptOf = (finding: Finding): FindingConcept =>
  finding.kind === 'segment' ? finding.segment : finding.concept;

/** One execution of one model package on one display set, with what it produced. */
export interface RunResult {
  /** Derived from model hash, manifest version, source series and the result: equal runs, one id. */
  runId: string;
  source: SourceSeries;
  provenance: Provenance;
  /** Of a segmentation. */
  labelMap?: LabelMap;
  maps?: ScalarMap[];
  findings: Finding[];
  /** Of a result of another program: its findings are shown and judged, never written again as ours. */
  foreign?: ForeignOrigin;
}
