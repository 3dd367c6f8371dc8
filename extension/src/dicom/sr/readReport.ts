import { z } from 'zod';
import type {
  CodedConcept,
  Finding,
  FindingConcept,
  Measurement,
  QualitativeEvaluation,
  RunResult,
  SourceSeries,
} from '../../core/findings/types';
import { accept, refuse, type Outcome } from '../../core/outcome';
import type { Review } from '../../core/review/types';
import { CODE, sameCode } from '../common/codes';
import { matchedSource } from '../common/matchedSource';
import { measurementKey, provenanceOf } from '../common/parameters';
import type { ParsedDataset } from '../common/parse';
import { issueOf } from '../common/schemas';
import { isoOfDateTime } from '../common/text';
import {
  evidenceOf,
  flawOf,
  groupsOf,
  reportSchema,
  withConcept,
  type ContentItem,
  type Report,
} from './contentTree';
import {
  reportParametersSchema,
  type FindingOutput,
  type ReportParameters,
} from './findingParameters';
import {
  OTHERS_FINDINGS,
  REJECTION_REASON,
  REVIEW,
  REVIEWED_RESULT,
  reasonOf,
  verdictOf,
} from './reviewCodes';

/** A measurement as a report tells it; its stable name is the segmentation's to say. */
export type ReportedMeasurement = Omit<Measurement, 'name'>;

export interface ReadReport {
  sopInstanceUID: string;
  /** SOP Instance UID of the segmentation that its findings are segments of. */
  segmentationUID?: string;
  /** SOP Instance UIDs of the reports that this one takes the place of. */
  predecessors: string[];
  /** Date, time and number: later reports compare greater. */
  order: string;
  findings: Map<
    string,
    {
      measurements: ReportedMeasurement[];
      evaluations?: QualitativeEvaluation[];
      review?: Review;
    }
  >;
  /** The run itself, where no segmentation holds it. */
  run?: RunResult;
  /** Of a run whose segments a segmentation holds: its findings that are none of them (maps). */
  beside?: Finding[];
  /** Whose findings are reviewed, where they are another program's: the result and its objects. */
  reviewed?: { runId: string; instances: string[] };
}

function measurementOf(item: ContentItem): ReportedMeasurement[] {
  const measured = item.MeasuredValueSequence?.[0];
  const concept = item.ConceptNameCodeSequence;
  if (item.ValueType !== 'NUM' || !measured || !concept) return [];
  const derivation = withConcept(item.ContentSequence, CODE.derivation)[0]?.ConceptCodeSequence;
  return [
    {
      concept,
      ...(derivation && { derivation }),
      value: measured.FloatingPointValue ?? measured.NumericValue,
      unit: measured.MeasurementUnitsCodeSequence,
    },
  ];
}

/** All that was measured; how sure the model is counts as its score, not as a measurement. */
const measurementsOf = (group: readonly ContentItem[]): ReportedMeasurement[] =>
  group
    .filter(item => !sameCode(item.ConceptNameCodeSequence, CODE.certaintyOfFinding))
    .flatMap(measurementOf);

/** What of a group is no answer to a question about the finding. */
const NO_EVALUATION = [CODE.findingCategory, CODE.finding, CODE.comment, REVIEW];

/** Questions and answers; that a class is present is its classification itself. */
const evaluationsOf = (group: readonly ContentItem[]): QualitativeEvaluation[] =>
  group.flatMap((item): QualitativeEvaluation[] => {
    const concept = item.ConceptNameCodeSequence;
    const value = item.ConceptCodeSequence ?? item.TextValue;
    if (item.RelationshipType !== 'CONTAINS' || !concept || value === undefined) return [];
    if (NO_EVALUATION.some(each => sameCode(concept, each))) return [];
    const isClass =
      withConcept(group, CODE.finding).some(found =>
        sameCode(found.ConceptCodeSequence, concept),
      ) && sameCode(item.ConceptCodeSequence, CODE.present);
    return isClass ? [] : [{ concept, value }];
  });

/** A review, only where a person's verdict with its moment is there. */
function reviewOf(findingId: string, group: readonly ContentItem[]): Review | undefined {
  const [item] = withConcept(group, REVIEW);
  const verdict = item?.ConceptCodeSequence && verdictOf(item.ConceptCodeSequence);
  const reviewedAt = item?.ObservationDateTime && isoOfDateTime(item.ObservationDateTime);
  if (!verdict || verdict === 'notReviewed' || !reviewedAt) return undefined;
  const properties = item.ContentSequence;
  const reasonCode = withConcept(properties, REJECTION_REASON)[0]?.ConceptCodeSequence;
  const reason = reasonCode && reasonOf(reasonCode);
  const comment = withConcept(properties, CODE.comment)[0]?.TextValue;
  return {
    findingId,
    verdict,
    ...(reason && { reason }),
    ...(comment && { comment }),
    reviewer: withConcept(properties, CODE.personObserverName)[0]?.PersonName ?? '',
    reviewedAt,
  };
}

