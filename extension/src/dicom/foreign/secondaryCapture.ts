import type { Finding, RunResult } from '../../core/findings/types';
import { accept, refuse, type Outcome } from '../../core/outcome';
import type { ParsedDataset } from '../common/parse';
import { framesOf, framesSchema, referencesOf } from './frames';
import { originOf, provenanceOf, type ForeignHeader } from './header';
import { conceptOfLabel, foreignRunId, type Names } from './naming';
import { middleOfImage, shownAt, sourceAbsent, type ImagePlace, type Placement } from './placement';
import { anyItems, anyNumber, anyReference, anyText } from './schemas';

const captureSchema = framesSchema.extend({
  NumberOfFrames: anyNumber,
  SourceImageSequence: anyItems(anyReference),
  ReferencedImageSequence: anyItems(anyReference),
  DerivationDescription: anyText,
  ImageComments: anyText,
});

/** What one makes of a capture without a series description. */
const CAPTURE = 'Secondary Capture';

/**
 * A Secondary Capture that says of which images it is: a key image of those, whose frames are to be
 * looked at. One that says nothing (a scanned request, a dose page) is no result.
 *
 * Refuses with `foreignNothingToShow` and `foreignSourceAbsent`.
 */
export function readForeignCapture(
  header: ForeignHeader,
  dataset: ParsedDataset,
  placement: Placement,
  names: Names,
): Outcome<RunResult[]> {
  const parsed = captureSchema.safeParse(dataset);
  const capture = parsed.success ? parsed.data : undefined;
  const references = capture
    ? [
        ...framesOf(capture).flatMap(({ images }) => images),
        ...referencesOf(capture.SourceImageSequence),
        ...referencesOf(capture.ReferencedImageSequence),
      ]
    : [];
  if (!capture || references.length === 0) {
    return refuse(
      'foreignNothingToShow',
      `${header.called} of another program is not shown: it (${CAPTURE}) tells of nothing that has a place on the images`,
      { object: `${header.called}: ${CAPTURE}` },
    );
  }
  const place = references
    .map(({ sopInstanceUID, frames }): ImagePlace | undefined =>
      placement.image(sopInstanceUID, frames),
    )
    .find(each => each !== undefined);
  if (!place) return sourceAbsent(header);
  const label = header.SeriesDescription ?? CAPTURE;
  const frames = Math.max(1, Math.round(capture.NumberOfFrames ?? 1));
  const text = capture.DerivationDescription ?? capture.ImageComments;
  const runId = foreignRunId(header.SOPInstanceUID, '');
  const finding: Finding = {
    kind: 'keyImage',
    id: names.idOf(undefined, header.SOPInstanceUID, '0'),
    trackingIdentifier: label,
    runId,
    measurements: [],
    ...shownAt(place, middleOfImage(place)),
    concept: conceptOfLabel(label),
    images: Array.from({ length: frames }, (_, index) => ({
      sopInstanceUID: header.SOPInstanceUID,
      ...(frames > 1 && { frameNumber: index + 1 }),
    })),
    ...(text !== undefined && { text }),
  };
  return accept([
    {
      runId,
      source: place.series.source,
      provenance: provenanceOf(header),
      findings: [finding],
      foreign: originOf(header, 'unknown'),
    },
  ]);
}
