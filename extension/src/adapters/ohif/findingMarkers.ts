import { labToCss } from '../../core/findings/labColour';
import {
  boxOf,
  convexHull,
  cornersOf,
  crossesPlane,
  type ShownPlane,
} from '../../core/findings/detectionBox';
import { outlinesOn } from '../../core/findings/shapeOutlines';
import type { Vec3, VolumeGeometry } from '../../core/geometry/types';
import { dot, normalize } from '../../core/geometry/vector';
import type { FindingState, ReadingState, RunState } from '../../core/reading/state';
import { planImage, planSlices } from '../../core/volume/assemble';
import { textsFor, type Texts } from '../../locales';
import { originatorText, setTitle } from '../../locales/resultSets';
import type { CornerstoneViewport } from '../../types/cornerstone';
import type { Host } from '../host';
import { displaySetSlices, sliceKey, type DisplaySetSlice } from './displaySetSlices';
import { viewportOf } from './navigation';
import { drawMarkers, type Marker, type MarkerShape } from './markerLayer';
import { EVERYWHERE, type ViewportScope } from './sideBySide';

type Detection = Extract<FindingState, { kind: 'detection' }>;
type Annotation = Extract<FindingState, { kind: 'annotation' }>;
interface Drawn {
  finding: Detection | Annotation;
  run: RunState;
}

/** Every build's cornerstone tells this of a viewport's element after each of its pictures. */
const IMAGE_RENDERED = 'CORNERSTONE_IMAGE_RENDERED';
/** For a model that declares no colour: a yellow that is read on CT's greys. */
const UNDECLARED = 'rgb(255 210 64)';

/** What of a state the markers show; progress and the like change nothing of it. */
const signatureOf = (drawn: ReadonlyMap<string, Drawn[]>, compared: readonly RunState[]): string =>
  JSON.stringify([
    compared.map(({ runId }) => runId),
    [...drawn].map(([displaySet, each]) => [
      displaySet,
      each.map(({ finding, run }) => [
        finding.id,
        finding.verdict,
        finding.selected,
        run.modelName,
      ]),
    ]),
  ]);

const comparedOf = ({ comparison, runs }: ReadingState): RunState[] => {
  if (!comparison?.sideBySide) return [];
  const [a, b] = [comparison.a, comparison.b].map(id => runs.find(({ runId }) => runId === id));
  return a && b ? [a, b] : [];
};

/**
 * What is to be drawn, by display set: nothing while overlays are hidden, nothing of a result that
 * is, nothing rejected.
 */
