import { GraphView, dimsOfValue, intOf, intsOf, isOp, stringOf, type Dim } from './graph';
import { dimsOf, float32Of, integersOf } from './tensors';
import type { OnnxModel, OnnxNode } from './types';

/** Shapes by value name; a value that is missing has an unknown rank. */
export type Shapes = Map<string, Dim[]>;

const SAME = new Set(
  `Relu LeakyRelu PRelu Elu Selu Celu Sigmoid HardSigmoid HardSwish Swish Mish Tanh Softplus Softsign Gelu Erf Exp
   Log Abs Neg Sqrt Reciprocal Floor Ceil Round Sin Cos Not Clip ThresholdedRelu Softmax LogSoftmax
   Hardmax Identity Dropout Cast BatchNormalization InstanceNormalization GroupNormalization
   LayerNormalization LpNormalization MeanVarianceNormalization LRN CumSum`.split(/\s+/),
);
const BROADCAST = new Set(
  'Add Sub Mul Div Pow Min Max Mean Sum Mod And Or Xor Equal Less LessOrEqual Greater GreaterOrEqual Where'.split(
    ' ',
  ),
);

const broadcast = (shapes: Dim[][]): Dim[] => {
  const rank = Math.max(...shapes.map(({ length }) => length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.flatMap(shape => {
      const at = axis - rank + shape.length;
      return at >= 0 && shape[at] !== 1 ? [shape[at]] : [];
    });
    if (sizes.length === 0) return 1;
    return sizes.find(size => typeof size === 'number') ?? sizes[0];
  });
};

/** Sizes and steps of a sliding kernel along the spatial axes, with ONNX's defaults filled in. */
export interface Window {
  kernel: number[];
  strides: number[];
  dilations: number[];
  /** Begin of every axis, then end of every axis. */
  pads: number[];
  autoPad: string;
}

export const windowOf = (node: OnnxNode, kernel: readonly number[]): Window => {
  const axes = kernel.length;
  const each = (name: string, value: number, count: number): number[] => {
    const given = intsOf(node, name);
    return given?.length ? given : Array<number>(count).fill(value);
  };
  return {
    kernel: [...kernel],
    strides: each('strides', 1, axes),
    dilations: each('dilations', 1, axes),
    pads: each('pads', 0, 2 * axes),
    autoPad: stringOf(node, 'auto_pad', 'NOTSET') || 'NOTSET',
  };
};

const slid = (size: Dim, window: Window, axis: number, ceil: boolean): Dim => {
  if (typeof size !== 'number') return undefined;
  const stride = window.strides[axis];
  if (window.autoPad.startsWith('SAME')) return Math.ceil(size / stride);
  const axes = window.kernel.length;
  const padded =
    window.autoPad === 'VALID' ? size : size + window.pads[axis] + window.pads[axis + axes];
  const span = (window.kernel[axis] - 1) * window.dilations[axis] + 1;
  return (ceil ? Math.ceil : Math.floor)((padded - span) / stride) + 1;
};

const spread = (node: OnnxNode, size: Dim, window: Window, axis: number): Dim => {
  const outputShape = intsOf(node, 'output_shape');
  if (outputShape?.length) return outputShape.slice(-window.kernel.length)[axis];
  if (typeof size !== 'number') return undefined;
  const stride = window.strides[axis];
  if (window.autoPad.startsWith('SAME')) return size * stride;
  const axes = window.kernel.length;
  const pads = window.autoPad === 'VALID' ? 0 : window.pads[axis] + window.pads[axis + axes];
  const span = (window.kernel[axis] - 1) * window.dilations[axis] + 1;
  return stride * (size - 1) + (intsOf(node, 'output_padding')?.[axis] ?? 0) + span - pads;
};

const product = (dims: readonly Dim[]): Dim =>
  dims.every(dim => typeof dim === 'number')
    ? (dims as number[]).reduce((a, b) => a * b, 1)
    : undefined;

/** Shape inference for the operators that networks on images are made of. */
class Inference {
  readonly shapes: Shapes = new Map();

  constructor(private readonly view: GraphView) {}

  of(name: string | undefined): Dim[] | undefined {
    if (!name) return undefined;
    const constant = this.view.constant(name);
    return constant ? dimsOf(constant) : this.shapes.get(name);
  }

  private integers(name: string | undefined): number[] | undefined {
    const tensor = this.view.constant(name);
    return tensor && integersOf(tensor);
  }

  /** The list an operator takes as an attribute (older opsets) or as an input. */
  private list(node: OnnxNode, attribute: string, input: number): number[] | undefined {
    return intsOf(node, attribute) ?? this.integers(node.input[input]);
  }

