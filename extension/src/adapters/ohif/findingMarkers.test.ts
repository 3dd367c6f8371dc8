/** @jest-environment jsdom */
import type { FindingState, ReadingState, RunState } from '../../core/reading/state';
import type { CornerstoneViewport } from '../../types/cornerstone';
import type { Host } from '../host';
import { createFindingMarkers } from './findingMarkers';

/** Axial slices of 2.5 mm at z 0, 2.5, …; x to the right and y down on the canvas, 2 px a mm. */
const SLICES = 20;
const imageId = (k: number) => `image:${k}`;
const instance = (k: number) => ({
  SOPInstanceUID: `1.2.3.${k}`,
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
  InstanceNumber: k + 1,
  Rows: 128,
  Columns: 128,
  PixelSpacing: [0.8, 0.8],
  ImagePositionPatient: [0, 0, k * 2.5],
  ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
  PhotometricInterpretation: 'MONOCHROME2',
  SamplesPerPixel: 1,
  Modality: 'CT',
});

interface Shown {
  type: string;
  displaySets: string[];
  slice: number;
  scale?: number;
  camera?: ReturnType<NonNullable<CornerstoneViewport['getCamera']>>;
}

function page(viewports: Record<string, Shown>) {
  const elements = new Map<string, HTMLElement>();
  const viewportOf = (id: string): CornerstoneViewport => {
    const shown = viewports[id];
    if (!elements.has(id)) {
      const element = document.body.appendChild(document.createElement('div'));
      element.append(
        Object.assign(document.createElement('div'), { className: 'viewport-element' }),
      );
      elements.set(id, element);
    }
    return {
      id,
      type: shown.type,
      element: elements.get(id),
      render: () => undefined,
      getCurrentImageId: () => imageId(shown.slice),
      getCamera: () => shown.camera ?? {},
      worldToCanvas: ([x, y]) => [x * (shown.scale ?? 2), y * (shown.scale ?? 2)],
    };
  };
  const images = Array.from({ length: SLICES }, (_, k) => imageId(k));
  const displaySet = { displaySetInstanceUID: 'ct', imageIds: images };
  const host = {
    language: () => 'en-US',
    cornerstone: () => ({
      metaData: { get: (_type: string, id: string) => instance(Number(id.split(':')[1])) },
    }),
    managers: {
      servicesManager: {
        services: {
          displaySetService: {
            getDisplaySetByUID: (id: string) => (id === 'ct' ? displaySet : undefined),
          },
          viewportGridService: {
            getState: () => ({
              activeViewportId: null,
              viewports: new Map(
                Object.entries(viewports).map(([viewportId, { displaySets }]) => [
                  viewportId,
                  { viewportId, displaySetInstanceUIDs: displaySets },
                ]),
              ),
            }),
          },
          cornerstoneViewportService: { getCornerstoneViewport: viewportOf },
        },
      },
    },
  } as unknown as Host;
  const render = (id: string) =>
    viewportOf(id).element!.dispatchEvent(
      new CustomEvent('CORNERSTONE_IMAGE_RENDERED', { detail: { viewportId: id } }),
    );
  const drawnIn = (id: string) =>
    Array.from(viewportOf(id).element!.querySelectorAll<SVGElement>('[data-cy="ai-marker"]'));
  return {
    host,
    render,
    drawnIn,
    layers: () => document.querySelectorAll('[data-cy="ai-markers"]'),
  };
}

type Detection = Extract<FindingState, { kind: 'detection' }>;
const detection = (id: string, z: number, changes: Partial<Detection> = {}): Detection => ({
  id,
  trackingIdentifier: `spots/${id}`,
  runId: 'run',
  kind: 'detection',
  concept: {
    key: id,
    label: { en: `Nodule ${id}`, uk: `Вогнище ${id}` },
    type: { value: '27925004', scheme: 'SCT', meaning: 'Nodule' },
    recommendedDisplayCIELab: [54.29, 80.81, 69.89],
  },
  score: 0.923,
  centroid: [50, 40, z],
  size: [10, 8, 10],
  measurements: [],
  middleSlice: 4,
  referencedSOPInstanceUID: '1.2.3.4',
  modelId: 'spots',
  modelVersion: '0.1.0',
  verdict: 'notReviewed',
  selected: false,
  ...changes,
});
const run: RunState = {
  runId: 'run',
  modelId: 'spots',
  modelName: { en: 'Spots' },
  modelVersion: '0.1.0',
  engine: { engine: 'wasm-threads', threads: 2 },
  displaySetInstanceUID: 'ct',
  madeAt: '',
  origin: 'run',
  timing: {},
  stored: 'no',
  changedSinceStored: false,
};
const state = (findings: FindingState[], changes: Partial<ReadingState> = {}): ReadingState => ({
  maturity: 'feedback',
  overlayVisible: true,
  models: [],
  queued: [],
  runs: [run],
  findings,
  refusals: [],
  outbox: { pending: 0 },
  crossOriginIsolated: true,
  ...changes,
});

