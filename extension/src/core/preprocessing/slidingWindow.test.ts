import type { VolumeGeometry } from '../geometry/types';
import {
  extractSliceStack,
  extractWindow,
  importanceMap,
  planWindows,
  sliceShape,
  tensorShape,
} from './slidingWindow';

describe('slidingWindow', () => {
  it('moves the last window back to end with the volume, and pads on both sides', () => {
    const plan = planWindows([20, 8, 5], { roiSize: [8, 8, 8], overlap: 0.25 });
    expect(plan.starts).toEqual([
      [0, 0, -1],
      [6, 0, -1],
      [12, 0, -1],
    ]);
    const back = planWindows([19, 8, 8], { roiSize: [8, 8, 8], overlap: 0.25 });
    expect(back.starts.map(([i]) => i)).toEqual([0, 6, 11]);
  });

  it('takes the whole of an axis and the margin that the network loses', () => {
    const plan = planWindows([20, 9, 30], {
      roiSize: [-1, -1, 14],
      overlap: 0,
      outputMargin: [0, 2, 2],
    });
    expect(plan.roiSize).toEqual([20, 13, 14]);
    expect(plan.outputSize).toEqual([20, 9, 10]);
    expect(plan.starts).toEqual([
      [0, -2, -2],
      [0, -2, 8],
      [0, -2, 18],
    ]);
  });

  it('puts the same noise at a place beyond the volume, whichever window reaches it', () => {
    const volume = { data: new Float32Array(4 * 3 * 6).fill(9), channels: 1 };
    const noisy = { paddingMode: 'noise', cval: 0 } as const;
    const windows = [8, 6].map(roi => {
      const plan = planWindows([4, 3, 6], {
        roiSize: [6, 3, roi],
        overlap: 0,
        outputMargin: [1, 0, 1],
      });
      return { plan, tensor: extractWindow(volume, plan, 0, noisy, 'zyx') };
    });
    const [long, short] = windows;
    expect(long.plan.starts[0]).toEqual(short.plan.starts[0]);
    expect([...short.tensor]).toEqual([...long.tensor.subarray(0, short.tensor.length)]);
    const outside = [...long.tensor].filter(value => value !== 9);
    expect(outside).toHaveLength(6 * 3 * 8 - 4 * 3 * 6);
    expect(new Set(outside).size).toBe(outside.length);
    expect(outside.every(value => Math.abs(value) < 6)).toBe(true);
  });

  it('covers every voxel', () => {
    for (let size = 1; size < 60; size++) {
      const { starts } = planWindows([size, 1, 1], { roiSize: [7, 1, 1], overlap: 0.4 });
      const covered = new Set(starts.flatMap(([i]) => [0, 1, 2, 3, 4, 5, 6].map(x => i + x)));
      for (let i = 0; i < size; i++) {
        expect(covered.has(i)).toBe(true);
      }
    }
  });

  it('weighs no voxel less than a thousandth', () => {
    const weights = importanceMap([32, 32, 32], { mode: 'gaussian', sigmaScale: 0.125 });
    expect(Math.min(...weights)).toBeCloseTo(1e-3, 9);
    expect(tensorShape([3, 4, 5], 'zyx')).toEqual([5, 4, 3]);
  });

  it('lays answers over the volume where a network answers for less than it sees', () => {
    const plan = planWindows([20, 5, 1], {
      roiSize: [10, 9, 1],
      overlap: 0.5,
      outputMargin: [2, 1, 0],
    });
    expect(plan.outputSize).toEqual([6, 7, 1]);
    expect(plan.starts.map(([i]) => i + 2)).toEqual([0, 3, 6, 9, 12, 14]);
    expect(plan.starts[0].slice(1)).toEqual([-2, 0]);
    expect(() =>
      planWindows([20, 5, 1], { roiSize: [10, 2, 1], overlap: 0, outputMargin: [0, 1, 0] }),
    ).toThrow('leaves nothing');
  });

  it('mirrors at the outermost voxel, more than once where it must', () => {
    const data = Float32Array.of(0, 1, 2);
    const plan = planWindows([3, 1, 1], { roiSize: [13, 1, 1], overlap: 0 });
    const window = (paddingMode: 'reflect' | 'replicate' | 'constant') =>
      Array.from(extractWindow({ data, channels: 1 }, plan, 0, { paddingMode, cval: 9 }, 'zyx'));
    expect(window('reflect')).toEqual([1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1]);
    expect(window('replicate')).toEqual([0, 0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 2]);
    expect(window('constant')).toEqual([9, 9, 9, 9, 9, 0, 1, 2, 9, 9, 9, 9, 9]);
  });

  it('gives each network its axis order, channel by channel, in the buffer it has', () => {
    const place = (c: number, i: number, j: number, k: number) => 1000 * c + 100 * k + 10 * j + i;
    const data = Float32Array.from({ length: 2 * 4 * 3 * 2 }, (_, n) =>
      place(Math.floor(n / 24), n % 4, Math.floor(n / 4) % 3, Math.floor(n / 12) % 2),
    );
    const plan = planWindows([4, 3, 2], { roiSize: [2, 3, 2], overlap: 0 });
    const buffer = new Float32Array(24);
    const pads = { paddingMode: 'constant', cval: 0 } as const;
    const xyz = extractWindow({ data, channels: 2 }, plan, 1, pads, 'xyz', buffer);
    expect(xyz).toBe(buffer);
    expect(Array.from(xyz.subarray(12, 18))).toEqual(
      [
        [2, 0, 0],
        [2, 0, 1],
        [2, 1, 0],
        [2, 1, 1],
        [2, 2, 0],
        [2, 2, 1],
      ].map(([i, j, k]) => place(1, i, j, k)),
    );
    const zyx = extractWindow({ data, channels: 2 }, plan, 1, pads, 'zyx');
    expect(Array.from(zyx.subarray(0, 4))).toEqual([2, 3, 12, 13]);
    expect(tensorShape([3, 4, 1], 'xy')).toEqual([3, 4]);
    expect(tensorShape([3, 4, 1], 'yx')).toEqual([4, 3]);
  });
});

