import type { VolumeGeometry } from '../geometry/types';
import type { LabelMap } from '../volume/types';
import { extremes, levelsOf, MAP_LEVELS } from './mapLevels';
import type { ScalarMap } from './types';

const grid = (changes: Partial<VolumeGeometry>): VolumeGeometry => ({
  dimensions: [4, 4, 2],
  spacing: [1, 1, 1],
  origin: [0, 0, 0],
  direction: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  ...changes,
});
const map = (geometry: VolumeGeometry, at: (i: number, j: number, k: number) => number) => {
  const [nx, ny, nz] = geometry.dimensions;
  const values = new Float32Array(nx * ny * nz).map((_, index) =>
    at(index % nx, Math.floor(index / nx) % ny, Math.floor(index / (nx * ny))),
  );
  const concept = { value: '1', scheme: '99T', meaning: 'Saliency' };
  return { key: 'm', label: { en: 'M' }, concept, unit: concept, geometry, values } as ScalarMap;
};
const drain = (steps: Generator<void, LabelMap>): LabelMap => {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
};

it('lays a ramp out in equal steps, the lowest of which is not drawn', () => {
  const geometry = grid({ dimensions: [MAP_LEVELS + 1, 1, 1] });
  const { voxels } = drain(
    levelsOf(
      map(geometry, i => 10 + i),
      geometry,
    ),
  );
  expect([...voxels]).toEqual([...Array.from({ length: MAP_LEVELS }, (_, i) => i), MAP_LEVELS - 1]);
});

it('interpolates between its own voxels, on a finer and turned grid', () => {
  // One voxel of the map is two of the images, whose rows run against its own.
  const coarse = grid({ dimensions: [2, 2, 1], spacing: [2, 2, 2], origin: [0, 0, 0] });
  const fine = grid({
    dimensions: [3, 3, 1],
    origin: [2, 2, 0],
    direction: [
      [-1, 0, 0],
      [0, -1, 0],
      [0, 0, 1],
    ],
  });
  const { voxels } = drain(
    levelsOf(
      map(coarse, (i, j) => i + j),
      fine,
    ),
  );
  // Of values 2 1.5 1 / 1.5 1 0.5 / 1 0.5 0 between 0 and 2.
  expect([...voxels]).toEqual([15, 12, 8, 12, 8, 4, 8, 4, 0]);
});

it('draws nothing where it does not reach, and nothing where it is the same everywhere', () => {
  const small = grid({ dimensions: [2, 2, 1] });
  const wide = grid({ dimensions: [6, 1, 1], origin: [-2, 0, 0] });
  const { voxels } = drain(
    levelsOf(
      map(small, i => i),
      wide,
    ),
  );
  expect([...voxels]).toEqual([0, 0, 0, 15, 0, 0]);
  expect(
    drain(
      levelsOf(
        map(small, () => 3),
        small,
      ),
    ).voxels.every(level => level === 0),
  ).toBe(true);
});

it('knows its extremes, and is not put off by what is no number', () => {
  expect(extremes(map(grid({}), i => i - 1))).toEqual({ min: -1, max: 2 });
  expect(extremes({ values: Float32Array.of(NaN, 2, 5) })).toEqual({ min: 2, max: 5 });
  expect(extremes({ values: Float32Array.of(NaN) })).toEqual({ min: 0, max: 0 });
});