/** The JSON of a group's or an evaluation's algorithm parameters. */
function parametersOf(items: readonly ContentItem[] | undefined): ReportParameters {
  const json = withConcept(items, CODE.algorithmParameters)[0]?.TextValue ?? '';
  return reportParametersSchema.parse(JSON.parse(json));
}

const placeOf = (middleSlice: number, { slices }: SourceSeries) => {
  const slice = slices[Math.min(middleSlice, slices.length - 1)];
  return {
    referencedSOPInstanceUID: slice.sopInstanceUID,
    referencedFrameNumber: slice.frameNumber,
  };
};

const conceptOfGroup = (
  group: readonly ContentItem[],
  { key, label, modifier, recommendedDisplayCIELab }: FindingOutput,
): FindingConcept => {
  const codeOf = (concept: CodedConcept) => withConcept(group, concept)[0]?.ConceptCodeSequence;
  const category = codeOf(CODE.findingCategory);
  const type = codeOf(CODE.finding);
  if (!type) throw new Error('a group has no Finding');
  return {
    key,
    label,
    ...(category && { category }),
    type,
    ...(modifier && { modifier }),
    ...(recommendedDisplayCIELab && { recommendedDisplayCIELab }),
  };
};

function findingOfGroup(group: readonly ContentItem[], source: SourceSeries): Finding {
  const { runId, output } = parametersOf(group);
  if (!output) throw new Error('a group has no output among its parameters');
  const { middleSlice, centroid } = output;
  const evaluations = evaluationsOf(group);
  const base = {
    id: withConcept(group, CODE.trackingUniqueIdentifier)[0]?.UID ?? '',
    trackingIdentifier: withConcept(group, CODE.trackingIdentifier)[0]?.TextValue ?? '',
    runId,
    measurements: measurementsOf(group).map(measurement => ({
      name: output.measurements[measurementKey(measurement)] ?? measurement.concept.meaning,
      ...measurement,
    })),
    ...(evaluations.length > 0 && { evaluations }),
    middleSlice,
    centroid,
    ...placeOf(middleSlice, source),
  };
  const concept = conceptOfGroup(group, output);
  switch (output.kind) {
    case 'segment': {
      const { category, recommendedDisplayCIELab } = concept;
      if (!category || !recommendedDisplayCIELab) {
        throw new Error('a segment has no category or no colour');
      }
      const { segmentNumber, kind } = output;
      const segment = { ...concept, segmentNumber, category, recommendedDisplayCIELab };
      return { ...base, kind, segment };
    }
    case 'detection':
      return { ...base, kind: output.kind, concept, score: output.score, size: output.size };
    case 'classification':
      return { ...base, kind: output.kind, concept, score: output.score };
    case 'regression':
      return { ...base, kind: output.kind, concept };
    case 'annotation': {
      const { kind, shapes, score } = output;
      return { ...base, kind, concept, shapes, ...(score !== undefined && { score }) };
    }
    case 'keyImage': {
      const { kind, images, text } = output;
      return { ...base, kind, concept, images, ...(text !== undefined && { text }) };
    }
    case 'map':
      return { ...base, kind: output.kind, concept, mapKey: output.mapKey };
  }
}

/** The open series that a report is of; `undefined` when it is not among the given ones. */
function sourceOf(
  report: Report,
  sources: readonly SourceSeries[],
): Outcome<SourceSeries | undefined> {
  const [{ series, instances }] = evidenceOf(report);
  const matched = matchedSource(series, instances, sources);
  return matched.ok ? accept(matched.value?.source) : matched;
}

/** What a reading of parameters and findings gives, or why they cannot be read. */
function parsedBy<T>(read: () => T): Outcome<T> {
  try {
    return accept(read());
  } catch (error) {
    return unreadable(error instanceof z.ZodError ? issueOf(error) : String(error));
  }
}

/**
 * The run of a report that no segmentation goes with. `undefined` when its source series is not
 * among the given ones.
 */
