import type { Verdict } from '../../core/review/types';

/** One outline with its two lines of text, in CSS pixels of the viewport. */
export interface Marker {
  id: string;
  outline: ReadonlyArray<readonly [number, number]>;
  /** CSS colour. */
  colour: string;
  verdict: Verdict;
  selected: boolean;
  title: string;
  note: string;
}

const SVG = 'http://www.w3.org/2000/svg';
const LAYER = 'second-reader-markers';
/** Pixels that an outline keeps off what it surrounds, and the least that it measures. */
const PADDING = 4;
const SMALLEST = 12;
const LINE = 14;
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

const extentOf = (points: Marker['outline']): Extent => ({
  left: Math.min(...points.map(([x]) => x)),
  right: Math.max(...points.map(([x]) => x)),
  top: Math.min(...points.map(([, y]) => y)),
  bottom: Math.max(...points.map(([, y]) => y)),
});

/** Away from the middle by the padding, and more where the outline would be too small to be seen. */
function padded(outline: Marker['outline']): Marker['outline'] {
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

function label(marker: Marker, extent: Extent, layer: SVGElement): SVGElement {
  const group = node('g', { 'font-family': FONT, 'font-size': 11 });
  const halo = { stroke: 'rgb(0 0 0 / 0.85)', 'stroke-width': 3, 'paint-order': 'stroke' };
  const title = node('text', { ...halo, fill: marker.colour, 'font-weight': 600 });
  title.textContent = marker.title;
  const note = node('text', { ...halo, fill: 'rgb(235 235 235)', 'font-size': 10 });
  note.textContent = marker.note;
  group.append(title, note);
  layer.append(group);

  const bounds = layer.getBoundingClientRect();
  const width = Math.max(widthOf(title, marker.title.length), widthOf(note, marker.note.length));
  const toTheRight = extent.right + 6;
  const toTheLeft = extent.left - 6 - width;
  const fits = bounds.width === 0 || toTheRight + width <= bounds.width;
  const x = fits ? toTheRight : toTheLeft >= 0 ? toTheLeft : Math.max(2, bounds.width - width - 2);
  const lowest = bounds.height === 0 ? Infinity : bounds.height - LINE - 4;
  // Neither beside it: below it, or above where there is no room below.
  const beside = Math.max(LINE, Math.min(extent.top + 10, lowest));
  const below = extent.bottom + LINE;
  const covered = !fits && toTheLeft < 0;
  const y = covered ? (below <= lowest ? below : extent.top - LINE - 4) : beside;
  title.setAttribute('x', x.toFixed(1));
  title.setAttribute('y', y.toFixed(1));
  note.setAttribute('x', x.toFixed(1));
  note.setAttribute('y', (y + LINE - 1).toFixed(1));
  return group;
}

function drawMarker(marker: Marker, layer: SVGElement): void {
  const outline = padded(marker.outline);
  const points = outline.map(point => point.map(at => at.toFixed(1)).join(',')).join(' ');
  const group = node('g', {
    'data-cy': 'ai-marker',
    'data-finding-id': marker.id,
    'data-verdict': marker.verdict,
    'data-selected': String(marker.selected),
  });
  // A dark line below the coloured one: read on lung and on bone.
  const line = { points, fill: 'none', 'stroke-linejoin': 'round' };
  const width = marker.selected ? 2.5 : 1.5;
  group.append(
    node('polygon', { ...line, stroke: 'rgb(0 0 0 / 0.6)', 'stroke-width': width + 2 }),
    node('polygon', {
      ...line,
      stroke: marker.colour,
      'stroke-width': width,
      // What no one has reviewed is dashed.
      ...(marker.verdict === 'notReviewed' && { 'stroke-dasharray': '6 3' }),
    }),
  );
  layer.append(group);
  group.append(label(marker, extentOf(outline), layer));
}

/** Draws the markers of one viewport in place of those before; the chosen one over the others. */
export function drawMarkers(element: HTMLElement, markers: readonly Marker[]): void {
  const before = layerOf(element);
  if (markers.length === 0) {
    before?.remove();
    return;
  }
  const layer = before ?? addLayer(element);
  layer.replaceChildren();
  for (const marker of [...markers].sort((a, b) => Number(a.selected) - Number(b.selected))) {
    drawMarker(marker, layer);
  }
}
