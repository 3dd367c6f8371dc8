import type { LabelMapOutput } from '../model/manifest';

/**
 * How class scores become labels.
 *
 * `largest`: the class with the largest score, the lowest class where scores are equal (MONAI's
 * `AsDiscrete(argmax=True)`). `regions`: each channel is a region of its own where its probability
 * reaches the threshold (`AsDiscrete(threshold=…)`); where regions overlap the last one is kept
 * (nnU-Net's `regions_class_order`).
 *
 * Codes stand for what was decided while layers are compared: a class, or one more than the index
 * of a region, 0 for none.
 */
export type Decision = {
  channels: number;
  /** Label value of each code; 0 where the manifest gives the class no label. */
  valueOf: Uint8Array;
} & (
  | { rule: 'largest'; softmax: boolean }
  | { rule: 'regions'; threshold: number; channelOf: Uint8Array }
);

/** What is taken for a region's presence where no operating point says otherwise. */
export const DEFAULT_THRESHOLD = 0.5;

/** What of an output says how its scores become labels. */
export type DecidedOutput = Pick<LabelMapOutput, 'encoding' | 'activation' | 'classes'> & {
  labels: ReadonlyArray<{ value: number }>;
};

/** @param threshold of the operating point, for regions */
export function decisionOf(output: DecidedOutput, threshold = DEFAULT_THRESHOLD): Decision {
  const { classes: channels, labels } = output;
  const valueOf = new Uint8Array(256);
  if (output.activation === 'sigmoid' && output.encoding === 'scores') {
    labels.forEach(({ value }, index) => (valueOf[index + 1] = value));
    const channelOf = Uint8Array.from(labels, ({ value }) => value - 1);
    return { rule: 'regions', channels, threshold, channelOf, valueOf };
  }
  for (const { value } of labels) {
    valueOf[value] = value;
  }
  const softmax = output.activation === 'softmax' && output.encoding === 'scores';
  return { rule: 'largest', channels, softmax, valueOf };
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** In place: logits to probabilities, each by itself (MONAI's `Activations(sigmoid=True)`). */
export function applySigmoid(values: Float32Array): void {
  for (let index = 0; index < values.length; index++) {
    values[index] = sigmoid(values[index]);
  }
}

/**
 * In place, one voxel of a layer [channel][voxel]: logits to probabilities that add up to 1 (MONAI's
 * `Activations(softmax=True)`).
 */
export function applySoftmaxAt(layer: Float32Array, size: number, voxel: number): void {
  let highest = -Infinity;
  for (let at = voxel; at < layer.length; at += size) {
    highest = Math.max(highest, layer[at]);
  }
  let sum = 0;
  for (let at = voxel; at < layer.length; at += size) {
    layer[at] = Math.exp(layer[at] - highest);
    sum += layer[at];
  }
  for (let at = voxel; at < layer.length; at += size) {
    layer[at] /= sum;
  }
}

/**
 * Codes of one layer of scores, [channel][voxel]: logits or probabilities for `largest` (softmax
 * changes no order), probabilities for `regions`.
 */
export function decideLayer(
  scores: Float32Array,
  size: number,
  decision: Decision,
  codes: Uint8Array,
  best: Float32Array,
): void {
  if (decision.rule === 'regions') {
    const { channelOf, threshold } = decision;
    codes.fill(0);
    channelOf.forEach((channel, region) => {
      const base = channel * size;
      for (let index = 0; index < size; index++) {
        if (scores[base + index] >= threshold) {
          codes[index] = region + 1;
        }
      }
    });
    return;
  }
  codes.fill(0);
  best.set(scores.subarray(0, size));
  for (let c = 1; c < decision.channels; c++) {
    const base = c * size;
    for (let index = 0; index < size; index++) {
      const score = scores[base + index];
      if (score > best[index]) {
        best[index] = score;
        codes[index] = c;
      }
    }
  }
}

/** The code of one voxel whose scores stand in `scores` from `base` on. */
export function decideAt(scores: Float64Array, base: number, decision: Decision): number {
  if (decision.rule === 'regions') {
    const { channelOf, threshold } = decision;
    for (let region = channelOf.length - 1; region >= 0; region--) {
      if (scores[base + channelOf[region]] >= threshold) {
        return region + 1;
      }
    }
    return 0;
  }
  let best = 0;
  for (let c = 1; c < decision.channels; c++) {
    if (scores[base + c] > scores[base + best]) {
      best = c;
    }
  }
  return best;
}
