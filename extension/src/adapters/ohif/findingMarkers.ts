import { labToCss } from '../../core/findings/labColour';
import {
  boxOf,
  convexHull,
  cornersOf,
  crossesPlane,
  type ShownPlane,
} from '../../core/findings/detectionBox';
import type { VolumeGeometry } from '../../core/geometry/types';
import { normalize } from '../../core/geometry/vector';
import type { FindingState, ReadingState, RunState } from '../../core/reading/state';
import { planSlices } from '../../core/volume/assemble';
import { textsFor, type Texts } from '../../locales';
import type { CornerstoneViewport } from '../../types/cornerstone';
import type { Host } from '../host';
import { displaySetSlices, type DisplaySetSlice } from './displaySetSlices';
import { viewportOf } from './navigation';
import { drawMarkers, type Marker } from './markerLayer';

type Detection = Extract<FindingState, { kind: 'detection' }>;
interface Drawn {
  finding: Detection;
  run: RunState;
}

/** Every build's cornerstone tells this of a viewport's element after each of its pictures. */
const IMAGE_RENDERED = 'CORNERSTONE_IMAGE_RENDERED';
/** For a model that declares no colour: a yellow that is read on CT's greys. */
const UNDECLARED = 'rgb(255 210 64)';

/** What of a state the markers show; progress and the like change nothing of it. */
const signatureOf = (drawn: ReadonlyMap<string, Drawn[]>): string =>
  JSON.stringify(
    [...drawn].map(([displaySet, each]) => [
      displaySet,
      each.map(({ finding, run }) => [
        finding.id,
        finding.verdict,
        finding.selected,
        run.modelName,
      ]),
    ]),
  );

/** Detections to be drawn, by display set: nothing while overlays are hidden, nothing rejected. */
function toBeDrawn(state: ReadingState): Map<string, Drawn[]> {
  const drawn = new Map<string, Drawn[]>();
  if (!state.overlayVisible) return drawn;
  for (const run of state.runs) {
    const findings = state.findings.filter(
      (finding): finding is Detection =>
        finding.kind === 'detection' &&
        finding.runId === run.runId &&
        finding.verdict !== 'rejected',
    );
    if (findings.length === 0) continue;
    const before = drawn.get(run.displaySetInstanceUID) ?? [];
    const added = findings.map(finding => ({ finding, run }));
    drawn.set(run.displaySetInstanceUID, [...before, ...added]);
  }
  return drawn;
}

/** The slice that a viewport shows; nothing while it shows none, or one of another series. */
function shownPlane(
  viewport: CornerstoneViewport,
  slices: readonly DisplaySetSlice[],
  geometry: VolumeGeometry,
): ShownPlane | undefined {
  if (viewport.type === 'stack') {
    // By the image itself: a stack's camera need not stand on the slice that it shows.
    const imageId = viewport.getCurrentImageId?.();
    const shown = slices.find(slice => slice.imageId === imageId);
    if (!shown) return undefined;
    const point = shown.header.imagePositionPatient ?? geometry.origin;
    return { point, normal: geometry.direction[2] };
  }
  const camera = viewport.getCamera?.();
  if (!camera?.focalPoint || !camera.viewPlaneNormal) return undefined;
  return {
    point: camera.focalPoint,
    normal: normalize(camera.viewPlaneNormal),
    slabThickness: viewport.getSlabThickness?.() ?? 0,
  };
}

/** Model, version, engine and state stand beside what AI found wherever it is shown. */
function markerOf({ finding, run }: Drawn, outline: Marker['outline'], texts: Texts): Marker {
  const { concept } = finding;
  const colour = concept.recommendedDisplayCIELab;
  const engine = run.engine
    ? texts.t(`engine.${run.engine.engine}`, { count: run.engine.threads })
    : texts.t('engine.external');
  const model = `${texts.own(run.modelName)} ${run.modelVersion}`;
  return {
    id: finding.id,
    outline,
    colour: colour ? labToCss(colour) : UNDECLARED,
    verdict: finding.verdict,
    selected: finding.selected,
    title: texts.t('marker.title', {
      finding: texts.own(concept.label),
      score: texts.percent(finding.score * 100),
    }),
    notes: [model, `${engine} · ${texts.t(`verdict.${finding.verdict}`)}`],
  };
}

