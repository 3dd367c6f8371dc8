import type { RunResult } from '../../core/findings/types';
import type { EvidenceObject } from '../../core/reading/ports';
import { parsePart10, type ParsedDataset } from '../common/parse';
import { sourceAttributes } from '../common/source';
import { metadataOf } from './runs';
import { readReport } from '../sr/readReport';
import { writeReport, type ReportRequest } from '../sr/writeReport';

export const small = { columns: 20, rows: 12, slices: 6 };

export const requestOf = (run: RunResult, more: Partial<ReportRequest> = {}): ReportRequest => {
  const source = sourceAttributes(run, metadataOf(run));
  if (!source.ok) throw new Error(source.refusal.message);
  return { run, source: source.value, reviews: [], predecessors: [], ...more };
};
export const reportOf = (run: RunResult, more: Partial<ReportRequest> = {}) =>
  writeReport(requestOf(run, more));

export const parsed = async ({ part10 }: EvidenceObject): Promise<ParsedDataset> => {
  const outcome = await parsePart10(part10);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value;
};
export const readBack = async (object: EvidenceObject, run: RunResult) => {
  const outcome = readReport(await parsed(object), [run.source]);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value;
};
export const hex = ({ part10 }: EvidenceObject) => Buffer.from(part10).toString('hex');

export type Items = ParsedDataset[];
export const itemsOf = (dataset: ParsedDataset): Items => (dataset.ContentSequence ?? []) as Items;
export const meaningOf = (item: ParsedDataset): string =>
  ((item.ConceptNameCodeSequence as Items | undefined)?.[0].CodeMeaning as string[])?.[0] ?? '';
export const named = (dataset: ParsedDataset, meaning: string): Items =>
  itemsOf(dataset).filter(item => meaningOf(item) === meaning);
export const groupsIn = (dataset: ParsedDataset): Items =>
  named(dataset, 'Imaging Measurements').flatMap(itemsOf);
export const templateIn = (item: ParsedDataset): string =>
  ((item.ContentTemplateSequence as Items)[0].TemplateIdentifier as string[])[0];
export const referencesIn = (dataset: ParsedDataset): string[] =>
  (dataset.CurrentRequestedProcedureEvidenceSequence as Items)
    .flatMap(study => study.ReferencedSeriesSequence as Items)
    .flatMap(series => series.ReferencedSOPSequence as Items)
    .flatMap(each => each.ReferencedSOPInstanceUID as string[]);

/** Template, then name and value type of what says where it is. */
export const placeOf = (dataset: ParsedDataset): string[] => {
  const [group] = groupsIn(dataset);
  const spatial = itemsOf(group).filter(item =>
    ['SCOORD', 'SCOORD3D', 'IMAGE', 'COMPOSITE'].includes((item.ValueType as string[])[0]),
  );
  return [
    templateIn(group),
    ...spatial.map(item =>
      [
        meaningOf(item),
        (item.ValueType as string[])[0],
        ...((item.GraphicType as string[] | undefined) ?? []),
      ].join(' '),
    ),
  ];
};
