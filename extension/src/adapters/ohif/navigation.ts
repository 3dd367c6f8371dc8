import type { Finding } from '../../core/findings/types';
import type { CornerstoneViewport } from '../../types/cornerstone';
import type { HostDisplaySet } from '../../types/host';
import type { Host } from '../host';
import { displaySetSlices, sliceKey } from './displaySetSlices';

/** The host's viewport of that id, once it is drawn. */
export function viewportOf(host: Host, viewportId: string): CornerstoneViewport | undefined {
  const { cornerstoneViewportService } = host.managers.servicesManager.services;
  const found = cornerstoneViewportService?.getCornerstoneViewport(viewportId);
  return (found as CornerstoneViewport | null | undefined) ?? undefined;
}

/** Ids of the viewports that show a display set; the active one first. */
export function viewportsShowing(host: Host, displaySetInstanceUID: string): string[] {
  const { viewportGridService } = host.managers.servicesManager.services;
  const { viewports, activeViewportId } = viewportGridService.getState();
  return [...viewports.values()]
    .filter(viewport => viewport.displaySetInstanceUIDs?.includes(displaySetInstanceUID))
    .map(viewport => viewport.viewportId)
    .sort((a, b) => Number(b === activeViewportId) - Number(a === activeViewportId));
}

/** Puts a display set into the active viewport, as a double click on its thumbnail does. */
function showInActiveViewport(host: Host, displaySetInstanceUID: string): string | undefined {
  const { viewportGridService, hangingProtocolService } = host.managers.servicesManager.services;
  const viewportId = viewportGridService.getActiveViewportId();
  if (!viewportId) return undefined;
  const viewportsToUpdate = hangingProtocolService.getViewportsRequireUpdate(
    viewportId,
    displaySetInstanceUID,
  );
  host.managers.commandsManager.runCommand('setDisplaySetsForViewports', { viewportsToUpdate });
  return viewportId;
}

/** Goes to a finding's slice in one viewport: a stack by its image, a volume by the finding's point. */
function goTo(viewport: CornerstoneViewport, finding: Finding, imageId?: string): void {
  if (viewport.type === 'stack') {
    const index = imageId ? (viewport.getImageIds?.().indexOf(imageId) ?? -1) : -1;
    if (index >= 0) void viewport.setImageIdIndex?.(index);
    return;
  }
  if (viewport.type === 'volume3d') return;
  const [x, y, z] = finding.centroid;
  viewport.jumpToWorld?.([x, y, z]);
  viewport.render();
}

/** The image that a finding is shown on: of key images the first. */
const imageOf = (finding: Finding): { sopInstanceUID: string; frameNumber?: number } =>
  (finding.kind === 'keyImage' ? finding.images.at(0) : undefined) ?? {
    sopInstanceUID: finding.referencedSOPInstanceUID,
    frameNumber: finding.referencedFrameNumber,
  };

/** The display set that holds an instance; the given one first, which need not be it. */
function displaySetHolding(
  host: Host,
  sopInstanceUID: string,
  displaySetInstanceUID: string,
): HostDisplaySet | undefined {
  const { displaySetService } = host.managers.servicesManager.services;
  const given = displaySetService.getDisplaySetByUID(displaySetInstanceUID);
  const holds = (displaySet: HostDisplaySet): boolean =>
    [...(displaySet.images ?? []), ...(displaySet.instances ?? [])].some(
      ({ SOPInstanceUID }) => SOPInstanceUID === sopInstanceUID,
    );
  if (!given || holds(given)) return given;
  // A Secondary Capture or a film that is a series of its own.
  const other = displaySetService
    .getActiveDisplaySets()
    .find(set => !set.isOverlayDisplaySet && !set.unsupported && holds(set));
  return other ?? given;
}

/**
 * Brings a finding's slice to the reader: in the active viewport if that shows the series, else in
 * another that does, else the active viewport is given the series. Volume viewports beside it (MPR)
 * all go to the finding's centre.
 *
 * @returns the viewports that show the series, the one that was meant first
 */
export function jumpToFinding(host: Host, finding: Finding, ofDisplaySet: string): string[] {
  const { viewportGridService, cornerstoneViewportService } =
    host.managers.servicesManager.services;
  const image = imageOf(finding);
  const displaySet = displaySetHolding(host, image.sopInstanceUID, ofDisplaySet);
  if (!displaySet) return [];
  const { displaySetInstanceUID } = displaySet;
  const wanted = sliceKey(image);
  const imageId = displaySetSlices(host, displaySet).find(
    slice => sliceKey(slice.header) === wanted,
  )?.imageId;

  const showing = viewportsShowing(host, displaySetInstanceUID);
  if (showing.length === 0) {
    const viewportId = showInActiveViewport(host, displaySetInstanceUID);
    if (!viewportId || !cornerstoneViewportService) return [];
    // The viewport is drawn anew; it can be scrolled once it has its images.
    const drawn = cornerstoneViewportService.subscribe(
      cornerstoneViewportService.EVENTS.VIEWPORT_DATA_CHANGED,
      data => {
        if ((data as { viewportId?: string }).viewportId !== viewportId) return;
        drawn.unsubscribe();
        const viewport = viewportOf(host, viewportId);
        if (viewport) goTo(viewport, finding, imageId);
      },
    );
    return [viewportId];
  }
  const [meant] = showing;
  if (viewportGridService.getActiveViewportId() !== meant) {
    viewportGridService.setActiveViewportId(meant);
  }
  for (const viewportId of showing) {
    const viewport = viewportOf(host, viewportId);
    if (!viewport) continue;
    if (viewportId === meant || viewport.type !== 'stack') goTo(viewport, finding, imageId);
  }
  return showing;
}
