import { z } from 'zod';
import type { CodedConcept } from '../../../core/findings/types';
import type { ParsedDataset } from '../../common/parse';
import {
  anyCode,
  anyItem,
  anyItems,
  anyName,
  anyNumber,
  anyNumbers,
  anyReference,
  anyText,
} from '../schemas';

/** A content item of a structured report (PS3.3 C.17.3), whatever its template. */
export interface Content {
  relationship: string;
  valueType: string;
  concept?: CodedConcept;
  code?: CodedConcept;
  /** Of TEXT, PNAME, UIDREF, DATE, TIME and DATETIME. */
  text?: string;
  numeric?: { value: number; unit: CodedConcept };
  graphic?: { type: string; data: number[]; frameOfReferenceUID?: string };
  /** Of IMAGE and COMPOSITE. */
  reference?: {
    sopClassUID?: string;
    sopInstanceUID: string;
    frames?: number[];
    segments?: number[];
  };
  children: Content[];
}

const noUnit: CodedConcept = { value: '1', scheme: 'UCUM', meaning: 'no units' };

const itemSchema = z.object({
  RelationshipType: anyText,
  ValueType: anyText,
  ConceptNameCodeSequence: anyCode,
  ConceptCodeSequence: anyCode,
  TextValue: anyText,
  PersonName: anyName,
  UID: anyText,
  Date: anyText,
  Time: anyText,
  DateTime: anyText,
  MeasuredValueSequence: anyItem(
    z.object({
      NumericValue: anyNumber,
      FloatingPointValue: anyNumber,
      MeasurementUnitsCodeSequence: anyCode,
    }),
  ),
  GraphicType: anyText,
  GraphicData: anyNumbers,
  ReferencedFrameOfReferenceUID: anyText,
  ReferencedSOPSequence: anyItem(anyReference),
  ReferencedContentItemIdentifier: anyNumbers,
  ContentSequence: z.array(z.unknown()).catch([]).optional(),
});
type Item = z.infer<typeof itemSchema>;

/** A value without a number (PS3.3 C.18.1: Numeric Value Qualifier says why) is none. */
function numericOf({ MeasuredValueSequence: measured }: Item): Content['numeric'] {
  const value = measured?.FloatingPointValue ?? measured?.NumericValue;
  if (value === undefined) return undefined;
  return { value, unit: measured?.MeasurementUnitsCodeSequence ?? noUnit };
}

function referenceOf({ ReferencedSOPSequence: referred }: Item): Content['reference'] {
  const sopInstanceUID = referred?.ReferencedSOPInstanceUID;
  if (sopInstanceUID === undefined) return undefined;
  return {
    sopInstanceUID,
    sopClassUID: referred?.ReferencedSOPClassUID,
    frames: referred?.ReferencedFrameNumber,
    segments: referred?.ReferencedSegmentNumber,
  };
}

interface Unresolved {
  content: Content;
  /** Positions from the root, 1-based: the item that stands here by reference (PS3.3 C.17.3.2.5). */
  identifier: number[];
  parent: Content;
}

function contentOf(item: unknown, parent: Content | undefined, unresolved: Unresolved[]): Content {
  const parsed = itemSchema.safeParse(item);
  if (!parsed.success) return { relationship: '', valueType: '', children: [] };
  const read = parsed.data;
  const { GraphicType: type, GraphicData: data } = read;
  const numeric = numericOf(read);
  const reference = referenceOf(read);
  const text =
    read.TextValue ?? read.PersonName ?? read.UID ?? read.DateTime ?? read.Date ?? read.Time;
  const content: Content = {
    relationship: read.RelationshipType ?? '',
    valueType: read.ValueType ?? '',
    children: [],
    ...(read.ConceptNameCodeSequence && { concept: read.ConceptNameCodeSequence }),
    ...(read.ConceptCodeSequence && { code: read.ConceptCodeSequence }),
    ...(text !== undefined && { text }),
    ...(numeric && { numeric }),
    ...(type !== undefined &&
      data && {
        graphic: { type, data, frameOfReferenceUID: read.ReferencedFrameOfReferenceUID },
      }),
    ...(reference && { reference }),
  };
  if (read.ReferencedContentItemIdentifier && parent) {
    unresolved.push({ content, identifier: read.ReferencedContentItemIdentifier, parent });
  }
  content.children = (read.ContentSequence ?? []).map(child =>
    contentOf(child, content, unresolved),
  );
  return content;
}

/**
 * The content tree of a report. An item that stands by reference is given the value of what it
 * refers to, but not its children: so a report that refers in a circle still ends.
 */
export function contentTree(dataset: ParsedDataset): Content {
  const unresolved: Unresolved[] = [];
  const root = contentOf(dataset, undefined, unresolved);
  for (const { content, identifier } of unresolved) {
    let target: Content | undefined = root;
    // The root is 1; of what is below it each number is a place among the children.
    for (const place of identifier.slice(1)) target = target?.children[place - 1];
    if (!target || target === root) continue;
    const { relationship } = content;
    Object.assign(content, target, { relationship, children: [] });
  }
  return root;
}

/** Items that are called so. */
export const called = (
  items: readonly Content[],
  ...concepts: ReadonlyArray<Pick<CodedConcept, 'value' | 'scheme'>>
): Content[] => items.filter(({ concept }) => isOne(concept, concepts));

export const isOne = (
  code: CodedConcept | undefined,
  codes: ReadonlyArray<Pick<CodedConcept, 'value' | 'scheme'>>,
): boolean =>
  code !== undefined &&
  codes.some(
    ({ value, scheme }) => value === code.value && schemeOf(scheme) === schemeOf(code.scheme),
  );

/** SNOMED has three designators in DICOM (PS3.16 8.1): the codes tell the two kinds apart. */
const schemeOf = (scheme: string): string =>
  ['SRT', 'SNM3', '99SDM'].includes(scheme) ? 'SRT' : scheme;

/** All items below, outer ones first. */
export function* below(content: Content): Generator<Content> {
  for (const child of content.children) {
    yield child;
    yield* below(child);
  }
}

/** What the report was made by, and what it is of (TID 1001, PS3.3 C.17.2). */
export const reportSchema = z.object({
  CurrentRequestedProcedureEvidenceSequence: evidence(),
  PertinentOtherEvidenceSequence: evidence(),
  PredecessorDocumentsSequence: evidence(),
});

function evidence() {
  return anyItems(
    z.object({
      ReferencedSeriesSequence: anyItems(
        z.object({
          SeriesInstanceUID: anyText,
          ReferencedSOPSequence: anyItems(anyReference),
        }),
      ),
    }),
  );
}
