import type { VolumeGeometry } from '../geometry/types';
import type { LabelMap } from '../volume/types';
import { boundingBox, unionOfBoxes } from './boundingBox';
import { binaryClosing } from './closing';
import type { Connectivity } from './connectedComponents';

type Index = readonly [number, number, number];

const gridOf = (dimensions: Index): VolumeGeometry => ({
  dimensions,
  spacing: [1, 1, 1],
  origin: [0, 0, 0],
  direction: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
});
const mapOf = (dimensions: Index, labelled: ReadonlyArray<readonly [Index, number]>): LabelMap => {
  const [ni, nj, nk] = dimensions;
  const voxels = new Uint8Array(ni * nj * nk);
  for (const [[i, j, k], label] of labelled) voxels[i + ni * (j + nj * k)] = label;
  return { voxels, geometry: gridOf(dimensions) };
};
const at = ({ voxels, geometry }: LabelMap, [i, j, k]: Index): number =>
  voxels[i + geometry.dimensions[0] * (j + geometry.dimensions[1] * k)];

/** The definition: what no translate of the structuring element that misses the set can cover. */
const closedByDefinition = (
  isSet: (index: Index) => boolean,
  index: Index,
  connectivity: Connectivity,
): boolean => {
  const element: Index[] = [];
  for (let k = -1; k <= 1; k++)
    for (let j = -1; j <= 1; j++)
      for (let i = -1; i <= 1; i++)
        if (Math.abs(i) + Math.abs(j) + Math.abs(k) <= connectivity) element.push([i, j, k]);
  const plus = (a: Index, b: Index): Index => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
  return element.every(step => {
    const centre = plus(index, step);
    return element.some(other => isSet(plus(centre, other)));
  });
};

describe('binary closing', () => {
  it.each<Connectivity>([1, 2, 3])(
    'with connectivity %i is what the definition says, at the border too',
    connectivity => {
      const dimensions: Index = [9, 8, 7];
      const labelled: Array<[Index, number]> = [];
      for (let k = 0; k < 7; k++)
        for (let j = 0; j < 8; j++)
          for (let i = 0; i < 9; i++)
            if ((i * 31 + j * 17 + k * 7 + i * j * k) % 6 === 0) labelled.push([[i, j, k], 3]);
      const before = mapOf(dimensions, labelled);
      const isSet = ([i, j, k]: Index) =>
        [i, j, k].every((x, axis) => x >= 0 && x < dimensions[axis]) && at(before, [i, j, k]) === 3;
      const closed = mapOf(dimensions, labelled);
      binaryClosing(closed, { appliedLabels: [3], connectivity, iterations: 1 });
      let added = 0;
      for (let k = 0; k < 7; k++)
        for (let j = 0; j < 8; j++)
          for (let i = 0; i < 9; i++) {
            const index: Index = [i, j, k];
            const expected = closedByDefinition(isSet, index, connectivity);
            expect([index, at(closed, index) === 3]).toEqual([index, expected]);
            if (expected && !isSet(index)) added++;
          }
      expect(added).toBeGreaterThan(5);
    },
  );

  it('bridges a gap as wide as twice its iterations, less with fewer', () => {
    // Two plates with three voxels between them; faces connect.
    const plates = [1, 5].flatMap(i =>
      [0, 1, 2, 3, 4, 5, 6].flatMap(j =>
        [0, 1, 2, 3, 4, 5, 6].map(k => [[i, j, k], 1] as [Index, number]),
      ),
    );
    const middle: Index = [3, 3, 3];
    const once = mapOf([7, 7, 7], plates);
    binaryClosing(once, { appliedLabels: [1], connectivity: 1, iterations: 1 });
    expect(at(once, middle)).toBe(0);
    const twice = mapOf([7, 7, 7], plates);
    binaryClosing(twice, { appliedLabels: [1], connectivity: 1, iterations: 2 });
    expect(at(twice, middle)).toBe(1);
  });

  it('leaves other labels and what it is not asked for', () => {
    const around = ([i, j, k]: Index, label: number): Array<[Index, number]> =>
      [-1, 1].flatMap(step => [
        [[i + step, j, k], label],
        [[i, j + step, k], label],
        [[i, j, k + step], label],
      ]);
    const [empty, taken, unasked]: Index[] = [
      [2, 2, 2],
      [6, 2, 2],
      [10, 2, 2],
    ];
    const closed = mapOf(
      [13, 5, 5],
      [...around(empty, 4), ...around(taken, 4), [taken, 2], ...around(unasked, 7)],
    );
    binaryClosing(closed, { appliedLabels: [4], connectivity: 1, iterations: 1 });
    expect([empty, taken, unasked].map(index => at(closed, index))).toEqual([4, 2, 0]);
    expect(boundingBox(closed, { label: 9 })).toBeUndefined();
  });
});

it('boxes are the smallest around a label, around all, and around several boxes', () => {
  const map = mapOf(
    [6, 5, 4],
    [
      [[1, 2, 0], 1],
      [[4, 2, 3], 1],
      [[2, 0, 1], 2],
    ],
  );
  const one = { from: [1, 2, 0], to: [5, 3, 4] };
  const two = { from: [2, 0, 1], to: [3, 1, 2] };
  expect(boundingBox(map, { label: 1 })).toEqual(one);
  expect(boundingBox(map, { label: 2 })).toEqual(two);
  expect(boundingBox(map)).toEqual({ from: [1, 0, 0], to: [5, 3, 4] });
  expect(boundingBox(map, { within: { from: [2, 0, 0], to: [6, 5, 2] } })).toEqual(two);
  const boxes = [1, 2, 3].map(label => boundingBox(map, { label }));
  expect(unionOfBoxes(boxes)).toEqual({ from: [1, 0, 0], to: [5, 3, 4] });
  expect(unionOfBoxes([undefined])).toBeUndefined();
});
