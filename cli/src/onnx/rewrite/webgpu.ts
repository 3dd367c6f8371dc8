import { GraphView, everyNode, intOf, isOp, nodeName, opsetOf } from '../graph';
import type { Shapes } from '../shapes';
import { dimsOf } from '../tensors';
import { DataType, type OnnxModel, type OnnxNode } from '../types';
import { MOST_SPLIT_OUTPUTS, type Gap } from './patch';

/**
 * What ONNX Runtime's WebGPU provider computes, as of the version named: each operator below was run as a
 * graph of its own on that provider with CPU fallback forbidden (`session.disable_cpu_ep_fallback`) and
 * compared with the CPU, in 5D where it has a 5D form; what is marked * was taken from the provider's
 * operator list (js/web/docs/webgpu-operators.md) and not run. An operator that is not here is computed on the CPU
 * inside the same session, with a copy before and after.
 */
export const WEBGPU_TABLE_VERSION = '1.30.0';

const ON_GPU = new Set(
  `Abs Acos* Acosh* Add And ArgMax ArgMin* Asin* Asinh* Atan* Atanh* AveragePool BatchNormalization Cast
   Ceil Clip Concat Conv ConvTranspose Cos Cosh* CumSum DFT* DepthToSpace Div* Dropout Einsum Elu
   Equal* Erf Exp Expand Flatten Floor Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool
   Greater GreaterOrEqual* GridSample HardSigmoid HardSwish Identity If* InstanceNormalization LSTM LayerNormalization
   LeakyRelu Less LessOrEqual* Log LpNormalization MatMul Max MaxPool Min Mish Mul Neg Not PRelu Pad
   Pow Range Reciprocal ReduceL1* ReduceL2 ReduceLogSum* ReduceLogSumExp ReduceMax ReduceMean ReduceMin
   ReduceProd ReduceSum ReduceSumSquare* Relu Reshape Resize ScatterND Shape Sigmoid Sin Sinh* Slice
   Softmax Softplus Split Sqrt Squeeze Sub* Swish Tan* Tanh ThresholdedRelu Tile TopK Transpose Unsqueeze
   Where`
    .split(/\s+/)
    .map(name => name.replace('*', '')),
);

/** Contrib operators (com.microsoft) with a WebGPU kernel, from the same list. */
const CONTRIB_ON_GPU = new Set(
  `Attention BiasAdd BiasSplitGelu FastGelu FusedConv GatherBlockQuantized Gelu GroupQueryAttention MatMulNBits
   MultiHeadAttention QuickGelu RotaryEmbedding SkipLayerNormalization SkipSimplifiedLayerNormalization`.split(
    /\s+/,
  ),
);

/** What to do instead, for operators that people do meet. */
const ADVICE: Record<string, string> = {
  Upsample: 'Export with opset 11 or newer: Upsample becomes Resize, which runs on the GPU.',
  GroupNormalization: 'Export with opset 17 or older: PyTorch then writes InstanceNormalization.',
  LogSoftmax: 'End the network in Softmax, or in logits: the package names the activation.',
  Sum: 'Write it as Add.',
  Selu: 'Write it with Elu and Mul.',
  NonMaxSuppression: 'Leave it out of the graph: the package has 3D NMS as a postprocessing step.',
  Loop: 'Unroll the loop when exporting: what is inside is copied to and fro for every turn.',
  Scan: 'Unroll the loop when exporting: what is inside is copied to and fro for every turn.',
};
const EXPORT_OTHERWISE =
  'Write it with other operators before exporting, or accept the copies: "models bench" shows what they cost.';

type Finding = Pick<Gap, 'severity' | 'why' | 'advice'>;

interface Met {
  view: GraphView;
  shapes: Shapes;
  opset: number;
}

const slow = (why: string, advice: string): Finding => ({ severity: 'slow', why, advice });
const fails = (why: string, advice: string): Finding => ({ severity: 'fails', why, advice });

/** Rank of a convolution's input: its weights have the same. */
const rankOf = (node: OnnxNode, { view, shapes }: Met): number | undefined => {
  const weights = view.constant(node.input[1]);
  return weights ? dimsOf(weights).length : shapes.get(node.input[1])?.length;
};

const convolution = (node: OnnxNode, met: Met): Finding | undefined => {
  const rank = rankOf(node, met);
  if (rank === undefined || rank < 5) return undefined;
  if (rank > 5) {
    return fails(
      `${node.opType} over ${rank - 2} spatial axes does not run on WebGPU.`,
      'Only 1 to 3 spatial axes are possible.',
    );
  }
  if (node.opType === 'ConvTranspose') {
    return fails(
      '3D ConvTranspose is accepted when the session is made and fails when it runs.',
      'It could not be rewritten here (inside a branch, loop or function): export the network inlined.',
    );
  }
  return intOf(node, 'group', 1) === 1
    ? undefined
    : fails(
        'Grouped 3D Conv is accepted when the session is made and fails when it runs.',
        'It could not be split here (inside a branch, loop or function): export the network inlined.',
      );
};

