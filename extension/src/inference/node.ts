import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { InferenceSession } from 'onnxruntime-common';
import { accept, refuse, type Outcome } from '../core/outcome';
import type { InferenceEngine, InferenceOutput, ModelPackage } from '../core/reading/ports';
import { messageOf } from './errors';
import { networkFilesOf, verifyNetwork, type NetworkFile } from './network';
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

  const open = async (
    model: ModelPackage,
    network: NetworkFile,
  ): Promise<Outcome<InferenceSession>> => {
    const file = path.join(model.baseUrl, network.path);
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
    const verified = await verifyNetwork(model, network, bytes);
    if (!verified.ok) return verified;
    try {
      return accept(
        await runtime.InferenceSession.create(bytes, {
          executionProviders: ['cpu'],
          // 0 lets ONNX Runtime take the physical cores.
          intraOpNumThreads: threads,
        }),
      );
    } catch (error) {
      return refuse(
        'engineFailed',
        `${model.manifest.id} could not be loaded: native failed: ${messageOf(error)}`,
        { model: model.manifest.id, engine: 'native', detail: messageOf(error) },
      );
    }
  };

  const run: InferenceEngine['run'] = async (
    model,
    volumes,
    options,
    control,
  ): Promise<Outcome<InferenceOutput>> => {
    const startedAt = performance.now();
    control.onProgress({ phase: 'model' });
    const sessions: InferenceSession[] = [];
    try {
      for (const file of networkFilesOf(model)) {
        const opened = await open(model, file);
        if (!opened.ok) return opened;
        sessions.push(opened.value);
      }
      const modelTime = performance.now() - startedAt;
      const { manifest } = model;
      const outcome = await runPipeline({ manifest, volumes, sessions, options, control });
      if (!outcome.ok) return outcome;
      const { output, timing } = outcome.value;
      return accept({
        output,
        engine: { engine: 'native', threads: Math.max(1, threads) },
        timing: { model: modelTime, ...timing },
      });
    } finally {
      for (const session of sessions) await session.release();
    }
  };
  return {
    run(model, volumes, options, control) {
      const result = tail.then(() => run(model, volumes, options, control));
      tail = result.catch(() => undefined);
      return result;
    },
  };
};
