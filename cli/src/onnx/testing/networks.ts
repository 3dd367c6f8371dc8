import { GraphBuilder, type ConvOptions, type Weights } from '../builder';
import type { OnnxModel } from '../types';

/** Networks of the tests: built here, weights seeded. */

/** Mulberry32 in [−1, 1). */
export const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2147483648 - 1;
  };
};

export const weightsOf = (random: () => number, dims: readonly number[]): Weights => ({
  dims,
  data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, random),
});

/** One layer, input `x` and output `y`. `opset` and `dims` as the case wants them. */
export const oneLayer = (
  dims: readonly (number | string)[],
  make: (b: GraphBuilder, x: string) => string,
  opset = 17,
): OnnxModel => {
  const b = new GraphBuilder({ opset });
  b.output(make(b, b.input('x', dims)), 'y');
  return b.build();
};

export const biasOf = (random: () => number, count: number): ConvOptions['bias'] =>
  Float32Array.from({ length: count }, random);
