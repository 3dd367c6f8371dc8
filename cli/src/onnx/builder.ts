import {
  buildModel,
  float,
  node,
  value,
  type Attributes,
  type Dimension,
  type ModelParts,
} from './parts';
import { tensor } from './tensors';
import type { DataTypeName, OnnxModel, OnnxNode, OnnxTensor, OnnxValueInfo } from './types';

export * from './parts';
export { tensor } from './tensors';

/** Numbers in C order with their dims: what a layer's weights are given as. */
export interface Weights {
  dims: readonly number[];
  data: ArrayLike<number>;
}

export interface ConvOptions {
  bias?: ArrayLike<number>;
  strides?: readonly number[];
  /** Begin of every axis, then end of every axis. */
  pads?: readonly number[];
  dilations?: readonly number[];
  group?: number;
  /** TensorFlow's "same" is SAME_UPPER. Not together with `pads`. */
  autoPad?: 'SAME_UPPER' | 'SAME_LOWER' | 'VALID';
}

export interface ConvTransposeOptions extends ConvOptions {
  outputPadding?: readonly number[];
  outputShape?: readonly number[];
}

export interface PoolOptions {
  kernelShape: readonly number[];
  strides?: readonly number[];
  pads?: readonly number[];
  autoPad?: ConvOptions['autoPad'];
  ceilMode?: boolean;
  countIncludePad?: boolean;
}

/** What a trained BatchNormalization knows of each channel. */
export interface BatchStatistics {
  scale?: ArrayLike<number>;
  bias?: ArrayLike<number>;
  mean: ArrayLike<number>;
  variance: ArrayLike<number>;
  epsilon: number;
}

/** BatchNormalization at inference is `x·factor + offset` per channel. */
export const batchAffine = (
  of: BatchStatistics,
): { factor: Float64Array; offset: Float64Array } => {
  const factor = Float64Array.from(
    of.variance,
    (variance, c) => (of.scale?.[c] ?? 1) / Math.sqrt(variance + of.epsilon),
  );
  const offset = factor.map((by, c) => (of.bias?.[c] ?? 0) - of.mean[c] * by);
  return { factor, offset };
};

/**
 * A convolution (weights [out, in/group, …kernel]) and the BatchNormalization that follows it, as one
 * convolution: w'[o] = w[o]·f[o], b'[o] = b[o]·f[o] + offset[o].
 */
export const foldBatchNormalization = (
  weights: Weights,
  bias: ArrayLike<number> | undefined,
  statistics: BatchStatistics,
): { weights: Weights; bias: Float32Array } => {
  const { factor, offset } = batchAffine(statistics);
  const perOutput = weights.data.length / weights.dims[0];
  const data = Float32Array.from(weights.data, (w, i) => w * factor[Math.floor(i / perOutput)]);
  return {
    weights: { dims: weights.dims, data },
    bias: Float32Array.from(factor, (by, o) => (bias?.[o] ?? 0) * by + offset[o]),
  };
};

/**
 * Assembles a graph value by value. Every method adds a node and returns the name of its output, to be
 * given to the next; names are made, and stay readable (`conv_3`).
 */
export class GraphBuilder {
  private readonly nodes: OnnxNode[] = [];
  private readonly initializers: OnnxTensor[] = [];
  private readonly inputs: OnnxValueInfo[] = [];
  private readonly outputs: OnnxValueInfo[] = [];
  private readonly taken = new Set<string>();

  constructor(
    private readonly options: Pick<ModelParts, 'opset' | 'name' | 'producerName' | 'metadata'> = {},
  ) {}

  /** A name that is not in use; `hint` itself if it is free. */
  fresh(hint: string): string {
    let name = hint;
    for (let n = 1; this.taken.has(name); n++) name = `${hint}_${n}`;
    this.taken.add(name);
    return name;
  }

  input(name: string, dims: readonly Dimension[], type: DataTypeName = 'float32'): string {
    this.inputs.push(value(this.fresh(name), type, dims));
    return name;
  }

  /** Makes `from` an output of the graph under `name`. */
  output(
    from: string,
    name: string,
    dims?: readonly Dimension[],
    type: DataTypeName = 'float32',
  ): void {
    const own = this.fresh(name);
    this.nodes.push(node('Identity', [from], [own]));
    this.outputs.push(value(own, type, dims));
  }

  float32(dims: readonly number[], data: ArrayLike<number>, hint = 'weights'): string {
    return this.initializer(tensor.float32(this.fresh(hint), dims, data));
  }

  int64(data: readonly number[], hint = 'integers'): string {
    return this.initializer(tensor.int64(this.fresh(hint), [data.length], data));
  }

  /** Adds an initializer under its own name. */
  initializer(made: OnnxTensor): string {
    this.taken.add(made.name!);
    this.initializers.push(made);
    return made.name!;
  }

  /** Any operator with one output. */
  op(opType: string, input: readonly (string | undefined)[], attributes?: Attributes): string {
    return this.ops(opType, input, 1, attributes)[0];
  }

  /** Any operator with `count` outputs. */
  ops(
    opType: string,
    input: readonly (string | undefined)[],
    count: number,
    attributes?: Attributes,
  ): string[] {
    const output = Array.from({ length: count }, () => this.fresh(opType.toLowerCase()));
    this.nodes.push(node(opType, input, output, attributes));
    return output;
  }

  /** Convolution of [N, C, …spatial] with `weights` [out, C/group, …kernel]. */
  conv(x: string, weights: Weights, options: ConvOptions = {}): string {
    return this.convolution('Conv', x, weights, options);
  }

