import { intOf, intsOf, nodeName } from '../graph';
import { windowOf } from '../shapes';
import { dimsOf, float32Of, sameFloat } from '../tensors';
import type { OnnxNode } from '../types';
import { TO_THE_END, type Gap, type Patch, type Rewrite } from './patch';

/**
 * A transposed convolution as an ordinary one: the sub-pixel form of Shi et al. ("Real-Time Single
 * Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural Network", 2016).
 *
 * Along one axis ONNX's ConvTranspose with kernel k, stride s, dilation d and begin padding p is
 *   y[i·s + t·d − p] += x[i]·w[t].
 * Every output sits at o = q·s + r − a with a phase r in [0, s) (a shifts the grid of phases). Tap t
 * meets the one phase r = (t·d − p + a) mod s, from the input m = ⌊(t·d − p + a)/s⌋ places before q. So
 * phase r is a convolution of x at the input's own resolution, all phases together are one convolution
 * to s times the channels, and its channels are then laid out in space.
 */
export interface AxisPlan {
  stride: number;
  /** Of the convolution at the input's resolution. */
  kernel: number;
  dilation: number;
  padBegin: number;
  padEnd: number;
  /** Cut off after the phases are laid out. */
  cropBegin: number;
  cropEnd: number;
  /** Of every tap of the old kernel: its phase and its place in the new kernel. */
  taps: { phase: number; place: number }[];
}

export interface AxisOfTransposed {
  kernel: number;
  stride: number;
  dilation: number;
  padBegin: number;
  padEnd: number;
  outputPadding: number;
}

const planWith = (axis: AxisOfTransposed, shift: number): AxisPlan => {
  const { kernel: k, stride: s, dilation: d, padBegin: p } = axis;
  const at = (t: number) => Math.floor((t * d - p + shift) / s);
  const [first, last] = [at(0), at(k - 1)];
  // Output length is s·I + c for every input length I, so pads and crops are constants.
  const c = axis.outputPadding + (k - 1) * d + 1 - s - p - axis.padEnd;
  const padBegin = Math.max(0, last);
  const padEnd = Math.max(0, Math.ceil((c + shift) / s) - first);
  // With stride 1 there is one phase, and the taps keep their distance as a dilation.
  const dilation = s === 1 && last >= 0 ? d : 1;
  return {
    stride: s,
    kernel: (padBegin - first) / dilation + 1,
    dilation,
    padBegin,
    padEnd,
    cropBegin: shift,
    cropEnd: s * (padEnd + first) - shift - c,
    taps: Array.from({ length: k }, (_, t) => ({
      phase: (((t * d - p + shift) % s) + s) % s,
      place: (padBegin - at(t)) / dilation,
    })),
  };
};

/** The shift of the grid with the smallest kernel; of those the one that cuts off least. */
export const planAxis = (axis: AxisOfTransposed): AxisPlan =>
  // Beyond one stride a shift only helps against padding that is larger than the kernel reaches.
  Array.from({ length: axis.stride + axis.padBegin }, (_, shift) => planWith(axis, shift)).reduce(
    (best, plan) =>
      plan.kernel < best.kernel ||
      (plan.kernel === best.kernel && plan.cropBegin + plan.cropEnd < best.cropBegin + best.cropEnd)
        ? plan
        : best,
  );

