import { z } from 'zod';
import type { CodedConcept, Measurement } from '../../core/findings/types';
import { accept, refuse, type Outcome } from '../../core/outcome';
import type { Review } from '../../core/review/types';
import { CODE, parsedCode, sameCode } from '../common/codes';
import type { ParsedDataset } from '../common/parse';
import { issueOf, number, single, text } from '../common/schemas';
import { isoOfDateTime } from '../common/text';
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
  ContentSequence: z.array(contentItem),
});

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

/** What one of our own reports says. */
export function readReport(dataset: ParsedDataset): Outcome<ReadReport> {
  const parsed = reportSchema.safeParse(dataset);
  if (!parsed.success) {
    const reason = issueOf(parsed.error);
    return refuse('evidenceUnreadable', `A stored AI result (SR) cannot be read: ${reason}`, {
      object: 'SR',
      reason,
    });
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
    findings.set(id, { measurements: group.flatMap(measurementOf), ...(review && { review }) });
  }
  return accept({
    sopInstanceUID: report.SOPInstanceUID,
    segmentationUID: groups.flatMap(group => withConcept(group, CODE.referencedSegment)).at(0)
      ?.ReferencedSOPSequence?.ReferencedSOPInstanceUID,
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