function runOfReport(
  report: Report,
  groups: ReadonlyArray<readonly ContentItem[]>,
  sources: readonly SourceSeries[],
): Outcome<RunResult | undefined> {
  const matched = sourceOf(report, sources);
  if (!matched.ok) return matched;
  const source = matched.value;
  if (!source) return accept(undefined);
  const [nothing] = withConcept(report.ContentSequence, CODE.qualitativeEvaluations)
    .flatMap(item => withConcept(item.ContentSequence, CODE.finding))
    .map(item => item.ContentSequence);
  return parsedBy(() => {
    const parameters = parametersOf(groups[0] ?? nothing);
    const { manufacturer, algorithmFamily } = parameters;
    return {
      runId: parameters.runId,
      source,
      provenance: {
        ...provenanceOf(parameters),
        ...(algorithmFamily && { algorithmFamily }),
        ...(manufacturer && { manufacturer }),
      },
      findings: groups.map(group => findingOfGroup(group, source)),
    };
  });
}

/** Findings of a report that are no segments of the segmentation it goes with. */
function findingsBeside(
  report: Report,
  groups: ReadonlyArray<readonly ContentItem[]>,
  sources: readonly SourceSeries[],
): Outcome<Finding[]> {
  const others = groups.filter(group => withConcept(group, CODE.referencedSegment).length === 0);
  if (others.length === 0) return accept([]);
  const source = sourceOf(report, sources);
  if (!source.ok) return source;
  const open = source.value;
  return parsedBy(() => (open ? others.map(group => findingOfGroup(group, open)) : []));
}

const unreadable = (reason: string): Outcome<never> =>
  refuse('evidenceUnreadable', `A stored AI result (SR) cannot be read: ${reason}`, {
    object: 'SR',
    reason,
  });

/** Of a report that judges another program's findings: which result it judges. */
function reviewedResult(report: Report): ReadReport['reviewed'] {
  const [subject] = withConcept(report.ContentSequence, CODE.qualitativeEvaluations)
    .flatMap(item => withConcept(item.ContentSequence, REVIEW))
    .filter(item => sameCode(item.ConceptCodeSequence, OTHERS_FINDINGS));
  if (!subject) return undefined;
  const [, ...others] = evidenceOf(report);
  return {
    runId: withConcept(subject.ContentSequence, REVIEWED_RESULT)[0]?.TextValue ?? '',
    instances: others.flatMap(({ instances }) => instances),
  };
}

/**
 * What one of our own reports says.
 *
 * Refuses with `evidenceUnreadable`, and with `evidenceSourceDiffers` where its series is open with
 * other instances.
 *
 * @param sources series that a run without a segmentation may be of
 */
export function readReport(
  dataset: ParsedDataset,
  sources: readonly SourceSeries[],
): Outcome<ReadReport> {
  const parsed = reportSchema.safeParse(dataset);
  if (!parsed.success) return unreadable(issueOf(parsed.error));
  const report = parsed.data;
  const flaw = flawOf(report);
  if (flaw !== undefined) return unreadable(flaw);
  const groups = groupsOf(report);
  const findings: ReadReport['findings'] = new Map();
  for (const group of groups) {
    const id = withConcept(group, CODE.trackingUniqueIdentifier)[0]?.UID;
    if (!id) continue;
    const review = reviewOf(id, group);
    const evaluations = evaluationsOf(group);
    findings.set(id, {
      measurements: measurementsOf(group),
      ...(evaluations.length > 0 && { evaluations }),
      ...(review && { review }),
    });
  }
  const segmentationUID = groups.flatMap(group => withConcept(group, CODE.referencedSegment)).at(0)
    ?.ReferencedSOPSequence?.ReferencedSOPInstanceUID;
  const reviewed = reviewedResult(report);
  const run =
    segmentationUID || reviewed ? accept(undefined) : runOfReport(report, groups, sources);
  if (!run.ok) return run;
  const beside = segmentationUID ? findingsBeside(report, groups, sources) : accept([]);
  if (!beside.ok) return beside;
  return accept({
    sopInstanceUID: report.SOPInstanceUID,
    segmentationUID,
    ...(run.value && { run: run.value }),
    ...(beside.value.length > 0 && { beside: beside.value }),
    ...(reviewed && { reviewed }),
    predecessors: (report.PredecessorDocumentsSequence ?? []).flatMap(study =>
      study.ReferencedSeriesSequence.flatMap(series =>
        series.ReferencedSOPSequence.map(each => each.ReferencedSOPInstanceUID),
      ),
    ),
    order: [
      report.ContentDate,
      report.ContentTime.padEnd(13, '0'),
      String(report.InstanceNumber).padStart(12, '0'),
    ].join(' '),
    findings,
  });
}

/**
 * Reports of one run, oldest first. The last one counts: it is one that no other takes the place
 * of, and among those the latest by its content's date and time.
 */
export function inOrder(reports: readonly ReadReport[]): ReadReport[] {
  const replaced = new Set(reports.flatMap(({ predecessors }) => predecessors));
  const rank = (report: ReadReport): string =>
    `${replaced.has(report.sopInstanceUID) ? 0 : 1} ${report.order}`;
  return [...reports].sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
}
