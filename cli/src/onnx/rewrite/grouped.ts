import type { Attributes } from '../builder';
import { intOf, nodeName } from '../graph';
import { windowOf } from '../shapes';
import { dimsOf, float32Of, sameFloat } from '../tensors';
import type { OnnxNode } from '../types';
import { MOST_SPLIT_OUTPUTS, type Gap, type Patch, type Rewrite } from './patch';

/** From here on a grouped convolution as many small ones is worth a word. */
export const MANY_GROUPS = 16;

/** Replaces a 3D Conv with groups by one Conv per group, or says why it cannot be. */
export const rewriteGroupedConv = (node: OnnxNode, patch: Patch): (Rewrite | Gap)[] => {
  const group = intOf(node, 'group', 1);
  const weights = patch.view.constant(node.input[1]);
  const bias = patch.view.constant(node.input[2]);
  if (!weights || (node.input[2] && !bias)) {
    return [
      {
        node: nodeName(node),
        op: node.opType,
        severity: 'fails',
        why: 'Grouped 3D Conv fails on WebGPU, and it cannot be split: its weights are computed in the graph.',
        advice: 'Export in evaluation mode with constant folding (do_constant_folding=True).',
      },
    ];
  }
  const [outputs, inner, ...kernel] = dimsOf(weights);
  const own = outputs / group;
  const data = float32Of(weights);
  const perGroup = data.length / group;
  const biases = bias && float32Of(bias);
  const window = windowOf(node, kernel);
  const attributes: Attributes = {
    kernel_shape: kernel,
    strides: window.strides,
    dilations: window.dilations,
    ...(window.autoPad === 'NOTSET' ? { pads: window.pads } : { auto_pad: window.autoPad }),
  };
  const parts = patch
    .split(node.input[0], Array<number>(group).fill(inner), 1)
    .map((part, g) =>
      patch.op(
        'Conv',
        [
          part,
          patch.add(
            sameFloat(
              weights,
              patch.name('weights'),
              [own, inner, ...kernel],
              data.subarray(g * perGroup, (g + 1) * perGroup),
            ),
          ),
          biases &&
            patch.add(
              sameFloat(bias, patch.name('bias'), [own], biases.subarray(g * own, (g + 1) * own)),
            ),
        ],
        attributes,
      ),
    );
  patch.op('Concat', parts, { axis: 1 }, node.output[0]);
  const rewrite: Rewrite = {
    kind: 'groupedConv3d',
    node: nodeName(node),
    op: node.opType,
    value: node.output[0],
    detail: `${group} groups of ${inner} → ${own} channels, kernel ${kernel.join('×')} → ${group > MOST_SPLIT_OUTPUTS ? `${group} Slice` : 'Split'}, ${group} Conv, Concat`,
    costRatio: 1,
  };
  if (group < MANY_GROUPS) return [rewrite];
  return [
    rewrite,
    {
      node: nodeName(node),
      op: node.opType,
      severity: 'slow',
      why: `${group} groups are computed one after the other on WebGPU.`,
      advice:
        'Results are right. If the time matters, train with fewer groups, or compare with the WASM engine in "models bench".',
    },
  ];
};
