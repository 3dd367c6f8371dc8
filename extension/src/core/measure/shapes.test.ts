import type { VolumeGeometry } from '../geometry/types';
import type { MeasurementName, SegmentLabel } from '../model/manifest';
import type { LabelMap } from '../volume/types';
import { convexHull, diameterOf, longestPerpendicular } from './axes';
import { measureSegments } from './measure';
import { surfaceAreas } from './surface';

/** Measurements of bodies whose sizes are known, on voxels that are no cubes. */

const concept = { value: '1', scheme: 'X', meaning: 'Y' };
const label = (value: number): SegmentLabel => ({
  value,
  key: `l${value}`,
  name: { en: 'x' },
  category: concept,
  type: concept,
  recommendedDisplayCIELab: [1, 2, 3],
});

type Triple = [number, number, number];
const gridOf = (dimensions: Triple, spacing: Triple): VolumeGeometry => ({
  dimensions,
  spacing,
  origin: [0, 0, 0],
  direction: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
});

/** Voxels whose centres satisfy `isInside`, in millimetres from the middle of the grid. */
const body = (
  geometry: VolumeGeometry,
  isInside: (x: number, y: number, z: number) => boolean,
): LabelMap => {
  const [ni, nj, nk] = geometry.dimensions;
  const voxels = new Uint8Array(ni * nj * nk);
  const [si, sj, sk] = geometry.spacing;
  for (let k = 0, at = 0; k < nk; k++)
    for (let j = 0; j < nj; j++)
      for (let i = 0; i < ni; i++, at++)
        voxels[at] = Number(
          isInside((i - (ni - 1) / 2) * si, (j - (nj - 1) / 2) * sj, (k - (nk - 1) / 2) * sk),
        );
  return { geometry, voxels };
};

const measure = (
  labelMap: LabelMap,
  names: MeasurementName[],
  voxels?: Int16Array | Float32Array,
) =>
  Object.fromEntries(
    measureSegments(
      labelMap,
      { voxels: voxels ?? new Int16Array(labelMap.voxels.length), modality: 'CT' },
      [label(1)],
      names,
    )[0].measurements.map(({ name, value }) => [name, value]),
  );

const ball = (radius: number) => (x: number, y: number, z: number) =>
  x * x + y * y + z * z <= radius * radius;

describe('surface and sphericity', () => {
  it.each<[string, Triple, Triple]>([
    ['cubes', [50, 50, 50], [1, 1, 1]],
    ['slices twice as thick', [60, 60, 26], [0.8, 0.8, 1.8]],
    ['three different edges', [64, 42, 30], [0.7, 1.1, 1.6]],
  ])('a ball of 20 mm comes out within 2 %%, voxels: %s', (_, dimensions, spacing) => {
    const labelMap = body(gridOf(dimensions, spacing), ball(20));
    const area = surfaceAreas(labelMap).get(1)!;
    expect(area / (4 * Math.PI * 400)).toBeGreaterThan(0.98);
    expect(area / (4 * Math.PI * 400)).toBeLessThan(1.02);
    const { sphericity, volume } = measure(labelMap, ['sphericity', 'volume']);
    expect(sphericity).toBeGreaterThan(0.97);
    expect(sphericity).toBeLessThan(1.03);
    expect(volume / ((4 / 3) * Math.PI * 8)).toBeCloseTo(1, 2);
  });

  it('an ellipsoid of 24, 12 and 8 mm agrees with Thomsen’s formula within 2 %', () => {
    const [a, b, c] = [24, 12, 8];
    const labelMap = body(
      gridOf([52, 28, 26], [1, 1, 0.8]),
      (x, y, z) => (x / a) ** 2 + (y / b) ** 2 + (z / c) ** 2 <= 1,
    );
    // Knud Thomsen's formula for the surface, at worst 1.1 % off.
    const p = 1.6075;
    const area = 4 * Math.PI * (((a * b) ** p + (a * c) ** p + (b * c) ** p) / 3) ** (1 / p);
    expect(Math.abs(surfaceAreas(labelMap).get(1)! / area - 1)).toBeLessThan(0.02);
  });

  it('counts what touches the edge of the volume, and each of two labels', () => {
    const geometry = gridOf([8, 8, 8], [1, 1, 1]);
    const whole = surfaceAreas({ geometry, voxels: new Uint8Array(512).fill(2) });
    const inner = new Uint8Array(1000);
    const larger = gridOf([10, 10, 10], [1, 1, 1]);
    for (let k = 1; k < 9; k++)
      for (let j = 1; j < 9; j++) inner.fill(2, 1 + 10 * (j + 10 * k), 9 + 10 * (j + 10 * k));
    expect(whole.get(2)).toBeCloseTo(surfaceAreas({ geometry: larger, voxels: inner }).get(2)!, 9);
    const box = { from: [1, 1, 1], to: [9, 9, 9] } as const;
    expect(surfaceAreas({ geometry: larger, voxels: inner }, box).get(2)).toBeCloseTo(
      whole.get(2)!,
      9,
    );
  });
});

