import { z } from 'zod';
import type { GraphBuilder, Weights } from '../../../onnx/builder';
import type { KerasLayer, KerasWeights } from './format';

/**
 * Keras layers as ONNX operators, channels first. Sizes per axis are Keras' own order of the spatial
 * axes, which stays as it is: [N, a, b, c, C] becomes [N, C, a, b, c].
 */

/** What a layer cannot be turned into, as the end of a sentence. */
export class LayerProblem extends Error {}

export interface LayerCall {
  builder: GraphBuilder;
  layer: KerasLayer;
  inputs: string[];
  /** Axes of the tensor, with batch and channels. */
  rank: number;
  weight(name: string): KerasWeights | undefined;
}

const numbers = z.union([z.number(), z.array(z.number())]);

/** A Keras size: one number for all axes, or one an axis. */
const sizes = (value: unknown, axes: number, fallback: number, what: string): number[] => {
  if (value === undefined || value === null) return Array<number>(axes).fill(fallback);
  const parsed = numbers.safeParse(value);
  if (!parsed.success) throw new LayerProblem(`${what} is ${JSON.stringify(value)}`);
  return typeof parsed.data === 'number' ? Array<number>(axes).fill(parsed.data) : parsed.data;
};

const setting = (layer: KerasLayer, name: string): unknown => layer.config[name];

const number = (layer: KerasLayer, name: string, fallback: number): number => {
  const value = setting(layer, name) ?? fallback;
  if (typeof value !== 'number') throw new LayerProblem(`${name} is ${JSON.stringify(value)}`);
  return value;
};

const need = (call: LayerCall, name: string): KerasWeights => {
  const found = call.weight(name);
  if (!found) throw new LayerProblem(`the weights ${call.layer.name}/${name} are not there`);
  return found;
};

const channelsLast = (layer: KerasLayer): void => {
  const format = setting(layer, 'data_format');
  if (format !== undefined && format !== 'channels_last') {
    throw new LayerProblem(`data_format is ${JSON.stringify(format)}; "channels_last" is known`);
  }
};

/** Moves the axes of a kernel: `order[i]` is the axis of `weights` that becomes axis i. */
export const permute = ({ shape, data }: KerasWeights, order: readonly number[]): Weights => {
  const dims = order.map(axis => shape[axis]);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const moved = new Float32Array(data.length);
  const index = dims.map(() => 0);
  for (let to = 0; to < moved.length; to++) {
    let from = 0;
    for (let axis = 0; axis < dims.length; axis++) from += index[axis] * strides[order[axis]];
    moved[to] = data[from];
    for (let axis = dims.length - 1; axis >= 0 && ++index[axis] === dims[axis]; axis--) {
      index[axis] = 0;
    }
  }
  return { dims, data: moved };
};

/** Constants of SELU (Klambauer et al. 2017) are ONNX's defaults too. */
const ACTIVATIONS: Record<string, (builder: GraphBuilder, x: string) => string> = {
  linear: (_, x) => x,
  relu: (b, x) => b.relu(x),
  relu6: (b, x) => b.op('Clip', [x, b.float32([], [0], 'low'), b.float32([], [6], 'high')]),
  elu: (b, x) => b.elu(x),
  selu: (b, x) => b.op('Selu', [x]),
  leaky_relu: (b, x) => b.leakyRelu(x, 0.2),
  gelu: (b, x) => b.gelu(x),
  sigmoid: (b, x) => b.sigmoid(x),
  tanh: (b, x) => b.tanh(x),
  softplus: (b, x) => b.op('Softplus', [x]),
  swish: (b, x) => b.mul(x, b.sigmoid(x)),
  silu: (b, x) => b.mul(x, b.sigmoid(x)),
  // Keras takes the last axis, which here is the channels'.
  softmax: (b, x) => b.softmax(x, 1),
};

const activate = ({ builder, layer }: LayerCall, x: string, given?: unknown): string => {
  const name = given ?? setting(layer, 'activation') ?? 'linear';
  const make = typeof name === 'string' ? ACTIVATIONS[name] : undefined;
  if (!make) {
    throw new LayerProblem(
      `the activation ${JSON.stringify(name)} is not known; known: ${Object.keys(ACTIVATIONS).join(', ')}`,
    );
  }
  return make(builder, x);
};

/**
 * brainchop's own rule, outside Keras: a convolution whose name ends in "_gn" is followed by a
 * normalisation of each channel over space, without scale and shift (neuroneural/brainchop,
 * `SequentialConvLayer`; epsilon 1e-5).
 */
