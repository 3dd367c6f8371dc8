import type { DetectionFinding, RunResult } from '../../core/findings/types';
import { indexToWorld } from '../../core/geometry/transform';
import type { Volume } from '../../core/volume/types';
import { mapOn, withMaps } from '../testing/maps';
import { boxes, geometryOf, runOfKind, runOn, slicesOf } from '../testing/runs';
import { Canvas } from './canvas';
import { ADVANCE, glyphRows, textWidth, wrapped } from './font';
import { keySlices, MAX_KEY_SLICES, peakOf } from './keySlices';
import { bannerOf, colourOf, legendOf, lineOf, MAX_LEGEND } from './legend';
import { layoutOf, windowOf } from './picture';
import { keyPictures } from './render';

const slices = slicesOf({ columns: 32, rows: 16, slices: 30 });
const geometry = geometryOf(slices);
const volume: Volume = {
  geometry,
  voxels: new Int16Array(32 * 16 * 30),
  modality: 'CT',
  slices,
};
const detectionsAt = (...places: number[]): RunResult => {
  const run = runOfKind('detection', slices);
  return {
    ...run,
    findings: places.map((k, index): DetectionFinding => ({
      ...(run.findings[0] as DetectionFinding),
      id: `2.25.${index + 1}`,
      centroid: indexToWorld(geometry, [16, 8, k]),
      middleSlice: k,
      size: [3, 3, 1],
    })),
  };
};

describe('the font', () => {
  it('has every printable character, each another one, and a box for what it has not', () => {
    const printable = Array.from({ length: 95 }, (_, n) => String.fromCharCode(32 + n));
    const drawn = [...printable, '–', '·', '×', '²', '³', '°'].map(each => glyphRows(each));
    for (const rows of drawn) {
      expect([7, 9]).toContain(rows.length);
      expect(rows.every(bits => bits >= 0 && bits < 32)).toBe(true);
    }
    expect(new Set(drawn.map(String)).size).toBe(101);
    expect(glyphRows('Ж')).toEqual([31, 17, 17, 17, 17, 17, 31]);
  });

  it('draws what a letter looks like', () => {
    const canvas = new Canvas(6, 9);
    canvas.text(0, 0, 'L', 1, [255, 255, 255]);
    const rows = Array.from({ length: 7 }, (_, y) =>
      Array.from({ length: 5 }, (__, x) => (canvas.pixels[3 * (x + 6 * y)] ? '#' : '.')).join(''),
    );
    expect(rows).toEqual(['#....', '#....', '#....', '#....', '#....', '#....', '#####']);
  });

  it('parts lines between words, and words that are longer than a line', () => {
    const width = (count: number) => count * ADVANCE.across - 1;
    expect(textWidth('abcd', 1)).toBe(width(4));
    expect(wrapped('ab cd ef', width(5), 1)).toEqual(['ab cd', 'ef']);
    expect(wrapped('abcdefgh i', width(3), 1)).toEqual(['abc', 'def', 'gh', 'i']);
    expect(wrapped('', width(3), 1)).toEqual([]);
  });
});

describe('key slices', () => {
  it('are the middle ones of the findings, each once, in order', () => {
    const run = detectionsAt(20, 4, 20);
    expect(keySlices(run, run.findings, [], geometry)).toEqual({ slices: [4, 20], of: 2 });
  });

  it('are those of the first findings where there are too many', () => {
    const run = detectionsAt(...Array.from({ length: 25 }, (_, index) => 29 - index));
    const { slices: chosen, of } = keySlices(run, run.findings, [], geometry);
    expect([chosen.length, of]).toEqual([MAX_KEY_SLICES, 25]);
    expect([chosen[0], chosen.at(-1)]).toEqual([10, 29]);
  });

  it('are where a map is greatest, and the middle of what has nothing', () => {
    const map = mapOn(geometry);
    map.values.fill(0);
    map.values.set([NaN, Infinity]);
    map.values[5 + 32 * (3 + 16 * 22)] = 0.5;
    expect(peakOf(map, geometry)).toEqual({ index: [5, 3, 22], slice: 22 });
    const run = runOfKind('nothing', slices);
    expect(keySlices(run, [], [map], geometry).slices).toEqual([22]);
    expect(keySlices(run, [], [], geometry).slices).toEqual([15]);
  });
});

