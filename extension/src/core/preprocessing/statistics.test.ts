import { meanAndDeviation, percentiles } from './statistics';

const values = Float32Array.from({ length: 5001 }, (_, n) =>
  n % 5 === 0 ? 0 : Math.sin(n * 12.9898) * 10 ** ((n % 9) - 4),
);

describe('percentiles', () => {
  it('finds the ranks that sorting finds, of negative, tiny and equal values', () => {
    const sorted = Array.from(values).sort((a, b) => a - b);
    const wanted = Array.from({ length: 101 }, (_, percent) => percent);
    expect(percentiles(values, wanted)).toEqual(wanted.map(percent => sorted[percent * 50]));
  });

  it('is linear between two ranks', () => {
    expect(percentiles(Float32Array.of(4, -2, 1, 1000), [0, 50, 90, 100])).toEqual([
      -2,
      2.5,
      expect.closeTo(4 + 996 * 0.7, 9),
      1000,
    ]);
    expect(percentiles(Float32Array.of(7), [1, 99])).toEqual([7, 7]);
  });
});

describe('meanAndDeviation', () => {
  it('leaves zeros out where asked, over all arrays together', () => {
    const channels = [Float32Array.of(0, 2, 4), Float32Array.of(0, 0, 12)];
    expect(meanAndDeviation(channels, true)).toEqual({
      mean: 6,
      deviation: expect.closeTo(Math.sqrt(56 / 3), 9),
    });
    expect(meanAndDeviation(channels, false).mean).toBe(3);
    expect(meanAndDeviation([new Float32Array(3)], true)).toEqual({ mean: 0, deviation: 0 });
  });
});