const namedNormalisation = (call: LayerCall, x: string, channels: number): string =>
  call.layer.name.endsWith('_gn')
    ? call.builder.instanceNormalization(
        x,
        new Float32Array(channels).fill(1),
        new Float32Array(channels),
        1e-5,
      )
    : x;

const convolution = (call: LayerCall): string => {
  const { layer, builder, inputs, rank } = call;
  channelsLast(layer);
  const axes = rank - 2;
  const kernel = need(call, 'kernel');
  const weights = permute(kernel, [axes + 1, axes, ...Array.from({ length: axes }, (_, a) => a)]);
  const strides = sizes(setting(layer, 'strides'), axes, 1, 'strides');
  const dilations = sizes(setting(layer, 'dilation_rate'), axes, 1, 'dilation_rate');
  const padding = setting(layer, 'padding') ?? 'valid';
  if (padding !== 'same' && padding !== 'valid') {
    throw new LayerProblem(`padding is ${JSON.stringify(padding)}; "same" and "valid" are known`);
  }
  const unstrided = strides.every(stride => stride === 1);
  const totals = dilations.map((dilation, a) => dilation * (kernel.shape[a] - 1));
  const bias = setting(layer, 'use_bias') === false ? undefined : need(call, 'bias').data;
  const out = builder.conv(inputs[0], weights, {
    bias,
    strides,
    dilations,
    group: number(layer, 'groups', 1),
    ...(padding === 'same' &&
      (unstrided
        ? { pads: [...totals.map(t => Math.floor(t / 2)), ...totals.map(t => Math.ceil(t / 2))] }
        : { autoPad: 'SAME_UPPER' as const })),
  });
  return activate(call, namedNormalisation(call, out, weights.dims[0]));
};

/** TensorFlow's transposed convolution is the gradient of a "same" or "valid" one of that stride. */
const transposed = (call: LayerCall): string => {
  const { layer, builder, inputs, rank } = call;
  channelsLast(layer);
  const axes = rank - 2;
  const kernel = need(call, 'kernel');
  // Keras keeps [...kernel, out, in]; ONNX wants [in, out, ...kernel].
  const weights = permute(kernel, [axes + 1, axes, ...Array.from({ length: axes }, (_, a) => a)]);
  const strides = sizes(setting(layer, 'strides'), axes, 1, 'strides');
  if (sizes(setting(layer, 'dilation_rate'), axes, 1, 'dilation_rate').some(d => d !== 1)) {
    throw new LayerProblem('a dilated transposed convolution is not known');
  }
  const extra = strides.map((stride, a) => kernel.shape[a] - stride);
  const same = setting(layer, 'padding') === 'same';
  const cut = extra.map(over => (same ? Math.max(0, over) : 0));
  const out = builder.convTranspose(inputs[0], weights, {
    bias: setting(layer, 'use_bias') === false ? undefined : need(call, 'bias').data,
    strides,
    pads: [...cut.map(c => Math.floor(c / 2)), ...cut.map(c => Math.ceil(c / 2))],
    outputPadding: extra.map(over => Math.max(0, -over)),
  });
  return activate(call, out);
};

const pooling =
  (method: 'maxPool' | 'averagePool') =>
  ({ layer, builder, inputs, rank }: LayerCall): string => {
    channelsLast(layer);
    const kernelShape = sizes(setting(layer, 'pool_size'), rank - 2, 2, 'pool_size');
    return builder[method](inputs[0], {
      kernelShape,
      strides: setting(layer, 'strides')
        ? sizes(setting(layer, 'strides'), rank - 2, 2, 'strides')
        : kernelShape,
      autoPad: setting(layer, 'padding') === 'same' ? 'SAME_UPPER' : undefined,
    });
  };

/** Keras' `padding` and `cropping`: n, [a, b, c] or [[before, after], …]. */
const sides = (
  value: unknown,
  axes: number,
  what: string,
): { before: number[]; after: number[] } => {
  const pairs = z
    .array(z.tuple([z.number(), z.number()]))
    .length(axes)
    .safeParse(value);
  const each = pairs.success ? undefined : sizes(value, axes, 1, what);
  return {
    before: pairs.success ? pairs.data.map(([a]) => a) : each!,
    after: pairs.success ? pairs.data.map(([, b]) => b) : each!,
  };
};

