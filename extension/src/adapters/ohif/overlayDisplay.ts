import type { FindingConcept, Finding, RunResult } from '../../core/findings/types';
import type { OverlayDisplay } from '../../core/reading/ports';
import type { HostSegment, SegmentationService, Subscription } from '../../types/host';
import type { Host } from '../host';
import { createBreathing } from './breathing';
import { displaySetSlices } from './displaySetSlices';
import { createLabelmapImages, removeLabelmapImages } from './labelmapImages';
import { jumpToFinding, viewportOf, viewportsShowing } from './navigation';
import { overlayLayersOf, type OverlayLayer, type Rgba } from './overlayLayers';
import { EVERYWHERE, type ViewportScope } from './sideBySide';

const LABELMAP = 'Labelmap';
/** How long the host is given to put segmentations back after a viewport has changed. */
const SETTLE_MS = 300;
const BACKGROUND: Rgba = [0, 0, 0, 0];

/** One layer of a run as it is drawn. */
interface Drawn {
  run: RunResult;
  layer: OverlayLayer;
  displaySetInstanceUID: string;
  imageIds: string[];
  /** Index of our colours in cornerstone's tables. */
  colourTable: number;
  visible: boolean;
  hiddenFindings: Set<string>;
}

/** As cornerstone wants it: one colour for each value, background first. */
function colourTableOf({ labels }: OverlayLayer): Rgba[] {
  const last = Math.max(0, ...labels.map(({ value }) => value));
  const table = Array.from({ length: last + 1 }, () => BACKGROUND);
  for (const { value, colour } of labels) table[value] = colour;
  return table;
}

const inLanguage = (text: FindingConcept['label'], language: string): string =>
  text[language] ?? text[language.split('-')[0]] ?? text.en;

const segmentsOf = ({ labels }: OverlayLayer, language: string): Record<number, HostSegment> =>
  Object.fromEntries(
    labels.map(({ value, text }, index) => [
      value,
      {
        segmentIndex: value,
        label: inLanguage(text, language),
        active: index === 0,
        // Judged finding by finding; a correction is a finding of its own and not a stroke here.
        locked: true,
        cachedStats: {},
      },
    ]),
  );

/**
 * What AI drew, through the host's segmentation service: shown in every viewport of the series,
 * also in those that the reader opens later (another layout, MPR), and listed by the host's own
 * segmentation panel.
 */