describe('long and short axis', () => {
  it('are those of an ellipse that lies askew, of the slice where it is largest', () => {
    const [long, short] = [15, 6];
    const turn = Math.PI / 6;
    const labelMap = body(gridOf([80, 70, 9], [0.5, 0.6, 3]), (x, y, z) => {
      const u = x * Math.cos(turn) + y * Math.sin(turn);
      const v = y * Math.cos(turn) - x * Math.sin(turn);
      return (u / long) ** 2 + (v / short) ** 2 + (z / 12) ** 2 <= 1;
    });
    const { longAxis, shortAxis } = measure(labelMap, ['longAxis', 'shortAxis']);
    expect(Math.abs(longAxis - 2 * long)).toBeLessThan(0.6);
    expect(Math.abs(shortAxis - 2 * short)).toBeLessThan(0.6);
  });

  it('belong to one object: not to two far apart', () => {
    const labelMap = body(
      gridOf([60, 20, 5], [1, 1, 1]),
      (x, y, z) => ball(2.4)(x - 20, y, z) || ball(2.4)(x + 20, y, z),
    );
    const { longAxis, count } = measure(labelMap, ['longAxis', 'count']);
    expect(count).toBe(2);
    expect(Math.abs(longAxis - 5)).toBeLessThan(0.3);
  });

  it('of one voxel are its edges’', () => {
    const labelMap = body(
      gridOf([3, 3, 3], [0.5, 2, 1]),
      (x, y, z) => x === 0 && y === 0 && z === 0,
    );
    expect(measure(labelMap, ['longAxis', 'shortAxis'])).toEqual({ longAxis: 2, shortAxis: 0.5 });
  });

  it('rests on a hull and its widest pair', () => {
    const hull = convexHull([
      [0, 0],
      [4, 0],
      [4, 3],
      [0, 3],
      [2, 1],
      [4, 1],
    ]);
    expect(hull).toHaveLength(4);
    const { from, to, length } = diameterOf(hull);
    expect(length).toBe(5);
    // Twice the height of a right-angled triangle of 3, 4, 5 is not a chord; the longest is 3.75.
    expect(longestPerpendicular(hull, from, to)).toBeCloseTo(3.75, 9);
  });
});

describe('intensities', () => {
  const geometry = gridOf([10, 10, 1], [1, 1, 1]);
  const labels = new Uint8Array(100).map((_, at) => (at < 7 ? 0 : 1));
  const names: MeasurementName[] = [
    'minimumIntensity',
    'maximumIntensity',
    'percentile05',
    'median',
    'percentile95',
    'lowAttenuationArea950',
  ];

  it.each([
    ['counted', Int16Array],
    ['sorted', Float32Array],
  ] as const)('percentiles are numpy’s, %s', (_, Voxels) => {
    const values = Array.from({ length: 100 }, (_value, at) => ((at * 37) % 101) * 20 - 1500);
    const sorted = values.slice(7).sort((a, b) => a - b);
    const percentile = (share: number) => {
      const position = share * (sorted.length - 1);
      const lower = Math.floor(position);
      const upper = Math.min(lower + 1, sorted.length - 1);
      return sorted[lower] + (position - lower) * (sorted[upper] - sorted[lower]);
    };
    expect(measure({ geometry, voxels: labels }, names, Voxels.from(values))).toEqual({
      minimumIntensity: sorted[0],
      maximumIntensity: sorted[92],
      percentile05: expect.closeTo(percentile(0.05), 9),
      median: sorted[46],
      percentile95: expect.closeTo(percentile(0.95), 9),
      lowAttenuationArea950: (100 * sorted.filter(x => x < -950).length) / 93,
    });
  });

  it('a segment without voxels has a volume and a count of 0 and no more', () => {
    const empty = { geometry, voxels: new Uint8Array(100) };
    const all: MeasurementName[] = ['volume', 'count', 'longAxis', 'sphericity', ...names];
    expect(measure(empty, all)).toEqual({ volume: 0, count: 0 });
  });
});
