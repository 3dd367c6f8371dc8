/**
 * @jest-environment ./extension/src/inference/testing/ortEnvironment.js
 */
import * as ort from 'onnxruntime-node';
import type { ModelPackage, RunControl } from '../core/reading/ports';
import type { Volume } from '../core/volume/types';
import { createNodeInference } from './node';
import { runPipeline } from './pipeline';
import { boxesVolume, tinyBytes, tinyPackage } from './testing/tinyModels';

const quiet = (): RunControl => ({
  signal: new AbortController().signal,
  onProgress: () => undefined,
});

const run = async (model: ModelPackage, volume: Volume, control = quiet()) => {
  const [file] = model.manifest.files;
  const session = await ort.InferenceSession.create(
    tinyBytes(file.path.replace('.onnx', '') as 'tiny'),
    { intraOpNumThreads: 1 },
  );
  try {
    const outcome = await runPipeline({
      manifest: model.manifest,
      volumes: [volume],
      sessions: [session],
      options: {},
      control,
    });
    if (!outcome.ok) return outcome;
    const { output, timing } = outcome.value;
    if (output.kind !== 'segmentation') throw new Error(output.kind);
    return { ok: true as const, value: { output, timing } };
  } finally {
    await session.release();
  }
};

describe('runPipeline', () => {
  it('gives the label map that the network must give, with its measurements', async () => {
    const { volume, expected } = boxesVolume();
    const outcome = await run(tinyPackage('threshold'), volume);
    expect(outcome.ok).toBe(true);
    if (!outcome.ok) return;
    const { output, timing } = outcome.value;
    expect(output.labelMap.geometry).toEqual(volume.geometry);
    expect(Buffer.from(output.labelMap.voxels).equals(Buffer.from(expected))).toBe(true);

    const count = (label: number) => expected.filter(voxel => voxel === label).length;
    expect(output.segments.map(segment => segment.voxelCount)).toEqual([count(1), count(2)]);
    const [outer, inner] = output.segments;
    const valueOf = (segment: typeof outer, name: string) =>
      segment.measurements.find(measurement => measurement.name === name)?.value;
    expect(valueOf(outer, 'volume')).toBeCloseTo((count(1) * 8) / 1000, 10);
    expect(valueOf(outer, 'meanIntensity')).toBeCloseTo(80, 6);
    expect(valueOf(inner, 'meanIntensity')).toBeCloseTo(180, 6);
    expect(Object.keys(timing)).toEqual(['preprocess', 'infer', 'postprocess', 'measure']);
  });

  it.each(['xyz', 'zyx'] as const)(
    'finds the same voxels with tensors in %s order',
    async spatialAxes => {
      const { volume, expected } = boxesVolume();
      const model = tinyPackage('threshold', {
        inputs: [{ name: 'image', spatialAxes, channels: [{ modality: 'CT' }] }],
        inference: {
          ...tinyPackage('threshold').manifest.inference,
          roiSize: [24, 8, 12],
        },
      });
      const outcome = await run(model, volume);
      expect(
        outcome.ok &&
          Buffer.from(outcome.value.output.labelMap.voxels).equals(Buffer.from(expected)),
      ).toBe(true);
    },
  );

  it('brings a flipped, anisotropic source back to its own grid', async () => {
    const { volume, expected } = boxesVolume();
    const turned: Volume = {
      ...volume,
      geometry: {
        ...volume.geometry,
        direction: [
          [-1, 0, 0],
          [0, 0, -1],
          [0, 1, 0],
        ],
      },
    };
    const outcome = await run(tinyPackage('threshold'), turned);
    expect(
      outcome.ok && Buffer.from(outcome.value.output.labelMap.voxels).equals(Buffer.from(expected)),
    ).toBe(true);
  });

  it('agrees with the convolutions done by hand, windows and all', async () => {
    const { volume } = boxesVolume();
    for (let index = 0; index < volume.voxels.length; index++) {
      volume.voxels[index] = ((index * 37) % 211) - 60;
    }
    // One window over all of it: no averaging, so the answer is that of the network itself.
    const whole = tinyPackage('tiny', {
      inference: { ...tinyPackage('tiny').manifest.inference, roiSize: [24, 20, 16] },
    });
    const outcome = await run(whole, volume);
    expect(outcome.ok).toBe(true);
    if (!outcome.ok) return;
    expect(Array.from(outcome.value.output.labelMap.voxels)).toEqual(
      Array.from(tinyByHand(volume)),
    );
  });

  it('refuses numbers that are not finite', async () => {
    const { volume } = boxesVolume();
    volume.voxels[0] = 0;
    const outcome = await run(tinyPackage('nan'), volume);
    expect(outcome).toMatchObject({ ok: false, refusal: { code: 'modelOutputNotFinite' } });
  });

  it('refuses a shape the manifest does not declare, naming both', async () => {
    const { volume } = boxesVolume();
    const outcome = await run(tinyPackage('half'), volume);
    expect(outcome).toMatchObject({
      ok: false,
      refusal: {
        code: 'modelOutputShape',
        values: { actual: '1×3×4×4×4', declared: '1×3×8×8×8', output: 'logits' },
      },
    });
  });

  it('refuses a wrong number of classes', async () => {
    const { volume } = boxesVolume();
    const [output] = tinyPackage('tiny').manifest.outputs;
    const outcome = await run(
      tinyPackage('tiny', { outputs: [{ ...output, classes: 4 }] }),
      volume,
    );
    expect(outcome).toMatchObject({
      ok: false,
      refusal: { code: 'modelOutputShape', values: { actual: '1×3×8×8×8', declared: '1×4×8×8×8' } },
    });
  });

  it('refuses names that the network does not have, before computing anything', async () => {
    const { volume } = boxesVolume();
    const { outputs, inputs } = tinyPackage('tiny').manifest;
    const wrongOutput = await run(
      tinyPackage('tiny', { outputs: [{ ...outputs[0], name: 'scores' }] }),
      volume,
    );
    expect(wrongOutput).toMatchObject({
      refusal: {
        code: 'modelNameMissing',
        values: { kind: 'output', declared: 'scores', actual: 'logits' },
      },
    });
    const wrongInput = await run(
      tinyPackage('tiny', { inputs: [{ ...inputs[0], name: 'x' }] }),
      volume,
    );
    expect(wrongInput).toMatchObject({
      refusal: { code: 'modelNameMissing', values: { kind: 'input' } },
    });
  });

  it('stops between windows when it is cancelled', async () => {
    const { volume } = boxesVolume();
    const abort = new AbortController();
    const fractions: number[] = [];
    const outcome = await run(tinyPackage('tiny'), volume, {
      signal: abort.signal,
      onProgress({ phase, fraction = 0 }) {
        if (phase === 'infer') fractions.push(fraction);
        if (phase === 'infer' && fraction > 0.3) abort.abort();
      },
    });
    expect(outcome).toMatchObject({ ok: false, refusal: { code: 'runCancelled' } });
    expect(Math.max(...fractions)).toBeLessThan(0.5);
  });
});