export function createOverlayDisplay(
  host: Host,
  scope: ViewportScope = EVERYWHERE,
): OverlayDisplay {
  const { services } = host.managers.servicesManager;
  /** By the id of the segmentation in the host. */
  const drawn = new Map<string, Drawn>();
  const drawnOf = (runId: string): Drawn[] =>
    [...drawn.values()].filter(({ run }) => run.runId === runId);
  /** Runs that are to be drawn: one may be taken away while its layers are being made. */
  const wanted = new Set<string>();
  let subscriptions: Subscription[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  const segmentationService = (): SegmentationService => {
    if (!services.segmentationService) throw new Error('The host has no segmentation service');
    return services.segmentationService;
  };
  const isDrawnIn = (viewportId: string, segmentationId: string): boolean =>
    segmentationService().getSegmentationRepresentations(viewportId, {
      segmentationId,
      type: LABELMAP,
    }).length > 0;

  /** Colours and visibility of one run in one viewport; only what differs is written. */
  const style = (overlay: Drawn, viewportId: string): void => {
    const { layer, hiddenFindings } = overlay;
    const { segmentationId, labels } = layer;
    const isVisible = overlay.visible && scope.allows(viewportId, overlay.run.runId);
    const service = segmentationService();
    const [representation] = service.getSegmentationRepresentations(viewportId, {
      segmentationId,
      type: LABELMAP,
    });
    if (!representation) return;
    for (const { value: segment, colour } of labels) {
      const now = service.getSegmentColor(viewportId, segmentationId, segment);
      if (!now || colour.some((channel, index) => channel !== now[index])) {
        service.setSegmentColor(viewportId, segmentationId, segment, colour);
      }
    }
    for (const { value: segment, findingId } of labels) {
      const wanted = isVisible && !hiddenFindings.has(findingId);
      if (representation.segments?.[segment]?.visible === wanted) continue;
      service.setSegmentVisibility(viewportId, segmentationId, segment, wanted, LABELMAP);
    }
  };

  const drawIn = async (overlay: Drawn, viewportId: string): Promise<void> => {
    const viewport = viewportOf(host, viewportId);
    // On a 3D viewport a label map becomes a surface, which takes the host seconds to make.
    if (!viewport || viewport.type === 'volume3d') return;
    const { segmentationId } = overlay.layer;
    if (!isDrawnIn(viewportId, segmentationId)) {
      if (!scope.allows(viewportId, overlay.run.runId)) return;
      await segmentationService().addSegmentationRepresentation(viewportId, {
        segmentationId,
        type: LABELMAP,
        config: { colorLUTOrIndex: overlay.colourTable },
      });
    }
    if (drawn.get(segmentationId) !== overlay) return;
    style(overlay, viewportId);
    // Volume viewports that the host has just made hold the labelmap and do not show it until drawn.
    viewport.render();
  };

  /**
   * Brings every viewport of the series up to date, one after another: two labelmaps added at once to
   * volume viewports make the host build two volumes of one segmentation, and draw neither.
   */
  const drawEverywhere = async (): Promise<void> => {
    for (const overlay of [...drawn.values()]) {
      for (const viewportId of viewportsShowing(host, overlay.displaySetInstanceUID)) {
        if (drawn.get(overlay.layer.segmentationId) === overlay) await drawIn(overlay, viewportId);
      }
    }
  };
  let queue: Promise<void> = Promise.resolve();
  const inTurn = (): Promise<void> => {
    queue = queue.catch(() => undefined).then(drawEverywhere);
    return queue;
  };
  /** After the host has settled: it puts back by itself most of what a new layout took away. */
  const drawSoon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      inTurn().catch((error: unknown) =>
        console.error('Second Reader: the overlay could not be drawn', error),
      );
    }, SETTLE_MS);
  };

  const forget = (overlay: Drawn): void => {
    const { segmentationId } = overlay.layer;
    drawn.delete(segmentationId);
    const service = segmentationService();
    const segmentation = service.getSegmentation(segmentationId);
    const volumeId = segmentation?.representationData?.Labelmap?.volumeId;
    if (segmentation) service.remove(segmentationId);
    removeLabelmapImages(host.cornerstone(), overlay.imageIds, volumeId);
    if (drawn.size === 0) stopListening();
  };

  const stopListening = (): void => {
    subscriptions.forEach(subscription => subscription.unsubscribe());
    subscriptions = [];
    clearTimeout(timer);
  };

  /** Viewports come and go (another layout, MPR): each that shows the series is drawn on. */
  const listen = (): void => {
    const { cornerstoneViewportService } = services;
    if (subscriptions.length > 0 || !cornerstoneViewportService) return;
    const service = segmentationService();
    const { VIEWPORT_DATA_CHANGED } = cornerstoneViewportService.EVENTS;
    const { SEGMENTATION_REPRESENTATION_MODIFIED } = service.EVENTS;
    const isOurs = (data: unknown): boolean =>
      drawn.has((data as { segmentationId?: string }).segmentationId ?? '');
    subscriptions = [
      cornerstoneViewportService.subscribe(VIEWPORT_DATA_CHANGED, drawSoon),
      // What the host puts back by itself comes in its own colours.
      service.subscribe(SEGMENTATION_REPRESENTATION_MODIFIED, data => {
        if (isOurs(data)) drawSoon();
      }),
    ];
  };

  const draw = async (
    run: RunResult,
    layer: OverlayLayer,
    displaySetInstanceUID: string,
  ): Promise<void> => {
    const displaySet = services.displaySetService.getDisplaySetByUID(displaySetInstanceUID);
    const slices = displaySet ? displaySetSlices(host, displaySet) : [];
    if (!displaySet || slices.length === 0) {
      throw new Error(`Display set ${displaySetInstanceUID} is not open`);
    }
    const { segmentationId, name, labelMap, isHeat } = layer;
    const imageIds = await createLabelmapImages(host.cornerstone(), labelMap, run.source, slices);
    const { color, style: styles } = host.cornerstoneTools().segmentation.config;
    const overlay: Drawn = {
      run,
      layer,
      displaySetInstanceUID,
      imageIds,
      colourTable: color.addColorLUT(colourTableOf(layer)),
      visible: true,
      hiddenFindings: new Set(),
    };
    segmentationService().addOrUpdateSegmentation({
      segmentationId,
      representation: {
        type: LABELMAP,
        data: { imageIds, referencedImageIds: slices.map(({ imageId }) => imageId) },
      },
      config: {
        label: name,
        segments: segmentsOf(layer, host.language()),
        cachedStats: { info: '' },
      },
    });
    if (isHeat) {
      const none = { renderOutline: false, renderOutlineInactive: false };
      styles.setStyle({ type: LABELMAP, segmentationId }, none);
    }
    drawn.set(segmentationId, overlay);
    listen();
    await inTurn();
  };

  host.onModeExit(() => {
    // The mode has destroyed the host's segmentations; what is left is ours to give back.
    for (const overlay of [...drawn.values()]) forget(overlay);
    stopListening();
  });

  const restyle = (overlay: Drawn): void => {
    for (const viewportId of viewportsShowing(host, overlay.displaySetInstanceUID)) {
      style(overlay, viewportId);
    }
  };

  return {
    async show(run, displaySetInstanceUID) {
      drawnOf(run.runId).forEach(forget);
      wanted.add(run.runId);
      // What else was found is drawn as markers; see `findingMarkers`.
      for (const layer of await overlayLayersOf(run, createBreathing())) {
        if (wanted.has(run.runId)) await draw(run, layer, displaySetInstanceUID);
      }
    },
    setVisible(runIds, visible) {
      for (const overlay of runIds.flatMap(drawnOf)) {
        if (overlay.visible === visible) continue;
        overlay.visible = visible;
        restyle(overlay);
      }
    },
    setFindingVisible(run: RunResult, finding: Finding, visible: boolean) {
      for (const overlay of drawnOf(run.runId)) {
        if (!overlay.layer.labels.some(({ findingId }) => findingId === finding.id)) continue;
        if (visible) overlay.hiddenFindings.delete(finding.id);
        else overlay.hiddenFindings.add(finding.id);
        restyle(overlay);
      }
    },
    jumpTo(run, finding, displaySetInstanceUID) {
      const viewportIds = jumpToFinding(host, finding, displaySetInstanceUID);
      const service = segmentationService();
      for (const { layer } of drawnOf(run.runId)) {
        const label = layer.labels.find(({ findingId }) => findingId === finding.id);
        if (!label) continue;
        const { segmentationId } = layer;
        for (const viewportId of viewportIds) {
          if (isDrawnIn(viewportId, segmentationId)) {
            service.setActiveSegmentation(viewportId, segmentationId);
          }
        }
        service.setActiveSegment(segmentationId, label.value);
      }
    },
    remove(runId) {
      wanted.delete(runId);
      drawnOf(runId).forEach(forget);
    },
  };
}