function toBeDrawn(state: ReadingState): Map<string, Drawn[]> {
  const drawn = new Map<string, Drawn[]>();
  if (!state.overlayVisible) return drawn;
  for (const run of state.runs.filter(({ hidden }) => !hidden)) {
    const findings = state.findings.filter(
      (finding): finding is Drawn['finding'] =>
        (finding.kind === 'detection' || finding.kind === 'annotation') &&
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

/** The slice that a viewport shows, and the grid it is of. */
interface Shown extends ShownPlane {
  geometry: VolumeGeometry;
  /** Of a stack: the slice itself. */
  slice?: DisplaySetSlice;
}

/**
 * What a viewport shows; nothing while it shows nothing, or a slice of another series.
 *
 * @param volume the grid of the whole series, where it is one
 */
function shownIn(
  viewport: CornerstoneViewport,
  slices: readonly DisplaySetSlice[],
  volume: VolumeGeometry | undefined,
): Shown | undefined {
  if (viewport.type === 'stack') {
    // By the image itself: a stack's camera need not stand on the slice that it shows.
    const imageId = viewport.getCurrentImageId?.();
    const slice = slices.find(each => each.imageId === imageId);
    if (!slice) return undefined;
    const image = volume ? undefined : planImage(slice.header);
    const geometry = volume ?? (image?.ok ? image.value.geometry : undefined);
    if (!geometry) return undefined;
    const point = slice.header.imagePositionPatient ?? geometry.origin;
    return { point, normal: geometry.direction[2], geometry, slice };
  }
  const camera = viewport.getCamera?.();
  if (!volume || !camera?.focalPoint || !camera.viewPlaneNormal) return undefined;
  return {
    point: camera.focalPoint,
    normal: normalize(camera.viewPlaneNormal),
    slabThickness: viewport.getSlabThickness?.() ?? 0,
    geometry: volume,
  };
}

type ToCanvas = (point: Vec3) => readonly [number, number];

function detectionOutline(
  finding: Detection,
  shown: Shown,
  toCanvas: ToCanvas,
): Marker['outline'] | undefined {
  const box = boxOf(finding, shown.geometry);
  if (!crossesPlane(box, shown, shown.geometry.spacing)) return undefined;
  return convexHull(cornersOf(box).map(toCanvas));
}

/** Half of what a shown slice stands for along its normal: half a voxel, or half the slab. */
const reachOf = ({ geometry: { spacing, direction }, normal, slabThickness = 0 }: Shown): number =>
  direction.reduce((reach, axis, index) => {
    return reach + (spacing[index] * Math.abs(dot(axis, normal))) / 2;
  }, slabThickness / 2) + 0.01;

/** What was drawn on one image is shown on that image, whatever its geometry; all else by its place. */
function shapeOutlines(
  { shapes }: Annotation,
  shown: Shown,
  toCanvas: ToCanvas,
): MarkerShape[] | undefined {
  const { slice, geometry } = shown;
  const imageNormal = geometry.direction[2];
  const here = slice && sliceKey(slice.header);
  const outlines = shapes.flatMap(shape => {
    const { referencedSOPInstanceUID: sopInstanceUID, referencedFrameNumber: frameNumber } = shape;
    const isOfImage = here !== undefined && sopInstanceUID !== undefined;
    if (isOfImage && sliceKey({ sopInstanceUID, frameNumber }) !== here) return [];
    const reach = isOfImage ? Infinity : reachOf(shown);
    return outlinesOn(shape, { ...shown, reach }, imageNormal);
  });
  if (outlines.length === 0) return undefined;
  return outlines.map(({ form, points }) => ({ form, points: points.map(toCanvas) }));
}

/** Model, version, engine and state stand beside what was found wherever it is shown. */
function markerOf({ finding, run }: Drawn, outline: Marker['outline'], texts: Texts): Marker {
  const { t } = texts;
  const { concept } = finding;
  const colour = concept.recommendedDisplayCIELab;
  const score = finding.score === undefined ? undefined : texts.percent(finding.score * 100);
  const name = texts.own(concept.label);
  const engine = run.engine && t(`engine.${run.engine.engine}`, { count: run.engine.threads });
  const maker = originatorText(run, texts) ?? engine ?? t('engine.external');
  const words =
    finding.kind === 'annotation' ? finding.shapes.flatMap(({ text }) => text ?? []) : [];
  return {
    id: finding.id,
    outline,
    colour: colour ? labToCss(colour) : UNDECLARED,
    verdict: finding.verdict,
    selected: finding.selected,
    title: run.foreign
      ? [name, score].filter(Boolean).join(' · ')
      : t('marker.title', { finding: name, score: score ?? '' }),
    notes: [
      ...new Set(words.filter(text => text !== name)),
      setTitle(run, texts),
      `${maker} · ${t(`verdict.${finding.verdict}`)}`,
    ],
  };
}

/**
 * Detections and others' drawings as outlines with their names over the host's viewports, made from
 * the reading's state.
 * A layer of our own above each picture, drawn again after each of its renderings: it needs none of
 * the host's tools, is none of the reader's annotations, and follows every scroll, zoom, turn and
 * layout, of stacks and of reformatted volumes.
 *
 * @param choose is told of the finding whose text was pressed
 */
export function createFindingMarkers(
  host: Host,
  choose?: (findingId: string) => void,
  scope: ViewportScope = EVERYWHERE,
): { draw(state: ReadingState): void } {
  const { services } = host.managers.servicesManager;
  let drawn = new Map<string, Drawn[]>();
  /** The two results that stand side by side. */
  let compared: RunState[] = [];
  let signature = signatureOf(drawn, compared);
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

  const markersIn = (
    viewport: CornerstoneViewport,
    viewportId: string,
    displaySetInstanceUID: string,
  ): Marker[] => {
    const found = (drawn.get(displaySetInstanceUID) ?? []).filter(({ run }) =>
      scope.allows(viewportId, run.runId),
    );
    const displaySet = services.displaySetService.getDisplaySetByUID(displaySetInstanceUID);
    const { worldToCanvas } = viewport;
    if (found.length === 0 || !displaySet || !worldToCanvas) return [];
    const slices = displaySetSlices(host, displaySet);
    const volume = geometryOf(displaySetInstanceUID, slices);
    const shown = shownIn(viewport, slices, volume);
    if (!shown) return [];
    const texts = textsFor(host.language());
    const toCanvas: ToCanvas = ([x, y, z]) => viewport.worldToCanvas!([x, y, z]);
    return found.flatMap(each => {
      const { finding } = each;
      const outline =
        finding.kind === 'detection'
          ? detectionOutline(finding, shown, toCanvas)
          : shapeOutlines(finding, shown, toCanvas);
      return outline ? [markerOf(each, outline, texts)] : [];
    });
  };

  /** Which of two results stands in a viewport that was opened for one of them. */
  const captionOf = (viewportId: string): string | undefined => {
    const runId = scope.only(viewportId);
    const run = compared.find(each => each.runId === runId);
    if (!run) return undefined;
    const texts = textsFor(host.language());
    const letter = run === compared[0] ? 'A' : 'B';
    return [`${letter} · ${setTitle(run, texts)}`, originatorText(run, texts)]
      .filter(Boolean)
      .join(' · ');
  };

  const drawIn = (viewportId: string): void => {
    const viewport = viewportOf(host, viewportId);
    if (!viewport?.element) return;
    const shown = services.viewportGridService.getState().viewports.get(viewportId);
    const displaySets = viewport.type === 'volume3d' ? [] : (shown?.displaySetInstanceUIDs ?? []);
    drawMarkers(
      viewport.element,
      displaySets.flatMap(displaySet => markersIn(viewport, viewportId, displaySet)),
      { choose, caption: captionOf(viewportId) },
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
      const pair = comparedOf(state);
      const nextSignature = signatureOf(next, pair);
      if (nextSignature === signature) return;
      drawn = next;
      compared = pair;
      signature = nextSignature;
      geometries.clear();
      listen(drawn.size > 0 || compared.length > 0);
      drawEverywhere();
    },
  };
}
