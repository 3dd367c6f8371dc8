import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import {
  applySigmoid,
  applySoftmaxAt,
  decideLayer,
  type Decision,
} from '@second-reader/core/postprocessing/decision';
import { createScoreRing } from '@second-reader/core/postprocessing/scoreRing';

/** Activations, arg-max, thresholds and ensembles against MONAI's (make_golden_post.py). */

const packed = z
  .object({
    type: z.enum(['uint8', 'float32']),
    shape: z.array(z.number()).length(4),
    data: z.string(),
  })
  .transform(({ type, shape, data }) => {
    const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
    return { shape, values: type === 'uint8' ? bytes : new Float32Array(bytes.buffer) };
  });

function casesOf<T extends z.ZodRawShape>(name: string, shape: T) {
  const file = path.resolve(__dirname, `../golden/data/post-${name}.json`);
  const schema = z.object({ cases: z.array(z.object({ name: z.string(), ...shape })).min(1) });
  return schema.parse(JSON.parse(readFileSync(file, 'utf8'))).cases;
}

const floats = ({ values }: z.infer<typeof packed>): Float32Array => Float32Array.from(values);
const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, x, at) => Math.max(most, Math.abs(x - b[at])), 0);
};
const report = (what: string, cases: number, difference: string) =>
  process.stdout.write(`${what.padEnd(29)} ${String(cases).padStart(3)} cases  ${difference}\n`);

test('Activations', () => {
  const cases = casesOf('activations', {
    kind: z.enum(['softmax', 'sigmoid']),
    input: packed,
    expected: packed,
  });
  const differences = cases.map(({ kind, input, expected }) => {
    const met = floats(input);
    const size = met.length / input.shape[0];
    if (kind === 'sigmoid') applySigmoid(met);
    else for (let voxel = 0; voxel < size; voxel++) applySoftmaxAt(met, size, voxel);
    return largest(met, expected.values);
  });
  report('Activations', cases.length, Math.max(...differences).toExponential(1));
  expect(Math.max(...differences)).toBeLessThan(1e-6);
});

test('AsDiscrete', () => {
  const cases = casesOf('asDiscrete', {
    threshold: z.number().optional(),
    input: packed,
    expected: packed,
  });
  for (const { threshold, input, expected } of cases) {
    const scores = floats(input);
    const [channels] = input.shape;
    const size = scores.length / channels;
    const codes = new Uint8Array(size);
    const valueOf = Uint8Array.from({ length: 256 }, (_, value) => value);
    if (threshold === undefined) {
      const decision: Decision = { rule: 'largest', softmax: false, channels, valueOf };
      decideLayer(scores, size, decision, codes, new Float32Array(size));
      expect([...codes]).toEqual([...expected.values]);
      continue;
    }
    // One region at a time: MONAI keeps a channel for each.
    for (let channel = 0; channel < channels; channel++) {
      const channelOf = Uint8Array.of(channel);
      const decision: Decision = { rule: 'regions', threshold, channels, channelOf, valueOf };
      decideLayer(scores, size, decision, codes, new Float32Array(size));
      expect([...codes]).toEqual([
        ...expected.values.subarray(channel * size, (channel + 1) * size),
      ]);
    }
  }
  report('AsDiscrete', cases.length, '0 voxels');
});

test('MeanEnsemble', () => {
  const cases = casesOf('meanEnsemble', {
    weights: z.array(z.number()),
    inputs: z.array(packed),
    expected: packed,
  });
  const differences = cases.map(({ weights, inputs, expected }) => {
    const [channels, ni, nj, nk] = expected.shape;
    const met = new Float32Array(expected.values.length);
    let layer = 0;
    const ring = createScoreRing(
      {
        dimensions: [ni, nj, nk],
        size: [ni, nj, nk],
        starts: [[0, 0, 0]],
        strides: [1, ni, ni * nj],
      },
      channels,
      new Float32Array(ni * nj * nk).fill(1),
      {
        push(scores) {
          for (let c = 0; c < channels; c++) {
            const from = c * ni * nj;
            met.set(scores.subarray(from, from + ni * nj), (c * nk + layer) * ni * nj);
          }
          layer++;
        },
      },
    );
    inputs.forEach((input, network) => ring.add(0, floats(input), weights[network]));
    ring.endCall(0);
    return largest(met, expected.values);
  });
  report('MeanEnsemble', cases.length, Math.max(...differences).toExponential(1));
  expect(Math.max(...differences)).toBeLessThan(1e-5);
});