/** Pads in numbers: `auto_pad` and `output_shape` are spelled out, or it is said why they cannot be. */
const explicitPads = (
  node: OnnxNode,
  patch: Patch,
  kernel: readonly number[],
): { axes: AxisOfTransposed[] } | { why: string; advice: string } => {
  const window = windowOf(node, kernel);
  const outputPadding = intsOf(node, 'output_padding') ?? [];
  const outputShape = intsOf(node, 'output_shape')?.slice(-kernel.length) ?? [];
  const sizes = patch.shapes.get(node.input[0])?.slice(2);
  const axes: AxisOfTransposed[] = [];
  for (const [i, k] of kernel.entries()) {
    const axis = {
      kernel: k,
      stride: window.strides[i],
      dilation: window.dilations[i],
      padBegin: window.autoPad === 'NOTSET' ? window.pads[i] : 0,
      padEnd: window.autoPad === 'NOTSET' ? window.pads[i + kernel.length] : 0,
      outputPadding: outputPadding[i] ?? 0,
    };
    const span = (k - 1) * axis.dilation + 1;
    let total: number | undefined;
    if (outputShape.length > 0) {
      const size = sizes?.[i];
      if (typeof size !== 'number') {
        return {
          why: `output_shape [${outputShape.join(', ')}] needs the input's size, which the graph leaves open`,
          advice: 'Export with fixed input sizes, or with pads and output_padding.',
        };
      }
      total = axis.stride * (size - 1) + axis.outputPadding + span - outputShape[i];
    } else if (window.autoPad.startsWith('SAME')) {
      total = axis.outputPadding + span - axis.stride;
    }
    if (total !== undefined) {
      if (total < 0) {
        return {
          why: `its output is ${-total} longer along axis ${i + 2} than its kernel reaches`,
          advice: 'Export with pads and output_padding in numbers.',
        };
      }
      // An odd one goes to the end with SAME_UPPER, else to the begin (ONNX, ConvTranspose).
      const less = Math.floor(total / 2);
      const upper = window.autoPad === 'SAME_UPPER';
      axis.padBegin = upper ? less : total - less;
      axis.padEnd = total - axis.padBegin;
    }
    axes.push(axis);
  }
  return { axes };
};

const times = (list: readonly number[]): number => list.reduce((a, b) => a * b, 1);
const cross = (list: readonly number[]): string => list.join('×');

/** Weights [C/g, M, …k] of one group as [M·S, C/g, …K], the phases of a channel next to each other. */
const phaseWeights = (
  data: Float32Array,
  channels: number,
  outputs: number,
  plans: readonly AxisPlan[],
): Float32Array => {
  const kernel = plans.map(plan => plan.kernel);
  const phases = times(plans.map(plan => plan.stride));
  const size = times(kernel);
  // Where every old tap goes: phase and place over all axes, last axis fastest.
  const taps = plans.reduce<{ phase: number; place: number }[]>(
    (outer, plan) =>
      outer.flatMap(at =>
        plan.taps.map(tap => ({
          phase: at.phase * plan.stride + tap.phase,
          place: at.place * plan.kernel + tap.place,
        })),
      ),
    [{ phase: 0, place: 0 }],
  );
  const made = new Float32Array(outputs * phases * channels * size);
  for (let c = 0, from = 0; c < channels; c++) {
    for (let m = 0; m < outputs; m++) {
      for (const { phase, place } of taps) {
        made[((m * phases + phase) * channels + c) * size + place] = data[from++];
      }
    }
  }
  return made;
};

/**
 * Lays the phases of [N, M·S, …Q] out in space: [N, M, …Q·s]. One Transpose; sizes that the graph leaves
 * open are read with Shape, which costs nothing (it runs on the CPU, on the dims alone).
 */
const depthToSpace = (
  patch: Patch,
  x: string,
  outputs: number,
  strides: readonly number[],
  sizes: readonly (number | undefined)[],
  output: string | undefined,
): string => {
  const split = strides.filter(stride => stride > 1);
  const fixed = sizes.every(size => size !== undefined);
  const open = fixed
    ? undefined
    : patch.slice(patch.op('Shape', [x]), [2], [2 + strides.length], [0]);
  const shape = (begin: number[], scaled: boolean): string => {
    if (!open) {
      const rest = sizes.map((size, i) => size! * (scaled ? strides[i] : 1));
      return patch.integers('shape', [...begin, ...rest]);
    }
    const rest = scaled ? patch.op('Mul', [open, patch.integers('strides', strides)]) : open;
    return patch.op('Concat', [patch.integers('shape', begin), rest], { axis: 0 });
  };
  // Batch and channels stay together in front, so that the Transpose has as few axes as can be.
  const apart = patch.op('Reshape', [x, shape([-1, ...split], false)]);
  let phase = 0;
  const perm = strides.flatMap((stride, i) => [
    1 + split.length + i,
    ...(stride > 1 ? [1 + phase++] : []),
  ]);
  const turned = patch.op('Transpose', [apart], { perm: [0, ...perm] });
  return patch.op('Reshape', [turned, shape([-1, outputs], true)], {}, output);
};

