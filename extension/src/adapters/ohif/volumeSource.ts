import { accept, refuse, type Outcome } from '../../core/outcome';
import type { RunControl, VolumeSource } from '../../core/reading/ports';
import { planSlices } from '../../core/volume/assemble';
import { createVolume, type SlicePixels } from '../../core/volume/build';
import { earliestPet, suvbwFactorOf } from '../../core/volume/suv';
import type { Volume } from '../../core/volume/types';
import type { Cornerstone, CornerstoneImage } from '../../types/cornerstone';
import type { Host } from '../host';
import { createBreathing } from './breathing';
import { displaySetSlices, type DisplaySetSlice } from './displaySetSlices';

/** Images asked for at once where the host has not loaded them: as browsers allow to one server. */
const AHEAD = 6;
/** `ImageQualityStatus.FULL_RESOLUTION`; progressive images pass through lower ones. */
const FULL_RESOLUTION = 8;

const isFull = (image: CornerstoneImage): boolean =>
  image.imageQualityStatus === undefined || image.imageQualityStatus >= FULL_RESOLUTION;

/** From the host's cache; what is not there yet is loaded into it, so it is downloaded once. */
async function imageOf({ cache, imageLoader }: Cornerstone, imageId: string) {
  const kept = cache.getImage(imageId);
  if (kept && isFull(kept)) return kept;
  return imageLoader.loadAndCacheImage(imageId, {
    requestType: 'prefetch',
    priority: 0,
    // A preview of a progressive image is in the cache, and would be given again.
    ignoreCache: kept !== undefined,
  });
}

/**
 * Pixels as the volume takes them. The host may have applied the rescale while decoding
 * (`preScale.scaled`), and for PET with a known dose the SUV factor with it: that one is taken out
 * again, since a volume holds what Rescale Slope and Intercept say and nothing more.
 */
export function pixelsOf(image: CornerstoneImage): { pixels: SlicePixels; scaled: boolean } {
  const pixels = image.voxelManager?.getScalarData() ?? image.getPixelData();
  const { scaled = false, scalingParameters } = image.preScale ?? {};
  const suv = scalingParameters?.suvbw;
  if (!scaled || suv === undefined || !Number.isFinite(suv) || suv === 0) return { pixels, scaled };
  return { pixels: Float32Array.from(pixels, value => value / suv), scaled };
}

const reasonOf = (error: unknown): string => {
  const nested = (error as { error?: unknown } | undefined)?.error ?? error;
  return nested instanceof Error ? nested.message : String(nested);
};

/**
 * Projection images, whose stored values mean nothing but how bright they are shown: models of films
 * are made with bones white. Elsewhere (CT, PET) MONOCHROME1 is a matter of display, and the values
 * stay as they are.
 */
const PROJECTION: ReadonlySet<string> = new Set(['CR', 'DX', 'IO', 'MG', 'PX', 'RF', 'RG', 'XA']);

/** What SUV by body weight needs of the headers, which are not at hand where it is reckoned. */
const withUptake = (volume: Volume): Volume => {
  const pet = volume.modality === 'PT' ? earliestPet(volume.slices) : undefined;
  return pet ? { ...volume, suvbwFactor: suvbwFactorOf(pet) } : volume;
};

const cancelled = () => refuse('runCancelled', 'The run was cancelled while voxels were read');

async function fill(
  host: Host,
  slices: DisplaySetSlice[],
  { signal, onProgress }: RunControl,
): Promise<Outcome<Volume>> {
  const headers = slices.map(({ header }) => header);
  const plan = planSlices(headers);
  if (!plan.ok) return plan;
  const cornerstone = host.cornerstone();
  const isProjection = PROJECTION.has(headers[0].modality);
  const builder = createVolume(plan.value, headers, {
    monochrome1: isProjection ? 'invert' : 'keep',
  });
  const breathe = createBreathing();
  const asked = new Map<number, Promise<CornerstoneImage>>();

  for (let input = 0; input < slices.length; input++) {
    for (let ahead = input; ahead < Math.min(input + AHEAD, slices.length); ahead++) {
      if (asked.has(ahead)) continue;
      const image = imageOf(cornerstone, slices[ahead].imageId);
      // Its failure is met below, in its turn; until then it must not count as unhandled.
      image.catch(() => undefined);
      asked.set(ahead, image);
    }
    let image: CornerstoneImage;
    try {
      image = await asked.get(input)!;
    } catch (error) {
      const slice = headers[input].instanceNumber ?? `#${input + 1}`;
      const detail = reasonOf(error);
      return refuse('sliceUnreadable', `Slice ${slice} could not be read: ${detail}`, {
        slice,
        detail,
      });
    }
    asked.delete(input);
    if (signal.aborted) return cancelled();
    const { pixels, scaled } = pixelsOf(image);
    const set = builder.setSlice(input, pixels, { scaled });
    if (!set.ok) return set;
    onProgress({ phase: 'voxels', fraction: (input + 1) / slices.length });
    await breathe();
    if (signal.aborted) return cancelled();
  }
  const volume = builder.finish();
  return volume.ok ? accept(withUptake(volume.value)) : volume;
}

/** The host's display sets of images, and their voxels from the host's own cache. */
export function createVolumeSource(host: Host): VolumeSource {
  const { displaySetService } = host.managers.servicesManager.services;
  return {
    list() {
      return displaySetService.getActiveDisplaySets().flatMap(displaySet => {
        const slices = displaySetSlices(host, displaySet);
        if (slices.length === 0) return [];
        return [
          {
            displaySetInstanceUID: displaySet.displaySetInstanceUID,
            studyInstanceUID: displaySet.StudyInstanceUID,
            seriesInstanceUID: displaySet.SeriesInstanceUID,
            frameOfReferenceUID: frameOfReferenceOf(host, displaySet, slices),
            modality: displaySet.Modality ?? slices[0].header.modality,
            description: displaySet.SeriesDescription ?? '',
            slices: slices.map(({ header }) => header),
          },
        ];
      });
    },
    async read(displaySetInstanceUID, control) {
      const displaySet = displaySetService.getDisplaySetByUID(displaySetInstanceUID);
      const slices = displaySet ? displaySetSlices(host, displaySet) : [];
      if (slices.length === 0) {
        return refuse(
          'displaySetGone',
          `The display set ${displaySetInstanceUID} is not open, or holds no images`,
          { displaySet: displaySetInstanceUID },
        );
      }
      if (control.signal.aborted) return cancelled();
      return fill(host, slices, control);
    },
  };
}

function frameOfReferenceOf(
  host: Host,
  displaySet: { FrameOfReferenceUID?: string },
  slices: DisplaySetSlice[],
): string | undefined {
  if (displaySet.FrameOfReferenceUID) return displaySet.FrameOfReferenceUID;
  const instance = host.cornerstone().metaData.get('instance', slices[0].imageId) as
    { FrameOfReferenceUID?: unknown } | undefined;
  const uid = instance?.FrameOfReferenceUID;
  return typeof uid === 'string' ? uid : undefined;
}
