import {
  GraphView,
  bodiesOf,
  dimsOfValue,
  intOf,
  isOp,
  opsetOf,
  typeOfValue,
  type Dim,
} from './graph';
import { inferShapes, windowOf, type Shapes } from './shapes';
import { countOf, dimsOf, float32Of } from './tensors';
import { DataType, dataTypeName, type DataTypeName, type OnnxModel, type OnnxNode } from './types';

export interface ValueFacts {
  name: string;
  type: DataTypeName;
  /** Undefined where even the rank is unknown; a string is a symbolic size. */
  dims: Dim[] | undefined;
}

export interface OutputFacts extends ValueFacts {
  /** What the graph itself does at the end; `none` leaves logits or values as they are. */
  activation: 'softmax' | 'logSoftmax' | 'sigmoid' | 'argMax' | 'none';
  /** Channels before ArgMax, or of the output: classes of a segmentation or classification. */
  channels: number | undefined;
}

/** What can be read off a graph without running it. */
export interface OnnxFacts {
  producer: string;
  opset: number;
  /** Those that must be fed. */
  inputs: ValueFacts[];
  outputs: OutputFacts[];
  /** Numbers in floating-point constants. */
  weights: number;
  bytes: number;
  /** Nodes by operator, most frequent first; those of another domain as `domain.Operator`. */
  operators: Record<string, number>;
  /** Axes the convolutions slide along; undefined in a graph without any. */
  spatialAxes: 1 | 2 | 3 | undefined;
  /**
   * Per spatial axis, by how much the deepest part of the network is coarser than the input: sizes must be
   * a multiple of it where coarse and fine parts meet again (U-Net).
   */
  spatialDivisor: number[];
  metadata: Record<string, string>;
}

const factsOfValue = (info: OnnxModel['graph']['input'][number], shapes: Shapes): ValueFacts => ({
  name: info.name ?? '',
  type: dataTypeName(typeOfValue(info)),
  dims: dimsOfValue(info) ?? shapes.get(info.name ?? ''),
});

/** Operators that keep what a value means. */
const CARRIES = ['Identity', 'Cast', 'Squeeze', 'Unsqueeze', 'Reshape', 'Transpose', 'Flatten'];
const KEEPS_CHANNELS = [
  ...CARRIES,
  ...['Softmax', 'LogSoftmax', 'Sigmoid', 'Resize', 'Upsample', 'Slice', 'Pad', 'Dropout', 'Clip'],
  ...['Relu', 'Add', 'Mul', 'BatchNormalization', 'InstanceNormalization'],
];

const madeBy = (view: GraphView, name: string, through: string[]): OnnxNode | undefined => {
  let node = view.producers.get(name);
  while (node && isOp(node, ...through)) {
    const next = node.input.find(input => view.producers.has(input) && !view.constant(input));
    node = next === undefined ? undefined : view.producers.get(next);
  }
  return node;
};

const ENDS: Record<string, OutputFacts['activation']> = {
  Softmax: 'softmax',
  LogSoftmax: 'logSoftmax',
  Sigmoid: 'sigmoid',
  ArgMax: 'argMax',
};

/** Channels that the last convolution (or matrix) before a value makes. */
const channelsOf = (view: GraphView, name: string): number | undefined => {
  const node = madeBy(view, name, KEEPS_CHANNELS);
  if (!node) return undefined;
  const weights = view.constant(node.input[1]);
  if (!weights) return undefined;
  const dims = dimsOf(weights);
  if (isOp(node, 'Conv')) return dims[0];
  if (isOp(node, 'ConvTranspose')) return dims[1] * intOf(node, 'group', 1);
  if (isOp(node, 'Gemm')) return dims[intOf(node, 'transB', 0) ? 0 : 1];
  return isOp(node, 'MatMul') ? dims[dims.length - 1] : undefined;
};

const outputFacts = (
  view: GraphView,
  info: OnnxModel['graph']['output'][number],
  shapes: Shapes,
): OutputFacts => {
  const facts = factsOfValue(info, shapes);
  const end = madeBy(view, facts.name, [...CARRIES, 'Slice', 'Pad']);
  const activation = (end && isOp(end, end.opType) && ENDS[end.opType]) || 'none';
  const from = activation === 'argMax' ? end!.input[0] : facts.name;
  const dims = activation === 'argMax' ? shapes.get(from) : facts.dims;
  const named = dims && dims.length >= 2 ? dims[1] : undefined;
  return {
    ...facts,
    activation,
    channels: typeof named === 'number' ? named : channelsOf(view, from),
  };
};