const special: Record<string, (node: OnnxNode, met: Met) => Finding | undefined> = {
  Conv: convolution,
  ConvTranspose: convolution,
  MaxPool: node => {
    if (node.output[1]) {
      return fails(
        'MaxPool with an output of indices fails on WebGPU.',
        'Replace MaxUnpool by interpolation or a transposed convolution.',
      );
    }
    return intOf(node, 'storage_order', 0) === 0
      ? undefined
      : fails('MaxPool in column-major order fails on WebGPU.', 'Export with storage_order 0.');
  },
  Resize: node =>
    intOf(node, 'antialias', 0) === 0
      ? undefined
      : fails('Resize with antialias fails on WebGPU.', 'Export with antialias=False.'),
  Split: node =>
    node.output.length <= MOST_SPLIT_OUTPUTS
      ? undefined
      : fails(
          `Split into ${node.output.length} parts needs more storage buffers than WebGPU promises (8).`,
          'Export with a fixed number of channels, so that it can be written as Slice.',
        ),
  Softmax: (node, { opset }) =>
    opset >= 13 || intOf(node, 'axis', 1) === -1
      ? undefined
      : slow('Softmax of opset 12 and older may fail on WebGPU.', 'Export with opset 13 or newer.'),
  Clip: (_, { opset }) =>
    opset >= 11
      ? undefined
      : slow(
          `Clip of opset ${opset} is computed on the CPU, with a copy before and after.`,
          'Export with opset 11 or newer.',
        ),
  GridSample: (node, { shapes }) =>
    shapes.get(node.input[0])?.length === 5
      ? slow(
          '5D GridSample is computed on the CPU, with a copy before and after.',
          EXPORT_OTHERWISE,
        )
      : undefined,
  Cast: node => {
    const to = intOf(node, 'to', DataType.float32);
    return to === DataType.int64 || to === DataType.float64
      ? slow(
          'Cast to 64 bits is computed on the CPU, with a copy before and after.',
          'Cast to int32 or float32 instead.',
        )
      : undefined;
  },
};

const findingOf = (node: OnnxNode, met: Met): Finding | undefined => {
  const { domain, opType } = node;
  if (!isOp(node, opType)) {
    if (domain === 'com.microsoft' && CONTRIB_ON_GPU.has(opType)) return undefined;
    if (domain === 'com.microsoft' || domain === 'ai.onnx.ml') {
      return slow(`${domain}.${opType} is computed on the CPU.`, EXPORT_OTHERWISE);
    }
    return fails(
      `${domain}.${opType} is a custom operator: neither WebGPU nor WASM has it.`,
      'Export the network without custom operators.',
    );
  }
  const finding = special[opType]?.(node, met);
  if (finding || opType === 'Constant') return finding;
  if (!ON_GPU.has(opType)) {
    return slow(
      `${opType} is computed on the CPU, with a copy before and after.`,
      ADVICE[opType] ?? EXPORT_OTHERWISE,
    );
  }
  const double = node.input.some(name => met.view.constant(name)?.dataType === DataType.float64);
  return double
    ? slow(
        `${opType} on float64 is computed on the CPU, with a copy before and after.`,
        'Export the network in float32.',
      )
    : undefined;
};

/** Values that are sizes or constants: computed on the CPU at no cost worth a word. */
const sizesIn = (view: GraphView): Set<string> => {
  const sizes = new Set<string>(view.graph.initializer.map(({ name }) => name ?? ''));
  for (const node of view.graph.node) {
    const known = isOp(node, 'Shape', 'Size', 'Constant');
    if (known || node.input.every(name => name === '' || sizes.has(name))) {
      for (const output of node.output) sizes.add(output);
    }
  }
  return sizes;
};

/** Nodes after which nothing is computed on the GPU: their values leave it anyway. */
const lastOnCpu = (view: GraphView, isSlow: (node: OnnxNode) => boolean): Set<OnnxNode> => {
  const last = new Set<OnnxNode>();
  for (const node of [...view.graph.node].reverse()) {
    const takers = node.output.flatMap(value => view.consumers(value));
    if (isSlow(node) && takers.every(taker => last.has(taker))) last.add(node);
  }
  return last;
};

/**
 * What WebGPU does not run or not well in a graph, by node (one entry per node of the graph). A CPU operator at
 * the graph's very end is not mentioned: its input would leave the GPU there anyhow.
 */
export const gapsOf = (model: OnnxModel, shapes: Shapes): Gap[] => {
  const view = new GraphView(model.graph);
  const met: Met = { view, shapes, opset: opsetOf(model) };
  const own = new Set(model.functions.map(({ domain, name }) => `${domain ?? ''}/${name ?? ''}`));
  const sizes = sizesIn(view);
  const found = new Map<OnnxNode, Finding>();
  const where = new Map<OnnxNode, string>();
  for (const { node, inside } of everyNode(model)) {
    if (own.has(`${node.domain ?? ''}/${node.opType}`)) continue;
    if (node.output.every(output => sizes.has(output))) continue;
    const finding = findingOf(node, met);
    if (finding) found.set(node, finding);
    if (inside) where.set(node, inside);
  }
  const last = lastOnCpu(view, node => found.get(node)?.severity === 'slow');
  return [...found].flatMap(([node, finding]) => {
    if (last.has(node)) return [];
    const inside = where.get(node);
    const name = inside ? `${inside}/${nodeName(node)}` : nodeName(node);
    return [{ node: name, op: node.opType, ...finding }];
  });
};
