import { GraphView, freshNames, intOf, isOp, nodeName, opsetOf } from '../graph';
import { inferShapes, type Shapes } from '../shapes';
import { swept } from '../sweep';
import { dimsOf } from '../tensors';
import type { OnnxModel, OnnxNode, OnnxTensor } from '../types';
import { rewriteGroupedConv } from './grouped';
import { Patch, type Gap, type Rewrite } from './patch';
import {
  dropUnusedIndices,
  rewriteFlattenedSoftmax,
  rewriteGroupNormalization,
  rewriteManyWaySplit,
} from './small';
import { rewriteConvTranspose } from './subpixel';
import { gapsOf } from './webgpu';

export type { Gap, Rewrite } from './patch';
export { WEBGPU_TABLE_VERSION } from './webgpu';

export interface Rewritten {
  model: OnnxModel;
  rewrites: Rewrite[];
  gaps: Gap[];
}

/** Initializers may not be among the inputs in new models; there, they would count as defaults to override. */
const withoutDefaults = (model: OnnxModel): OnnxModel => {
  const view = new GraphView(model.graph);
  return {
    ...model,
    irVersion: Math.max(model.irVersion, 4),
    graph: { ...model.graph, input: view.inputs },
  };
};

const isGap = (result: Rewrite | Gap): result is Gap => 'severity' in result;

/** What is done with one node: its replacement (empty where it stays) and what to report. */
const rewriteNode = (node: OnnxNode, patch: Patch): (Rewrite | Gap)[] => {
  if (isOp(node, 'Conv', 'ConvTranspose')) {
    const weights = patch.view.constant(node.input[1]);
    const rank = weights ? dimsOf(weights).length : patch.shapes.get(node.input[1])?.length;
    if (rank !== 5) return [];
    if (node.opType === 'ConvTranspose') return [rewriteConvTranspose(node, patch)];
    return intOf(node, 'group', 1) > 1 ? rewriteGroupedConv(node, patch) : [];
  }
  const small = isOp(node, 'GroupNormalization')
    ? rewriteGroupNormalization(node, patch)
    : isOp(node, 'Softmax')
      ? rewriteFlattenedSoftmax(node, patch)
      : isOp(node, 'Split')
        ? rewriteManyWaySplit(node, patch)
        : undefined;
  return small ? [small] : [];
};

/**
 * The same network in operators that ONNX Runtime's WebGPU provider runs (and every other engine
 * too), what was rewritten, and what could not be. Shapes come from the graph; where it leaves sizes open, the
 * new nodes read them when run. `proveRewrite` shows that both graphs compute the same.
 */
export const rewriteForWebGPU = (given: OnnxModel): Rewritten => {
  const model = withoutDefaults(given);
  const view = new GraphView(model.graph);
  const shapes: Shapes = inferShapes(model);
  const fresh = freshNames(model);
  const opset = opsetOf(model);
  const outputs = new Set(model.graph.output.map(({ name }) => name ?? ''));
  const rewrites: Rewrite[] = [];
  const refused: Gap[] = [];
  const node: OnnxNode[] = [];
  const initializer: OnnxTensor[] = [...model.graph.initializer];
  for (const old of model.graph.node) {
    const trimmed = isOp(old, 'MaxPool')
      ? dropUnusedIndices(old, value => view.consumers(value).length > 0 || outputs.has(value))
      : undefined;
    if (trimmed) {
      node.push(trimmed.node);
      rewrites.push(trimmed.rewrite);
      continue;
    }
    const patch = new Patch(view, shapes, opset, fresh, nodeName(old));
    const results = rewriteNode(old, patch);
    const done = results.filter((result): result is Rewrite => !isGap(result));
    refused.push(...results.filter(isGap));
    rewrites.push(...done);
    node.push(...(done.length > 0 ? patch.nodes : [old]));
    if (done.length > 0) initializer.push(...patch.initializers);
  }
  const rewritten = { ...model, graph: swept({ ...model.graph, node, initializer }) };
  const said = new Set(refused.map(gap => gap.node));
  const others = gapsOf(rewritten, inferShapes(rewritten)).filter(gap => !said.has(gap.node));
  return { model: rewritten, rewrites, gaps: [...refused, ...others] };
};
