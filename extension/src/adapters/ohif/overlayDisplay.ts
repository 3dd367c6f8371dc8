import { labToRgb } from '../../core/findings/labColour';
import { isSegmentationRun, type SegmentationRun } from '../../core/findings/segmentationRun';
import type { Finding, RunResult } from '../../core/findings/types';
import type { OverlayDisplay } from '../../core/reading/ports';
import type { HostSegment, SegmentationService, Subscription } from '../../types/host';
import type { Host } from '../host';
import { displaySetSlices } from './displaySetSlices';
import { createLabelmapImages, removeLabelmapImages } from './labelmapImages';
import { jumpToFinding, viewportOf, viewportsShowing } from './navigation';

type Rgba = [number, number, number, number];

const LABELMAP = 'Labelmap';
/** How long the host is given to put segmentations back after a viewport has changed. */
const SETTLE_MS = 300;
const BACKGROUND: Rgba = [0, 0, 0, 0];

/** What is drawn of one run. */
interface Drawn {
  run: SegmentationRun;
  displaySetInstanceUID: string;
  segmentationId: string;
  imageIds: string[];
  colours: Map<number, Rgba>;
  /** Index of our colours in cornerstone's tables. */
  colourTable: number;
  visible: boolean;
  hiddenSegments: Set<number>;
}

const coloursOf = (run: SegmentationRun): Map<number, Rgba> =>
  new Map(
    run.findings.map(({ segment }): [number, Rgba] => [
      segment.segmentNumber,
      [...labToRgb(segment.recommendedDisplayCIELab), 255],
    ]),
  );

/** As cornerstone wants it: one colour for each value, background first. */
function colourTableOf(colours: Map<number, Rgba>): Rgba[] {
  const table = Array.from({ length: Math.max(0, ...colours.keys()) + 1 }, () => BACKGROUND);
  colours.forEach((colour, segment) => (table[segment] = colour));
  return table;
}

function segmentsOf(run: SegmentationRun, language: string): Record<number, HostSegment> {
  const [short] = language.split('-');
  return Object.fromEntries(
    run.findings.map(({ segment }, index) => [
      segment.segmentNumber,
      {
        segmentIndex: segment.segmentNumber,
        label: segment.label[language] ?? segment.label[short] ?? segment.label.en,
        active: index === 0,
        // Judged finding by finding; a correction is a finding of its own and not a stroke here.
        locked: true,
        cachedStats: {},
      },
    ]),
  );
}

/**
 * What AI drew, through the host's segmentation service: shown in every viewport of the series,
 * also in those that the reader opens later (another layout, MPR), and listed by the host's own
 * segmentation panel.
 */