  /** Transposed convolution with `weights` [C, out/group, …kernel]. */
  convTranspose(x: string, weights: Weights, options: ConvTransposeOptions = {}): string {
    return this.convolution('ConvTranspose', x, weights, options, {
      output_padding: options.outputPadding,
      output_shape: options.outputShape,
    });
  }

  private convolution(
    opType: string,
    x: string,
    weights: Weights,
    options: ConvOptions,
    more: Attributes = {},
  ): string {
    const bias = options.bias && this.float32([options.bias.length], options.bias, 'bias');
    return this.op(opType, [x, this.float32(weights.dims, weights.data), bias], {
      kernel_shape: weights.dims.slice(2),
      strides: options.strides,
      pads: options.pads,
      dilations: options.dilations,
      group: options.group,
      auto_pad: options.autoPad,
      ...more,
    });
  }

  relu(x: string): string {
    return this.op('Relu', [x]);
  }

  elu(x: string, alpha = 1): string {
    return this.op('Elu', [x], { alpha: float(alpha) });
  }

  leakyRelu(x: string, alpha = 0.01): string {
    return this.op('LeakyRelu', [x], { alpha: float(alpha) });
  }

  /** `slope`: one for all, or one per channel of an input of `rank` axes. */
  prelu(x: string, slope: ArrayLike<number>, rank: number): string {
    const dims = [slope.length, ...Array<number>(rank - 2).fill(1)];
    return this.op('PRelu', [x, this.float32(dims, slope, 'slope')]);
  }

  sigmoid(x: string): string {
    return this.op('Sigmoid', [x]);
  }

  tanh(x: string): string {
    return this.op('Tanh', [x]);
  }

  /**
   * Gaussian error linear unit, x·Φ(x) with Φ(x) = ½(1 + erf(x/√2)) (Hendrycks and Gimpel 2016),
   * composed because Gelu itself came with opset 20.
   */
  gelu(x: string): string {
    const erf = this.op('Erf', [this.mul(x, this.float32([], [Math.SQRT1_2], 'scalar'))]);
    const twice = this.add(erf, this.float32([], [1], 'scalar'));
    return this.mul(this.mul(x, this.float32([], [0.5], 'scalar')), twice);
  }

  softmax(x: string, axis = 1): string {
    return this.op('Softmax', [x], { axis });
  }

  argMax(x: string, axis = 1, keepdims = false): string {
    return this.op('ArgMax', [x], { axis, keepdims: Number(keepdims) });
  }

  add(a: string, b: string): string {
    return this.op('Add', [a, b]);
  }

  mul(a: string, b: string): string {
    return this.op('Mul', [a, b]);
  }

  concat(values: readonly string[], axis = 1): string {
    return this.op('Concat', values, { axis });
  }

  transpose(x: string, perm: readonly number[]): string {
    return this.op('Transpose', [x], { perm });
  }

  reshape(x: string, dims: readonly number[]): string {
    return this.op('Reshape', [x, this.int64(dims, 'shape')]);
  }

  /** Zero (or `constant`) padding: begin of every axis, then end of every axis. */
  pad(x: string, pads: readonly number[], constant = 0): string {
    const filler = this.float32([], [constant], 'filler');
    return this.op('Pad', [x, this.int64(pads, 'pads'), filler]);
  }

  /** `steps` may be left out (1 everywhere). */
  slice(
    x: string,
    starts: readonly number[],
    ends: readonly number[],
    axes: readonly number[],
    steps?: readonly number[],
  ): string {
    const bounds = [starts, ends, axes, ...(steps ? [steps] : [])];
    return this.op('Slice', [x, ...bounds.map(list => this.int64(list, 'bounds'))]);
  }

  maxPool(x: string, options: PoolOptions): string {
    return this.op('MaxPool', [x], poolAttributes(options));
  }

  averagePool(x: string, options: PoolOptions): string {
    return this.op('AveragePool', [x], {
      ...poolAttributes(options),
      count_include_pad: options.countIncludePad ? 1 : undefined,
    });
  }

  /** Resize by a factor per axis; nearest repeats voxels as TensorFlow's UpSampling does. */
  resize(x: string, scales: readonly number[], mode: 'nearest' | 'linear' = 'nearest'): string {
    return this.op('Resize', [x, undefined, this.float32([scales.length], scales, 'scales')], {
      mode,
      ...(mode === 'nearest'
        ? { coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }
        : { coordinate_transformation_mode: 'half_pixel' }),
    });
  }

  instanceNormalization(
    x: string,
    scale: ArrayLike<number>,
    bias: ArrayLike<number>,
    epsilon = 1e-5,
  ): string {
    const given = [scale, bias].map(list => this.float32([list.length], list, 'norm'));
    return this.op('InstanceNormalization', [x, ...given], { epsilon: float(epsilon) });
  }

  /** At inference: one multiplication and one addition per channel of an input of `rank` axes. */
  batchNormalization(x: string, statistics: BatchStatistics, rank: number): string {
    const { factor, offset } = batchAffine(statistics);
    const dims = [factor.length, ...Array<number>(rank - 2).fill(1)];
    const scaled = this.mul(x, this.float32(dims, factor, 'factor'));
    return this.add(scaled, this.float32(dims, offset, 'offset'));
  }

  build(): OnnxModel {
    return buildModel({
      ...this.options,
      inputs: this.inputs,
      outputs: this.outputs,
      nodes: this.nodes,
      initializers: this.initializers,
    });
  }
}

const poolAttributes = (options: PoolOptions): Attributes => ({
  kernel_shape: options.kernelShape,
  strides: options.strides,
  pads: options.pads,
  auto_pad: options.autoPad,
  ceil_mode: options.ceilMode ? 1 : undefined,
});
