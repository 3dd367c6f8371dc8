import { z } from 'zod';
import type { EvidenceKind } from '../core/evidence/table';
import type {
  Finding,
  MapFinding,
  Measurement,
  RunResult,
  SegmentFinding,
  SourceSeries,
} from '../core/findings/types';
import { indexToWorld } from '../core/geometry/transform';
import { uidFrom } from '../core/model/identity';
import { accept, type Outcome, type Refusal } from '../core/outcome';
import type { EvidenceReader, StoredReading } from '../core/reading/ports';
import type { Withdrawal, WithdrawnRun } from '../core/review/withdrawal';
import { planSlices } from '../core/volume/assemble';
import { MANUFACTURER } from './common/identity';
import { SOP_CLASS } from './common/dictionary';
import { measurementKey } from './common/parameters';
import { parsePart10, type ParsedDataset } from './common/parse';
import { text } from './common/schemas';
import { readForeign } from './foreign';
import { readKeyObjects, rejectedInstances, type KeyObjects } from './keyObject/readKeyObjects';
import { withdrawalOf, withdrawnRunOf } from './keyObject/readRejectionNote';
import { readParametricMap, type ReadParametricMap } from './parametricMap/readParametricMap';
import { peakOf } from './secondaryCapture/keySlices';
import { readSegmentation, type ReadSegmentation } from './seg/readSegmentation';
import { otherEvidence } from './sr/predecessors';
import { withReviews } from './sr/othersReviews';
import { inOrder, readReport, type ReadReport, type ReportedMeasurement } from './sr/readReport';

const header = z.object({ SOPClassUID: text, SOPInstanceUID: text, Manufacturer: text });

/** Our kinds of evidence by SOP class. */
const OURS: Record<string, EvidenceKind | undefined> = {
  [SOP_CLASS.segmentation]: 'segmentation',
  [SOP_CLASS.labelMapSegmentation]: 'segmentation',
  [SOP_CLASS.comprehensive3DSR]: 'report',
  [SOP_CLASS.parametricMap]: 'parametricMap',
  [SOP_CLASS.grayscaleSoftcopyPresentationState]: 'presentationState',
  [SOP_CLASS.multiFrameTrueColorSecondaryCapture]: 'secondaryCapture',
  [SOP_CLASS.keyObjectSelection]: 'keyObjects',
};

interface OwnObject {
  kind: EvidenceKind;
  sopClassUID: string;
  sopInstanceUID: string;
  dataset: ParsedDataset;
}

/** A data set with what it is, if it is ours. */
function ownObject(dataset: ParsedDataset): OwnObject | undefined {
  const parsed = header.safeParse(dataset);
  if (!parsed.success || parsed.data.Manufacturer !== MANUFACTURER) return undefined;
  const { SOPClassUID: sopClassUID, SOPInstanceUID: sopInstanceUID } = parsed.data;
  const kind = OURS[sopClassUID];
  return kind && { kind, sopClassUID, sopInstanceUID, dataset };
}

const named = (
  measurements: readonly ReportedMeasurement[],
  names: Record<string, string> = {},
): Measurement[] =>
  measurements.map(measurement => ({
    name: names[measurementKey(measurement)] ?? measurement.concept.meaning,
    ...measurement,
  }));

type OwnSegmentation = ReadSegmentation & { segmentationType: 'binary' | 'labelmap' };

const uidsOf = (objects: ReadonlyArray<{ sopInstanceUID: string }>): string[] =>
  objects.map(({ sopInstanceUID }) => sopInstanceUID);

/**
 * Segmentations of one run (the archive may have both kinds of it) with its reports: measurements
 * and reviews of the latest one.
 */
function readingOf(reads: readonly OwnSegmentation[], reports: readonly ReadReport[]) {
  const [read] = reads;
  const ordered = inOrder(reports);
  const latest = ordered.at(-1);
  const segments = read.run.findings.map((finding): SegmentFinding => {
    const said = latest?.findings.get(finding.id);
    if (!said) return finding;
    const names = read.measurementNames.get(finding.id);
    return {
      ...finding,
      measurements: named(said.measurements, names),
      ...(said.evaluations && { evaluations: said.evaluations }),
    };
  });
  const findings: Finding[] = [...segments, ...(latest?.beside ?? [])];
  return {
    run: { ...read.run, findings },
    reviews: findings.flatMap(({ id }) => latest?.findings.get(id)?.review ?? []),
    instances: [...uidsOf(reads), ...uidsOf(ordered)],
    segmentationType: read.segmentationType,
  } satisfies StoredReading;
}

