import { Tensor, type InferenceSession } from 'onnxruntime-common';
import type { NetworkSpec } from '../core/model/networks';
import { accept, refuse, type Outcome } from '../core/outcome';
import type { RunControl } from '../core/reading/ports';
import type { PlannedCalls } from './calls';
import { messageOf } from './errors';
import type { Answers, Collector } from './outputs/collector';
import { yieldToEventLoop } from './yieldToEventLoop';

export type CreateTensor = (data: Float32Array<ArrayBuffer>, dims: number[]) => Tensor;

export const createFloatTensor: CreateTensor = (data, dims) => new Tensor('float32', data, dims);

export const cancelled = ({ id }: { id: string }) =>
  refuse('runCancelled', `The run of ${id} was cancelled`, { model: id });

/** ONNX outputs that a manifest's output reads. */
export const outputNamesOf = (output: NetworkSpec['outputs'][number]): string[] => {
  switch (output.type) {
    case 'boxes':
      return [
        output.boxes,
        output.scores,
        ...(output.classes === undefined ? [] : [output.classes]),
      ];
    case 'centerHeatmap':
      return [output.name, ...(output.size === undefined ? [] : [output.size])];
    default:
      return [output.name];
  }
};

/** A model that lacks an input or output it declares is refused before anything is computed. */
export const checkNames = (network: NetworkSpec, session: InferenceSession): Outcome<void> => {
  const check = (kind: 'input' | 'output', declared: string, actual: readonly string[]) =>
    actual.includes(declared)
      ? accept(undefined)
      : refuse(
          'modelNameMissing',
          `Model ${network.id} declares an ${kind} "${declared}"; the network has ${actual.join(', ')}`,
          { model: network.id, kind, declared, actual: actual.join(', ') },
        );
  for (const input of network.inputs) {
    const checked = check('input', input.name, session.inputNames);
    if (!checked.ok) return checked;
  }
  for (const name of network.outputs.flatMap(outputNamesOf)) {
    const checked = check('output', name, session.outputNames);
    if (!checked.ok) return checked;
  }
  return accept(undefined);
};

/**
 * Calls the networks for every window, slice or the whole volume, and hands the answers on.
 *
 * Progress is told and the signal is looked at between calls; one call cannot be stopped.
 *
 * @param weights one a network, of the ensemble's mean
 *
 * Refuses `runCancelled`, `engineFailed` (the runtime threw), and what the collectors refuse.
 */
export const inferCalls = async (request: {
  network: NetworkSpec;
  planned: PlannedCalls;
  sessions: readonly InferenceSession[];
  weights: readonly number[];
  collectors: readonly Collector[];
  control: RunControl;
  createTensor: CreateTensor;
}): Promise<Outcome<void>> => {
  const { network, planned, sessions, weights, collectors, control, createTensor } = request;
  const { calls } = planned;
  const names = [...new Set(collectors.flatMap(collector => collector.names))];
  const total = calls.count * sessions.length;

  for (let call = 0; call < calls.count; call++) {
    const feeds = planned.feeds(call);
    for (const [index, session] of sessions.entries()) {
      control.onProgress({ phase: 'infer', fraction: (call * sessions.length + index) / total });
      await yieldToEventLoop();
      if (control.signal.aborted) return cancelled(network);

      let answers: Answers;
      try {
        const tensors = feeds.map(({ name, data, dims }) => [name, createTensor(data, dims)]);
        answers = await session.run(Object.fromEntries(tensors), names);
      } catch (error) {
        return refuse('engineFailed', `${network.id} could not be run: ${messageOf(error)}`, {
          model: network.id,
          engine: 'session',
          detail: messageOf(error),
        });
      }
      for (const collector of collectors) {
        const taken = collector.take(call, answers, weights[index]);
        if (!taken.ok) return taken;
      }
    }
    for (const collector of collectors) collector.endCall(call);
  }
  control.onProgress({ phase: 'infer', fraction: 1 });
  return accept(undefined);
};
