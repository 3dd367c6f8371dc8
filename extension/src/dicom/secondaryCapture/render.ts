import type { Finding, RunResult, ScalarMap } from '../../core/findings/types';
import type { Volume } from '../../core/volume/types';
import { BLACK, Canvas, WHITE, type Rgb } from './canvas';
import { ADVANCE, GLYPH, textWidth, wrapped } from './font';
import { isOnSlice, keySlices } from './keySlices';
import { bannerOf, legendOf, lineOf, mapLine, NOT_REVIEWED, type LegendLine } from './legend';
import { drawDetection, drawMap, drawOrientation, drawSegments, type Place } from './overlays';
import { drawSlice, layoutOf, windowOf } from './picture';

const LEAST_WIDTH = 512;
const WARNING: Rgb = [255, 200, 0];
const QUIET: Rgb = [190, 190, 190];

/** Pictures of equal size, one a key slice, that make the frames of one object. */
export interface KeyPictures {
  /** Index k of the source's slices by frame. */
  slices: number[];
  width: number;
  height: number;
  /** Draws frame n; RGB, row by row. */
  draw(frame: number): Uint8Array;
}

interface TextLine {
  text: string;
  colour: Rgb;
  swatch?: Rgb;
}

/** The slice and the window of a frame, and how many there are: "Slice 45/120 · picture 1/3 · W 400 L 40". */
const whereText = (
  volume: Volume,
  k: number,
  frame: number,
  shown: number,
  of: number,
): string[] => {
  const { width, center } = windowOf(volume, k);
  const short = (value: number) => String(Number(value.toPrecision(4)));
  const slices = volume.slices.length;
  return [
    ...(slices > 1 ? [`Slice ${k + 1}/${slices}`] : []),
    `picture ${frame + 1}/${shown}${of > shown ? ` (of ${of})` : ''}`,
    `W ${short(width)} L ${short(center)}`,
  ];
};

/**
 * Plans the key pictures of a run: the slice in its window with the overlay; over it that the result
 * is not reviewed, and the model; under it the legend of what is on this slice.
 *
 * @param findings what is shown; @param maps laid over the slices as heat
 */
export function keyPictures(
  run: RunResult,
  volume: Volume,
  findings: readonly Finding[],
  maps: readonly ScalarMap[],
): KeyPictures {
  const { geometry } = volume;
  // A map is drawn and named as itself, not as the finding that it also is.
  const shown = findings.filter(({ kind }) => kind !== 'map');
  const { slices, of } = keySlices(run, shown, maps, geometry);
  const layout = layoutOf(geometry);
  const width = Math.max(LEAST_WIDTH, layout.width);
  const scale = width >= 768 ? 3 : 2;
  const margin = 4 * scale;
  const swatch = GLYPH.height * scale + 2 * scale;
  const lineHeight = ADVANCE.down * scale;

  const parted = ({ text, colour, swatch: of }: TextLine): TextLine[] =>
    wrapped(text, width - 2 * margin - (of ? swatch : 0), scale).map((part, index) => ({
      text: part,
      colour,
      ...(index === 0 && of && { swatch: of }),
    }));
  const banner = bannerOf(run).flatMap(text =>
    parted({ text, colour: text === NOT_REVIEWED ? WARNING : WHITE }),
  );
  const onSlice = slices.map(k => shown.filter(each => isOnSlice(run, each, k, geometry)));
  const legends = slices.map((k, frame): TextLine[] => {
    const lines: LegendLine[] = legendOf([...onSlice[frame].map(lineOf), ...maps.map(mapLine)]);
    const isNothing = onSlice[frame].length === 0 && maps.length === 0;
    return [
      ...lines.map(({ text, colour }) => ({
        text,
        colour: WHITE,
        ...(isNothing ? {} : { swatch: colour }),
      })),
      { text: whereText(volume, k, frame, slices.length, of).join(' · '), colour: QUIET },
    ].flatMap(parted);
  });
  const bannerHeight = banner.length * lineHeight + 2 * margin;
  const legendHeight = Math.max(...legends.map(({ length }) => length)) * lineHeight + 2 * margin;
  const height = bannerHeight + layout.height + legendHeight;
  const place: Place = {
    layout,
    left: Math.floor((width - layout.width) / 2),
    top: bannerHeight,
    scale,
  };

  const writeLines = (canvas: Canvas, lines: readonly TextLine[], from: number): void => {
    lines.forEach(({ text, colour, swatch: box }, index) => {
      const y = from + margin + index * lineHeight;
      if (box) canvas.fill(margin, y, GLYPH.height * scale, GLYPH.height * scale, box);
      const isOfLegend = lines !== banner && colour !== QUIET;
      canvas.text(margin + (isOfLegend ? swatch : 0), y, text, scale, colour);
    });
  };

  return {
    slices,
    width,
    height,
    draw: frame => {
      const k = slices[frame];
      const canvas = new Canvas(width, height);
      canvas.fill(0, 0, width, height, BLACK);
      drawSlice(canvas, volume, k, place);
      maps.forEach(map => drawMap(canvas, map, k, geometry, place));
      drawSegments(canvas, run, onSlice[frame], k, place);
      if (volume.slices[k].imageOrientationPatient) {
        drawOrientation(canvas, geometry, place, QUIET);
      }
      for (const finding of onSlice[frame]) {
        if (finding.kind === 'detection') drawDetection(canvas, finding, geometry, place);
      }
      // Also in the picture itself: a viewer may crop or zoom to where the banner is not seen.
      const small = scale - 1;
      const corner = textWidth(NOT_REVIEWED, small) + 4 * small;
      const high = ADVANCE.down * small;
      const [x, y] = [place.left + layout.width - corner, place.top + layout.height - high];
      canvas.fill(x, y, corner, high, BLACK);
      canvas.text(x + 2 * small, y + 2 * small, NOT_REVIEWED, small, WARNING);
      writeLines(canvas, banner, 0);
      writeLines(canvas, legends[frame], bannerHeight + layout.height);
      return canvas.pixels;
    },
  };
}
