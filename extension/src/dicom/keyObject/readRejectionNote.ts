import { z } from 'zod';
import type { WithdrawalReason, WithdrawnRun } from '../../core/review/withdrawal';
import { REJECTION_TITLES, sameCode } from '../common/codes';
import type { ParsedDataset } from '../common/parse';
import { single, text } from '../common/schemas';
import { isoOf } from '../foreign/header';
import type { KeyObjects } from './readKeyObjects';

/** What a note of ours says of the model; the document itself has no place for it (TID 2010). */
const noteSchema = z.object({
  ContentDate: text.optional(),
  ContentTime: text.optional(),
  TimezoneOffsetFromUTC: text.optional(),
  /** "ct-lungs 1.0.0" */
  ManufacturerModelName: text,
  ContributingEquipmentSequence: single(z.object({ ManufacturerModelName: text })),
});

const RUN = /\(run (2\.25\.\d+)\)/;

/** How a note's words name the run that it withdraws; only we read it. */
export const withdrawnRunNamed = (runId: string): string => `(run ${runId})`;

/** The run that a rejection note of ours withdraws; `undefined` of any other document. */
export function withdrawnRunOf(
  dataset: ParsedDataset,
  { rejection, title, description, person }: KeyObjects,
): WithdrawnRun | undefined {
  const runId = RUN.exec(description ?? '')?.[1];
  const note = noteSchema.safeParse(dataset);
  const reason = (Object.keys(REJECTION_TITLES) as WithdrawalReason[]).find(key =>
    sameCode(title, REJECTION_TITLES[key]),
  );
  if (!rejection || !runId || !reason || !note.success) return undefined;
  const { ManufacturerModelName: label, ContributingEquipmentSequence: model } = note.data;
  const { ContentDate, ContentTime, TimezoneOffsetFromUTC } = note.data;
  const at = label.lastIndexOf(' ');
  return {
    runId,
    modelId: label.slice(0, at),
    modelVersion: label.slice(at + 1),
    modelName: model.ManufacturerModelName,
    reason,
    withdrawnAt: isoOf(ContentDate, ContentTime, TimezoneOffsetFromUTC) ?? '',
    withdrawnBy: person ?? '',
  };
}