/** Groups in the order in which their keys are first met. */
const groupedBy = <T>(items: readonly T[], keyOf: (item: T) => string | undefined): T[][] => {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    if (key !== undefined) groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return [...groups.values()];
};

/** Runs that only reports tell of, each by the latest report of it. */
const readingsOfReports = (reports: readonly ReadReport[]): StoredReading[] =>
  groupedBy(reports, ({ run }) => run?.runId).map(ofRun => {
    const ordered = inOrder(ofRun);
    const latest = ordered.at(-1)!;
    const run = latest.run!;
    return {
      run,
      reviews: run.findings.flatMap(({ id }) => latest.findings.get(id)?.review ?? []),
      instances: uidsOf(ordered),
    };
  });

/** A map that no other evidence of its run is stored with: the map itself is what was found. */
function findingOf({ map, runId, source, provenance }: ReadParametricMap): MapFinding {
  const plan = planSlices(source.slices);
  if (!plan.ok) throw new Error(`a map of what is no volume: ${plan.refusal.message}`);
  const { index, slice } = peakOf(map, plan.value.geometry);
  return {
    id: uidFrom('finding', runId, `map-${map.key}`),
    trackingIdentifier: `${provenance.modelId}/map-${map.key}`,
    runId,
    kind: 'map',
    concept: { key: map.key, label: map.label, type: map.concept },
    mapKey: map.key,
    measurements: [],
    middleSlice: slice,
    centroid: indexToWorld(map.geometry, index),
    referencedSOPInstanceUID: source.slices[slice].sopInstanceUID,
    referencedFrameNumber: source.slices[slice].frameNumber,
  };
}

/** Readings with their maps; maps without one are readings of their own. */
function withMaps(
  readings: readonly StoredReading[],
  read: readonly ReadParametricMap[],
): StoredReading[] {
  const ordered = [...read].sort((a, b) => a.instanceNumber - b.instanceNumber);
  const known = new Set(readings.map(({ run }) => run.runId));
  const completed = readings.map((reading): StoredReading => {
    const maps = ordered.filter(({ runId }) => runId === reading.run.runId);
    if (maps.length === 0) return reading;
    return {
      ...reading,
      run: { ...reading.run, maps: maps.map(({ map }) => map) },
      instances: [...reading.instances, ...uidsOf(maps)],
    };
  });
  const alone = groupedBy(
    ordered.filter(({ runId }) => !known.has(runId)),
    ({ runId }) => runId,
  ).map((maps): StoredReading => {
    const [{ runId, source, provenance }] = maps;
    const run: RunResult = {
      runId,
      source,
      provenance,
      maps: maps.map(({ map }) => map),
      findings: maps.map(findingOf),
    };
    return { run, reviews: [], instances: uidsOf(maps) };
  });
  return [...completed, ...alone];
}

/** What is stored of a run and says nothing that the others do not: its states, pictures, choices. */
const withOthers = (reading: StoredReading, others: ReadonlySet<string>): StoredReading => ({
  ...reading,
  instances: [
    ...reading.instances,
    ...otherEvidence(reading.run).filter(
      uid => others.has(uid) && !reading.instances.includes(uid),
    ),
  ],
});

interface OwnEvidence {
  segmentations: OwnSegmentation[];
  reports: ReadReport[];
  maps: ReadParametricMap[];
  others: Set<string>;
}

/** Our own results; the reports are also of segmentations that are of either kind. */
function ownReadings({ segmentations, reports, maps, others }: OwnEvidence): StoredReading[] {
  const ofSegmentations = groupedBy(segmentations, ({ run }) => run.runId).map(reads => {
    const uids = new Set<string | undefined>(uidsOf(reads));
    return readingOf(
      reads,
      reports.filter(({ segmentationUID }) => uids.has(segmentationUID)),
    );
  });
  return withMaps([...ofSegmentations, ...readingsOfReports(reports)], maps).map(reading =>
    withOthers(reading, others),
  );
}

const isKeyObjects = ({ SOPClassUID }: ParsedDataset): boolean =>
  text.safeParse(SOPClassUID).data === SOP_CLASS.keyObjectSelection;

