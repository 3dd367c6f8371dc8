import { MAP_LEVELS } from './mapLevels';

type Rgb = readonly [number, number, number];

/** Dark violet over red and orange to pale yellow: told apart on greys, and by the colour-blind. */
const ANCHORS: readonly Rgb[] = [
  [80, 18, 123],
  [168, 46, 95],
  [225, 90, 45],
  [251, 160, 25],
  [250, 235, 130],
];
/** Of 255: what is low lets more of the image through. */
const FAINTEST = 90;
const STRONGEST = 230;

/** Red, green, blue and opacity, each 0–255, of a place on the ramp from 0 (lowest) to 1. */
export function heatColour(fraction: number): [number, number, number, number] {
  const along = Math.min(1, Math.max(0, fraction)) * (ANCHORS.length - 1);
  const from = Math.min(ANCHORS.length - 2, Math.floor(along));
  const mix = (channel: number) => {
    const [low, high] = [ANCHORS[from][channel], ANCHORS[from + 1][channel]];
    return Math.round(low + (along - from) * (high - low));
  };
  const opacity = Math.round(FAINTEST + fraction * (STRONGEST - FAINTEST));
  return [mix(0), mix(1), mix(2), opacity];
}

/** The colours of levels 1 to `MAP_LEVELS` − 1 of a map; level 0 is not drawn. */
export const heatLevels = (): Array<[number, number, number, number]> =>
  Array.from({ length: MAP_LEVELS - 1 }, (_, index) => heatColour(index / (MAP_LEVELS - 2)));

/** The ramp as a CSS gradient, for a legend. */
export const heatGradient = (): string =>
  `linear-gradient(to right, ${ANCHORS.map(rgb => `rgb(${rgb.join(' ')})`).join(', ')})`;