describe('what is written beside the picture', () => {
  const run = detectionsAt(4);

  it('says that it is not reviewed, and which model it is', () => {
    expect(bannerOf(run)).toEqual([
      'AI result – not reviewed',
      'CT lungs · ct-lungs 1.0.0 · before review',
    ]);
  });

  it('names findings with their probability and values', () => {
    expect(lineOf(run.findings[0]).text).toBe('Nodule 1 · 93 % · Volume 0.29 mL');
    expect(lineOf(runOn(slices).findings[0]).text).toBe(
      'Lung 0 · Volume 2350 mL · Mean Attenuation Coefficient -812 HU',
    );
  });

  it('counts what does not fit, and says that nothing was found', () => {
    const line = lineOf(run.findings[0]);
    const legend = legendOf(Array(40).fill(line));
    expect(legend).toHaveLength(MAX_LEGEND);
    expect(legend.at(-1)!.text).toBe('and 29 more');
    expect(legendOf([]).map(({ text }) => text)).toEqual(['Nothing found by AI model']);
  });
});

describe('a key picture', () => {
  const pixel = (pixels: Uint8Array, width: number, x: number, y: number) =>
    Array.from(pixels.subarray(3 * (x + width * y), 3 * (x + width * y) + 3));

  it('grows small slices, shrinks large ones, and keeps pixels square in the patient', () => {
    expect(layoutOf(geometry)).toMatchObject({ width: 512, height: 256 });
    const large = { ...geometry, dimensions: [3000, 2000, 1] as const };
    expect(layoutOf(large)).toMatchObject({ width: 1024, height: 683 });
    const flat = { ...geometry, spacing: [1, 2, 1] as const };
    expect(layoutOf(flat)).toMatchObject({ width: 512, height: 512 });
  });

  it("has the series' window, soft tissue on CT, and that of the values elsewhere", () => {
    const voi = { center: -500, width: 1500, function: 'LINEAR' } as const;
    expect(windowOf({ ...volume, voi }, 3)).toBe(voi);
    expect(windowOf(volume, 3)).toMatchObject({ center: 40, width: 400 });
    const voxels = Float32Array.from({ length: volume.voxels.length }, (_, at) => at % 512);
    const other = windowOf({ ...volume, modality: 'MR', voxels }, 3);
    expect([other.center, other.width]).toEqual([255.5, 501]);
  });

  it('has the same size on each slice, and a segment where the label map has it', () => {
    const run = runOn(slices, 2, boxes(geometry, [1, 3]));
    const pictures = keyPictures(run, volume, run.findings, []);
    const drawn = pictures.draw(0);
    expect(drawn.length).toBe(3 * pictures.width * pictures.height);
    const [k] = pictures.slices;
    const [red, green, blue] = colourOf(run.findings[0]);
    const grey = Math.round(255 * ((0 - 39.5) / 399 + 0.5));
    // Below the slice: two findings of two lines each, the place, and a margin.
    const banner = pictures.height - 256 - (5 * 2 * ADVANCE.down + 16);
    const label = (i: number, j: number) => run.labelMap!.voxels[i + 32 * (j + 16 * k)];
    // The middle of pixel (5, 4), which is deep in the left box; and one of no segment.
    expect([label(5, 4), label(30, 15)]).toEqual([1, 0]);
    const [inside, outside] = [
      [5, 4],
      [30, 15],
    ].map(([i, j]) => pixel(drawn, 512, 16 * i + 8, banner + 16 * j + 4));
    expect(outside).toEqual([grey, grey, grey]);
    expect(inside).toEqual(
      [red, green, blue].map(each => Math.floor(0.25 * each + 0.75 * grey + 0.5)),
    );
  });

  it('names a map once', () => {
    const run = withMaps(runOfKind('nothing', slices), mapOn(geometry));
    const [once, twice] = [[], run.findings].map(
      findings => keyPictures(run, volume, findings, run.maps!).height,
    );
    expect(twice).toBe(once);
  });
});
