import path from 'node:path';
import * as ort from 'onnxruntime-node';
import type { ModelManifest } from '../../extension/src/core/model/manifest';
import { runPipeline } from '../../extension/src/inference/pipeline';
import { line, seconds } from './report';
import { benchVolume } from './volume';

/**
 * What the sliding window costs beside the network: windows cut out, scores weighted and put
 * together, against the time spent in the runtime itself, in the same run.
 */
export const slidingWindowOverhead = async (
  manifest: ModelManifest,
  folder: string,
  threads: number,
): Promise<void> => {
  const session = await ort.InferenceSession.create(path.join(folder, manifest.files[0].path), {
    intraOpNumThreads: threads,
  });
  let inRuntime = 0;
  let calls = 0;
  const timed = {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(...given: Parameters<typeof session.run>) {
      const startedAt = performance.now();
      const outputs = await session.run(...given);
      inRuntime += performance.now() - startedAt;
      calls += 1;
      return outputs;
    },
  };
  const outcome = await runPipeline({
    manifest,
    volumes: [{ ...benchVolume(), modality: 'CT', slices: [] }],
    sessions: [timed as unknown as typeof session],
    options: {},
    control: { signal: new AbortController().signal, onProgress: () => undefined },
  });
  await session.release();
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  const around = (outcome.value.timing.infer ?? NaN) - inRuntime;
  line(`sliding window: the network alone`, seconds(inRuntime), `${calls} windows, native`);
  line(
    'sliding window: everything beside it',
    `${((around / inRuntime) * 100).toFixed(1)} %`,
    seconds(around),
  );
};