const zeroPadding = ({ layer, builder, inputs, rank }: LayerCall): string => {
  const { before, after } = sides(setting(layer, 'padding'), rank - 2, 'padding');
  return builder.pad(inputs[0], [0, 0, ...before, 0, 0, ...after]);
};

const cropping = ({ layer, builder, inputs, rank }: LayerCall): string => {
  const { before, after } = sides(setting(layer, 'cropping'), rank - 2, 'cropping');
  const ends = after.map(n => (n === 0 ? Number.MAX_SAFE_INTEGER : -n));
  return builder.slice(
    inputs[0],
    before,
    ends,
    before.map((_, axis) => axis + 2),
  );
};

const upSampling = ({ layer, builder, inputs, rank }: LayerCall): string => {
  const mode = setting(layer, 'interpolation') ?? 'nearest';
  if (mode !== 'nearest' && mode !== 'bilinear') {
    throw new LayerProblem(
      `interpolation is ${JSON.stringify(mode)}; "nearest", "bilinear" are known`,
    );
  }
  const scales = sizes(setting(layer, 'size'), rank - 2, 2, 'size');
  return builder.resize(inputs[0], [1, 1, ...scales], mode === 'nearest' ? 'nearest' : 'linear');
};

const batchNormalization = (call: LayerCall): string => {
  const axis = setting(call.layer, 'axis');
  const last = Array.isArray(axis) ? axis[0] : axis;
  if (last !== undefined && last !== -1 && last !== call.rank - 1) {
    throw new LayerProblem(`axis is ${JSON.stringify(axis)}; the channels' (the last) is known`);
  }
  return call.builder.batchNormalization(
    call.inputs[0],
    {
      scale: call.weight('gamma')?.data,
      bias: call.weight('beta')?.data,
      mean: need(call, 'moving_mean').data,
      variance: need(call, 'moving_variance').data,
      epsilon: number(call.layer, 'epsilon', 1e-3),
    },
    call.rank,
  );
};

const same = ({ inputs }: LayerCall): string => inputs[0];
const chained =
  (opType: string) =>
  ({ builder, inputs }: LayerCall): string =>
    inputs.slice(1).reduce((sum, next) => builder.op(opType, [sum, next]), inputs[0]);

const prelu = (call: LayerCall): string => {
  const { shape, data } = need(call, 'alpha');
  const channels = shape[shape.length - 1];
  if (data.length !== channels) {
    throw new LayerProblem('a slope for every voxel is not known; shared_axes over space is');
  }
  return call.builder.prelu(call.inputs[0], data, call.rank);
};

const LAYERS: Record<string, (call: LayerCall) => string> = {
  Conv2D: convolution,
  Conv3D: convolution,
  Conv2DTranspose: transposed,
  Conv3DTranspose: transposed,
  Activation: call => activate(call, call.inputs[0]),
  ReLU: call => activate(call, call.inputs[0], 'relu'),
  ELU: call => call.builder.elu(call.inputs[0], number(call.layer, 'alpha', 1)),
  LeakyReLU: call => call.builder.leakyRelu(call.inputs[0], number(call.layer, 'alpha', 0.3)),
  PReLU: prelu,
  Softmax: call => activate(call, call.inputs[0], 'softmax'),
  BatchNormalization: batchNormalization,
  Add: chained('Add'),
  Multiply: chained('Mul'),
  Maximum: chained('Max'),
  Concatenate: ({ builder, inputs }) => builder.concat(inputs, 1),
  MaxPooling2D: pooling('maxPool'),
  MaxPooling3D: pooling('maxPool'),
  AveragePooling2D: pooling('averagePool'),
  AveragePooling3D: pooling('averagePool'),
  UpSampling2D: upSampling,
  UpSampling3D: upSampling,
  ZeroPadding2D: zeroPadding,
  ZeroPadding3D: zeroPadding,
  Cropping2D: cropping,
  Cropping3D: cropping,
  Dropout: same,
  SpatialDropout2D: same,
  SpatialDropout3D: same,
  GaussianNoise: same,
  GaussianDropout: same,
};

/** Adds a layer's operators. Throws `LayerProblem`. */
export const addLayer = (call: LayerCall): string => {
  const make = LAYERS[call.layer.class_name];
  if (!make) {
    throw new LayerProblem(
      `layers of the class ${call.layer.class_name} are not known; known: ${Object.keys(LAYERS).join(', ')}`,
    );
  }
  return make(call);
};
