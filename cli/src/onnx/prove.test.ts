/**
 * @jest-environment ./extension/src/inference/testing/ortEnvironment.js
 */
import { GraphBuilder, float } from './builder';
import { proveRewrite, sizesToTry } from './prove';
import type { Rewrite } from './rewrite';
import { oneLayer, seeded, weightsOf } from './testing/networks';
import type { OnnxModel } from './types';

const five = [1, 2, 4, 4, 4];
const elu = (alpha: number): OnnxModel =>
  oneLayer(five, (b, x) => b.op('Elu', [x], { alpha: float(alpha) }));

describe('proveRewrite', () => {
  it('the same network twice is the same', async () => {
    expect(await proveRewrite(elu(1), elu(1))).toMatchObject({
      ok: true,
      value: { absolute: 0, relative: 0, shapes: { x: five }, seed: 1 },
    });
  });

  it('says how far two networks are apart', async () => {
    const proof = await proveRewrite(elu(1), elu(1.0001), { tolerance: 1 });
    if (!proof.ok) throw new Error(proof.refusal.message);
    // Elu is at most α away from zero on the left; the largest value is a normal one's.
    expect(proof.value.absolute).toBeGreaterThan(5e-5);
    expect(proof.value.absolute).toBeLessThan(1e-4);
    expect(proof.value.relative).toBeLessThan(proof.value.absolute);
    expect(await proveRewrite(elu(1), elu(1.1))).toMatchObject({
      refusal: { code: 'rewriteDiffers', values: { name: 'y', allowed: 1e-3 } },
    });
  });

  it('of labels it counts those that differ', async () => {
    const labels = (shift: number) => {
      const b = new GraphBuilder();
      const x = b.input('x', [1, 2, 10, 10]);
      b.output(b.argMax(b.add(x, b.float32([2, 1, 1], [0, shift]))), 'y', undefined, 'int64');
      return b.build();
    };
    const proof = await proveRewrite(labels(0), labels(0.2), { tolerance: 1 });
    expect(proof.ok && proof.value.relative).toBeGreaterThan(0);
    expect(proof.ok && proof.value.relative).toBeLessThan(0.3);
  });

  it('another shape, or numbers that are none, is no equality', async () => {
    const cropped = oneLayer(five, (b, x) => b.slice(b.elu(x), [0], [3], [2]));
    expect(await proveRewrite(elu(1), cropped)).toMatchObject({
      refusal: { code: 'rewriteDiffers' },
    });
    const broken = oneLayer(five, (b, x) => b.op('Sqrt', [x]));
    expect(await proveRewrite(elu(1), broken)).toMatchObject({
      refusal: { code: 'rewriteDiffers' },
    });
  });

  it('networks that do not run are told apart from rewrites that do not', async () => {
    const bad = oneLayer(five, (b, x) => b.reshape(x, [7, 7]));
    expect(await proveRewrite(bad, elu(1))).toMatchObject({ refusal: { code: 'onnxNotRunnable' } });
    expect(await proveRewrite(elu(1), bad)).toMatchObject({
      refusal: { code: 'rewriteNotRunnable' },
    });
  });

  it('a network that gives no number proves no rewrite', async () => {
    const nothing = oneLayer(five, (b, x) => {
      const negative = b.op('Neg', [b.add(b.op('Abs', [x]), b.float32([], [1]))]);
      return b.op('Log', [negative]);
    });
    const rewrites = [{ value: 'log' }] as Rewrite[];
    expect(await proveRewrite(nothing, nothing, { rewrites })).toMatchObject({
      refusal: { code: 'proofNotFinite' },
    });
  });

  it('an input that is text is refused', async () => {
    const b = new GraphBuilder();
    b.output(b.input('x', [2], 'string'), 'y', [2], 'string');
    expect(await proveRewrite(b.build(), b.build())).toMatchObject({
      refusal: { code: 'proofInputType', values: { name: 'x', type: 'string' } },
    });
  });

  it('open sizes are multiples of what the network divides by, and grow until it runs', async () => {
    const valid = oneLayer(['n', 1, 'd', 'h', 'w'], (b, x) => {
      const wide = b.conv(x, weightsOf(seeded(1), [1, 1, 20, 1, 1]));
      return b.conv(wide, weightsOf(seeded(2), [1, 1, 1, 1, 3]), { strides: [1, 1, 6] });
    });
    expect(sizesToTry(valid).map(({ x }) => x)[0]).toEqual([1, 1, 16, 16, 18]);
    const proof = await proveRewrite(valid, valid);
    expect(proof.ok && proof.value.shapes).toEqual({ x: [1, 1, 32, 32, 36] });
  });
});
