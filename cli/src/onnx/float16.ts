import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import { node as makeNode } from './builder';
import {
  GraphView,
  bodiesOf,
  freshNames,
  intOf,
  isOp,
  nodeName,
  tensorOf,
  typeOfValue,
} from './graph';
import { toHalves } from './halves';
import type { Gap } from './rewrite';
import { swept } from './sweep';
import { countOf, dimsOf, float32Of, tensor } from './tensors';
import {
  DataType,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from './types';

/** A constant that float16 does not hold well. */
export interface HalfLoss {
  name: string;
  /** The first node that takes it. */
  node: string;
  /** Elements beyond ±65504; the node that takes them stays in float32. */
  overflow: number;
  /** Elements that are not zero and become zero. */
  underflow: number;
  elements: number;
}

export interface Float16Options {
  /** Inputs and outputs stay float32, with a Cast at each. */
  keepIO?: boolean;
  /** Operators computed in float32 besides those that need it. */
  float32Operators?: readonly string[];
}

export interface Float16Result {
  model: OnnxModel;
  losses: HalfLoss[];
  /** Nodes that stay in float32. */
  float32Nodes: string[];
  /** Where WebGPU may lose more than native ONNX Runtime shows (it computes float16 in float32 on a CPU). */
  gaps: Gap[];
}

/**
 * Sums over many values and exponentials stay in float32. InstanceNormalization does not need to:
 * WebGPU's kernel sums in float32 whatever the type, and a CPU computes it in float32 anyway.
 */
const IN_FLOAT32 = new Set(
  `Softmax LogSoftmax LayerNormalization GroupNormalization MeanVarianceNormalization LpNormalization LRN
   ReduceMean ReduceSum ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSum ReduceLogSumExp ReduceProd
   GlobalAveragePool CumSum Exp Log Pow Reciprocal Sqrt DFT Einsum LSTM GRU RNN TopK ArgMax ArgMin
   NonMaxSuppression RoiAlign GridSample QuantizeLinear DequantizeLinear DynamicQuantizeLinear Range OneHot`.split(
    /\s+/,
  ),
);

/** Inputs that ONNX wants in float32 whatever the others are: scales and regions of a Resize. */
const FLOAT32_INPUTS: Record<string, readonly number[]> = { Resize: [1, 2], Upsample: [1] };

const MAKES_OTHER = new Set(
  `Shape Size ArgMax ArgMin NonZero Equal Less LessOrEqual Greater GreaterOrEqual And Or Xor Not IsNaN IsInf
   QuantizeLinear NonMaxSuppression`.split(/\s+/),
);

/** From so many products on, a sum in float16 loses digits that matter: √1024 · 2⁻¹¹ is 1.6 %. */
const LONG_SUM = 1024;

/** A small constant that becomes zero or infinite was put there for a reason (an epsilon, a mask). */
const SMALL_CONSTANT = 16;

const lossOf = (constant: OnnxTensor): Pick<HalfLoss, 'overflow' | 'underflow' | 'elements'> => {
  const data = float32Of(constant);
  const halves = toHalves(data);
  let overflow = 0;
  let underflow = 0;
  for (let i = 0; i < data.length; i++) {
    const magnitude = halves[i] & 0x7fff;
    if (magnitude === 0x7c00 && Number.isFinite(data[i])) overflow++;
    if (magnitude === 0 && data[i] !== 0) underflow++;
  }
  return { overflow, underflow, elements: data.length };
};

/** Converts one graph: every float32 value has a name as float32, as float16, or both. */
class Conversion {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  readonly losses: HalfLoss[] = [];
  readonly float32Nodes: string[] = [];
  private readonly full = new Map<string, string>();
  private readonly half = new Map<string, string>();
  private readonly view: GraphView;
  private readonly outputs: Set<string>;

  constructor(
    model: OnnxModel,
    private readonly fresh: (hint: string) => string,
    private readonly keepIO: boolean,
    private readonly more: ReadonlySet<string>,
  ) {
    this.view = new GraphView(model.graph);
    this.outputs = new Set(model.graph.output.map(({ name }) => name ?? ''));
    for (const info of this.view.inputs) {
      if (typeOfValue(info) !== DataType.float32) continue;
      (keepIO ? this.full : this.half).set(info.name!, info.name!);
    }
  }

  private floatConstant(name: string): OnnxTensor | undefined {
    const constant = this.view.constant(name);
    return constant?.dataType === DataType.float32 ? constant : undefined;
  }

  private isFloat(name: string): boolean {
    return this.full.has(name) || this.half.has(name) || this.floatConstant(name) !== undefined;
  }

  /** The value's name in one of the two types; a Cast is added where it is first asked for. */
  private in(type: 'full' | 'half', name: string): string {
    const known = this[type].get(name);
    if (known !== undefined) return known;
    const constant = this.floatConstant(name);
    let made: string;
    if (constant && type === 'full') {
      made = name;
    } else if (constant) {
      made = this.fresh(`${name}/float16`);
      this.initializers.push(tensor.float16(made, dimsOf(constant), float32Of(constant)));
    } else {
      const other = (type === 'full' ? this.half : this.full).get(name)!;
      made = this.fresh(`${name}/${type === 'full' ? 'float32' : 'float16'}`);
      const to = type === 'full' ? DataType.float32 : DataType.float16;
      this.nodes.push(makeNode('Cast', [other], [made], { to }, made));
    }
    this[type].set(name, made);
    return made;
  }

  /** Whether a constant of the node does not survive float16; what is lost is noted. */
  private breaks(node: OnnxNode): boolean {
    let broken = false;
    for (const name of node.input) {
      const constant = this.floatConstant(name);
      if (!constant) continue;
      const loss = lossOf(constant);
      if (loss.overflow > 0 || (loss.underflow > 0 && loss.elements <= SMALL_CONSTANT)) {
        broken = true;
      }
      if (loss.overflow + loss.underflow > 0 && this.losses.every(known => known.name !== name)) {
        this.losses.push({ name, node: nodeName(node), ...loss });
      }
    }
    return broken;
  }

  /** Whether the node's first output is a float32 value of the original graph. */
  private makesFloat(node: OnnxNode): boolean {
    if (isOp(node, 'Cast')) return intOf(node, 'to', 0) === DataType.float32;
    if (isOp(node, 'ConstantOfShape')) {
      return (tensorOf(node, 'value')?.dataType ?? DataType.float32) === DataType.float32;
    }
    if (isOp(node, 'DequantizeLinear')) return true;
    if (MAKES_OTHER.has(node.opType)) return false;
    const of = isOp(node, 'Where') ? 1 : isOp(node, 'OneHot') ? 2 : 0;
    return this.isFloat(node.input[of] ?? '');
  }

  add(node: OnnxNode): void {
    if (isOp(node, 'Constant')) {
      this.nodes.push(node);
      return;
    }
    const { opType } = node;
    const floats = node.input.some(name => this.isFloat(name));
    const makes = this.makesFloat(node);
    const full =
      IN_FLOAT32.has(opType) ||
      this.more.has(opType) ||
      !isOp(node, opType) ||
      isOp(node, 'ConstantOfShape') ||
      (floats && this.breaks(node));
    if (full && floats) this.float32Nodes.push(nodeName(node));
    const type = full ? 'full' : 'half';
    const input = node.input.map((name, i) =>
      !name || !this.isFloat(name)
        ? name
        : this.in(FLOAT32_INPUTS[opType]?.includes(i) ? 'full' : type, name),
    );
    const attribute =
      !full && makes && isOp(node, 'Cast')
        ? node.attribute.map(a => (a.name === 'to' ? { ...a, i: DataType.float16 } : a))
        : node.attribute;
    // Of an operator's outputs only the first has its type, but for parts and recurrent states.
    const several = isOp(node, 'Split', 'LSTM', 'GRU', 'RNN');
    const casts: OnnxNode[] = [];
    const output = node.output.map((name, i) => {
      if (!name || !makes || (i > 0 && !several)) return name;
      const wanted = this.outputs.has(name) ? (this.keepIO ? 'full' : 'half') : type;
      this[wanted].set(name, name);
      if (wanted === type) return name;
      const own = this.fresh(`${name}/${type === 'half' ? 'float16' : 'float32'}`);
      this[type].set(name, own);
      const to = wanted === 'full' ? DataType.float32 : DataType.float16;
      casts.push(makeNode('Cast', [own], [name], { to }, own));
      return own;
    });
    this.nodes.push({ ...node, input, output, attribute }, ...casts);
  }
}

const asHalf = (info: OnnxValueInfo): OnnxValueInfo =>
  typeOfValue(info) === DataType.float32
    ? {
        ...info,
        type: {
          ...info.type,
          tensorType: { ...info.type?.tensorType, elemType: DataType.float16 },
        },
      }
    : info;

const longSums = (model: OnnxModel): Gap[] => {
  const view = new GraphView(model.graph);
  return model.graph.node.flatMap((node): Gap[] => {
    const weights = view.constant(node.input[1]);
    if (!isOp(node, 'Conv') || weights?.dataType !== DataType.float16) return [];
    const [, ...inner] = dimsOf(weights);
    const products = countOf(inner);
    if (inner.length !== 4 || products < LONG_SUM) return [];
    return [
      {
        node: nodeName(node),
        op: node.opType,
        severity: 'differs',
        why: `WebGPU adds up its ${products} products in float16, which native ONNX Runtime does not show.`,
        advice: 'Compare the engines with "models validate", and keep float32 if they differ.',
      },
    ];
  });
};

/**
 * The network in float16, half the bytes to fetch and to hold; weights beyond float16's range and
 * operators that sum over many values stay in float32. WebGPU runs it only on a device with the feature
 * `shader-f16`. Its loss is what `proveRewrite` measures between the two.
 *
 * Refuses `float16Branches`: networks with branches, loops or functions of their own.
 */
export const toFloat16 = (
  model: OnnxModel,
  { keepIO = true, float32Operators = [] }: Float16Options = {},
): Outcome<Float16Result> => {
  const branching = model.graph.node.find(node => bodiesOf(node).length > 0);
  if (branching || model.functions.length > 0) {
    const where = branching ? nodeName(branching) : (model.functions[0].name ?? 'function');
    return refuse(
      'float16Branches',
      `${where} has a graph of its own (a branch, loop or function); only networks without can be made float16.`,
      { node: where },
    );
  }
  const conversion = new Conversion(model, freshNames(model), keepIO, new Set(float32Operators));
  for (const node of model.graph.node) conversion.add(node);
  const { graph } = model;
  const converted = {
    ...model,
    graph: swept({
      ...graph,
      node: conversion.nodes,
      initializer: [...graph.initializer, ...conversion.initializers],
      input: keepIO ? graph.input : graph.input.map(asHalf),
      output: keepIO ? graph.output : graph.output.map(asHalf),
      valueInfo: [],
    }),
  };
  const { losses, float32Nodes } = conversion;
  return accept({ model: converted, losses, float32Nodes, gaps: longSums(converted) });
};
