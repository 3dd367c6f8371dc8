import { z } from 'zod';
import type {
  CodedConcept,
  Finding,
  FindingConcept,
  Measurement,
  RunResult,
  SourceSeries,
} from '../../core/findings/types';
import { accept, refuse, type Outcome } from '../../core/outcome';
import type { Review } from '../../core/review/types';
import { CODE, parsedCode, sameCode } from '../common/codes';
import { matchedSource } from '../common/matchedSource';
import { measurementKey, provenanceOf } from '../common/parameters';
import type { ParsedDataset } from '../common/parse';
import { issueOf, number, single, text } from '../common/schemas';
import { isoOfDateTime } from '../common/text';
import {
  reportParametersSchema,
  type FindingOutput,
  type ReportParameters,
} from './findingParameters';
import { REJECTION_REASON, REVIEW, reasonOf, verdictOf } from './reviewCodes';

const reference = z.object({
  ReferencedSOPInstanceUID: text,
  ReferencedSegmentNumber: number.optional(),
});

const contentItem = z.object({
  ValueType: text,
  ConceptNameCodeSequence: parsedCode.optional(),
  ConceptCodeSequence: parsedCode.optional(),
  TextValue: text.optional(),
  UID: text.optional(),
  PersonName: text.optional(),
  ObservationDateTime: text.optional(),
  ReferencedSOPSequence: single(reference).optional(),
  MeasuredValueSequence: z
    .array(
      z.object({
        NumericValue: number,
        FloatingPointValue: number.optional(),
        MeasurementUnitsCodeSequence: parsedCode,
      }),
    )
    .optional(),
  get ContentSequence() {
    return z.array(contentItem).optional();
  },
});
type ContentItem = z.infer<typeof contentItem>;

const reportSchema = z.object({
  SOPInstanceUID: text,
  InstanceNumber: number,
  ContentDate: text,
  ContentTime: text,
  PredecessorDocumentsSequence: z
    .array(
      z.object({
        ReferencedSeriesSequence: z.array(
          z.object({
            ReferencedSOPSequence: z.array(z.object({ ReferencedSOPInstanceUID: text })),
          }),
        ),
      }),
    )
    .optional(),
  CurrentRequestedProcedureEvidenceSequence: single(
    z.object({
      ReferencedSeriesSequence: single(
        z.object({
          SeriesInstanceUID: text,
          ReferencedSOPSequence: z.array(z.object({ ReferencedSOPInstanceUID: text })),
        }),
      ),
    }),
  ),
  ContentSequence: z.array(contentItem),
});
type Report = z.infer<typeof reportSchema>;

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
  findings: Map<string, { measurements: ReportedMeasurement[]; review?: Review }>;
  /** The run itself, where no segmentation holds it. */
  run?: RunResult;
}

const withConcept = (
  items: readonly ContentItem[] | undefined,
  concept: CodedConcept,
): ContentItem[] => (items ?? []).filter(item => sameCode(item.ConceptNameCodeSequence, concept));

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
  const base = {
    id: withConcept(group, CODE.trackingUniqueIdentifier)[0]?.UID ?? '',
    trackingIdentifier: withConcept(group, CODE.trackingIdentifier)[0]?.TextValue ?? '',
    runId,
    measurements: measurementsOf(group).map(measurement => ({
      name: output.measurements[measurementKey(measurement)] ?? measurement.concept.meaning,
      ...measurement,
    })),
    middleSlice,
    centroid,
    ...placeOf(middleSlice, source),
    concept: conceptOfGroup(group, output),
  };
  switch (output.kind) {
    case 'detection':
      return { ...base, kind: output.kind, score: output.score, size: output.size };
    case 'classification':
      return { ...base, kind: output.kind, score: output.score };
    case 'regression':
      return { ...base, kind: output.kind };
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
  const { SeriesInstanceUID: series, ReferencedSOPSequence: references } =
    report.CurrentRequestedProcedureEvidenceSequence.ReferencedSeriesSequence;
  const instances = references.map(each => each.ReferencedSOPInstanceUID);
  const matched = matchedSource(series, instances, sources);
  if (!matched.ok) return matched;
  if (!matched.value) return accept(undefined);
  const { source } = matched.value;
  const [nothing] = withConcept(report.ContentSequence, CODE.qualitativeEvaluations)
    .flatMap(item => withConcept(item.ContentSequence, CODE.finding))
    .map(item => item.ContentSequence);
  try {
    const parameters = parametersOf(groups[0] ?? nothing);
    const { manufacturer, algorithmFamily } = parameters;
    return accept({
      runId: parameters.runId,
      source,
      provenance: {
        ...provenanceOf(parameters),
        ...(algorithmFamily && { algorithmFamily }),
        ...(manufacturer && { manufacturer }),
      },
      findings: groups.map(group => findingOfGroup(group, source)),
    });
  } catch (error) {
    const reason = error instanceof z.ZodError ? issueOf(error) : String(error);
    return unreadable(reason);
  }
}

const unreadable = (reason: string): Outcome<never> =>
  refuse('evidenceUnreadable', `A stored AI result (SR) cannot be read: ${reason}`, {
    object: 'SR',
    reason,
  });

/**
 * What one of our own reports says.
 *
 * @param sources series that a run without a segmentation may be of
 */
export function readReport(
  dataset: ParsedDataset,
  sources: readonly SourceSeries[],
): Outcome<ReadReport> {
  const parsed = reportSchema.safeParse(dataset);
  if (!parsed.success) {
    return unreadable(issueOf(parsed.error));
  }
  const report = parsed.data;
  const groups = withConcept(report.ContentSequence, CODE.imagingMeasurements)
    .flatMap(item => withConcept(item.ContentSequence, CODE.measurementGroup))
    .map(item => item.ContentSequence ?? []);
  const findings: ReadReport['findings'] = new Map();
  for (const group of groups) {
    const id = withConcept(group, CODE.trackingUniqueIdentifier)[0]?.UID;
    if (!id) continue;
    const review = reviewOf(id, group);
    findings.set(id, { measurements: measurementsOf(group), ...(review && { review }) });
  }
  const segmentationUID = groups.flatMap(group => withConcept(group, CODE.referencedSegment)).at(0)
    ?.ReferencedSOPSequence?.ReferencedSOPInstanceUID;
  const run = segmentationUID ? accept(undefined) : runOfReport(report, groups, sources);
  if (!run.ok) return run;
  return accept({
    sopInstanceUID: report.SOPInstanceUID,
    segmentationUID,
    ...(run.value && { run: run.value }),
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
