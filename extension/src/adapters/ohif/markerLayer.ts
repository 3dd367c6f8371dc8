import type { Verdict } from '../../core/review/types';

type Point = readonly [number, number];

/** A line, closed or open, or places that are marked with a cross; CSS pixels of the viewport. */
export interface MarkerShape {
  form: 'closed' | 'open' | 'points';
  points: readonly Point[];
}

/** What is drawn of a finding, with its lines of text, in CSS pixels of the viewport. */
export interface Marker {
  id: string;
  /** A box that is kept off what it surrounds, or shapes as somebody drew them. */
  outline: readonly Point[] | readonly MarkerShape[];
  /** CSS colour. */
  colour: string;
  verdict: Verdict;
  selected: boolean;
  title: string;
  notes: readonly string[];
}

const SVG = 'http://www.w3.org/2000/svg';
const LAYER = 'second-reader-markers';
/** Pixels that an outline keeps off what it surrounds, and the least that it measures. */
const PADDING = 4;
const SMALLEST = 12;
/** Half of a cross that marks a point. */
const CROSS = 6;
const LINE = 13;
/** Of a text from its outline, and within its background. */
const GAP = 4;
const INSET = 4;
const FONT = 'Inter, system-ui, sans-serif';

const node = (name: string, attributes: Record<string, string | number>): SVGElement => {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
};

/** The viewport's own box of its picture, in which cornerstone lays its canvas and its annotations. */
const frameOf = (element: HTMLElement): Element =>
  element.querySelector('.viewport-element') ?? element;

const layerOf = (element: HTMLElement): SVGElement | undefined =>
  frameOf(element).querySelector<SVGElement>(`:scope > .${LAYER}`) ?? undefined;

function addLayer(element: HTMLElement): SVGElement {
  const layer = node('svg', { class: LAYER, 'aria-hidden': 'true', 'data-cy': 'ai-markers' });
  Object.assign(layer.style, {
    position: 'absolute',
    inset: '0',
    width: '100%',
    height: '100%',
    overflow: 'hidden',
    pointerEvents: 'none',
  });
  frameOf(element).append(layer);
  return layer;
}