/** Parses files and takes from them what is ours and was not withdrawn; each instance once. */
function sorted(datasets: readonly ParsedDataset[], take: <T>(o: Outcome<T>) => T | undefined) {
  const own = new Map<string, OwnObject>();
  const foreign: ParsedDataset[] = [];
  for (const dataset of datasets) {
    const object = ownObject(dataset);
    if (object) own.set(object.sopInstanceUID, object);
    else foreign.push(dataset);
  }
  const withdrawn = new Map<string, WithdrawnRun>();
  const documents = [...own.values()].flatMap(({ kind, dataset }): KeyObjects[] => {
    const read = kind === 'keyObjects' ? take(readKeyObjects(dataset)) : undefined;
    const run = read && withdrawnRunOf(dataset, read);
    if (run) withdrawn.set(run.runId, run);
    return read ? [read] : [];
  });
  /** By SOP Instance UID: notes of others list objects, and know nothing of runs. */
  const withdrawals = new Map<string, Withdrawal>();
  // Whoever wrote a rejection note, what it withdraws is shown no more.
  const ofOthers = foreign.flatMap((dataset): KeyObjects[] => {
    const read = isKeyObjects(dataset) ? readKeyObjects(dataset) : undefined;
    if (!read?.ok) return [];
    const withdrawal = withdrawalOf(dataset, read.value);
    if (withdrawal) {
      read.value.objects.forEach(each => withdrawals.set(each.sopInstanceUID, withdrawal));
    }
    return [read.value];
  });
  const rejected = rejectedInstances([...documents, ...ofOthers]);
  const byOthers = [...own.values()].filter(each => withdrawals.has(each.sopInstanceUID));
  rejected.forEach(uid => own.delete(uid));
  const isShown = (dataset: ParsedDataset): boolean => {
    const uid = text.safeParse(dataset.SOPInstanceUID);
    return !uid.success || !rejected.has(uid.data);
  };
  return {
    own: [...own.values()],
    foreign: foreign.filter(isShown),
    withdrawn,
    byOthers,
    withdrawals,
  };
}

function evidenceOf(
  own: readonly OwnObject[],
  source: readonly SourceSeries[],
  take: <T>(outcome: Outcome<T>) => T | undefined,
): OwnEvidence {
  const evidence: OwnEvidence = { segmentations: [], reports: [], maps: [], others: new Set() };
  for (const { kind, sopClassUID, sopInstanceUID, dataset } of own) {
    if (kind === 'segmentation') {
      const read = take(readSegmentation(dataset, source));
      const isBinary = sopClassUID === SOP_CLASS.segmentation;
      const segmentationType = isBinary ? 'binary' : 'labelmap';
      if (read) evidence.segmentations.push({ ...read, segmentationType });
    } else if (kind === 'report') {
      const read = take(readReport(dataset, source));
      if (read) evidence.reports.push(read);
    } else if (kind === 'parametricMap') {
      const read = take(readParametricMap(dataset, source));
      if (read) evidence.maps.push(read);
    } else {
      evidence.others.add(sopInstanceUID);
    }
  }
  return evidence;
}

/** Reads evidence back, ours and that of other programs; see the port. */
export const createEvidenceReader = (): EvidenceReader => ({
  read: async (files, source, onRefused, onWithdrawn) => {
    const refusals: Refusal[] = [];
    const refused = (refusal: Refusal): void => {
      refusals.push(refusal);
      onRefused?.(refusal);
    };
    const take = <T>(outcome: Outcome<T>): T | undefined => {
      if (outcome.ok) return outcome.value;
      refused(outcome.refusal);
      return undefined;
    };
    const datasets: ParsedDataset[] = [];
    for (const file of files) {
      const dataset = take(await parsePart10(file));
      if (dataset) datasets.push(dataset);
    }
    const { own, foreign, withdrawn, byOthers, withdrawals } = sorted(datasets, take);
    const evidence = evidenceOf(own, source, take);
    // Without what came to the archive after the note, from a workstation that did not know of it.
    const ours = ownReadings(evidence).filter(({ run }) => !withdrawn.has(run.runId));
    const shown = new Set(ours.map(({ run }) => run.runId));
    // A run of which another program's notes have left nothing is withdrawn as by a note of ours.
    const left = ownReadings(evidenceOf(byOthers, source, o => (o.ok ? o.value : undefined)));
    for (const { run, instances } of left) {
      const withdrawal = instances.map(uid => withdrawals.get(uid)).find(Boolean);
      if (!withdrawal || shown.has(run.runId) || withdrawn.has(run.runId)) continue;
      const { modelId, modelVersion, modelName } = run.provenance;
      const { runId } = run;
      withdrawn.set(runId, { runId, modelId, modelVersion, modelName, ...withdrawal });
    }
    withdrawn.forEach(run => onWithdrawn?.(run));
    const readings = [
      ...ours,
      ...withReviews(readForeign(foreign, source, refused), evidence.reports),
    ];
    if (readings.length === 0 && refusals.length > 0) return { ok: false, refusal: refusals[0] };
    return accept(readings);
  },
});
