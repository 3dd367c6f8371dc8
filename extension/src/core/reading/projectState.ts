import { extremes } from '../findings/mapLevels';
import type { Finding, FindingConcept, RunResult, ScalarMap } from '../findings/types';
import { primaryOutput, type ModelManifest } from '../model/manifest';
import type { Refusal } from '../outcome';
import type { Review } from '../review/types';
import type { WithdrawnRun } from '../review/withdrawal';
import { maturityOfRun } from './maturity';
import type { DisplaySetSummary, ModelPackage } from './ports';
import { reviewSignature, type RunRecord } from './records';
import type { RunRequest } from './runQueue';
import type {
  ActiveRun,
  ComparisonState,
  FindingState,
  MapRange,
  Maturity,
  ModelState,
  ReadingState,
  RunState,
} from './state';

/** Everything a reading holds; `projectState` makes of it what the panels show. */
export interface ReadingFacts {
  studyInstanceUID?: string;
  maturity: Maturity;
  maturityOf?: Readonly<Record<string, Maturity>>;
  crossOriginIsolated: boolean;
  overlayVisible: boolean;
  models: ModelState[];
  displaySets: DisplaySetSummary[];
  packages: ReadonlyMap<string, ModelPackage>;
  active?: ActiveRun;
  queued: RunRequest[];
  records: ReadonlyMap<string, RunRecord>;
  reviews: ReadonlyMap<string, Review>;
  /** Results that the reader has put out of sight. */
  hiddenRuns: ReadonlySet<string>;
  comparison?: ComparisonState;
  selectedFindingId?: string;
  rejecting?: string;
  refusals: Array<Refusal & { modelId?: string }>;
  withdrawn: readonly WithdrawnRun[];
  outbox: ReadingState['outbox'];
}

/** The manifest's names where the model is still at hand, else what the evidence carries. */
const namesOf = ({ run }: RunRecord, { packages }: ReadingFacts) =>
  (run.foreign ? undefined : packages.get(run.provenance.modelId)?.manifest.name) ?? {
    en: run.provenance.modelName,
  };

const runState = (record: RunRecord, facts: ReadingFacts): RunState => ({
  runId: record.run.runId,
  modelId: record.run.provenance.modelId,
  modelName: namesOf(record, facts),
  modelVersion: record.run.provenance.modelVersion,
  engine: record.run.provenance.engine,
  foreign: record.run.foreign,
  operatingPoint: record.run.provenance.operatingPoint,
  displaySetInstanceUID: record.displaySetInstanceUID,
  maturity: maturityOfRun(facts, record.run),
  madeAt: record.run.provenance.startedAt,
  origin: record.origin,
  timing: record.run.provenance.timing,
  stored: record.stored,
  changedSinceStored:
    record.stored === 'stored' &&
    maturityOfRun(facts, record.run) === 'feedback' &&
    record.storedSignature !== reviewSignature(record.run, facts.reviews),
  storeError: record.storeError,
  storeWarnings: record.storeWarnings,
  storedObjects: record.acknowledged.size,
  withdrawal: record.withdrawal,
  hidden: facts.hiddenRuns.has(record.run.runId) || undefined,
  manufacturer: record.run.foreign
    ? record.run.foreign.manufacturer
    : record.run.provenance.manufacturer,
});

/** What the manifest calls a segment, a class or a value; a detection has a number of its own too. */
const declaredName = (
  manifest: ModelManifest | undefined,
  key: string,
): FindingConcept['label'] | undefined => {
  if (!manifest) return undefined;
  const output = primaryOutput(manifest);
  const declared: ReadonlyArray<{ key: string; name: FindingConcept['label'] }> =
    output.type === 'regression' ? output.values : output.labels;
  return declared.find(each => each.key === key)?.name;
};

/** With the manifest's own texts where the model is at hand: evidence may hold fewer languages. */
const relabelled = (finding: Finding, manifest: ModelManifest | undefined): Finding => {
  if (finding.kind === 'segment') {
    const { segment } = finding;
    const label = declaredName(manifest, segment.key) ?? segment.label;
    return { ...finding, segment: { ...segment, label } };
  }
  const { concept } = finding;
  const label = declaredName(manifest, concept.key) ?? concept.label;
  return { ...finding, concept: { ...concept, label } };
};

/** Reckoned once a map: a state is made anew on every change. */
const ranges = new WeakMap<ScalarMap, MapRange>();

const rangeOf = ({ maps }: RunResult, key: string): MapRange | undefined => {
  const map = maps?.find(each => each.key === key);
  if (!map) return undefined;
  const known = ranges.get(map) ?? { ...extremes(map), unit: map.unit };
  ranges.set(map, known);
  return known;
};

const findingStates = (record: RunRecord, facts: ReadingFacts): FindingState[] => {
  const { foreign, provenance } = record.run;
  // Of others nothing is said in our models' words, whatever they call themselves.
  const model = foreign ? undefined : facts.packages.get(provenance.modelId);
  return record.run.findings.map(finding => {
    const review = facts.reviews.get(finding.id);
    return {
      ...relabelled(finding, model?.manifest),
      modelId: record.run.provenance.modelId,
      modelVersion: record.run.provenance.modelVersion,
      verdict: review?.verdict ?? 'notReviewed',
      reason: review?.reason,
      reviewer: review?.reviewer,
      reviewedAt: review?.reviewedAt,
      selected: finding.id === facts.selectedFindingId,
      ...(finding.kind === 'map' && { range: rangeOf(record.run, finding.mapKey) }),
    };
  });
};

export const projectState = (facts: ReadingFacts): ReadingState => {
  const records = [...facts.records.values()];
  return {
    studyInstanceUID: facts.studyInstanceUID,
    maturity: facts.maturity,
    overlayVisible: facts.overlayVisible,
    models: facts.models,
    active: facts.active,
    queued: facts.queued,
    runs: records.map(record => runState(record, facts)),
    findings: records.flatMap(record => findingStates(record, facts)),
    comparison: facts.comparison,
    selectedFindingId: facts.selectedFindingId,
    displaySetDescriptions: Object.fromEntries(
      facts.displaySets.map(set => [set.displaySetInstanceUID, set.description]),
    ),
    rejecting: facts.rejecting,
    refusals: facts.refusals,
    outbox: facts.outbox,
    withdrawn: [...facts.withdrawn],
    crossOriginIsolated: facts.crossOriginIsolated,
  };
};
