import type { CodedConcept, RunResult } from '../../core/findings/types';
import type { EvidenceObject } from '../../core/reading/ports';
import { CODE, codeItem } from '../common/codes';
import type { Dataset } from '../common/dataset';
import { SOP_CLASS } from '../common/dictionary';
import { encodePart10 } from '../common/encode';
import { generalModules, seriesUIDOf } from '../common/identity';
import type { SourceAttributes } from '../common/source';
import * as content from '../sr/contentItems';
import { LANGUAGE } from '../sr/observers';
import { hierarchicalReference, type InstanceReference } from '../sr/references';

/**
 * A Key Object Selection Document (PS3.3 A.35.4) after TID 2010: a title of CID 7010, who chose,
 * why in words, and the objects.
 */
export function keyObjectDocument(request: {
  run: RunResult;
  source: SourceAttributes;
  sopInstanceUID: string;
  seriesDescription: string;
  seriesOffset: number;
  /** ISO 8601. */
  contentMoment: string;
  title: CodedConcept;
  /** Observer Context (TID 1002). */
  observers: readonly Dataset[];
  description: string;
  /** IMAGE and COMPOSITE items; all that they refer to is among `references`. */
  items: readonly Dataset[];
  references: readonly InstanceReference[];
}): EvidenceObject {
  const { run, sopInstanceUID } = request;
  const identity = { sopClassUID: SOP_CLASS.keyObjectSelection, sopInstanceUID };
  const { studyInstanceUID } = run.source;
  const general = generalModules({
    run,
    source: request.source,
    sopInstanceUID,
    modality: 'KO',
    seriesDescription: request.seriesDescription,
    seriesOffset: request.seriesOffset,
    instanceNumber: 1,
    contentMoment: request.contentMoment,
  });
  const part10 = encodePart10(identity, {
    ...general,
    ReferencedPerformedProcedureStepSequence: [],
    CurrentRequestedProcedureEvidenceSequence: [
      hierarchicalReference(studyInstanceUID, request.references),
    ],
    ValueType: 'CONTAINER',
    ConceptNameCodeSequence: [codeItem(request.title)],
    ContinuityOfContent: 'SEPARATE',
    ...content.templateOf('2010'),
    ContentSequence: [
      LANGUAGE,
      ...request.observers,
      content.text('CONTAINS', CODE.keyObjectDescription, request.description),
      ...request.items,
    ],
  });
  return {
    ...identity,
    seriesInstanceUID: seriesUIDOf(sopInstanceUID),
    studyInstanceUID,
    part10,
  };
}