  outputs(node: OnnxNode): (Dim[] | undefined)[] {
    const x = this.of(node.input[0]);
    if (!isOp(node, node.opType)) return [];
    if (SAME.has(node.opType)) return [x];
    if (BROADCAST.has(node.opType)) {
      const given = node.input.map(name => this.of(name));
      return given.every(shape => shape) ? [broadcast(given as Dim[][])] : [];
    }
    switch (node.opType) {
      case 'Conv':
      case 'ConvTranspose':
        return [this.convolution(node, x)];
      case 'MaxPool':
      case 'AveragePool':
      case 'LpPool': {
        const window = windowOf(node, intsOf(node, 'kernel_shape') ?? []);
        const ceil = intOf(node, 'ceil_mode', 0) === 1;
        return [
          x && [...x.slice(0, 2), ...x.slice(2).map((size, i) => slid(size, window, i, ceil))],
        ];
      }
      case 'GlobalAveragePool':
      case 'GlobalMaxPool':
        return [x && [...x.slice(0, 2), ...x.slice(2).map(() => 1)]];
      case 'Concat':
        return [this.concat(node)];
      case 'Split':
        return this.split(node, x);
      case 'Transpose': {
        const perm = intsOf(node, 'perm');
        return [x && (perm?.length ? perm.map(axis => x[axis]) : [...x].reverse())];
      }
      case 'Reshape':
        return [this.reshape(node, x)];
      case 'Flatten': {
        const axis = intOf(node, 'axis', 1);
        return [x && [product(x.slice(0, axis)), product(x.slice(axis))]];
      }
      case 'Unsqueeze': {
        const axes = this.list(node, 'axes', 1);
        if (!x || !axes) return [];
        const rank = x.length + axes.length;
        const places = new Set(axes.map(axis => (axis + rank) % rank));
        const rest = [...x];
        return [Array.from({ length: rank }, (_, i) => (places.has(i) ? 1 : rest.shift()))];
      }
      case 'Squeeze': {
        const axes = this.list(node, 'axes', 1);
        if (!x || (!axes && x.some(size => typeof size !== 'number'))) return [];
        return [
          x.filter((size, i) =>
            axes ? !axes.some(a => (a + x.length) % x.length === i) : size !== 1,
          ),
        ];
      }
      case 'Pad': {
        const pads = this.list(node, 'pads', 1);
        if (!x || pads?.length !== 2 * x.length) return [x?.map(() => undefined)];
        return [
          x.map((size, i) =>
            typeof size === 'number' ? size + pads[i] + pads[i + x.length] : undefined,
          ),
        ];
      }
      case 'Slice':
        return [this.slice(node, x)];
      case 'Resize':
      case 'Upsample':
        return [this.resize(node, x)];
      case 'ArgMax':
      case 'ArgMin': {
        const axis = intOf(node, 'axis', 0);
        return [this.reduce(x, [axis], intOf(node, 'keepdims', 1))];
      }
      case 'Gemm': {
        const w = this.of(node.input[1]);
        return [x && w && [x[0], w[intOf(node, 'transB', 0) ? 0 : 1]]];
      }
      case 'MatMul': {
        const w = this.of(node.input[1]);
        if (!x || !w || x.length < 2 || w.length < 2) return [];
        const batch = broadcast([x.slice(0, -2), w.slice(0, -2)]);
        return [[...batch, x[x.length - 2], w[w.length - 1]]];
      }
      default:
        return node.opType.startsWith('Reduce')
          ? [this.reduce(x, this.list(node, 'axes', 1), intOf(node, 'keepdims', 1))]
          : [];
    }
  }

  private convolution(node: OnnxNode, x: Dim[] | undefined): Dim[] | undefined {
    const weights = this.of(node.input[1]);
    if (!weights || weights.some(size => typeof size !== 'number')) {
      return x && [x[0], undefined, ...x.slice(2).map(() => undefined)];
    }
    const [first, second, ...kernel] = weights as number[];
    const window = windowOf(node, kernel);
    const transposed = node.opType === 'ConvTranspose';
    const channels = transposed ? second * intOf(node, 'group', 1) : first;
    return [
      x?.[0],
      channels,
      ...kernel.map((_, i) =>
        transposed ? spread(node, x?.[i + 2], window, i) : slid(x?.[i + 2], window, i, false),
      ),
    ];
  }

  private concat(node: OnnxNode): Dim[] | undefined {
    const shapes = node.input.map(name => this.of(name));
    const known = shapes.find(shape => shape);
    if (!known) return undefined;
    const axis = (intOf(node, 'axis', 1) + known.length) % known.length;
    return known.map((_, i) => {
      const sizes = shapes.map(shape => shape?.[i]);
      if (i !== axis) return sizes.find(size => typeof size === 'number') ?? known[i];
      const total = sizes.every(size => typeof size === 'number');
      return total ? (sizes as number[]).reduce((a, b) => a + b, 0) : undefined;
    });
  }

