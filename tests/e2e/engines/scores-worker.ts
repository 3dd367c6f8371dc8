/** A session made by the worker's own `createSession`, and its raw answer: for parity of engines. */
import { Tensor } from 'onnxruntime-common';
import { createSession } from '../../../extension/src/inference/worker/runtime';

/** Proof of where it ran: work given to the GPU. */
let submissions = 0;
if ('GPUQueue' in self) {
  const { prototype } = self.GPUQueue as { prototype: { submit(...given: unknown[]): void } };
  const submit = prototype.submit;
  prototype.submit = function (...given) {
    submissions++;
    return submit.apply(this, given);
  };
}

self.onmessage = async (event: MessageEvent) => {
  const { pluginUrl, modelUrl, engine, input, output, dims, data, repeat = 1 } = event.data;
  try {
    const bytes = new Uint8Array(await (await fetch(modelUrl)).arrayBuffer());
    const { session } = await createSession(bytes, engine, new URL('ort/', pluginUrl).href);
    const tensor = new Tensor('float32', Float32Array.from(data as number[]), dims);
    const milliseconds: number[] = [];
    let returned: Tensor;
    do {
      const startedAt = performance.now();
      returned = (await session.run({ [input]: tensor }))[output] as Tensor;
      milliseconds.push(performance.now() - startedAt);
    } while (milliseconds.length < repeat);
    if (repeat > 1) {
      self.postMessage({ dims: [...returned.dims], data: [], submissions, milliseconds });
      return;
    }
    self.postMessage({
      dims: [...returned.dims],
      data: Array.from(returned.data as Float32Array),
      submissions,
      milliseconds,
    });
  } catch (error) {
    self.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
};