interface Extent {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const extentOf = (points: readonly Point[]): Extent => ({
  left: Math.min(...points.map(([x]) => x)),
  right: Math.max(...points.map(([x]) => x)),
  top: Math.min(...points.map(([, y]) => y)),
  bottom: Math.max(...points.map(([, y]) => y)),
});

/** Away from the middle by the padding, and more where the outline would be too small to be seen. */
function padded(outline: readonly Point[]): readonly Point[] {
  const { left, right, top, bottom } = extentOf(outline);
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const grow = (length: number) =>
    Math.max(length + 2 * PADDING, SMALLEST) / Math.max(length, 1e-6);
  const [across, down] = [grow(right - left), grow(bottom - top)];
  const isFlat = right - left < 1 || bottom - top < 1;
  if (isFlat) {
    const [w, h] = [Math.max(right - left, SMALLEST) / 2, Math.max(bottom - top, SMALLEST) / 2];
    return [
      [x - w, y - h],
      [x + w, y - h],
      [x + w, y + h],
      [x - w, y + h],
    ];
  }
  return outline.map(([px, py]) => [x + (px - x) * across, y + (py - y) * down] as const);
}

/** Width of a text; where it cannot be measured (no layout), by its letters. */
const widthOf = (text: SVGElement, letters: number): number =>
  (text as Partial<SVGTextElement>).getComputedTextLength?.() || letters * 6;

/** Beside the outline to the right, else to the left, else below or above it: always whole. */
function placeOf(
  extent: Extent,
  [width, height]: readonly [number, number],
  bounds: { width: number; height: number },
): [number, number] {
  // Without a layout there is nothing to keep within.
  const right = bounds.width || Infinity;
  const bottom = bounds.height || Infinity;
  const within = (value: number, highest: number) => Math.max(0, Math.min(value, highest));
  const y = within(extent.top, bottom - height);
  if (extent.right + GAP + width <= right) return [extent.right + GAP, y];
  if (extent.left - GAP - width >= 0) return [extent.left - GAP - width, y];
  const fitsBelow = extent.bottom + GAP + height <= bottom;
  return [
    within(extent.left, right - width),
    fitsBelow ? extent.bottom + GAP : Math.max(0, extent.top - GAP - height),
  ];
}

function addLabel(marker: Marker, extent: Extent, group: SVGElement, layer: SVGElement): void {
  const texts = node('g', { 'font-family': FONT, 'font-size': 10, fill: 'rgb(235 235 235)' });
  const lines = [marker.title, ...marker.notes].map((text, index) => {
    const line = node('text', index === 0 ? { 'font-weight': 600, 'font-size': 11 } : {});
    if (index === 0) line.setAttribute('fill', marker.colour);
    line.textContent = text;
    return line;
  });
  const back = node('rect', { rx: 3, fill: 'rgb(0 0 0 / 0.6)' });
  texts.append(back, ...lines);
  group.append(texts);

  const widest = Math.max(...lines.map(line => widthOf(line, line.textContent?.length ?? 0)));
  const [width, height] = [widest + 2 * INSET, lines.length * LINE + INSET];
  const [x, y] = placeOf(extent, [width, height], layer.getBoundingClientRect());
  const at = { x, y, width, height };
  for (const [key, value] of Object.entries(at)) back.setAttribute(key, value.toFixed(1));
  lines.forEach((line, index) => {
    line.setAttribute('x', (x + INSET).toFixed(1));
    line.setAttribute('y', (y + (index + 1) * LINE - 1).toFixed(1));
  });
}

const isShapes = (outline: Marker['outline']): outline is readonly MarkerShape[] =>
  outline.length > 0 && 'form' in outline[0];

const shapesOf = ({ outline }: Marker): readonly MarkerShape[] =>
  isShapes(outline) ? outline : [{ form: 'closed', points: padded(outline) }];

const written = (points: readonly Point[]): string =>
  points.map(point => point.map(at => at.toFixed(1)).join(',')).join(' ');

/** The lines of a shape: of places, a cross each. */
const linesOf = ({ form, points }: MarkerShape): Array<[string, string]> =>
  form === 'points'
    ? points.flatMap(([x, y]): Array<[string, string]> => [
        [
          'polyline',
          written([
            [x - CROSS, y],
            [x + CROSS, y],
          ]),
        ],
        [
          'polyline',
          written([
            [x, y - CROSS],
            [x, y + CROSS],
          ]),
        ],
      ])
    : [[form === 'closed' ? 'polygon' : 'polyline', written(points)]];

function drawMarker(marker: Marker, layer: SVGElement, choose?: (id: string) => void): void {
  const shapes = shapesOf(marker);
  const group = node('g', {
    'data-cy': 'ai-marker',
    'data-finding-id': marker.id,
    'data-verdict': marker.verdict,
    'data-selected': String(marker.selected),
  });
  const width = marker.selected ? 2.5 : 1.5;
  for (const shape of shapes) {
    for (const [element, points] of linesOf(shape)) {
      // A dark line below the coloured one: read on lung and on bone.
      const line = { points, fill: 'none', 'stroke-linejoin': 'round' };
      // What no one has reviewed is dashed; a cross is too small for it.
      const isDashed = marker.verdict === 'notReviewed' && shape.form !== 'points';
      group.append(
        node(element, { ...line, stroke: 'rgb(0 0 0 / 0.6)', 'stroke-width': width + 2 }),
        node(element, {
          ...line,
          stroke: marker.colour,
          'stroke-width': width,
          ...(isDashed && { 'stroke-dasharray': '6 3' }),
        }),
      );
    }
  }
  layer.append(group);
  const extent = extentOf(shapes.flatMap(({ points }) => points));
  const { width: right, height: bottom } = layer.getBoundingClientRect();
  // Panned or zoomed out of the picture: no text stands for what is not seen.
  const isOutside =
    extent.right < 0 || extent.bottom < 0 || extent.left > right || extent.top > bottom;
  if (isOutside && right > 0) return;
  addLabel(marker, extent, group, layer);
  if (choose) makeChoosable(group.lastElementChild as SVGElement, () => choose(marker.id));
}

/**
 * A press on the text chooses the finding, and is none of the host's tools'. At once and not on the
 * click: the picture, and the text with it, is drawn anew while a button is down.
 */
function makeChoosable(text: SVGElement, choose: () => void): void {
  Object.assign(text.style, { pointerEvents: 'auto', cursor: 'pointer' });
  text.addEventListener('pointerdown', event => {
    if (event.button === 0) choose();
  });
  for (const heard of ['pointerdown', 'mousedown', 'mouseup', 'dblclick', 'touchstart']) {
    text.addEventListener(heard, event => event.stopPropagation());
  }
}

/** Below the host's own texts, which stand in the corners and at the middle of each edge. */
function addCaption(caption: string, layer: SVGElement): void {
  const text = node('text', {
    ...{ x: '50%', y: 92, 'text-anchor': 'middle', fill: 'rgb(235 235 235)' },
    ...{ 'font-family': FONT, 'font-size': 12, 'font-weight': 600, 'paint-order': 'stroke' },
    ...{ stroke: 'rgb(0 0 0 / 0.75)', 'stroke-width': 3, 'data-cy': 'ai-viewport-caption' },
  });
  text.textContent = caption;
  layer.append(text);
}

/**
 * Draws the markers of one viewport in place of those before; the chosen one over the others.
 *
 * @param caption whose result the viewport shows, where it shows one only
 */
export function drawMarkers(
  element: HTMLElement,
  markers: readonly Marker[],
  { choose, caption }: { choose?: (id: string) => void; caption?: string } = {},
): void {
  const before = layerOf(element);
  if (markers.length === 0 && !caption) {
    before?.remove();
    return;
  }
  const layer = before ?? addLayer(element);
  layer.replaceChildren();
  if (caption) addCaption(caption, layer);
  for (const marker of [...markers].sort((a, b) => Number(a.selected) - Number(b.selected))) {
    drawMarker(marker, layer, choose);
  }
}
