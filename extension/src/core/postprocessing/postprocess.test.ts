import type { VolumeGeometry } from '../geometry/types';
import { preprocessedGeometry } from '../preprocessing/preprocessedGeometry.testing';
import { connectComponents, findRuns, type Connectivity } from './connectedComponents';
import { invertLabels } from './invert';
import { fillHoles, keepLargestConnectedComponent } from './labelMapSteps';
import { argmax, invertScores, postprocess } from './wholeScores.testing';

/** Small seeded generator (mulberry32): the same numbers on every machine. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const source: VolumeGeometry = {
  dimensions: [23, 19, 17],
  spacing: [0.7, 0.8, 1.5],
  origin: [-10, 20, -30],
  direction: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
};

/** Components by flooding voxel by voxel: slow and plain. */
function flood(
  voxels: Uint8Array,
  [ni, nj, nk]: readonly number[],
  connectivity: number,
): Int32Array {
  const component = new Int32Array(voxels.length).fill(-1);
  for (let seed = 0; seed < voxels.length; seed++) {
    if (voxels[seed] === 0 || component[seed] >= 0) {
      continue;
    }
    const open = [seed];
    component[seed] = seed;
    while (open.length > 0) {
      const at = open.pop()!;
      const [i, j, k] = [at % ni, Math.floor(at / ni) % nj, Math.floor(at / ni / nj)];
      for (let step = 0; step < 27; step++) {
        const [di, dj, dk] = [
          (step % 3) - 1,
          (Math.floor(step / 3) % 3) - 1,
          Math.floor(step / 9) - 1,
        ];
        const [x, y, z] = [i + di, j + dj, k + dk];
        const isInside = x >= 0 && y >= 0 && z >= 0 && x < ni && y < nj && z < nk;
        const isNear = Math.abs(di) + Math.abs(dj) + Math.abs(dk) <= connectivity;
        const next = x + ni * (y + nj * z);
        if (isInside && isNear && component[next] < 0 && voxels[next] === voxels[at]) {
          component[next] = seed;
          open.push(next);
        }
      }
    }
  }
  return component;
}

describe('connectComponents', () => {
  it.each<[Connectivity, number]>([
    [1, 3],
    [2, 3],
    [3, 3],
    [3, 6],
    [2, 7],
  ])('agrees with flooding, connectivity %i, %i labels without gaps', (connectivity, labels) => {
    const random = randomOf(connectivity * 100 + labels);
    for (let round = 0; round < 20; round++) {
      const dimensions = [5 + (round % 7), 6, 5] as const;
      const size = dimensions[0] * 30;
      // Few zeros, so that runs of different labels follow each other without a gap.
      const voxels = Uint8Array.from({ length: size }, () => Math.floor(random() * (labels + 1)));
      const keys = Uint8Array.from({ length: 256 }, (_, value) => value);
      const runs = findRuns(voxels, dimensions, keys);
      const { root, size: sizes } = connectComponents(runs, dimensions, connectivity);
      const expected = flood(voxels, dimensions, connectivity);
      const met = new Int32Array(size).fill(-1);
      for (let run = 0; run < runs.count; run++) {
        met.fill(runs.begin[root[run]], runs.begin[run], runs.end[run]);
      }
      expect(met).toEqual(expected);
      const first = root[runs.count - 1];
      expect(sizes[first]).toBe(expected.filter(x => x === runs.begin[first]).length);
    }
  });

  it('reads label maps that do not start on a word of memory', () => {
    const buffer = new Uint8Array(65);
    const voxels = buffer.subarray(1);
    voxels.fill(1, 3, 9);
    const runs = findRuns(voxels, [8, 4, 2], Uint8Array.of(0, 1));
    expect([...runs.begin.subarray(0, runs.count)]).toEqual([3, 8]);
    expect([...runs.end.subarray(0, runs.count)]).toEqual([8, 9]);
  });
});

describe('keepLargestConnectedComponent', () => {
  const geometry: VolumeGeometry = { ...source, dimensions: [8, 1, 1] };

  it('leaves labels alone that it is not applied to, and keeps the first of equal ones', () => {
    const voxels = Uint8Array.of(1, 1, 2, 1, 1, 0, 1, 2);
    keepLargestConnectedComponent({ voxels, geometry }, { appliedLabels: [1] });
    expect([...voxels]).toEqual([1, 1, 2, 0, 0, 0, 0, 2]);
  });

  it('takes labels together when they are not independent', () => {
    const voxels = Uint8Array.of(1, 1, 2, 1, 1, 0, 1, 2);
    const settings = { appliedLabels: [1, 2], independent: false };
    keepLargestConnectedComponent({ voxels, geometry }, settings);
    expect([...voxels]).toEqual([1, 1, 2, 1, 1, 0, 0, 0]);
  });
});

