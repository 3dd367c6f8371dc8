import type { Finding, RunResult } from '../findings/types';

/** The kinds of DICOM objects that evidence is written as. */
export const evidenceKinds = [
  'segmentation',
  'report',
  'presentationState',
  'secondaryCapture',
  'parametricMap',
  'keyObjects',
] as const;
export type EvidenceKind = (typeof evidenceKinds)[number];

/** BINARY (…66.4) or LABELMAP (…66.7); `auto` is LABELMAP where the archive takes it. */
export const segmentationTypes = ['binary', 'labelmap', 'auto'] as const;
export type SegmentationType = (typeof segmentationTypes)[number];

/**
 * What grid a map is written on: `source`, that of the images, which viewers at large overlay, or
 * `model`, the network's own, value by value as it was computed.
 */
export const mapGrids = ['source', 'model'] as const;
export type MapGrid = (typeof mapGrids)[number];

/** Kinds of findings that our models make. */
export const evidenceFindings = [
  'segment',
  'detection',
  'classification',
  'regression',
  'map',
] as const satisfies readonly Finding['kind'][];

/** Which objects a finding becomes, by its kind, and on what grid maps are written. */
export type EvidenceTable = Record<(typeof evidenceFindings)[number], readonly EvidenceKind[]> & {
  mapGrid: MapGrid;
};

/** The field's practice; a manifest says otherwise for its model, and a site for all of them. */
export const DEFAULT_EVIDENCE: EvidenceTable = {
  segment: ['segmentation', 'report'],
  detection: ['presentationState', 'report'],
  classification: ['report'],
  regression: ['report'],
  map: ['parametricMap'],
  mapGrid: 'source',
};

/** A table with the later ones' rows in place of the earlier ones'. */
export const evidenceTable = (...given: ReadonlyArray<Partial<EvidenceTable> | undefined>) =>
  given.reduce<EvidenceTable>((table, next) => ({ ...table, ...next }), DEFAULT_EVIDENCE);

/** Whether the table has a row for findings of a kind. */
export const isEvidenceFinding = (kind: string): kind is (typeof evidenceFindings)[number] =>
  (evidenceFindings as readonly string[]).includes(kind);

/** The objects that a run's findings become, each kind once, in the order of `evidenceKinds`. */
export const evidenceOf = (
  findings: ReadonlyArray<Pick<Finding, 'kind'>>,
  table: EvidenceTable = DEFAULT_EVIDENCE,
): EvidenceKind[] => {
  const wanted = new Set(
    findings.flatMap(({ kind }): readonly EvidenceKind[] =>
      isEvidenceFinding(kind) ? table[kind] : [],
    ),
  );
  return evidenceKinds.filter(kind => wanted.has(kind));
};

/** The objects that a run becomes which has nothing that a row of the table names. */
const OF_NOTHING: readonly EvidenceKind[] = ['report', 'secondaryCapture'];

/**
 * The objects that a run becomes, each kind once, in the order of `evidenceKinds`: of its findings
 * and of its maps; of one that found nothing the report that says so (and its picture) where the
 * table has one for what the model looks for. Of another program's result only what readers said.
 */
export function evidenceOfRun(
  {
    findings,
    maps = [],
    labelMap,
    foreign,
  }: Pick<RunResult, 'findings' | 'maps' | 'labelMap' | 'foreign'>,
  table: EvidenceTable = DEFAULT_EVIDENCE,
): EvidenceKind[] {
  if (foreign) return ['report'];
  const ofMaps = maps.length > 0 ? [{ kind: 'map' } as const] : [];
  const wanted = new Set(evidenceOf([...findings, ...ofMaps], table));
  // Maps lie beside what the model was asked for.
  if (findings.every(({ kind }) => kind === 'map')) {
    const tasks = labelMap
      ? (['segment'] as const)
      : (['detection', 'classification', 'regression'] as const);
    for (const kind of tasks.flatMap(task => table[task])) {
      if (OF_NOTHING.includes(kind)) wanted.add(kind);
    }
  }
  return evidenceKinds.filter(kind => wanted.has(kind));
}
