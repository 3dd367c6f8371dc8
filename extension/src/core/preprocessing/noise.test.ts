import { fillWithNoise, noiseAt } from './noise';
import { meanAndDeviation } from './statistics';

const COUNT = 50_000;
const drawn = (seed: number, channel: number): Float32Array =>
  Float32Array.from({ length: COUNT }, (_, index) => noiseAt(seed, channel, index));

const correlation = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, x, index) => sum + x * b[index], 0) / a.length;

describe('noise by place', () => {
  it('is normally distributed', () => {
    const values = drawn(0, 0);
    const { mean, deviation } = meanAndDeviation([values], false);
    // Five standard errors of so many draws.
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(COUNT));
    expect(Math.abs(deviation - 1)).toBeLessThan(5 / Math.sqrt(2 * COUNT));
    for (const [sigma, within] of [
      [1, 0.6827],
      [2, 0.9545],
      [3, 0.9973],
    ]) {
      const share = values.filter(x => Math.abs(x) < sigma).length / COUNT;
      expect(Math.abs(share - within)).toBeLessThan(5 * Math.sqrt((within * (1 - within)) / COUNT));
    }
  });

  it('is independent of neighbours, other channels and other seeds', () => {
    const values = drawn(0, 0);
    const limit = 5 / Math.sqrt(COUNT);
    for (const distance of [1, 2, 64, 240]) {
      const shifted = values.subarray(distance);
      expect(Math.abs(correlation(shifted, values))).toBeLessThan(limit);
    }
    expect(Math.abs(correlation(values, drawn(0, 1)))).toBeLessThan(limit);
    expect(Math.abs(correlation(values, drawn(1, 0)))).toBeLessThan(limit);
  });

  it('takes the place of one value and of no other, the same each time', () => {
    const [first, second] = [0, 1].map(() => {
      const values = Float32Array.from([0, 7, 0, -3, 0]);
      fillWithNoise(values, 2, { value: 0, mean: 100, std: 0.5, seed: 4 });
      return values;
    });
    expect(first).toEqual(second);
    expect([first[1], first[3]]).toEqual([7, -3]);
    for (const at of [0, 2, 4]) {
      expect(first[at]).toBeCloseTo(100 + 0.5 * noiseAt(4, 2, at), 4);
      expect(Math.abs(first[at] - 100)).toBeLessThan(5);
    }
  });
});