describe('slice stacks', () => {
  const geometry: VolumeGeometry = {
    dimensions: [3, 2, 4],
    spacing: [1, 1, 1],
    origin: [0, 0, 0],
    direction: [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
  };
  const data = Float32Array.from(
    { length: 48 },
    (_, n) =>
      1000 * Math.floor(n / 24) +
      100 * (Math.floor(n / 6) % 4) +
      10 * (Math.floor(n / 3) % 2) +
      (n % 3),
  );
  const stack = (slice: number, spatialDim: 0 | 1 | 2, neighbours: number, axes: 'xy' | 'yx') =>
    extractSliceStack({ data, channels: 2, geometry }, slice, { spatialDim, neighbours }, axes);

  it('puts neighbours beside the middle slice, the outermost again beyond the volume', () => {
    const tensor = stack(0, 2, 1, 'yx');
    expect(tensor).toHaveLength(2 * 3 * 6);
    const slices = Array.from({ length: 6 }, (_, n) => tensor[n * 6]);
    expect(slices).toEqual([0, 0, 100, 1000, 1000, 1100]);
    expect(Array.from(tensor.subarray(12, 18))).toEqual([100, 101, 102, 110, 111, 112]);
  });

  it('walks any axis, in the order of the two that are left', () => {
    expect(Array.from(stack(1, 0, 0, 'xy').subarray(0, 8))).toEqual([
      1, 101, 201, 301, 11, 111, 211, 311,
    ]);
    expect(Array.from(stack(1, 1, 0, 'yx').subarray(0, 6))).toEqual([10, 11, 12, 110, 111, 112]);
    expect(sliceShape(geometry.dimensions, { spatialDim: 1 }, 'xy')).toEqual([3, 4]);
    expect(sliceShape(geometry.dimensions, { spatialDim: 1 }, 'yx')).toEqual([4, 3]);
  });
});
