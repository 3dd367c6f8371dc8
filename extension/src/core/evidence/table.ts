import type { Finding } from '../findings/types';

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

/** Kinds of findings that our models make. */
export const evidenceFindings = [
  'segment',
  'detection',
  'classification',
  'regression',
  'map',
] as const satisfies readonly Finding['kind'][];

/** Which objects a finding becomes, by its kind. */
export type EvidenceTable = Record<(typeof evidenceFindings)[number], readonly EvidenceKind[]>;

/** The field's practice; a manifest says otherwise for its model, and a site for all of them. */
export const DEFAULT_EVIDENCE: EvidenceTable = {
  segment: ['segmentation', 'report'],
  detection: ['presentationState', 'report'],
  classification: ['report'],
  regression: ['report'],
  map: ['parametricMap'],
};

/** A table with the later ones' rows in place of the earlier ones'. */
export const evidenceTable = (...given: ReadonlyArray<Partial<EvidenceTable> | undefined>) =>
  given.reduce<EvidenceTable>((table, next) => ({ ...table, ...next }), DEFAULT_EVIDENCE);

/** The objects that a run's findings become, each kind once, in the order of `evidenceKinds`. */
export const evidenceOf = (
  findings: ReadonlyArray<Pick<Finding, 'kind'>>,
  table: EvidenceTable = DEFAULT_EVIDENCE,
): EvidenceKind[] => {
  const wanted = new Set(
    findings.flatMap(({ kind }): readonly EvidenceKind[] =>
      kind in table ? table[kind as keyof EvidenceTable] : [],
    ),
  );
  return evidenceKinds.filter(kind => wanted.has(kind));
};