/**
 * Detections as outlines with their names over the host's viewports, made from the reading's state.
 * A layer of our own above each picture, drawn again after each of its renderings: it needs none of
 * the host's tools, is none of the reader's annotations, and follows every scroll, zoom, turn and
 * layout, of stacks and of reformatted volumes.
 */
export function createFindingMarkers(host: Host): { draw(state: ReadingState): void } {
  const { services } = host.managers.servicesManager;
  let drawn = new Map<string, Drawn[]>();
  let signature = signatureOf(drawn);
  let listening = false;
  const geometries = new Map<string, VolumeGeometry>();

  const geometryOf = (
    displaySetInstanceUID: string,
    slices: readonly DisplaySetSlice[],
  ): VolumeGeometry | undefined => {
    const known = geometries.get(displaySetInstanceUID);
    if (known) return known;
    const plan = planSlices(slices.map(({ header }) => header));
    if (!plan.ok) return undefined;
    geometries.set(displaySetInstanceUID, plan.value.geometry);
    return plan.value.geometry;
  };

  const markersIn = (viewport: CornerstoneViewport, displaySetInstanceUID: string): Marker[] => {
    const detections = drawn.get(displaySetInstanceUID) ?? [];
    const displaySet = services.displaySetService.getDisplaySetByUID(displaySetInstanceUID);
    const { worldToCanvas } = viewport;
    if (detections.length === 0 || !displaySet || !worldToCanvas) return [];
    const slices = displaySetSlices(host, displaySet);
    const geometry = geometryOf(displaySetInstanceUID, slices);
    const plane = geometry && shownPlane(viewport, slices, geometry);
    if (!plane) return [];
    const texts = textsFor(host.language());
    return detections.flatMap(detection => {
      const box = boxOf(detection.finding, geometry);
      if (!crossesPlane(box, plane, geometry.spacing)) return [];
      const corners = cornersOf(box).map(([x, y, z]) => viewport.worldToCanvas!([x, y, z]));
      const outline = convexHull(corners.map(([x, y]) => [x, y] as const));
      return [markerOf(detection, outline, texts)];
    });
  };

  const drawIn = (viewportId: string): void => {
    const viewport = viewportOf(host, viewportId);
    if (!viewport?.element) return;
    const shown = services.viewportGridService.getState().viewports.get(viewportId);
    const displaySets = viewport.type === 'volume3d' ? [] : (shown?.displaySetInstanceUIDs ?? []);
    drawMarkers(
      viewport.element,
      displaySets.flatMap(displaySet => markersIn(viewport, displaySet)),
    );
  };

  const drawEverywhere = (): void => {
    for (const { viewportId } of services.viewportGridService.getState().viewports.values()) {
      drawIn(viewportId);
    }
  };

  const rendered = (event: Event): void => {
    const { viewportId } = ((event as CustomEvent).detail ?? {}) as { viewportId?: string };
    if (viewportId !== undefined) drawIn(viewportId);
  };

  /**
   * The event does not bubble, but on its way down it passes the document: one listener there hears
   * of all viewports, those included that the host has yet to make.
   */
  const listen = (wanted: boolean): void => {
    if (wanted === listening) return;
    listening = wanted;
    if (wanted) document.addEventListener(IMAGE_RENDERED, rendered, true);
    else document.removeEventListener(IMAGE_RENDERED, rendered, true);
  };

  return {
    draw(state) {
      const next = toBeDrawn(state);
      const nextSignature = signatureOf(next);
      if (nextSignature === signature) return;
      drawn = next;
      signature = nextSignature;
      geometries.clear();
      listen(drawn.size > 0);
      drawEverywhere();
    },
  };
}
