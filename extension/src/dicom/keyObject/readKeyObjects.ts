import { z } from 'zod';
import type { CodedConcept } from '../../core/findings/types';
import { accept, refuse, type Outcome } from '../../core/outcome';
import { CODE, parsedCode, REJECTION_TITLES, sameCode } from '../common/codes';
import type { ParsedDataset } from '../common/parse';
import { issueOf, single, text } from '../common/schemas';

const reference = z.object({
  ReferencedSOPClassUID: text,
  ReferencedSOPInstanceUID: text,
  ReferencedFrameNumber: z.array(z.number()).optional(),
});

const documentSchema = z.object({
  SOPInstanceUID: text,
  ConceptNameCodeSequence: parsedCode,
  ContentTemplateSequence: single(z.object({ TemplateIdentifier: text })).optional(),
  CurrentRequestedProcedureEvidenceSequence: z
    .array(
      z.object({
        ReferencedSeriesSequence: z.array(
          z.object({
            ReferencedSOPSequence: z.array(z.object({ ReferencedSOPInstanceUID: text })).min(1),
          }),
        ),
      }),
    )
    .min(1),
  ContentSequence: z.array(
    z.object({
      ValueType: text,
      ConceptNameCodeSequence: parsedCode.optional(),
      TextValue: text.optional(),
      PersonName: text.optional(),
      ReferencedSOPSequence: single(reference).optional(),
    }),
  ),
});

/** What a Key Object Selection says. */
export interface KeyObjects {
  sopInstanceUID: string;
  /** Of CID 7010. */
  title: CodedConcept;
  /** Whether it withdraws what it refers to, in place of choosing it. */
  rejection: boolean;
  description?: string;
  /** PersonName of who chose, where that was a person. */
  person?: string;
  objects: Array<{
    sopClassUID: string;
    sopInstanceUID: string;
    /** Of all frames where absent. */
    frameNumbers?: number[];
  }>;
}

const unreadable = (reason: string): Outcome<never> =>
  refuse('evidenceUnreadable', `A stored AI result (KO) cannot be read: ${reason}`, {
    object: 'KO',
    reason,
  });

/**
 * Reads a Key Object Selection, of ours or of others. Refuses with `evidenceUnreadable` what lacks
 * a title, follows another template than TID 2010, refers to nothing, or refers to an instance that
 * is not among its evidence.
 */
export function readKeyObjects(dataset: ParsedDataset): Outcome<KeyObjects> {
  const parsed = documentSchema.safeParse(dataset);
  if (!parsed.success) return unreadable(issueOf(parsed.error));
  const document = parsed.data;
  const template = document.ContentTemplateSequence?.TemplateIdentifier;
  if (template !== undefined && template !== '2010') {
    return unreadable(`its content follows template ${template}; 2010 is read`);
  }
  const evidence = new Set(
    document.CurrentRequestedProcedureEvidenceSequence.flatMap(study =>
      study.ReferencedSeriesSequence.flatMap(series =>
        series.ReferencedSOPSequence.map(each => each.ReferencedSOPInstanceUID),
      ),
    ),
  );
  const objects = document.ContentSequence.flatMap(({ ReferencedSOPSequence: object }) =>
    object
      ? [
          {
            sopClassUID: object.ReferencedSOPClassUID,
            sopInstanceUID: object.ReferencedSOPInstanceUID,
            ...(object.ReferencedFrameNumber &&
              object.ReferencedFrameNumber.length > 0 && {
                frameNumbers: object.ReferencedFrameNumber,
              }),
          },
        ]
      : [],
  );
  if (objects.length === 0) return unreadable('it refers to no object');
  const stray = objects.find(({ sopInstanceUID }) => !evidence.has(sopInstanceUID));
  if (stray) {
    return unreadable(`it refers to ${stray.sopInstanceUID}, which is not among its evidence`);
  }
  const description = document.ContentSequence.find(({ ConceptNameCodeSequence: concept }) =>
    sameCode(concept, CODE.keyObjectDescription),
  )?.TextValue;
  const person = document.ContentSequence.find(({ ConceptNameCodeSequence: concept }) =>
    sameCode(concept, CODE.personObserverName),
  )?.PersonName;
  const title = document.ConceptNameCodeSequence;
  return accept({
    sopInstanceUID: document.SOPInstanceUID,
    title,
    rejection: Object.values(REJECTION_TITLES).some(each => sameCode(title, each)),
    ...(description !== undefined && { description }),
    ...(person !== undefined && { person }),
    objects,
  });
}

/** SOP Instance UIDs of what rejection notes withdraw, whoever wrote them. */
export const rejectedInstances = (documents: readonly KeyObjects[]): Set<string> =>
  new Set(
    documents
      .filter(({ rejection }) => rejection)
      .flatMap(({ objects }) => objects.map(({ sopInstanceUID }) => sopInstanceUID)),
  );
