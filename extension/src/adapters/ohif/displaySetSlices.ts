import type { SliceHeader } from '../../core/volume/types';
import type { HostDisplaySet } from '../../types/host';
import type { Host } from '../host';
import { sliceHeaderOf } from './sliceHeader';

/** One slice of a display set: the host's image and what its attributes say. */
export interface DisplaySetSlice {
  imageId: string;
  header: SliceHeader;
}

/** A slice's name across the host, results and evidence: its instance and frame. */
export const sliceKey = (slice: { sopInstanceUID: string; frameNumber?: number }): string =>
  `${slice.sopInstanceUID}#${slice.frameNumber ?? 1}`;

/** DICOMweb: `…/frames/3`; WADO-URI: `…&frame=3`. Both count from 1. */
const FRAME = /\/frames\/(\d+)|[?&]frame=(\d+)/;

const known = new WeakMap<HostDisplaySet, DisplaySetSlice[]>();

function readSlices(host: Host, imageIds: string[]): DisplaySetSlice[] {
  const { metaData } = host.cornerstone();
  const slices: DisplaySetSlice[] = [];
  for (const imageId of imageIds) {
    const instance = metaData.get('instance', imageId);
    const isMultiFrame = Number((instance as { NumberOfFrames?: unknown })?.NumberOfFrames) > 1;
    const named = isMultiFrame ? FRAME.exec(imageId) : null;
    const frame = named ? Number(named[1] ?? named[2]) : isMultiFrame ? 1 : undefined;
    const header = sliceHeaderOf(instance, frame);
    if (header) slices.push({ imageId, header });
  }
  return slices;
}

/**
 * The host fills `imageIds` when a viewport first shows the display set, which is after it told of
 * it; the data source names the images from the start.
 */
const imageIdsOf = (host: Host, displaySet: HostDisplaySet): string[] => {
  if (displaySet.imageIds?.length) return displaySet.imageIds;
  if (!displaySet.images?.length) return [];
  const [dataSource] = host.managers.extensionManager.getActiveDataSource();
  return dataSource?.getImageIdsForDisplaySet?.(displaySet) ?? [];
};

/**
 * The slices of a display set in the host's order; none for what holds no images (SEG, SR, …).
 * Kept while the host's list of images is as long as it was.
 */
export function displaySetSlices(host: Host, displaySet: HostDisplaySet): DisplaySetSlice[] {
  if (displaySet.isOverlayDisplaySet) return [];
  const imageIds = imageIdsOf(host, displaySet);
  const kept = known.get(displaySet);
  if (kept && kept.length === imageIds.length) return kept;
  const slices = readSlices(host, imageIds);
  known.set(displaySet, slices);
  return slices;
}
