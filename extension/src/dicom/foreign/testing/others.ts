import type { EvidenceKind } from '../../../core/evidence/table';
import type { RunResult, SourceSeries } from '../../../core/findings/types';
import type { Refusal } from '../../../core/outcome';
import type { Dataset } from '../../common/dataset';
import { encodePart10 } from '../../common/encode';
import { parsePart10, type ParsedDataset } from '../../common/parse';
import { writeEvidence } from '../../evidence';
import { metadataOf } from '../../testing/runs';
import { readForeign } from '../readForeign';

/** What we write, as if another program had written it: by another manufacturer. */
export async function asOthers(
  run: RunResult,
  kinds: readonly EvidenceKind[],
  segmentationType: 'binary' | 'labelmap' = 'binary',
): Promise<ParsedDataset[]> {
  const written = writeEvidence({
    run,
    reviews: [],
    source: metadataOf(run),
    includeReviews: false,
    reviewer: '',
    segmentationType,
    table: {
      segment: kinds,
      detection: kinds,
      classification: kinds,
      regression: kinds,
      map: kinds,
      mapGrid: 'model',
    },
  });
  if (!written.ok) throw new Error(written.refusal.message);
  return Promise.all(
    written.value.map(async ({ part10 }) => {
      const parsed = await parsePart10(part10);
      if (!parsed.ok) throw new Error(parsed.refusal.message);
      return { ...parsed.value, Manufacturer: ['Other Vendor'] };
    }),
  );
}

/** A data set as a parser gives it. */
export async function parsedOf(sopClassUID: string, dataset: Dataset): Promise<ParsedDataset> {
  const sopInstanceUID = String(dataset.SOPInstanceUID ?? '1.2.3.4.5');
  const parsed = await parsePart10(encodePart10({ sopClassUID, sopInstanceUID }, dataset));
  if (!parsed.ok) throw new Error(parsed.refusal.message);
  return parsed.value;
}

export function shownOf(datasets: readonly ParsedDataset[], source: readonly SourceSeries[]) {
  const refusals: Refusal[] = [];
  const readings = readForeign(datasets, source, refusal => refusals.push(refusal));
  return { runs: readings.map(({ run }) => run), refusals, codes: refusals.map(r => r.code) };
}
