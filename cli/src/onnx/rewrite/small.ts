import { float } from '../builder';
import { floatOf, intOf, intsOf, nodeName } from '../graph';
import { dimsOf, integersOf, sameFloat } from '../tensors';
import type { OnnxNode } from '../types';
import { MOST_SPLIT_OUTPUTS, type Patch, type Rewrite } from './patch';

/** Rewrites of a few nodes each. Every one returns undefined where it does not apply. */

/**
 * GroupNormalization (opset 18), which WebGPU leaves to the CPU, as InstanceNormalization of the groups
 * and one factor and offset per channel: what PyTorch itself exports for older opsets.
 */
export const rewriteGroupNormalization = (node: OnnxNode, patch: Patch): Rewrite | undefined => {
  const [x, scaleName, biasName] = node.input;
  const scale = patch.view.constant(scaleName);
  const bias = patch.view.constant(biasName);
  const rank = patch.shapes.get(x)?.length;
  if (!scale || !bias || rank === undefined) return undefined;
  const groups = intOf(node, 'num_groups', 1);
  // Opset 18 scaled groups, opset 21 channels; a scale per group needs the channel count.
  const perGroup = patch.opset < 21;
  const channels = perGroup ? patch.shapes.get(x)?.[1] : dimsOf(scale)[0];
  if (typeof channels !== 'number') return undefined;

  const ones = (value: number, suffix: string) =>
    patch.add(sameFloat(scale, patch.name(suffix), [groups], Array<number>(groups).fill(value)));
  const grouped = patch.op('Reshape', [x, patch.integers('groups', [0, groups, -1])]);
  const normal = patch.op('InstanceNormalization', [grouped, ones(1, 'ones'), ones(0, 'zeros')], {
    epsilon: float(floatOf(node, 'epsilon', 1e-5)),
  });
  const back = patch.op('Reshape', [normal, patch.op('Shape', [x])]);
  const perChannel = (name: string): string => {
    const spatial = Array<number>(rank - 2).fill(1);
    if (!perGroup) {
      return patch.op('Reshape', [name, patch.integers('shape', [channels, ...spatial])]);
    }
    const column = patch.op('Reshape', [name, patch.integers('shape', [groups, 1])]);
    const wide = patch.integers('shape', [groups, channels / groups]);
    const spread = patch.op('Expand', [column, wide]);
    return patch.op('Reshape', [spread, patch.integers('shape', [channels, ...spatial])]);
  };
  const scaled = patch.op('Mul', [back, perChannel(scaleName)]);
  patch.op('Add', [scaled, perChannel(biasName)], {}, node.output[0]);
  return {
    kind: 'groupNormalization',
    node: nodeName(node),
    op: node.opType,
    value: node.output[0],
    detail: `${groups} groups of ${channels} channels → InstanceNormalization, Mul, Add`,
    costRatio: 1,
  };
};

/**
 * Softmax before opset 13 normalises over all axes from `axis` on together. WebGPU's kernel for it fails
 * where that is more than the last axis, and not on the flat form it stands for.
 */
export const rewriteFlattenedSoftmax = (node: OnnxNode, patch: Patch): Rewrite | undefined => {
  const [x] = node.input;
  const rank = patch.shapes.get(x)?.length;
  const axis = intOf(node, 'axis', 1);
  if (patch.opset >= 13 || axis === -1 || rank === 2 || axis === (rank ?? 0) - 1) return undefined;
  const flat = patch.op('Flatten', [x], { axis });
  const soft = patch.op('Softmax', [flat], { axis: 1 });
  patch.op('Reshape', [soft, patch.op('Shape', [x])], {}, node.output[0]);
  return {
    kind: 'flattenedSoftmax',
    node: nodeName(node),
    op: node.opType,
    value: node.output[0],
    detail: `axes from ${axis} on together (opset ${patch.opset}) → Flatten, Softmax, Reshape`,
    costRatio: 1,
  };
};

/** A Split into more parts than a shader has buffers for, as one Slice per part. */
export const rewriteManyWaySplit = (node: OnnxNode, patch: Patch): Rewrite | undefined => {
  if (node.output.length <= MOST_SPLIT_OUTPUTS) return undefined;
  const axis = intOf(node, 'axis', 0);
  const parts = node.output.length;
  const shape = patch.shapes.get(node.input[0]);
  const size = shape?.[(axis + shape.length) % shape.length];
  const constant = patch.view.constant(node.input[1]);
  const even = typeof size === 'number' ? Math.ceil(size / parts) : undefined;
  const sizes =
    intsOf(node, 'split') ??
    (constant && integersOf(constant)) ??
    (even !== undefined && typeof size === 'number'
      ? node.output.map((_, i) => Math.min(even, size - even * i))
      : undefined);
  if (!sizes) return undefined;
  patch.split(node.input[0], sizes, axis, node.output);
  return {
    kind: 'manyWaySplit',
    node: nodeName(node),
    op: node.opType,
    value: node.output[0],
    detail: `${parts} parts → ${parts} Slice`,
    costRatio: 1,
  };
};

/** MaxPool fails on WebGPU when it has an output for the indices, even where nobody takes them. */
export const dropUnusedIndices = (
  node: OnnxNode,
  isUsed: (value: string) => boolean,
): { node: OnnxNode; rewrite: Rewrite } | undefined => {
  const indices = node.output[1];
  if (!indices || isUsed(indices)) return undefined;
  return {
    node: { ...node, output: [node.output[0]] },
    rewrite: {
      kind: 'unusedIndices',
      node: nodeName(node),
      op: node.opType,
      value: node.output[0],
      detail: 'its output of indices, which nothing takes, is left out',
      costRatio: 1,
    },
  };
};
