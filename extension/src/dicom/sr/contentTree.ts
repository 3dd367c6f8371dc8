import { z } from 'zod';
import type { CodedConcept } from '../../core/findings/types';
import { CODE, parsedCode, sameCode } from '../common/codes';
import { number, single, text } from '../common/schemas';

const reference = z.object({
  ReferencedSOPInstanceUID: text,
  ReferencedSegmentNumber: number.optional(),
});

const contentItem = z.object({
  RelationshipType: text.optional(),
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
export type ContentItem = z.infer<typeof contentItem>;

const series = z.object({
  SeriesInstanceUID: text,
  ReferencedSOPSequence: z.array(z.object({ ReferencedSOPInstanceUID: text })).min(1),
});

/** What is read of one of our own reports. */
export const reportSchema = z.object({
  SOPInstanceUID: text,
  InstanceNumber: number,
  ContentDate: text,
  ContentTime: text,
  PredecessorDocumentsSequence: z
    .array(z.object({ ReferencedSeriesSequence: z.array(series) }))
    .optional(),
  CurrentRequestedProcedureEvidenceSequence: z
    .array(z.object({ ReferencedSeriesSequence: z.array(series).min(1) }))
    .min(1),
  ContentTemplateSequence: single(z.object({ TemplateIdentifier: text })).optional(),
  ContentSequence: z.array(contentItem),
});
export type Report = z.infer<typeof reportSchema>;

export const withConcept = (
  items: readonly ContentItem[] | undefined,
  concept: CodedConcept,
): ContentItem[] => (items ?? []).filter(item => sameCode(item.ConceptNameCodeSequence, concept));

/** The series that a report refers to, the source of the run first. */
export const evidenceOf = (report: Report) =>
  report.CurrentRequestedProcedureEvidenceSequence.flatMap(
    study => study.ReferencedSeriesSequence,
  ).map(each => ({
    series: each.SeriesInstanceUID,
    instances: each.ReferencedSOPSequence.map(item => item.ReferencedSOPInstanceUID),
  }));

/** The measurement groups of a report, each by its content items. */
export const groupsOf = (report: Report): ContentItem[][] =>
  withConcept(report.ContentSequence, CODE.imagingMeasurements)
    .flatMap(item => withConcept(item.ContentSequence, CODE.measurementGroup))
    .map(item => item.ContentSequence ?? []);

const everyItem = (items: readonly ContentItem[] | undefined): ContentItem[] =>
  (items ?? []).flatMap(item => [item, ...everyItem(item.ContentSequence)]);

/**
 * What is wrong with a content tree that each of its items is right in: no template or another one,
 * a reference to what is not among the evidence, a measurement without a value. `undefined` of a
 * sound one.
 */
export function flawOf(report: Report): string | undefined {
  const template = report.ContentTemplateSequence?.TemplateIdentifier;
  if (template !== '1500') {
    return `its content follows ${template ? `template ${template}` : 'no template'}; 1500 is read`;
  }
  const evidence = new Set(evidenceOf(report).flatMap(({ instances }) => instances));
  for (const item of everyItem(report.ContentSequence)) {
    const referenced = item.ReferencedSOPSequence?.ReferencedSOPInstanceUID;
    if (referenced !== undefined && !evidence.has(referenced)) {
      return `it refers to ${referenced}, which is not among its evidence`;
    }
    if (item.ValueType === 'NUM' && !item.MeasuredValueSequence?.[0]) {
      return `${item.ConceptNameCodeSequence?.meaning ?? 'a measurement'} has no measured value`;
    }
  }
  return undefined;
}
