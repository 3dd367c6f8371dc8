/**
 * A CT of 512×512×600 through a network of 24 classes at nnU-Net's size (1.5 mm, windows of 128³),
 * in a process of its own: `node --import tsx tests/bench/largeVolume.ts`. The network is as narrow
 * as one can be, random and of no use: what is measured is the pipeline. Prints one line of JSON.
 */
import * as ort from 'onnxruntime-node';
import { GraphBuilder } from '../../cli/src/onnx/builder';
import { encodeModel } from '../../cli/src/onnx/proto';
import { manifestSchema } from '../../extension/src/core/model/manifest';
import type { Volume } from '../../extension/src/core/volume/types';
import { runPipeline } from '../../extension/src/inference/pipeline';

const CLASSES = 24;
const DIMENSIONS = [512, 512, 600] as const;

const networkBytes = (): Uint8Array => {
  const random = (count: number, step: number) =>
    Array.from({ length: count }, (_, n) => (((n * step) % 31) - 15) / 60);
  const b = new GraphBuilder();
  const features = b.relu(
    b.conv(
      b.input('image', [1, 1, 'd', 'h', 'w']),
      { dims: [2, 1, 3, 3, 3], data: random(54, 7) },
      { pads: [1, 1, 1, 1, 1, 1] },
    ),
  );
  const scores = b.conv(
    features,
    { dims: [CLASSES, 2, 1, 1, 1], data: random(2 * CLASSES, 11) },
    { bias: random(CLASSES, 13) },
  );
  b.output(scores, 'logits');
  const bytes = encodeModel(b.build());
  if (!bytes.ok) throw new Error(bytes.refusal.message);
  return bytes.value;
};

const code = { value: '1', scheme: '99BENCH', meaning: 'Bench' };
const manifest = manifestSchema.parse({
  schemaVersion: 1,
  id: 'bench-24-classes',
  version: '1.0.0',
  name: { en: 'Bench' },
  task: 'segmentation',
  files: [{ role: 'network', path: 'model.onnx', sha256: '0'.repeat(64), bytes: 1 }],
  inputs: [{ name: 'image', spatialAxes: 'zyx', channels: [{ modality: 'CT' }] }],
  gates: [],
  preprocessing: [
    { transform: 'orientation', axcodes: 'LPS' },
    { transform: 'spacing', pixdim: [1.5, 1.5, 1.5] },
    { transform: 'scaleIntensityRange', aMin: -1000, aMax: 1000, bMin: 0, bMax: 1 },
  ],
  inference: { inferer: 'slidingWindow', roiSize: [128, 128, 128], overlap: 0.25 },
  outputs: [
    {
      type: 'labelMap',
      name: 'logits',
      activation: 'softmax',
      classes: CLASSES,
      labels: Array.from({ length: CLASSES - 1 }, (_, n) => ({
        value: n + 1,
        key: `class-${n + 1}`,
        name: { en: `Class ${n + 1}` },
        category: code,
        type: code,
        recommendedDisplayCIELab: [60, 0, 0],
      })),
    },
  ],
  postprocessing: [{ transform: 'invert' }],
  facts: {
    intendedUse: { en: 'Bench' },
    limitations: [{ en: 'Not a model of anything' }],
    licence: 'MIT',
    trainingData: { en: 'None' },
    manufacturer: 'Second Reader',
    algorithmFamily: { value: '123110', scheme: 'DCM', meaning: 'Artificial Intelligence' },
  },
});

/** Nested boxes of rising values, 0.75×0.75×1 mm: enough surface for every class to have some. */
const volume = (): Volume => {
  const [ni, nj, nk] = DIMENSIONS;
  const voxels = new Int16Array(ni * nj * nk);
  for (let k = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++) {
      const value = ((((k >> 6) * 5 + (j >> 6) * 3) % 16) - 8) * 100;
      const row = ni * (j + nj * k);
      for (let i = 0; i < ni; i += 64) voxels.fill(value + i, row + i, row + i + 64);
    }
  }
  return {
    geometry: {
      dimensions: DIMENSIONS,
      spacing: [0.75, 0.75, 1],
      origin: [0, 0, 0],
      direction: [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
    },
    voxels,
    modality: 'CT',
    slices: [],
  };
};

export interface LargeVolumeReport {
  /** Bytes the run was expected to hold, by what for. */
  plan: Record<string, number>;
  /** Bytes in array buffers at most, looked at before and after every call. */
  arrayBuffers: number;
  /** Bytes resident at most, native ONNX Runtime's own memory included. */
  resident: number;
  /** Bytes that all logits would have taken. */
  allLogits: number;
  timing: Record<string, number>;
  segments: number;
}

const main = async (): Promise<void> => {
  const session = await ort.InferenceSession.create(networkBytes(), { intraOpNumThreads: 2 });
  let arrayBuffers = 0;
  const look = () => (arrayBuffers = Math.max(arrayBuffers, process.memoryUsage().arrayBuffers));
  const run = session.run.bind(session) as (
    ...given: unknown[]
  ) => Promise<ort.InferenceSession.ReturnType>;
  const watched: ort.InferenceSession = Object.create(session, {
    run: {
      value: async (...given: unknown[]) => {
        look();
        const answers = await run(...given);
        look();
        return answers;
      },
    },
  });
  const outcome = await runPipeline({
    manifest,
    volumes: [volume()],
    sessions: [watched],
    options: {},
    control: {
      signal: new AbortController().signal,
      onProgress: look,
    },
    limits: { maxBufferSize: 2 ** 30, maxStorageBufferBindingSize: 2 ** 30, heap: 2 ** 32 },
  });
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  const { output, timing, memory } = outcome.value;
  if (output.kind !== 'segmentation') throw new Error(output.kind);
  const report: LargeVolumeReport = {
    plan: { ...memory },
    arrayBuffers,
    resident: process.resourceUsage().maxRSS * 1024,
    allLogits: (memory.preprocessed / 4) * CLASSES * 4,
    timing: timing as Record<string, number>,
    segments: output.segments.filter(({ voxelCount }) => voxelCount > 0).length,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
};

void main();