let clear: () => void = () => undefined;
afterEach(() => {
  clear();
  document.body.replaceChildren();
});
const markersOn = (viewports: Record<string, Shown>) => {
  const made = page(viewports);
  const markers = createFindingMarkers(made.host);
  clear = () => markers.draw(state([]));
  return { ...made, markers };
};
const stack = (slice: number): Shown => ({ type: 'stack', displaySets: ['ct'], slice });

it('draws a box on the slices that it crosses, and nothing on the others', () => {
  const viewport = stack(0);
  const { markers, render, drawnIn, layers } = markersOn({ one: viewport });
  markers.draw(state([detection('1', 10)]));
  const crossed: number[] = [];
  for (let slice = 0; slice < SLICES; slice++) {
    viewport.slice = slice;
    render('one');
    if (drawnIn('one').length === 1) crossed.push(slice);
  }
  // 10 mm around z 10: from 5 to 15, slices at every 2.5 mm.
  expect(crossed).toEqual([2, 3, 4, 5, 6]);
  expect(layers()).toHaveLength(0);
});

it('says what it is, how sure, by which model and engine, and that nobody reviewed it', () => {
  const { markers, drawnIn } = markersOn({ one: stack(4) });
  markers.draw(state([detection('1', 10)]));
  const [marker] = drawnIn('one');
  const [title, ...notes] = Array.from(marker.querySelectorAll('text'));
  expect(title.textContent).toBe('AI: Nodule 1 · 92%');
  expect(notes.map(note => note.textContent)).toEqual([
    'Spots 0.1.0',
    'WASM, 2 threads · not reviewed',
  ]);
  expect(title.getAttribute('fill')).toMatch(/^rgb\(25[45] [01] [01]\)$/);
  expect((marker.ownerSVGElement as SVGElement).style.pointerEvents).toBe('none');
});

it('surrounds the box where the viewport shows it, also after a zoom', () => {
  const viewport = stack(4);
  const { markers, render, drawnIn } = markersOn({ one: viewport });
  markers.draw(state([detection('1', 10)]));
  const extent = () => {
    const points = drawnIn('one')[0]
      .querySelectorAll('polygon')[1]
      .getAttribute('points')!
      .split(' ')
      .map(point => point.split(',').map(Number));
    const of = (axis: number) => points.map(point => point[axis]);
    return [0, 1].flatMap(axis => [Math.min(...of(axis)), Math.max(...of(axis))]);
  };
  // x 45 to 55 and y 36 to 44 mm at 2 px a mm, 4 px around it.
  expect(extent()).toEqual([86, 114, 68, 92]);
  viewport.scale = 4;
  render('one');
  expect(extent()).toEqual([176, 224, 140, 180]);
});

it('is not drawn while rejected or hidden, and is drawn again', () => {
  const { markers, drawnIn } = markersOn({ one: stack(4) });
  markers.draw(state([detection('1', 10), detection('2', 10, { verdict: 'rejected' })]));
  expect(drawnIn('one').map(marker => marker.getAttribute('data-finding-id'))).toEqual(['1']);
  markers.draw(state([detection('1', 10)], { overlayVisible: false }));
  expect(drawnIn('one')).toHaveLength(0);
  markers.draw(state([detection('1', 10, { verdict: 'accepted' })]));
  expect(drawnIn('one')[0].textContent).toContain('accepted');
});

it('draws the chosen one last, over the others, and thicker', () => {
  const { markers, drawnIn } = markersOn({ one: stack(4) });
  markers.draw(state([detection('1', 10, { selected: true }), detection('2', 10)]));
  const [other, chosen] = drawnIn('one');
  expect(chosen.getAttribute('data-selected')).toBe('true');
  const width = (marker: Element) =>
    Number(marker.querySelectorAll('polygon')[1].getAttribute('stroke-width'));
  expect(width(chosen)).toBeGreaterThan(width(other));
});

it('follows volumes in any direction, and leaves 3D and other series alone', () => {
  const coronal = (y: number): Shown => ({
    type: 'orthographic',
    displaySets: ['ct'],
    slice: 0,
    camera: { focalPoint: [0, y, 0], viewPlaneNormal: [0, -1, 0] },
  });
  const { markers, drawnIn } = markersOn({
    through: coronal(43),
    beside: coronal(45),
    three: { ...coronal(43), type: 'volume3d' },
    other: { ...stack(4), displaySets: ['mr'] },
  });
  markers.draw(state([detection('1', 10)]));
  expect(['through', 'beside', 'three', 'other'].map(id => drawnIn(id).length)).toEqual([
    1, 0, 0, 0,
  ]);
});

it('draws in viewports that the host makes later, and goes with its run', () => {
  const viewports: Record<string, Shown> = { one: stack(4) };
  const { markers, render, drawnIn, layers } = markersOn(viewports);
  markers.draw(state([detection('1', 10)]));
  viewports.two = stack(5);
  render('two');
  expect(drawnIn('two')).toHaveLength(1);
  markers.draw(state([], { runs: [] }));
  expect(layers()).toHaveLength(0);
  render('one');
  expect(layers()).toHaveLength(0);
});