describe('fillHoles', () => {
  it('leaves a hole that reaches the edge', () => {
    const geometry: VolumeGeometry = { ...source, dimensions: [3, 3, 1] };
    const voxels = Uint8Array.of(1, 1, 1, 1, 0, 1, 1, 1, 1);
    fillHoles({ voxels, geometry }, { appliedLabels: [1] });
    expect(voxels[4]).toBe(0);
  });
});

describe('invert', () => {
  const steps = [
    { transform: 'orientation' as const, axcodes: 'SRA' },
    {
      transform: 'spacing' as const,
      pixdim: [1.9, 2.3, 2.1] as [number, number, number],
      mode: 'bilinear' as const,
      paddingMode: 'border' as const,
      antiAliasing: false,
    },
  ];
  const network = preprocessedGeometry(source, steps);
  const [nx, ny, nz] = network.dimensions;
  const classes = 4;
  const random = randomOf(5);
  const scores = Float32Array.from({ length: nx * ny * nz * classes }, () => random());

  it('gives the arg-max of every interpolated score, voxel by voxel', () => {
    const met = invertScores({ scores, classes, geometry: network }, source);
    let differing = 0;
    const [ni, nj, nk] = source.dimensions;
    const coordinate = (distance: number, spacing: number, size: number) =>
      Math.min(Math.max(distance / spacing, 0), size - 1);
    for (let at = 0; at < met.length; at++) {
      const [i, j, k] = [at % ni, Math.floor(at / ni) % nj, Math.floor(at / ni / nj)];
      // SRA: x follows k, y follows i turned over, z follows j turned over.
      const x = coordinate(k * 1.5, 1.9, nx);
      const y = coordinate((ni - 1 - i) * 0.7, 2.3, ny);
      const z = coordinate((nj - 1 - j) * 0.8, 2.1, nz);
      const sums = new Array<number>(classes).fill(0);
      for (let corner = 0; corner < 8; corner++) {
        const [a, b, c] = [corner & 1, (corner >> 1) & 1, corner >> 2];
        const [u, v, w] = [Math.floor(x) + a, Math.floor(y) + b, Math.floor(z) + c];
        const weight =
          Math.max(0, 1 - Math.abs(x - u)) *
          Math.max(0, 1 - Math.abs(y - v)) *
          Math.max(0, 1 - Math.abs(z - w));
        if (weight === 0) {
          continue;
        }
        for (let cls = 0; cls < classes; cls++) {
          sums[cls] += weight * scores[u + nx * (v + ny * (w + nz * cls))];
        }
      }
      differing += met[at] === sums.indexOf(Math.max(...sums)) ? 0 : 1;
    }
    expect(nk).toBe(17);
    expect(differing).toBe(0);
  });

  it('repeats labels of the nearest network voxel', () => {
    const labels = argmax({ scores, classes, geometry: network });
    const met = invertLabels(labels, network, source);
    const [ni, nj] = source.dimensions;
    const [i, j, k] = [5, 4, 9];
    const nearest = [
      Math.round((k * 1.5) / 1.9),
      Math.round(((22 - i) * 0.7) / 2.3),
      Math.round(((18 - j) * 0.8) / 2.1),
    ];
    expect(met[i + ni * (j + nj * k)]).toBe(
      labels[nearest[0] + nx * (nearest[1] + ny * nearest[2])],
    );
  });

  it('makes classes without a label background, and runs the steps in order', () => {
    const concept = { value: 'a', scheme: 'b', meaning: 'c' };
    const label = (value: number) => ({
      value,
      key: `l${value}`,
      name: { en: 'x' },
      category: concept,
      type: concept,
      recommendedDisplayCIELab: [1, 2, 3] as [number, number, number],
    });
    const output = {
      type: 'labelMap' as const,
      name: 'y',
      encoding: 'scores' as const,
      activation: 'none' as const,
      classes,
      labels: [label(1), label(3)],
    };
    for (const resample of ['logits', 'labels'] as const) {
      const { voxels } = postprocess({ scores, classes, geometry: network }, source, output, [
        { transform: 'invert', resample },
        { transform: 'removeSmallObjects', appliedLabels: [3], minSizeMm3: 1e9 },
      ]);
      expect([...new Set(voxels)].sort()).toEqual([0, 1]);
    }
    const kept = postprocess({ scores, classes, geometry: network }, source, output, [
      {
        transform: 'keepLargestConnectedComponent',
        appliedLabels: [1, 3],
        independent: true,
        connectivity: 1,
        numComponents: 1,
      },
      { transform: 'invert', resample: 'labels' },
    ]).voxels;
    const keys = Uint8Array.from({ length: 256 }, (_, value) => value);
    const runs = findRuns(kept, source.dimensions, keys);
    const { root } = connectComponents(runs, source.dimensions, 1);
    expect(new Set(root).size).toBe(2);
  });
});
