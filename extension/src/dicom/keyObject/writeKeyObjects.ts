import { conceptOf, type CodedConcept, type RunResult } from '../../core/findings/types';
import { uidFrom } from '../../core/model/identity';
import type { EvidenceObject } from '../../core/reading/ports';
import { KEY_OBJECT_TITLES } from '../common/codes';
import { modelLabel } from '../common/identity';
import type { SourceAttributes } from '../common/source';
import * as content from '../sr/contentItems';
import { deviceObserver } from '../sr/observers';
import { referencedSOP, sourceReferences } from '../sr/references';
import { keyObjectDocument } from './keyObjectDocument';

/** An image that is to be looked at: an instance, or one frame of it. */
export interface KeyImage {
  sopInstanceUID: string;
  frameNumber?: number;
}

/**
 * The slices that a run's findings are shown on, each once, in k order. What is said of the whole
 * series has no slice of its own, and is not among them.
 */
export function keyImagesOf(run: RunResult): KeyImage[] {
  const keyOf = ({ sopInstanceUID, frameNumber }: KeyImage) =>
    `${sopInstanceUID} ${frameNumber ?? ''}`;
  const chosen = new Set(
    run.findings.flatMap((finding): string[] => {
      switch (finding.kind) {
        case 'segment':
        case 'detection':
        case 'annotation':
        case 'map':
          return [
            keyOf({
              sopInstanceUID: finding.referencedSOPInstanceUID,
              frameNumber: finding.referencedFrameNumber,
            }),
          ];
        case 'keyImage':
          return finding.images.map(keyOf);
        case 'classification':
        case 'regression':
          return [];
      }
    }),
  );
  return run.source.slices
    .map(({ sopInstanceUID, frameNumber }): KeyImage => ({
      sopInstanceUID,
      ...(frameNumber !== undefined && { frameNumber }),
    }))
    .filter(image => chosen.has(keyOf(image)));
}

/** What a reader of the document is told: no person chose these, and whose findings they show. */
const descriptionOf = ({ provenance, findings }: RunResult): string => {
  const labels = [...new Set(findings.map(finding => conceptOf(finding).label.en))];
  return (
    `AI result, not reviewed: ${provenance.modelName} ${provenance.modelVersion} ` +
    `(${modelLabel(provenance)}), ${labels.join(', ')}`
  );
};

/** SOP Instance UID of a choice of a run's images: the same one stored twice is the same instance. */
export const keyObjectsUIDOf = (
  runId: string,
  images: readonly KeyImage[],
  title: CodedConcept,
): string =>
  uidFrom(
    'evidence',
    'KO',
    runId,
    title.scheme,
    title.value,
    ...images.map(({ sopInstanceUID, frameNumber }) => `${sopInstanceUID} ${frameNumber ?? ''}`),
  );

/**
 * The key slices of a run's findings as a Key Object Selection; `undefined` where there are none to
 * choose. It is made of the run alone, so the same run and images give the same bytes.
 *
 * @param images of the run's source; its key slices when left out
 * @param title of CID 7010 (`KEY_OBJECT_TITLES`)
 * @throws where an image is none of the source's
 */
export function writeKeyObjects(
  run: RunResult,
  source: SourceAttributes,
  images: readonly KeyImage[] = keyImagesOf(run),
  title: CodedConcept = KEY_OBJECT_TITLES.ofInterest,
): EvidenceObject | undefined {
  if (images.length === 0) return undefined;
  const known = new Map(sourceReferences(run).map(each => [each.sopInstanceUID, each]));
  const frames = new Map<string, number[]>();
  for (const { sopInstanceUID, frameNumber } of images) {
    const before = frames.get(sopInstanceUID) ?? [];
    frames.set(sopInstanceUID, frameNumber === undefined ? before : [...before, frameNumber]);
  }
  const chosen = Array.from(frames, ([instance, numbers]) => {
    const reference = known.get(instance);
    if (!reference) throw new Error(`key image ${instance} is none of the run's source`);
    return { reference, numbers };
  });
  const sopInstanceUID = keyObjectsUIDOf(run.runId, images, title);
  return keyObjectDocument({
    run,
    source,
    sopInstanceUID,
    seriesDescription: `AI ${modelLabel(run.provenance)} key images, not reviewed`,
    seriesOffset: 6,
    contentMoment: run.provenance.startedAt,
    title,
    observers: deviceObserver(run.provenance),
    description: descriptionOf(run),
    items: chosen.map(({ reference, numbers }) =>
      content.image('CONTAINS', undefined, {
        ...referencedSOP(reference),
        ...(numbers.length > 0 && { ReferencedFrameNumber: numbers }),
      }),
    ),
    references: chosen.map(({ reference }) => reference),
  });
}