/** Replaces a 3D ConvTranspose, or says why it cannot be. */
export const rewriteConvTranspose = (node: OnnxNode, patch: Patch): Rewrite | Gap => {
  const gap = (why: string, advice: string): Gap => ({
    node: nodeName(node),
    op: node.opType,
    severity: 'fails',
    why: `3D ConvTranspose fails on WebGPU, and it cannot be rewritten: ${why}.`,
    advice,
  });
  const weights = patch.view.constant(node.input[1]);
  const bias = patch.view.constant(node.input[2]);
  if (!weights || (node.input[2] && !bias)) {
    return gap(
      'its weights are computed in the graph',
      'Export in evaluation mode with constant folding (do_constant_folding=True).',
    );
  }
  const [channels, outputs, ...kernel] = dimsOf(weights);
  const explicit = explicitPads(node, patch, kernel);
  if ('why' in explicit) return gap(explicit.why, explicit.advice);

  const plans = explicit.axes.map(planAxis);
  const group = intOf(node, 'group', 1);
  const strides = plans.map(plan => plan.stride);
  const phases = times(strides);
  const inner = channels / group;
  const data = float32Of(weights);
  const biases = bias && float32Of(bias);
  const perGroup = data.length / group;
  const dims = [outputs * phases, inner, ...plans.map(plan => plan.kernel)];

  const crop = plans.flatMap((plan, i) => (plan.cropBegin || plan.cropEnd ? [i] : []));
  const last = node.output[0];
  const spread = phases > 1;
  const convOutput = spread || crop.length > 0 ? undefined : last;
  const parts =
    group > 1 ? patch.split(node.input[0], Array<number>(group).fill(inner), 1) : [node.input[0]];
  const made = parts.map((part, g) => {
    const from = data.subarray(g * perGroup, (g + 1) * perGroup);
    const own = sameFloat(
      weights,
      patch.name('weights'),
      dims,
      phaseWeights(from, inner, outputs, plans),
    );
    const spreadBias =
      biases &&
      Float32Array.from(
        { length: outputs * phases },
        (_, i) => biases[g * outputs + Math.floor(i / phases)],
      );
    return patch.op(
      'Conv',
      [
        part,
        patch.add(own),
        spreadBias &&
          patch.add(sameFloat(bias, patch.name('bias'), [spreadBias.length], spreadBias)),
      ],
      {
        kernel_shape: plans.map(plan => plan.kernel),
        dilations: plans.map(plan => plan.dilation),
        strides: plans.map(() => 1),
        pads: [...plans.map(plan => plan.padBegin), ...plans.map(plan => plan.padEnd)],
      },
      group > 1 ? undefined : convOutput,
    );
  });
  let value = group > 1 ? patch.op('Concat', made, { axis: 1 }, convOutput) : made[0];
  if (spread) {
    const sizes = patch.shapes.get(node.input[0])?.slice(2) ?? [];
    const low = plans.map((plan, i) => {
      const size = sizes[i];
      const reach = (plan.kernel - 1) * plan.dilation;
      return typeof size === 'number' ? size + plan.padBegin + plan.padEnd - reach : undefined;
    });
    const output = crop.length > 0 ? undefined : last;
    value = depthToSpace(patch, value, outputs * group, strides, low, output);
  }
  if (crop.length > 0) {
    patch.slice(
      value,
      crop.map(i => plans[i].cropBegin),
      crop.map(i => (plans[i].cropEnd ? -plans[i].cropEnd : TO_THE_END)),
      crop.map(i => i + 2),
      last,
    );
  }
  return {
    kind: 'convTranspose3d',
    node: nodeName(node),
    op: node.opType,
    value: node.output[0],
    detail:
      `kernel ${cross(kernel)}, stride ${cross(strides)}${group > 1 ? `, ${group} groups` : ''} → ` +
      `Conv ${cross(plans.map(plan => plan.kernel))} to ${dims[0] * group} channels` +
      `${spread ? ' + depth-to-space' : ''}${crop.length > 0 ? ' + Slice' : ''}`,
    costRatio: (phases * times(plans.map(plan => plan.kernel))) / times(kernel),
  };
};
