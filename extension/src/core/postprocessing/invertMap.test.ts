import { indexToWorld, voxelCount } from '../geometry/transform';
import type { Vec3, VolumeGeometry } from '../geometry/types';
import { sharesAxes } from './inverseGrid';
import { createMapInverter } from './invertMap';

const source: VolumeGeometry = {
  dimensions: [8, 7, 6],
  spacing: [1.7, 1.3, 1.9],
  origin: [-20, 5, 40],
  direction: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
};
/** Coarser, turned to RAS, and not beginning where the source does. */
const network: VolumeGeometry = {
  dimensions: [5, 4, 3],
  spacing: [2, 2.5, 10 / 3],
  origin: [-20 + 12.1, 5 + 7.3, 40 + 0.7],
  direction: [
    [-1, 0, 0],
    [0, -1, 0],
    [0, 0, 1],
  ],
};
const each = (
  { dimensions }: VolumeGeometry,
  value: (i: number, j: number, k: number) => number,
): Float32Array<ArrayBuffer> => {
  const [columns, rows, slices] = dimensions;
  return Float32Array.from({ length: columns * rows * slices }, (_, at) =>
    value(at % columns, Math.floor(at / columns) % rows, Math.floor(at / (columns * rows))),
  );
};
const inverted = (values: Float32Array, from: VolumeGeometry, to: VolumeGeometry) => {
  const [columns, rows, slices] = to.dimensions;
  const all = new Float32Array(voxelCount(to));
  const slice = new Float32Array(columns * rows);
  const invert = createMapInverter(values, from, to);
  for (let k = 0; k < slices; k++) {
    invert(k, slice);
    all.set(slice, k * slice.length);
  }
  return all;
};

/** A field that grows evenly, so that trilinear interpolation has one right answer everywhere. */
const field = ([x, y, z]: Vec3): number => 0.3 * x - 0.7 * y + 0.11 * z + 4;
const fieldOn = (geometry: VolumeGeometry) =>
  each(geometry, (i, j, k) => field(indexToWorld(geometry, [i, j, k])));

describe('a map on the grid of its source', () => {
  it('is what SciPy makes of it', () => {
    const values = each(network, (i, j, k) => Math.sin(1.3 * i + 0.7 * j * j + 2.1 * k) / 2 + 0.5);
    const got = inverted(values, network, source);
    // scipy.ndimage.map_coordinates(order=1), coordinates clipped to the grid; source rows (j, k).
    const rows: Array<[number, number, number[]]> = [
      [0, 0, [NaN, NaN, 0.136866, 0.165559, 0.371109, 0.74215, 0.892943, 0.560272]],
      [3, 0, [NaN, NaN, 0.558444, 0.406668, 0.274328, 0.377076, 0.649823, 0.754171]],
      [6, 2, [NaN, NaN, 0.864532, 0.605266, 0.243477, 0.125442, 0.439223, 0.852743]],
      [5, 4, [NaN, NaN, 0.408412, 0.665881, 0.886505, 0.703827, 0.236804, 0.066507]],
      [6, 4, [NaN, NaN, 0.512388, 0.748666, 0.901684, 0.627091, 0.143079, 0.072514]],
      [2, 5, Array<number>(8).fill(NaN)],
    ];
    for (const [j, k, meant] of rows) {
      const at = 8 * (j + 7 * k);
      Array.from(got.subarray(at, at + 8)).forEach((value, i) => {
        if (Number.isNaN(meant[i])) expect({ i, j, k, value }).toEqual({ i, j, k, value: NaN });
        else expect(Math.abs(value - meant[i])).toBeLessThan(1e-5);
      });
    }
    expect(got.filter(Number.isNaN)).toHaveLength(126);
  });

  it.each<[string, VolumeGeometry]>([
    ['turned', network],
    [
      'with axes exchanged',
      {
        dimensions: [6, 9, 10],
        spacing: [2.2, 1.9, 1.4],
        origin: [-21, 4, 39],
        direction: [
          [0, 0, 1],
          [1, 0, 0],
          [0, 1, 0],
        ],
      },
    ],
    ['finer', { ...source, dimensions: [30, 26, 21], spacing: [0.5, 0.5, 0.6] }],
  ])('follows an even field exactly inside a grid that is %s', (_name, grid) => {
    const got = inverted(fieldOn(grid), grid, source);
    let inside = 0;
    each(source, (i, j, k) => {
      const point = indexToWorld(source, [i, j, k]);
      const [a, b, c] = grid.direction.map((axis, n) => {
        const offset = axis.reduce((sum, part, x) => sum + part * (point[x] - grid.origin[x]), 0);
        return { at: offset / grid.spacing[n], last: grid.dimensions[n] - 1 };
      });
      const value = got[i + 8 * (j + 7 * k)];
      const beyond = [a, b, c].some(({ at, last }) => at < -0.501 || at > last + 0.501);
      if (beyond) expect(value).toBeNaN();
      if ([a, b, c].every(({ at, last }) => at >= 0 && at <= last)) {
        inside++;
        expect(Math.abs(value - field(point))).toBeLessThan(1e-4);
      }
      return 0;
    });
    expect(inside).toBeGreaterThan(40);
  });

  it('is itself where it lies there already, and nothing where it lies elsewhere', () => {
    const values = each(source, (i, j, k) => Math.cos(i * 3 + j * 5 + k * 7));
    expect(inverted(values, source, source)).toEqual(values);
    const far = { ...source, origin: [500, 5, 40] as const };
    expect(inverted(values, far, source).every(Number.isNaN)).toBe(true);
  });

  it('tells grids that cannot be resampled axis by axis', () => {
    const [sine, cosine] = [Math.sin(0.1), Math.cos(0.1)];
    const turned: VolumeGeometry = {
      ...source,
      direction: [
        [cosine, sine, 0],
        [-sine, cosine, 0],
        [0, 0, 1],
      ],
    };
    expect(sharesAxes(source, network)).toBe(true);
    expect(sharesAxes(source, turned)).toBe(false);
    expect(() => createMapInverter(new Float32Array(336), turned, source)).toThrow('not aligned');
  });
});
