import { z } from 'zod';
import {
  WITHDRAWAL_REASONS,
  type Withdrawal,
  type WithdrawnRun,
} from '../../core/review/withdrawal';
import { REJECTION_TITLES, sameCode } from '../common/codes';
import type { ParsedDataset } from '../common/parse';
import { single, text } from '../common/schemas';
import { isoOf } from '../foreign/header';
import type { KeyObjects } from './readKeyObjects';

const moment = z.object({
  ContentDate: text.optional(),
  ContentTime: text.optional(),
  TimezoneOffsetFromUTC: text.optional(),
});

/** What a note of ours says of the model; the document itself has no place for it (TID 2010). */
const modelOfNote = z.object({
  /** "ct-lungs 1.0.0" */
  ManufacturerModelName: text,
  ContributingEquipmentSequence: single(z.object({ ManufacturerModelName: text })),
});

const RUN = /\(run (2\.25\.\d+)\)/;

/** How a note's words name the run that it withdraws; only we read it. */
export const withdrawnRunNamed = (runId: string): string => `(run ${runId})`;

/** Who withdrew, when and why, of a rejection note by whomever; `undefined` of another document. */
export function withdrawalOf(
  dataset: ParsedDataset,
  { rejection, title, person }: KeyObjects,
): Withdrawal | undefined {
  const reason = WITHDRAWAL_REASONS.find(key => sameCode(title, REJECTION_TITLES[key]));
  if (!rejection || !reason) return undefined;
  const { ContentDate, ContentTime, TimezoneOffsetFromUTC } = moment.safeParse(dataset).data ?? {};
  return {
    reason,
    withdrawnAt: isoOf(ContentDate, ContentTime, TimezoneOffsetFromUTC) ?? '',
    withdrawnBy: person ?? '',
  };
}

/** The run that a rejection note of ours withdraws; `undefined` of any other document. */
export function withdrawnRunOf(
  dataset: ParsedDataset,
  document: KeyObjects,
): WithdrawnRun | undefined {
  const withdrawal = withdrawalOf(dataset, document);
  const runId = RUN.exec(document.description ?? '')?.[1];
  const note = modelOfNote.safeParse(dataset);
  if (!withdrawal || !runId || !note.success) return undefined;
  const { ManufacturerModelName: label, ContributingEquipmentSequence: model } = note.data;
  const at = label.lastIndexOf(' ');
  return {
    runId,
    modelId: label.slice(0, at),
    modelVersion: label.slice(at + 1),
    modelName: model.ManufacturerModelName,
    ...withdrawal,
  };
}