  private split(node: OnnxNode, x: Dim[] | undefined): (Dim[] | undefined)[] {
    if (!x) return [];
    const axis = (intOf(node, 'axis', 0) + x.length) % x.length;
    const size = x[axis];
    const even =
      typeof size === 'number' ? Math.ceil(size / node.output.length) : (undefined as Dim);
    const parts = this.list(node, 'split', 1);
    return node.output.map((_, i) => {
      const last = typeof size === 'number' && typeof even === 'number' && size - even * i;
      const own = parts?.[i] ?? (last === false ? undefined : Math.min(even as number, last));
      return x.map((dim, a) => (a === axis ? own : dim));
    });
  }

  private reshape(node: OnnxNode, x: Dim[] | undefined): Dim[] | undefined {
    const target = this.list(node, 'shape', 1);
    if (!target) return undefined;
    const copy = intOf(node, 'allowzero', 0) === 0;
    const dims: Dim[] = target.map((size, i) => (size === 0 && copy ? x?.[i] : size));
    const open = dims.indexOf(-1);
    if (open >= 0) {
      const all = x && product(x);
      const others = product(dims.filter((_, i) => i !== open));
      dims[open] =
        typeof all === 'number' && typeof others === 'number' && others > 0
          ? all / others
          : undefined;
    }
    return dims;
  }

  private slice(node: OnnxNode, x: Dim[] | undefined): Dim[] | undefined {
    const [starts, ends] = [this.list(node, 'starts', 1), this.list(node, 'ends', 2)];
    const steps = this.integers(node.input[4]);
    if (!x || !starts || !ends) return x?.map(() => undefined);
    const axes = this.list(node, 'axes', 3) ?? starts.map((_, i) => i);
    const dims = [...x];
    axes.forEach((given, i) => {
      const axis = (given + x.length) % x.length;
      const size = x[axis];
      const step = steps?.[i] ?? 1;
      if (typeof size !== 'number' || step < 0) {
        dims[axis] = undefined;
        return;
      }
      const place = (at: number) => Math.min(size, Math.max(0, at < 0 ? at + size : at));
      dims[axis] = Math.max(0, Math.ceil((place(ends[i]) - place(starts[i])) / step));
    });
    return dims;
  }

  private resize(node: OnnxNode, x: Dim[] | undefined): Dim[] | undefined {
    const sizes = this.integers(node.input[3]);
    if (sizes?.length === x?.length && sizes) return sizes;
    const last = node.input.length <= 2 ? node.input[1] : node.input[2];
    const tensor = this.view.constant(last);
    const scales = tensor && Array.from(float32Of(tensor));
    if (!x || scales?.length !== x.length) return x?.map(() => undefined);
    return x.map((size, i) =>
      typeof size === 'number' ? Math.floor(size * scales[i]) : undefined,
    );
  }

  private reduce(
    x: Dim[] | undefined,
    axes: number[] | undefined,
    keepdims: number,
  ): Dim[] | undefined {
    if (!x) return undefined;
    const all = new Set((axes ?? x.map((_, i) => i)).map(axis => (axis + x.length) % x.length));
    return keepdims ? x.map((size, i) => (all.has(i) ? 1 : size)) : x.filter((_, i) => !all.has(i));
  }
}

const known = (dims: readonly Dim[]): number => dims.filter(dim => typeof dim === 'number').length;

/**
 * Shapes of the values of the main graph, from its inputs, its `value_info` and its operators; `inputs`
 * gives sizes to inputs that leave them open. Operators it does not know leave their outputs open.
 */
export const inferShapes = (
  model: OnnxModel,
  inputs: Readonly<Record<string, readonly number[]>> = {},
): Shapes => {
  const view = new GraphView(model.graph);
  const inference = new Inference(view);
  const { shapes } = inference;
  const given = Object.keys(inputs).length > 0;
  for (const info of [
    ...model.graph.input,
    // What the file says of inner values holds for its own input sizes only.
    ...(given ? [] : [...model.graph.valueInfo, ...model.graph.output]),
  ]) {
    const dims = dimsOfValue(info);
    if (dims && info.name) shapes.set(info.name, dims);
  }
  for (const [name, dims] of Object.entries(inputs)) shapes.set(name, [...dims]);
  for (const node of model.graph.node) {
    inference.outputs(node).forEach((dims, i) => {
      const name = node.output[i];
      const before = shapes.get(name);
      if (dims && name && (!before || known(dims) > known(before))) shapes.set(name, dims);
    });
  }
  return shapes;
};
