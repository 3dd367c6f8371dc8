import type { Finding, RunResult, ScalarMap } from '../../core/findings/types';
import type { VolumeGeometry } from '../../core/geometry/types';
import { indexToWorld, worldToIndex } from '../../core/geometry/transform';
import { add, scale as scaled, subtract } from '../../core/geometry/vector';
import { finiteRange } from '../parametricMap/grid';
import { boxInPlane } from '../presentation/markers';
import type { Canvas, Rgb } from './canvas';
import { ADVANCE, GLYPH, plain, textWidth } from './font';
import { colourOf } from './legend';
import type { Layout } from './picture';

const FILL = 0.25;
const HEAT_AT_MOST = 0.6;

/** Where a slice's picture stands on the canvas, and how large lines and letters are. */
export interface Place {
  layout: Layout;
  left: number;
  top: number;
  scale: number;
}

/** Segments as a light fill, and a line inside of their edge. */
export function drawSegments(
  canvas: Canvas,
  run: RunResult,
  findings: readonly Finding[],
  k: number,
  { layout, left, top, scale }: Place,
): void {
  if (!run.labelMap) return;
  const { voxels, geometry } = run.labelMap;
  const [columns, rows] = geometry.dimensions;
  const colours = new Map<number, Rgb>(
    findings.flatMap(finding =>
      finding.kind === 'segment' ? [[finding.segment.segmentNumber, colourOf(finding)]] : [],
    ),
  );
  const slice = voxels.subarray(columns * rows * k, columns * rows * (k + 1));
  const columnOf = sourceIndex(layout.width, columns, layout.across);
  const rowOf = sourceIndex(layout.height, rows, layout.down);
  const labelAt = (x: number, y: number): number =>
    x < 0 || y < 0 || x >= layout.width || y >= layout.height
      ? 0
      : slice[columnOf[x] + columns * rowOf[y]];
  for (let y = 0; y < layout.height; y++) {
    for (let x = 0; x < layout.width; x++) {
      const label = labelAt(x, y);
      const colour = label > 0 ? colours.get(label) : undefined;
      if (!colour) continue;
      const isEdge =
        labelAt(x - scale, y) !== label ||
        labelAt(x + scale, y) !== label ||
        labelAt(x, y - scale) !== label ||
        labelAt(x, y + scale) !== label;
      canvas.blend(left + x, top + y, colour, isEdge ? 1 : FILL);
    }
  }
}

/** The source pixel under each of the picture's, along one axis. */
const sourceIndex = (length: number, size: number, perSource: number): Int32Array =>
  Int32Array.from({ length }, (_, at) => Math.min(size - 1, Math.floor((at + 0.5) / perSource)));

/** A detection's box with its name beside it, within the picture. */
export function drawDetection(
  canvas: Canvas,
  finding: Extract<Finding, { kind: 'detection' }>,
  geometry: VolumeGeometry,
  { layout, left, top, scale }: Place,
): void {
  const box = boxInPlane(finding, geometry);
  if (!box) return;
  const x = left + Math.floor(box.left * layout.across);
  const y = top + Math.floor(box.top * layout.down);
  const right = left + Math.ceil(box.right * layout.across);
  const bottom = top + Math.ceil(box.bottom * layout.down);
  const colour = colourOf(finding);
  // Around the box and not on it, so that what was found is seen.
  const gap = 2 * scale;
  canvas.frame(
    x - gap,
    y - gap,
    right - x + 2 * gap,
    bottom - y + 2 * gap,
    Math.max(1, scale - 1),
    colour,
  );
  const text = plain(finding.concept.label.en);
  const width = textWidth(text, scale);
  const beside = right + 2 * gap;
  const fits = beside + width <= left + layout.width;
  canvas.outlinedText(
    fits ? beside : Math.max(left + 2, x - 2 * gap - width),
    Math.min(top + layout.height - ADVANCE.down * scale, Math.max(top + 2, y)),
    text,
    scale,
    colour,
  );
}

/** Steps of the map's colours. */
const HEAT_STEPS = 255;
/** Red, then yellow with growing value; how much of it shows grows too. */
const HEAT = Array.from({ length: HEAT_STEPS + 1 }, (_, step): Rgb => {
  const share = step / HEAT_STEPS;
  return [255, Math.round(255 * Math.max(0, share * 1.4 - 0.4)), 0];
});

/** The nearest whole number; one below −½, which is outside of every map, is −1. */
const nearest = (value: number): number => (value < -0.5 ? -1 : (value + 0.5) | 0);

/** A map laid over the slice: clear where it is least, yellow where it is greatest. */
export function drawMap(
  canvas: Canvas,
  map: ScalarMap,
  k: number,
  source: VolumeGeometry,
  { layout, left, top }: Place,
): void {
  const { low, high } = finiteRange(map.values);
  if (!(high > low)) return;
  const [columns, rows, slices] = map.geometry.dimensions;
  // The picture's steps in the map's own index: affine, so three points tell all.
  const at = (x: number, y: number) =>
    worldToIndex(
      map.geometry,
      indexToWorld(source, [(x + 0.5) / layout.across - 0.5, (y + 0.5) / layout.down - 0.5, k]),
    );
  const origin = at(0, 0);
  const along = subtract(at(1, 0), origin);
  const down = subtract(at(0, 1), origin);
  for (let y = 0; y < layout.height; y++) {
    const [x0, y0, z0] = add(origin, scaled(down, y));
    for (let x = 0; x < layout.width; x++) {
      const i = nearest(x0 + x * along[0]);
      const j = nearest(y0 + x * along[1]);
      const l = nearest(z0 + x * along[2]);
      if (i < 0 || j < 0 || l < 0 || i >= columns || j >= rows || l >= slices) continue;
      const share = (map.values[i + columns * (j + rows * l)] - low) / (high - low);
      // Not of NaN, nor of infinities.
      if (!(share > 0 && share <= 1)) continue;
      const colour = HEAT[nearest(share * HEAT_STEPS)];
      canvas.blend(left + x, top + y, colour, HEAT_AT_MOST * share);
    }
  }
}

/** What a patient direction is called at the edge of a picture (PS3.3 C.7.6.1.1.1). */
const letterOf = (direction: readonly number[], sign: 1 | -1): string => {
  const sizes = direction.map(Math.abs);
  const axis = sizes.indexOf(Math.max(...sizes));
  return (direction[axis] * sign > 0 ? 'LPH' : 'RAF')[axis];
};

/** R, L, A, P, H, F in the middle of the edges: only of images that say how they lie. */
export function drawOrientation(
  canvas: Canvas,
  { direction }: VolumeGeometry,
  { layout, left, top, scale }: Place,
  colour: Rgb,
): void {
  const [width, height] = [GLYPH.width * scale, GLYPH.height * scale];
  const middleX = left + Math.floor((layout.width - width) / 2);
  const middleY = top + Math.floor((layout.height - height) / 2);
  const edge = 2 * scale;
  const write = (x: number, y: number, text: string) =>
    canvas.outlinedText(x, y, text, scale, colour);
  write(left + edge, middleY, letterOf(direction[0], -1));
  write(left + layout.width - width - edge, middleY, letterOf(direction[0], 1));
  write(middleX, top + edge, letterOf(direction[1], -1));
  write(middleX, top + layout.height - height - edge, letterOf(direction[1], 1));
}