/** By how much coarser than the input every value is, per spatial axis; followed as far as it can be. */
const coarseness = (view: GraphView, shapes: Shapes, axes: number): number[][] => {
  const known = new Map<string, number[]>();
  for (const { name } of view.inputs) {
    const rank = shapes.get(name ?? '')?.length;
    if (rank === undefined || rank === axes + 2) known.set(name ?? '', Array(axes).fill(1));
  }
  const before = (value: string, ...ops: string[]): string | undefined =>
    ops.reduce<string | undefined>((at, op) => {
      const node = at === undefined ? undefined : view.producers.get(at);
      return node && isOp(node, op) ? node.input[0] : undefined;
    }, value);
  for (const node of view.graph.node) {
    const given = node.input.flatMap(name => (known.has(name) ? [known.get(name)!] : []));
    if (given.length === 0 && !isOp(node, 'Reshape')) continue;
    const coarsest = Array.from({ length: axes }, (_, i) => Math.max(...given.map(c => c[i])));
    const set = (by: number[]) => node.output.forEach(name => known.set(name, by));
    const weights = view.constant(node.input[1]);
    if (isOp(node, 'Conv', 'ConvTranspose')) {
      if (!weights) continue;
      const { strides } = windowOf(node, dimsOf(weights).slice(2));
      const down = node.opType === 'Conv';
      set(coarsest.map((c, i) => (down ? c * strides[i] : c / strides[i])));
    } else if (isOp(node, 'MaxPool', 'AveragePool', 'LpPool')) {
      const { strides } = windowOf(node, Array<number>(axes).fill(1));
      set(coarsest.map((c, i) => c * strides[i]));
    } else if (isOp(node, 'Resize', 'Upsample')) {
      const scales = node.input
        .slice(1)
        .map(name => view.constant(name))
        .find(tensor => tensor?.dataType === DataType.float32 && countOf(dimsOf(tensor)) > 2);
      const by = scales && Array.from(float32Of(scales)).slice(2);
      const other = node.input.slice(3).flatMap(name => sourcesOfShape(view, name));
      const like = other.map(name => known.get(name)).find(found => found);
      if (by?.length === axes) set(coarsest.map((c, i) => c / by[i]));
      else if (like) set(like);
    } else if (isOp(node, 'Reshape')) {
      // GroupNormalization as PyTorch exports it: Reshape, InstanceNormalization, Reshape back.
      const whole = before(node.output[0], 'Reshape', 'InstanceNormalization', 'Reshape');
      const found = whole === undefined ? undefined : known.get(whole);
      if (found) set(found);
    } else if (
      !isOp(node, 'Flatten', 'Transpose', 'Shape', 'GlobalAveragePool', 'Gemm', 'MatMul')
    ) {
      set(coarsest);
    }
  }
  return [...known.values()];
};

/** Values whose Shape a size was computed from. */
const sourcesOfShape = (view: GraphView, name: string, depth = 0): string[] => {
  const node = view.producers.get(name);
  if (!node || depth > 8) return [];
  if (isOp(node, 'Shape')) return [node.input[0]];
  return node.input.flatMap(input => sourcesOfShape(view, input, depth + 1));
};

const FLOATS: number[] = [DataType.float32, DataType.float16, DataType.float64, DataType.bfloat16];

/** What can be read off a graph; ask it of the network as exported, before it is rewritten. */
export const inspectModel = (model: OnnxModel): OnnxFacts => {
  const view = new GraphView(model.graph);
  const shapes = inferShapes(model);
  const operators = new Map<string, number>();
  const count = (nodes: readonly OnnxNode[]): void => {
    for (const node of nodes) {
      const name = isOp(node, node.opType) ? node.opType : `${node.domain}.${node.opType}`;
      operators.set(name, (operators.get(name) ?? 0) + 1);
      for (const body of bodiesOf(node)) count(body.node);
    }
  };
  count(model.graph.node);
  const constants = [
    ...model.graph.initializer,
    ...model.graph.node.flatMap(node =>
      isOp(node, 'Constant') ? (view.constant(node.output[0]) ?? []) : [],
    ),
  ].filter(({ dataType }) => FLOATS.includes(dataType ?? 0));
  const weights = constants.reduce((sum, tensor) => sum + countOf(dimsOf(tensor)), 0);
  const ranks = model.graph.node.flatMap(node => {
    const kernel = isOp(node, 'Conv', 'ConvTranspose') && view.constant(node.input[1]);
    return kernel ? [dimsOf(kernel).length - 2] : [];
  });
  const axes = ranks.length > 0 ? Math.max(...ranks) : undefined;
  const coarse = axes === undefined ? [] : coarseness(view, shapes, axes);
  const producer = [model.producerName, model.producerVersion].filter(text => text).join(' ');
  return {
    producer,
    opset: opsetOf(model),
    inputs: view.inputs.map(info => factsOfValue(info, shapes)),
    outputs: model.graph.output.map(info => outputFacts(view, info, shapes)),
    weights,
    bytes: constants.reduce(
      (sum, tensor) =>
        sum +
        countOf(dimsOf(tensor)) *
          (tensor.dataType === DataType.float64 ? 8 : tensor.dataType === DataType.float32 ? 4 : 2),
      0,
    ),
    operators: Object.fromEntries([...operators].sort((a, b) => b[1] - a[1])),
    spatialAxes: axes === 1 || axes === 2 || axes === 3 ? axes : undefined,
    spatialDivisor: Array.from({ length: axes ?? 0 }, (_, i) =>
      Math.max(1, ...coarse.map(by => by[i]).filter(Number.isInteger)),
    ),
    metadata: Object.fromEntries(
      model.metadataProps.map(({ key = '', value = '' }) => [key, value]),
    ),
  };
};
