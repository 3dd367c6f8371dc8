import { boxIou, nonMaximumSuppression, type ScoredBox } from './nms';
import { createPeakFinder } from './peaks';

const box = (
  center: [number, number, number],
  size: [number, number, number],
  score: number,
  classValue = 0,
): ScoredBox => ({ center, size, score, classValue });

describe('boxIou', () => {
  it.each<[ScoredBox, ScoredBox, number]>([
    [box([0, 0, 0], [2, 2, 2], 1), box([0, 0, 0], [2, 2, 2], 1), 1],
    // Half of each of two cubes: 4 / (8 + 8 − 4).
    [box([0, 0, 0], [2, 2, 2], 1), box([1, 0, 0], [2, 2, 2], 1), 1 / 3],
    [box([0, 0, 0], [4, 4, 4], 1), box([0.5, 0.5, 0.5], [1, 1, 1], 1), 1 / 64],
    [box([0, 0, 0], [2, 2, 2], 1), box([2, 0, 0], [2, 2, 2], 1), 0],
    [box([0, 0, 0], [2, 2, 2], 1), box([1, 1, 5], [2, 2, 2], 1), 0],
  ])('%#', (a, b, expected) => {
    expect(boxIou(a, b)).toBeCloseTo(expected, 12);
    expect(boxIou(b, a)).toBeCloseTo(expected, 12);
  });
});

describe('nonMaximumSuppression', () => {
  it('keeps the stronger of a class, others of other classes, and no more than asked for', () => {
    const strong = box([0, 0, 0], [4, 4, 4], 0.9);
    const weak = box([1, 0, 0], [4, 4, 4], 0.8);
    const other = box([1, 0, 0], [4, 4, 4], 0.7, 1);
    const far = box([20, 0, 0], [4, 4, 4], 0.95);
    const all = [weak, other, strong, far];
    const settings = { iouThreshold: 0.1, maxDetections: 10 };
    expect(nonMaximumSuppression(all, settings)).toEqual([far, strong, other]);
    expect(nonMaximumSuppression(all, { ...settings, maxDetections: 1 })).toEqual([far]);
    expect(nonMaximumSuppression(all, { ...settings, iouThreshold: 0.7 })).toHaveLength(4);
  });

  it('lets what was suppressed suppress nothing', () => {
    const chain = [0, 2, 4].map((x, n) => box([x, 0, 0], [4, 4, 4], 0.9 - n / 10));
    expect(
      nonMaximumSuppression(chain, { iouThreshold: 0.2, maxDetections: 9 }).map(b => b.center[0]),
    ).toEqual([0, 4]);
  });
});

describe('createPeakFinder', () => {
  const find = (
    dimensions: [number, number, number],
    heat: Record<string, number>,
    { threshold = 0, sizes = [] as number[] } = {},
  ) => {
    const [ni, nj, nk] = dimensions;
    const finder = createPeakFinder(dimensions, 1, { activation: 'none', threshold });
    for (let k = 0; k < nk; k++) {
      const layer = new Float32Array(ni * nj * (1 + sizes.length));
      for (const [place, score] of Object.entries(heat)) {
        const [i, j, z] = place.split(',').map(Number);
        if (z === k) layer[i + ni * j] = score;
      }
      sizes.forEach((value, n) => layer.fill(value, (n + 1) * ni * nj, (n + 2) * ni * nj));
      finder.push(layer);
    }
    return finder.finish();
  };

  it('finds 3×3×3 maxima, at the edges too, with their sizes', () => {
    const heat = { '0,0,0': 0.5, '1,1,1': 0.4, '3,2,4': 0.75, '3,2,3': 0.75, '3,0,2': 0.25 };
    expect(find([4, 3, 5], heat, { sizes: [8, 9] })).toEqual([
      { channel: 0, cell: [0, 0, 0], score: 0.5, sizes: [8, 9] },
      // '3,0,2' is a neighbour of nothing higher; of the plateau the first cell is the peak.
      { channel: 0, cell: [3, 0, 2], score: 0.25, sizes: [8, 9] },
      { channel: 0, cell: [3, 2, 3], score: 0.75, sizes: [8, 9] },
    ]);
  });

  it('keeps what reaches the threshold, and nothing of an empty map', () => {
    expect(find([3, 3, 1], { '1,1,0': 0.5 }, { threshold: 0.5 })).toHaveLength(1);
    expect(find([3, 3, 1], { '1,1,0': 0.5 }, { threshold: 0.51 })).toHaveLength(0);
    expect(find([3, 3, 3], {})).toEqual([]);
  });
});
