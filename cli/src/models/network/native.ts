import type { Runtime } from './run';

/** ONNX Runtime as Node's own library; loaded only by the commands that run a network. */
export const loadNative = async (): Promise<Runtime> =>
  (await import('onnxruntime-node')) as unknown as Runtime;
