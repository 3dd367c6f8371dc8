import { conceptOf, type Finding, type RunResult } from '../../core/findings/types';
import { uidFrom } from '../../core/model/identity';
import type { EvidenceObject } from '../../core/reading/ports';
import type { SliceHeader, VoiWindow } from '../../core/volume/types';
import { bodyPart } from '../common/bodyPart';
import type { Dataset } from '../common/dataset';
import { SOP_CLASS } from '../common/dictionary';
import { encodePart10 } from '../common/encode';
import { generalModules, modelLabel, seriesUIDOf } from '../common/identity';
import { imageReferences } from '../common/imageReferences';
import type { SourceAttributes } from '../common/source';
import { clipped } from '../common/text';
import { cielabValue } from '../seg/writeSegmentation';
import { markersOf, type Marker } from './markers';
import { overlayOf } from './overlay';

/** FL has a length of 16 bits: so many points a line can have. */
const MAX_POINTS = 8190;

/**
 * SOP Instance UID of a run's presentation state; `part` counts where it takes several: the same run
 * stored twice is the same instances.
 */
export const presentationStateUIDOf = (runId: string, part = 0): string =>
  uidFrom('evidence', 'PR', runId, ...(part === 0 ? [] : [String(part)]));

/** "AI_CT_LUNG_NODULES" within the sixteen characters of a CS. */
const layerOf = ({ modelId }: RunResult['provenance']): string =>
  `AI_${modelId.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}`.slice(0, 16);

/** References to slices, each once and in order. */
const referencesTo = (run: RunResult, slices: readonly number[]): Dataset[] =>
  imageReferences(
    run,
    [...new Set(slices)].sort((a, b) => a - b),
  );

const annotation = (run: RunResult, { finding, slice, lines, anchor, text }: Marker): Dataset => {
  const tracking = { TrackingID: finding.trackingIdentifier, TrackingUID: finding.id };
  return {
    ReferencedImageSequence: referencesTo(run, [slice]),
    GraphicLayer: layerOf(run.provenance),
    TextObjectSequence: [
      {
        AnchorPointAnnotationUnits: 'PIXEL',
        UnformattedTextValue: clipped(text, 1024),
        AnchorPoint: [...anchor],
        AnchorPointVisibility: 'N',
        ...tracking,
      },
    ],
    GraphicObjectSequence: lines
      .filter(line => line.length <= MAX_POINTS)
      .map(line => ({
        GraphicAnnotationUnits: 'PIXEL',
        GraphicDimensions: 2,
        NumberOfGraphicPoints: line.length,
        GraphicData: line.flat(),
        GraphicType: 'POLYLINE',
        GraphicFilled: 'N',
        ...tracking,
      })),
  };
};

/** Windows as the source has them, each for the images that it is of. */
function softcopyVOI(run: RunResult, slices: readonly number[]): Dataset {
  const groups = new Map<string, { voi: VoiWindow; slices: number[] }>();
  for (const k of slices) {
    const { voi } = run.source.slices[k];
    if (!voi) continue;
    const key = `${voi.center} ${voi.width} ${voi.function}`;
    const group = groups.get(key) ?? { voi, slices: [] };
    group.slices.push(k);
    groups.set(key, group);
  }
  if (groups.size === 0) return {};
  return {
    SoftcopyVOILUTSequence: Array.from(groups.values(), ({ voi, slices: shown }) => ({
      ...(shown.length < slices.length && {
        ReferencedImageSequence: referencesTo(run, shown),
      }),
      WindowCenter: voi.center,
      WindowWidth: voi.width,
      ...(voi.function !== 'LINEAR' && { VOILUTFunction: voi.function }),
    })),
  };
}

/** The whole image, fitted. Pixels of a projection have no size in the patient, only a shape. */
function displayedArea({ rows, columns, pixelSpacing, imagerPixelSpacing }: SliceHeader): Dataset {
  const [down, across] = imagerPixelSpacing ?? [1, 1];
  return {
    DisplayedAreaSelectionSequence: [
      {
        DisplayedAreaTopLeftHandCorner: [1, 1],
        DisplayedAreaBottomRightHandCorner: [columns, rows],
        PresentationSizeMode: 'SCALE TO FIT',
        ...(pixelSpacing
          ? { PresentationPixelSpacing: [...pixelSpacing] }
          : {
              PresentationPixelAspectRatio:
                down === across ? [1, 1] : [Math.round(down * 1e4), Math.round(across * 1e4)],
            }),
      },
    ],
  };
}

