import { z } from 'zod';
import { codedConcept, conceptFields, fraction, key, localizedText, size3 } from './common';

const segmentLabel = z.strictObject({
  /** Value in the label map; 0 is background. For softmax and labels also the network's class. */
  value: z.number().int().min(1).max(254),
  ...conceptFields,
  /**
   * In a chain of networks, where the label comes from; later labels of the list overwrite earlier
   * ones. Without it: of the last network, by its `value`.
   */
  from: z
    .strictObject({
      /** The earlier stage; without it the last network. */
      stage: key.optional(),
      /** Its value in that network's own label map. */
      value: z.number().int().min(1).max(254).default(1),
      /** Only where a label that stands before it in the list is (nested regions). */
      inside: z.boolean().default(false),
    })
    .optional(),
});

const labelMap = z.strictObject({
  type: z.literal('labelMap'),
  /**
   * Name of the ONNX output: [N, C, …spatial], or with the encoding `labels` [N, …spatial] or
   * [N, 1, …spatial] of any number type.
   */
  name: z.string().min(1),
  /** `labels`: the network ends in an arg-max. */
  encoding: z.enum(['scores', 'labels']).default('scores'),
  /**
   * `softmax` and `none`: the class with the largest score, 0 is background. `sigmoid`: each class
   * c is a region of its own, above the threshold (0.5 or the operating point's), and becomes the
   * value of the label whose `value` is c + 1; where regions overlap the later label of `labels`
   * is kept (nnU-Net's `regions_class_order`).
   */
  activation: z.enum(['softmax', 'sigmoid', 'none']),
  /** Length of the class axis. */
  classes: z.number().int().min(1).max(255),
  labels: z.array(segmentLabel).min(1),
});

const detected = z.strictObject({
  /** Index in the network's class axis, or in the numbers of its class output. */
  value: z.number().int().min(0).max(254),
  ...conceptFields,
});
const nms = {
  /** Boxes of one class that overlap a stronger one by more are dropped (3D IoU). */
  iouThreshold: fraction.default(0.1),
  /** The strongest so many are kept. */
  maxDetections: z.number().int().positive().default(100),
};

/** Boxes, scores and classes as tensors, in voxels of the preprocessed volume (its i, j, k). */
const boxes = z.strictObject({
  type: z.literal('boxes'),
  /** [K, 6] or [N, K, 6]; in 2D [K, 4]. */
  boxes: z.string().min(1),
  /** `corners`: the smallest i, j, k, then the largest. `center`: middle, then size. */
  boxMode: z.enum(['corners', 'center']).default('corners'),
  /** Order of the axes in a box: as in `spatialAxes` of the first input. */
  boxAxes: z.enum(['xyz', 'zyx', 'xy', 'yx']).default('xyz'),
  /** [K] or [N, K]: probabilities, or [N, K, C] one a class. */
  scores: z.string().min(1),
  /** [K] or [N, K]; without it the class is the first label, or the axis C of the scores. */
  classes: z.string().min(1).optional(),
  activation: z.enum(['sigmoid', 'none']).default('none'),
  labels: z.array(detected).min(1),
  ...nms,
});

/** Objects as peaks of a heat map (CenterNet, Zhou et al. 2019), one channel a class. */
const centerHeatmap = z.strictObject({
  type: z.literal('centerHeatmap'),
  /** [N, C, …spatial / stride]. */
  name: z.string().min(1),
  activation: z.enum(['sigmoid', 'none']),
  /** Voxels of the window for each cell of the map, along i, j, k. */
  stride: size3.default([1, 1, 1]),
  /** ONNX output [N, 1 or 3, …]: diameter in millimetres, for all axes or for i, j and k. */
  size: z.string().min(1).optional(),
  /** What stands in the size output: millimetres, or their natural logarithm. */
  sizeEncoding: z.enum(['mm', 'logMm']).default('mm'),
  /** Millimetres, where the network gives no size. */
  fixedSize: z.number().positive().optional(),
  labels: z.array(detected).min(1),
  ...nms,
});

const classification = z.strictObject({
  type: z.literal('classification'),
  /** [N, C]. */
  name: z.string().min(1),
  /** `softmax`: one of them; `sigmoid`: each by itself (multi-label); `none`: probabilities. */
  activation: z.enum(['softmax', 'sigmoid', 'none']),
  multiLabel: z.boolean().default(false),
  labels: z.array(z.strictObject({ value: z.number().int().min(0), ...conceptFields })).min(1),
});

const regression = z.strictObject({
  type: z.literal('regression'),
  /** [N, V]. */
  name: z.string().min(1),
  values: z
    .array(
      z.strictObject({
        index: z.number().int().min(0),
        key,
        name: localizedText,
        concept: codedConcept,
        /** UCUM. */
        unit: codedConcept,
        /** value · scale + offset is what is shown. */
        scale: z.number().default(1),
        offset: z.number().default(0),
      }),
    )
    .min(1),
});

/** A map beside the result: a probability, a saliency, an uncertainty. */
const map = z.strictObject({
  type: z.literal('map'),
  /** [N, C, …spatial] of the window's size. */
  name: z.string().min(1),
  channel: z.number().int().min(0).default(0),
  activation: z.enum(['sigmoid', 'none']).default('none'),
  key,
  label: localizedText,
  concept: codedConcept,
  unit: codedConcept,
});

export const outputSchema = z.discriminatedUnion('type', [
  labelMap,
  boxes,
  centerHeatmap,
  classification,
  regression,
  map,
]);

/**
 * A threshold on the model's scores with what it was seen to do; the first is used unless another
 * is asked for.
 */
export const operatingPointSchema = z.strictObject({
  key,
  name: localizedText,
  threshold: fraction,
  sensitivity: fraction.optional(),
  specificity: fraction.optional(),
  falsePositivesPerScan: z.number().min(0).optional(),
  /** On which data these were measured. */
  measuredOn: localizedText.optional(),
});
