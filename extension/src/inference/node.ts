import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { InferenceSession } from 'onnxruntime-common';
import { accept, refuse, type Outcome } from '../core/outcome';
import type { InferenceEngine, InferenceOutput } from '../core/reading/ports';
import { messageOf } from './errors';
import { networkFileOf, verifyNetwork } from './network';
import { runPipeline } from './pipeline';

/** What `onnxruntime-node` exports, as far as it is used; the caller injects it. */
export interface NodeRuntime {
  InferenceSession: {
    create(bytes: Uint8Array, options?: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
}

/**
 * The same engine port on native ONNX Runtime, for the command line and tests. `baseUrl` of a
 * package is a folder here.
 *
 * Refuses `modelNotFound`, `modelSizeDiffers`, `modelTampered`, `engineFailed`, and what
 * `runPipeline` refuses.
 */
export const createNodeInference = (
  runtime: NodeRuntime,
  { threads = 0 }: { threads?: number } = {},
): InferenceEngine => {
  let tail: Promise<unknown> = Promise.resolve();
  const run: InferenceEngine['run'] = async (
    model,
    volume,
    control,
  ): Promise<Outcome<InferenceOutput>> => {
    const startedAt = performance.now();
    control.onProgress({ phase: 'model' });
    const file = path.join(model.baseUrl, networkFileOf(model).path);
    let bytes: Uint8Array;
    try {
      bytes = await readFile(file);
    } catch (error) {
      return refuse('modelNotFound', `Model file ${file} could not be read: ${messageOf(error)}`, {
        model: model.manifest.id,
        url: file,
        status: messageOf(error),
      });
    }
    const verified = await verifyNetwork(model, bytes);
    if (!verified.ok) return verified;
    let session: InferenceSession;
    try {
      session = await runtime.InferenceSession.create(bytes, {
        executionProviders: ['cpu'],
        // 0 lets ONNX Runtime take the physical cores.
        intraOpNumThreads: threads,
      });
    } catch (error) {
      return refuse(
        'engineFailed',
        `${model.manifest.id} could not be loaded: native failed: ${messageOf(error)}`,
        { model: model.manifest.id, engine: 'native', detail: messageOf(error) },
      );
    }
    const modelTime = performance.now() - startedAt;
    try {
      const outcome = await runPipeline({ manifest: model.manifest, volume, session, control });
      if (!outcome.ok) return outcome;
      const { output, timing } = outcome.value;
      return accept({
        output,
        engine: { engine: 'native', threads: Math.max(1, threads) },
        timing: { model: modelTime, ...timing },
      });
    } finally {
      await session.release();
    }
  };
  return {
    run(model, volume, control) {
      const result = tail.then(() => run(model, volume, control));
      tail = result.catch(() => undefined);
      return result;
    },
  };
};
