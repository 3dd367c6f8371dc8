import { bodiesOf, isOp } from './graph';
import type { OnnxGraph, OnnxNode } from './types';

/** Drops constants that nothing takes any more, and what was said of values that are gone. */
export const swept = (graph: OnnxGraph): OnnxGraph => {
  const used = new Set<string>(graph.output.map(({ name }) => name ?? ''));
  const take = (nodes: readonly OnnxNode[]): void => {
    for (const node of nodes) {
      for (const input of node.input) used.add(input);
      for (const body of bodiesOf(node)) {
        take(body.node);
        // A branch may hand on a value of the outer graph as it is.
        for (const { name } of body.output) used.add(name ?? '');
      }
    }
  };
  take(graph.node);
  const node = graph.node.filter(
    made => !isOp(made, 'Constant') || made.output.some(output => used.has(output)),
  );
  const made = new Set(node.flatMap(({ output }) => output));
  return {
    ...graph,
    node,
    initializer: graph.initializer.filter(({ name }) => used.has(name ?? '')),
    valueInfo: graph.valueInfo.filter(({ name }) => made.has(name ?? '')),
  };
};
