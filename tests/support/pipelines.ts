import * as ort from 'onnxruntime-node';
import { manifestSchema, type ModelManifest } from '@second-reader/core/model/manifest';
import type { ModelResult } from '@second-reader/core/findings/types';
import type { Outcome } from '@second-reader/core/outcome';
import type { RunOptions } from '@second-reader/core/reading/ports';
import type { Volume } from '@second-reader/core/volume/types';
import type { VolumeGeometry } from '@second-reader/core/geometry/types';
import { runPipeline } from '@second-reader/inference/pipeline';
import type { MachineLimits } from '@second-reader/inference/memoryPlan';
import { GraphBuilder } from '../../cli/src/onnx/builder';
import { encodeModel } from '../../cli/src/onnx/proto';

/** Every task through the whole pipeline, on networks so small that their answers are known. */

export const code = { value: '1', scheme: '99TEST', meaning: 'Test' };
export const concept = (key: string, value: number) => ({
  value,
  key,
  name: { en: key },
  category: code,
  type: code,
  recommendedDisplayCIELab: [60, 10, 10],
});

export const manifestOf = (over: Record<string, unknown>): ModelManifest =>
  manifestSchema.parse({
    schemaVersion: 1,
    id: 'test',
    version: '1.0.0',
    name: { en: 'Test' },
    task: 'segmentation',
    files: [{ role: 'network', path: 'model.onnx', sha256: '0'.repeat(64), bytes: 1 }],
    inputs: [{ name: 'image', spatialAxes: 'zyx', channels: [{ modality: 'CT' }] }],
    gates: [],
    preprocessing: [{ transform: 'orientation', axcodes: 'LPS' }],
    inference: { inferer: 'simple' },
    postprocessing: [],
    measurements: [],
    facts: {
      intendedUse: { en: 'Tests' },
      limitations: [{ en: 'Not a model of anything' }],
      licence: 'MIT',
      trainingData: { en: 'None' },
      manufacturer: 'Second Reader',
      algorithmFamily: { value: '123110', scheme: 'DCM', meaning: 'Artificial Intelligence' },
    },
    ...over,
  });

export const [NI, NJ, NK] = [12, 10, 8];
export const geometry: VolumeGeometry = {
  dimensions: [NI, NJ, NK],
  spacing: [2, 3, 4],
  origin: [-10, 20, 30],
  direction: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
};
export const at = (i: number, j: number, k: number) => i + NI * (j + NJ * k);
export const volumeOf = (fill: (i: number, j: number, k: number) => number): Volume => {
  const voxels = new Float32Array(NI * NJ * NK);
  for (let k = 0; k < NK; k++)
    for (let j = 0; j < NJ; j++) for (let i = 0; i < NI; i++) voxels[at(i, j, k)] = fill(i, j, k);
  return { geometry, voxels, modality: 'CT', slices: [] };
};

export const sessionOf = async (make: (b: GraphBuilder) => void): Promise<ort.InferenceSession> => {
  const b = new GraphBuilder();
  make(b);
  const bytes = encodeModel(b.build());
  if (!bytes.ok) throw new Error(bytes.refusal.message);
  return ort.InferenceSession.create(bytes.value, { intraOpNumThreads: 1 });
};

export const run = async (
  manifest: ModelManifest,
  makers: Array<(b: GraphBuilder) => void>,
  volumes: Volume[],
  { options = {}, limits }: { options?: RunOptions; limits?: MachineLimits } = {},
): Promise<Outcome<ModelResult>> => {
  const sessions = await Promise.all(makers.map(sessionOf));
  try {
    const outcome = await runPipeline({
      manifest,
      volumes,
      sessions,
      options,
      limits,
      control: { signal: new AbortController().signal, onProgress: () => undefined },
    });
    return outcome.ok ? { ok: true, value: outcome.value.output } : outcome;
  } finally {
    for (const session of sessions) await session.release();
  }
};

export const resultOf = <K extends ModelResult['kind']>(
  outcome: Outcome<ModelResult>,
  kind: K,
): Extract<ModelResult, { kind: K }> => {
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  if (outcome.value.kind !== kind) throw new Error(`a ${outcome.value.kind} came`);
  return outcome.value as Extract<ModelResult, { kind: K }>;
};

export const SPATIAL = ['d', 'h', 'w'];
/** Each channel of the output is `factors[c]` · x + `offsets[c]`, of a volume of 5 axes. */
export const linear =
  (factors: number[], offsets: number[], name = 'y') =>
  (b: GraphBuilder) =>
    b.output(
      b.conv(
        b.input('image', [1, 1, ...SPATIAL]),
        { dims: [factors.length, 1, 1, 1, 1], data: factors },
        { bias: offsets },
      ),
      name,
    );

export const labelMap = (over: Record<string, unknown>) => ({
  type: 'labelMap',
  name: 'y',
  activation: 'softmax',
  classes: 3,
  labels: [concept('one', 1), concept('two', 2)],
  ...over,
});
export const invert = [{ transform: 'invert', resample: 'logits' }];
export const logit = (p: number) => Math.log(p / (1 - p));
