import type { CodedConcept, Finding, FindingConcept } from '../../core/findings/types';
import { uidFrom } from '../../core/model/identity';
import type { Vec3 } from '../../core/geometry/types';
import { CODE } from '../common/codes';

/** Gives findings their ids: their own Tracking UID, but no two of them the same. */
export interface Names {
  /** @param index tells it from the others of its object; counted by the reader of that object */
  idOf(trackingUID: string | undefined, sopInstanceUID: string, index: string): string;
}

const UID = /^[0-9]+(\.[0-9]+)+$/;

/**
 * Two objects that tell of one lesion may bear one Tracking UID (a reader's and an algorithm's):
 * the first keeps it, for a verdict is given of one of them.
 */
export const createNames = (): Names => {
  const taken = new Set<string>();
  return {
    idOf(trackingUID, sopInstanceUID, index) {
      const own = trackingUID !== undefined && trackingUID.length <= 64 && UID.test(trackingUID);
      const id =
        own && !taken.has(trackingUID) ? trackingUID : uidFrom('foreign', sopInstanceUID, index);
      taken.add(id);
      return id;
    },
  };
};

/** A run's id: of the object and of the part of it that the run is. */
export const foreignRunId = (sopInstanceUID: string, part: string): string =>
  uidFrom('foreign run', sopInstanceUID, part);

export const keyOfLabel = (label: string): string =>
  label
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '') || 'finding';

/** A finding that no code was given for. */
export const conceptOfLabel = (
  label: string,
  type: CodedConcept = CODE.finding,
  more: Partial<FindingConcept> = {},
): FindingConcept => ({ key: keyOfLabel(label), label: { en: label }, type, ...more });

/** Colours for what comes without one, CIELab: far apart in hue, of one lightness. */
const COLOURS: readonly Vec3[] = [
  [62, 60, 40],
  [70, -45, 45],
  [62, 10, -50],
  [78, 0, 70],
  [60, 60, -40],
  [75, -40, -15],
  [68, 35, 60],
  [65, 30, -10],
];
export const colourOf = (index: number): Vec3 => COLOURS[index % COLOURS.length];

/** Tells findings of one name apart: “Nodule 1”, “Nodule 2”; a name that stands alone stays as it is. */
export function numbered<F extends Finding>(findings: readonly F[]): F[] {
  const conceptOf = (finding: Finding): FindingConcept =>
    finding.kind === 'segment' ? finding.segment : finding.concept;
  const counts = new Map<string, number>();
  for (const finding of findings) {
    const { key } = conceptOf(finding);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const ordinals = new Map<string, number>();
  return findings.map(finding => {
    const concept = conceptOf(finding);
    if (counts.get(concept.key) === 1) return finding;
    const ordinal = (ordinals.get(concept.key) ?? 0) + 1;
    ordinals.set(concept.key, ordinal);
    const named = {
      ...concept,
      key: `${concept.key}-${ordinal}`,
      label: { en: `${concept.label.en} ${ordinal}` },
    };
    return finding.kind === 'segment'
      ? { ...finding, segment: { ...finding.segment, ...named } }
      : { ...finding, concept: named };
  });
}