export function createOverlayDisplay(host: Host): OverlayDisplay {
  const { services } = host.managers.servicesManager;
  const drawn = new Map<string, Drawn>();
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
    const { segmentationId, colours, hiddenSegments, visible } = overlay;
    const service = segmentationService();
    const [representation] = service.getSegmentationRepresentations(viewportId, {
      segmentationId,
      type: LABELMAP,
    });
    if (!representation) return;
    for (const [segment, colour] of colours) {
      const now = service.getSegmentColor(viewportId, segmentationId, segment);
      if (!now || colour.some((channel, index) => channel !== now[index])) {
        service.setSegmentColor(viewportId, segmentationId, segment, colour);
      }
    }
    for (const segment of colours.keys()) {
      const wanted = visible && !hiddenSegments.has(segment);
      if (representation.segments?.[segment]?.visible === wanted) continue;
      service.setSegmentVisibility(viewportId, segmentationId, segment, wanted, LABELMAP);
    }
  };

  const drawIn = async (overlay: Drawn, viewportId: string): Promise<void> => {
    const viewport = viewportOf(host, viewportId);
    // On a 3D viewport a label map becomes a surface, which takes the host seconds to make.
    if (!viewport || viewport.type === 'volume3d') return;
    if (!isDrawnIn(viewportId, overlay.segmentationId)) {
      await segmentationService().addSegmentationRepresentation(viewportId, {
        segmentationId: overlay.segmentationId,
        type: LABELMAP,
        config: { colorLUTOrIndex: overlay.colourTable },
      });
    }
    if (drawn.get(overlay.run.runId) !== overlay) return;
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
        if (drawn.get(overlay.run.runId) === overlay) await drawIn(overlay, viewportId);
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
    drawn.delete(overlay.run.runId);
    const service = segmentationService();
    const segmentation = service.getSegmentation(overlay.segmentationId);
    const volumeId = segmentation?.representationData?.Labelmap?.volumeId;
    if (segmentation) service.remove(overlay.segmentationId);
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
      [...drawn.values()].some(
        overlay => overlay.segmentationId === (data as { segmentationId?: unknown }).segmentationId,
      );
    subscriptions = [
      cornerstoneViewportService.subscribe(VIEWPORT_DATA_CHANGED, drawSoon),
      // What the host puts back by itself comes in its own colours.
      service.subscribe(SEGMENTATION_REPRESENTATION_MODIFIED, data => {
        if (isOurs(data)) drawSoon();
      }),
    ];
  };

  const draw = async (run: SegmentationRun, displaySetInstanceUID: string): Promise<void> => {
    const displaySet = services.displaySetService.getDisplaySetByUID(displaySetInstanceUID);
    const slices = displaySet ? displaySetSlices(host, displaySet) : [];
    if (!displaySet || slices.length === 0) {
      throw new Error(`Display set ${displaySetInstanceUID} is not open`);
    }
    const cornerstone = host.cornerstone();
    const imageIds = await createLabelmapImages(cornerstone, run, slices);
    const segmentationId = `second-reader:${run.runId}`;
    const colours = coloursOf(run);
    const overlay: Drawn = {
      run,
      displaySetInstanceUID,
      segmentationId,
      imageIds,
      colours,
      colourTable: host
        .cornerstoneTools()
        .segmentation.config.color.addColorLUT(colourTableOf(colours)),
      visible: true,
      hiddenSegments: new Set(),
    };
    segmentationService().addOrUpdateSegmentation({
      segmentationId,
      representation: {
        type: LABELMAP,
        data: { imageIds, referencedImageIds: slices.map(({ imageId }) => imageId) },
      },
      config: {
        label: `${run.provenance.modelName} ${run.provenance.modelVersion}`,
        segments: segmentsOf(run, host.language()),
        cachedStats: { info: '' },
      },
    });
    drawn.set(run.runId, overlay);
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
      const before = drawn.get(run.runId);
      if (before) forget(before);
      // What else was found is drawn as markers; see `findingMarkers`.
      if (!isSegmentationRun(run)) return;
      await draw(run, displaySetInstanceUID);
    },
    setVisible(runIds, visible) {
      for (const runId of runIds) {
        const overlay = drawn.get(runId);
        if (!overlay || overlay.visible === visible) continue;
        overlay.visible = visible;
        restyle(overlay);
      }
    },
    setFindingVisible(run: RunResult, finding: Finding, visible: boolean) {
      const overlay = drawn.get(run.runId);
      if (!overlay || finding.kind !== 'segment') return;
      const { segmentNumber } = finding.segment;
      if (visible) overlay.hiddenSegments.delete(segmentNumber);
      else overlay.hiddenSegments.add(segmentNumber);
      restyle(overlay);
    },
    jumpTo(run, finding, displaySetInstanceUID) {
      const overlay = drawn.get(run.runId);
      const viewportIds = jumpToFinding(host, finding, displaySetInstanceUID);
      if (!overlay || finding.kind !== 'segment') return;
      const service = segmentationService();
      for (const viewportId of viewportIds) {
        if (isDrawnIn(viewportId, overlay.segmentationId)) {
          service.setActiveSegmentation(viewportId, overlay.segmentationId);
        }
      }
      service.setActiveSegment(overlay.segmentationId, finding.segment.segmentNumber);
    },
    remove(runId) {
      const overlay = drawn.get(runId);
      if (overlay) forget(overlay);
    },
  };
}
