import type { EvidenceObject } from '../../core/reading/ports';
import type { CodedConcept, RunResult } from '../../core/findings/types';
import type { Dataset } from '../common/dataset';
import * as content from './contentItems';

/** An instance that a document refers to; every evidence object is one. */
export type InstanceReference = Pick<
  EvidenceObject,
  'sopClassUID' | 'sopInstanceUID' | 'seriesInstanceUID'
>;

/** The instances of a run's source, each once, in k order. */
export const sourceReferences = ({ source }: RunResult): InstanceReference[] => [
  ...new Map(
    source.slices.map(({ sopClassUID, sopInstanceUID }) => [
      sopInstanceUID,
      { sopClassUID, sopInstanceUID, seriesInstanceUID: source.seriesInstanceUID },
    ]),
  ).values(),
];

export const referencedSOP = ({
  sopClassUID,
  sopInstanceUID,
}: Pick<InstanceReference, 'sopClassUID' | 'sopInstanceUID'>): Dataset => ({
  ReferencedSOPClassUID: sopClassUID,
  ReferencedSOPInstanceUID: sopInstanceUID,
});

/**
 * The instances of one study by their series, each once, in the order they are given in
 * (Hierarchical SOP Instance Reference Macro, PS3.3 C.17.2.1).
 */
export function hierarchicalReference(
  studyInstanceUID: string,
  references: readonly InstanceReference[],
): Dataset {
  const bySeries = new Map<string, Map<string, Dataset>>();
  for (const reference of references) {
    const { seriesInstanceUID, sopInstanceUID } = reference;
    const series = bySeries.get(seriesInstanceUID) ?? new Map<string, Dataset>();
    if (!series.has(sopInstanceUID)) series.set(sopInstanceUID, referencedSOP(reference));
    bySeries.set(seriesInstanceUID, series);
  }
  return {
    StudyInstanceUID: studyInstanceUID,
    ReferencedSeriesSequence: Array.from(bySeries, ([SeriesInstanceUID, instances]) => ({
      SeriesInstanceUID,
      ReferencedSOPSequence: [...instances.values()],
    })),
  };
}

/** Storage classes of what has no pixels (PS3.4 B.5): such are referred to as COMPOSITE. */
const NO_IMAGE = [
  '1.2.840.10008.5.1.4.1.1.11.', // presentation states
  '1.2.840.10008.5.1.4.1.1.88.', // reports and key objects
  '1.2.840.10008.5.1.4.1.1.66', // raw data
  '1.2.840.10008.5.1.4.1.1.66.1', // spatial registration
  '1.2.840.10008.5.1.4.1.1.66.2', // spatial fiducials
  '1.2.840.10008.5.1.4.1.1.66.3', // deformable registration
  '1.2.840.10008.5.1.4.1.1.66.5', // surface segmentation
  '1.2.840.10008.5.1.4.1.1.67', // real world value mapping
  '1.2.840.10008.5.1.4.1.1.104.', // encapsulated documents
  '1.2.840.10008.5.1.4.1.1.481.3', // RT structure set
];
const isImage = (sopClassUID: string): boolean =>
  !NO_IMAGE.some(prefix =>
    prefix.endsWith('.') ? sopClassUID.startsWith(prefix) : sopClassUID === prefix,
  );

/** IMAGE or COMPOSITE, as the referenced class has it. */
export const instanceItem = (
  relationship: content.Relationship,
  concept: CodedConcept | undefined,
  reference: Pick<InstanceReference, 'sopClassUID' | 'sopInstanceUID'>,
  more: Dataset = {},
): Dataset =>
  (isImage(reference.sopClassUID) ? content.image : content.composite)(relationship, concept, {
    ...referencedSOP(reference),
    ...more,
  });