describe('createNodeInference', () => {
  it('runs a package from its folder and says which engine ran', async () => {
    const { volume } = boxesVolume();
    const outcome = await createNodeInference(ort, { threads: 1 }).run(
      tinyPackage('threshold'),
      [volume],
      {},
      quiet(),
    );
    expect(outcome).toMatchObject({
      ok: true,
      value: { engine: { engine: 'native', threads: 1 } },
    });
  });

  it('does not run a file whose hash is not the declared one', async () => {
    const { volume } = boxesVolume();
    const model = tinyPackage('threshold');
    const [file] = model.manifest.files;
    const tampered = {
      ...model,
      manifest: { ...model.manifest, files: [{ ...file, sha256: 'a'.repeat(64) }] },
    };
    const outcome = await createNodeInference(ort).run(tampered, [volume], {}, quiet());
    expect(outcome).toMatchObject({
      ok: false,
      refusal: { code: 'modelTampered', values: { actual: file.sha256, declared: 'a'.repeat(64) } },
    });
  });
});

/** tests/fixtures/onnx/make_tiny_models.py's `tiny`, written out: 3×3×3 convolution, rectifier, 1×1×1. */
function tinyByHand({ voxels, geometry }: Volume): Uint8Array {
  const weights = (size: number, step: number) =>
    Array.from({ length: size }, (_, n) => (((n * step) % 17) - 8) / 16);
  const [w1, b1, w2, b2] = [weights(108, 5), weights(4, 3), weights(12, 7), weights(3, 2)];
  const [ni, nj, nk] = geometry.dimensions;
  const at = (i: number, j: number, k: number) =>
    i < 0 || j < 0 || k < 0 || i >= ni || j >= nj || k >= nk
      ? 0
      : voxels[i + ni * (j + nj * k)] / 100;
  return Uint8Array.from(voxels, (_, index) => {
    const [i, j, k] = [index % ni, Math.floor(index / ni) % nj, Math.floor(index / (ni * nj))];
    const features = b1.map((bias, channel) => {
      let sum = bias;
      for (let n = 0; n < 27; n++) {
        const [dz, dy, dx] = [Math.floor(n / 9) - 1, (Math.floor(n / 3) % 3) - 1, (n % 3) - 1];
        sum += w1[channel * 27 + n] * at(i + dx, j + dy, k + dz);
      }
      return Math.max(0, sum);
    });
    const scores = b2.map((bias, c) =>
      features.reduce((sum, x, n) => sum + w2[c * 4 + n] * x, bias),
    );
    return scores.indexOf(Math.max(...scores));
  });
}