describe("somebody else's drawing", () => {
  const theirs: RunState = {
    ...run,
    modelName: { en: 'NoduleFinder' },
    engine: undefined,
    foreign: { instances: [], algorithmType: 'manual', author: 'Doe^Jane' },
  };
  type Annotation = Extract<FindingState, { kind: 'annotation' }>;
  const annotation = (shapes: Annotation['shapes']): FindingState => {
    const { size: _size, score: _score, ...rest } = detection('1', 10);
    return { ...rest, kind: 'annotation', shapes };
  };
  const drawing = (shapes: Annotation['shapes'], changes: Partial<RunState> = {}) =>
    state([annotation(shapes)], { runs: [{ ...theirs, ...changes }] });
  const polygon = (z: number): Annotation['shapes'][number] => ({
    graphicType: 'POLYGON',
    points: [
      [10, 10, z],
      [20, 10, z],
      [20, 30, z],
    ],
  });

  it('is drawn as it was drawn, on its slice only, with its maker and never as ours', () => {
    const viewports = { one: stack(4), two: stack(5) };
    const { markers, drawnIn } = markersOn(viewports);
    markers.draw(drawing([{ ...polygon(10), text: 'see here' }]));
    const [marker] = drawnIn('one');
    expect(marker.querySelector('polygon')!.getAttribute('points')).toBe(
      '20.0,20.0 40.0,20.0 40.0,60.0',
    );
    for (const text of ['Nodule 1', 'see here', 'NoduleFinder', 'Jane Doe, manual']) {
      expect(marker.textContent).toContain(text);
    }
    expect(marker.textContent).not.toMatch(/AI:|WASM/);
    expect(drawnIn('two')).toHaveLength(0);
  });

  it('of one image is shown on that image, wherever its points lie', () => {
    const { markers, drawnIn } = markersOn({ one: stack(4), two: stack(5) });
    markers.draw(drawing([{ ...polygon(99), referencedSOPInstanceUID: '1.2.3.5' }]));
    expect(drawnIn('one')).toHaveLength(0);
    expect(drawnIn('two')).toHaveLength(1);
  });

  it('marks points with crosses', () => {
    const { markers, drawnIn } = markersOn({ one: stack(4) });
    markers.draw(drawing([{ graphicType: 'POINT', points: [[10, 10, 10]] }]));
    const lines = Array.from(drawnIn('one')[0].querySelectorAll('polyline'), line =>
      line.getAttribute('points'),
    );
    expect(new Set(lines)).toEqual(new Set(['14.0,20.0 26.0,20.0', '20.0,14.0 20.0,26.0']));
  });

  it('is not drawn while its result is out of sight', () => {
    const { markers, drawnIn } = markersOn({ one: stack(4) });
    markers.draw(drawing([polygon(10)], { hidden: true }));
    expect(drawnIn('one')).toHaveLength(0);
    markers.draw(drawing([polygon(10)]));
    expect(drawnIn('one')).toHaveLength(1);
  });
});

it('is chosen by a press on its text, which the host does not hear', () => {
  const host = page({ one: stack(4) });
  const chosen: string[] = [];
  const heard: string[] = [];
  const markers = createFindingMarkers(host.host, id => chosen.push(id));
  clear = () => markers.draw(state([]));
  markers.draw(state([detection('1', 10)]));
  document.body.addEventListener('mousedown', () => heard.push('mousedown'));
  const text = host.drawnIn('one')[0].lastElementChild!;
  text.dispatchEvent(new MouseEvent('pointerdown', { bubbles: true, button: 0 }));
  text.dispatchEvent(new MouseEvent('mousedown', { bubbles: true, button: 0 }));
  expect(chosen).toEqual(['1']);
  expect(heard).toEqual([]);
});

it('names the result over a viewport that was opened for it, and draws only that one there', () => {
  const { host, drawnIn } = page({ left: stack(4), right: stack(4) });
  const runs = ['a', 'b'].map(runId => ({ ...run, runId, modelName: { en: `Model ${runId}` } }));
  const only = (viewportId: string) => (viewportId === 'left' ? 'a' : 'b');
  const markers = createFindingMarkers(host, undefined, {
    only,
    allows: (viewportId, runId) => only(viewportId) === runId,
  });
  clear = () => markers.draw(state([]));
  const findings = runs.map(({ runId }) => detection(runId, 10, { runId }));
  const comparison = { a: 'a', b: 'b', status: 'done', pairs: [], refusals: [] } as const;
  const compared = { ...comparison, pairs: [], refusals: [], sideBySide: true };
  markers.draw(state(findings, { runs, comparison: compared }));
  const drawn = ['left', 'right'].map(id => drawnIn(id).map(each => each.dataset.findingId));
  expect(drawn).toEqual([['a'], ['b']]);
  const captions = document.querySelectorAll('[data-cy="ai-viewport-caption"]');
  expect(Array.from(captions, each => each.textContent)).toEqual([
    'A · Model a 0.1.0',
    'B · Model b 0.1.0',
  ]);
  markers.draw(state(findings, { runs }));
  expect(document.querySelectorAll('[data-cy="ai-viewport-caption"]')).toHaveLength(0);
});