/** A state has one modality transformation and one presentation LUT for all of its images. */
const transformationOf = ({
  rescaleSlope,
  rescaleIntercept,
  photometricInterpretation,
}: SliceHeader): string => `${rescaleSlope} ${rescaleIntercept} ${photometricInterpretation}`;

function state(
  run: RunResult,
  source: SourceAttributes,
  markers: readonly Marker[],
  part: number,
): EvidenceObject {
  const slices = [...new Set(markers.map(({ slice }) => slice))];
  const first = run.source.slices[slices[0]];
  const layer = layerOf(run.provenance);
  const colour = conceptOf(markers[0].finding).recommendedDisplayCIELab ?? [80, 5, 70];
  const sopInstanceUID = presentationStateUIDOf(run.runId, part);
  const general = generalModules({
    run,
    source,
    sopInstanceUID,
    modality: 'PR',
    seriesDescription: `AI ${modelLabel(run.provenance)} markers, before review`,
    seriesOffset: 3,
    instanceNumber: part + 1,
    contentMoment: run.provenance.startedAt,
  });
  const seriesInstanceUID = seriesUIDOf(presentationStateUIDOf(run.runId));
  const identity = { sopClassUID: SOP_CLASS.grayscaleSoftcopyPresentationState, sopInstanceUID };
  const part10 = encodePart10(identity, {
    ...general,
    SeriesInstanceUID: seriesInstanceUID,
    // A presentation state has a date of its own in place of the content's.
    ContentDate: undefined,
    ContentTime: undefined,
    ...bodyPart(source),
    ContentLabel: 'AI_MARKERS',
    ContentDescription: 'AI result as computed, not reviewed; reviews are in its SR',
    ContentCreatorName: '',
    PresentationCreationDate: general.ContentDate,
    PresentationCreationTime: general.ContentTime,
    ReferencedSeriesSequence: [
      {
        SeriesInstanceUID: run.source.seriesInstanceUID,
        ReferencedImageSequence: referencesTo(run, slices),
      },
    ],
    ...displayedArea(first),
    GraphicAnnotationSequence: markers.map(marker => annotation(run, marker)),
    GraphicLayerSequence: [
      {
        GraphicLayer: layer,
        GraphicLayerOrder: 1,
        GraphicLayerRecommendedDisplayGrayscaleValue: 0xffff,
        GraphicLayerRecommendedDisplayCIELabValue: cielabValue(colour),
        GraphicLayerDescription: clipped(`AI model ${modelLabel(run.provenance)}`, 64),
      },
    ],
    RescaleIntercept: first.rescaleIntercept,
    RescaleSlope: first.rescaleSlope,
    RescaleType: first.modality === 'CT' ? 'HU' : 'US',
    ...softcopyVOI(run, slices),
    PresentationLUTShape:
      first.photometricInterpretation === 'MONOCHROME1' ? 'INVERSE' : 'IDENTITY',
    ...(slices.length === 1 ? overlayOf(markers, first, layer) : {}),
  } satisfies Dataset);
  return {
    ...identity,
    seriesInstanceUID,
    studyInstanceUID: run.source.studyInstanceUID,
    part10,
  };
}

/**
 * The markers of a run's findings as a Grayscale Softcopy Presentation State (PS3.3 A.33.1): per
 * finding and slice its outline in PIXEL units and a line of text, on one graphic layer; it refers
 * only to slices that have a marker, and shows them in the source's window. Several states, of one
 * series, where slices differ in what one state has one of (the rescale of PET); none where no
 * finding has a place within the image.
 *
 * A state of a single image has the outlines also as a bitmap overlay, for programs that draw no
 * vectors; in one of several images an overlay would be drawn on each of them.
 *
 * @param findings what is drawn: detections, and segments if they are given
 */
export function writePresentationState(
  run: RunResult,
  source: SourceAttributes,
  findings: readonly Finding[] = run.findings.filter(({ kind }) => kind === 'detection'),
): EvidenceObject[] {
  const parts = new Map<string, Marker[]>();
  for (const marker of markersOf(run, findings)) {
    const key = transformationOf(run.source.slices[marker.slice]);
    const part = parts.get(key);
    if (part) part.push(marker);
    else parts.set(key, [marker]);
  }
  return Array.from(parts.values(), (markers, part) => state(run, source, markers, part));
}
