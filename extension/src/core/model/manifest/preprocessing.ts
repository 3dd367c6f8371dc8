import { z } from 'zod';
import { count3, key, size3, vec3 } from './common';

/**
 * MONAI's names and parameters (`Orientationd` → `orientation`, and so on), in the order given.
 * Sizes, spacings and margins follow the volume's own axes i, j, k as the steps before have left
 * them ("x, y, z" of `spatialAxes`), never the tensor's order. A two-dimensional image is a volume
 * of one slice; its third number is 1 (sizes), 0 (margins) or its own spacing.
 *
 * Steps on the grid move all channels together; steps on values take the channels named by `keys`,
 * all of them without it.
 */
const keys = { keys: z.array(key).min(1).optional() };
export const positive3 = vec3.refine(v => v.every(x => x > 0), {
  message: 'positive millimetres are needed',
});
const numbers = z.union([z.number(), z.array(z.number()).min(1)], {
  error: 'a number, or a list of one number a channel, is needed',
});
export const axcodes = z.string().regex(/^[LRAPSI]{3}$/, 'three of L R A P S I, one per axis');
const interpolation = z.enum(['bilinear', 'nearest']);
/** How voxels outside are filled; `edge` repeats the outermost, as numpy and torch call it. */
const padding = {
  mode: z.enum(['constant', 'edge', 'reflect']).default('constant'),
  value: z.number().default(0),
};
const range = { aMin: z.number(), aMax: z.number(), bMin: z.number(), bMax: z.number() };

/** A grid in a space of its own (such as MNI's): its axes run along L, P and S. */
export const templateGrid = {
  dimensions: size3,
  /** Millimetres between voxels. */
  pixdim: positive3,
  /** Centre of voxel (0, 0, 0), LPS+ millimetres of that space. */
  origin: vec3,
  axcodes,
};

/** On the grid: which voxels there are and where they lie. */
export const spatialSteps = [
  /** Axis codes name the direction in which each index grows: "LPS" is DICOM's own axial order. */
  z.strictObject({
    transform: z.literal('orientation'),
    axcodes,
  }),
  z.strictObject({
    transform: z.literal('spacing'),
    /** Millimetres along the axes as oriented above. */
    pixdim: positive3,
    mode: interpolation.default('bilinear'),
    paddingMode: z.enum(['border', 'zeros']).default('border'),
    /** Smooths along axes that are made coarser: Gaussian, sigma = (ratio − 1) / 2 voxels. */
    antiAliasing: z.boolean().default(false),
  }),
  z.strictObject({
    transform: z.literal('cropForeground'),
    /** Foreground is what exceeds this in the channel `sourceKey` (the first without it). */
    selectAbove: z.number().default(0),
    /** Of the channel's largest value instead of in its own unit. */
    relativeToMaximum: z.boolean().default(false),
    sourceKey: key.optional(),
    /** Foreground is the label map of this earlier stage instead, all of its labels. */
    stage: key.optional(),
    /** Voxels kept around the foreground; inside the volume unless `allowSmaller` is false. */
    margin: count3.default([0, 0, 0]),
    /** MONAI's `k_divisible`: the box grows to a multiple of it. */
    kDivisible: size3.default([1, 1, 1]),
    /** False pads where the box reaches beyond the volume; true cuts it there. */
    allowSmaller: z.boolean().default(true),
    ...padding,
  }),
  z.strictObject({ transform: z.literal('centerSpatialCrop'), roiSize: size3 }),
  /** From voxel `roiStart` on, up to but without `roiEnd`. */
  z.strictObject({ transform: z.literal('spatialCrop'), roiStart: count3, roiEnd: size3 }),
  /** The order of the voxels along an axis turned round. */
  z.strictObject({
    transform: z.literal('flip'),
    spatialAxis: z.union([z.literal(0), z.literal(1), z.literal(2)], { error: 'allowed: 0, 1, 2' }),
  }),
  /**
   * Onto a grid of a template's space, by the registration of an earlier stage (its output of type
   * `affine`): linear, and 0 outside the volume. Label maps come back the same way.
   */
  z.strictObject({
    transform: z.literal('resampleToTemplate'),
    stage: key,
    ...templateGrid,
  }),
  z.strictObject({
    transform: z.literal('spatialPad'),
    spatialSize: size3,
    /** `symmetric` puts the odd voxel behind, `end` all of them. */
    method: z.enum(['symmetric', 'end']).default('symmetric'),
    ...padding,
  }),
  z.strictObject({
    transform: z.literal('divisiblePad'),
    k: size3,
    method: z.enum(['symmetric', 'end']).default('symmetric'),
    ...padding,
  }),
  z.strictObject({
    transform: z.literal('resizeWithPadOrCrop'),
    spatialSize: size3,
    method: z.enum(['symmetric', 'end']).default('symmetric'),
    ...padding,
  }),
  z.strictObject({
    transform: z.literal('resize'),
    spatialSize: size3,
    /** torch's names: `area` averages, `bilinear` and `nearest` take align_corners=False. */
    mode: z.enum(['bilinear', 'nearest', 'area']).default('area'),
    antiAliasing: z.boolean().default(false),
    /** `bilinear` from the centre of the first voxel to that of the last, instead of edge to edge. */
    alignCorners: z.boolean().optional(),
  }),
  /** As large as fits into `spatialSize`, proportions kept; the rest is padded. */
  z.strictObject({
    transform: z.literal('letterbox'),
    spatialSize: size3,
    mode: z.enum(['bilinear', 'nearest', 'area']).default('bilinear'),
    value: z.number().default(0),
  }),
] as const;

/** On values. */
export const intensitySteps = [
  z.strictObject({
    transform: z.literal('scaleIntensityRange'),
    ...range,
    clip: z.boolean().default(false),
    ...keys,
  }),
  z.strictObject({
    transform: z.literal('scaleIntensityRangePercentiles'),
    lower: z.number().min(0).max(100),
    upper: z.number().min(0).max(100),
    bMin: z.number(),
    bMax: z.number(),
    clip: z.boolean().default(false),
    ...keys,
  }),
  /** Smallest to largest value of a channel → minv to maxv. */
  z.strictObject({
    transform: z.literal('scaleIntensity'),
    minv: z.number().default(0),
    maxv: z.number().default(1),
    ...keys,
  }),
  z.strictObject({
    transform: z.literal('normalizeIntensity'),
    /** The channel's own mean and standard deviation without them. */
    subtrahend: numbers.optional(),
    divisor: numbers.optional(),
    /** Only values other than 0 are counted and changed. */
    nonzero: z.boolean().default(false),
    /** Each channel by its own statistics; false takes all of them together. */
    channelWise: z.boolean().default(true),
    ...keys,
  }),
  z.strictObject({
    transform: z.literal('thresholdIntensity'),
    threshold: z.number(),
    /** Keeps what is above it; false what is below. */
    above: z.boolean().default(true),
    cval: z.number().default(0),
    ...keys,
  }),
  /** The first window of the image, or its VOI LUT (PS3.3 C.11.2), onto 0 to 1. */
  z.strictObject({ transform: z.literal('voiLut'), ...keys }),
  /** PET in Bq/mL → standardized uptake value by body weight, g/mL. */
  z.strictObject({ transform: z.literal('suvbw'), ...keys }),
  /**
   * What has the value `value` (skull-stripped brains: 0, set there by `nonzero`) becomes normally
   * distributed noise, for networks that were trained so. The same voxels of a grid always get the
   * same noise.
   */
  z.strictObject({
    transform: z.literal('fillWithNoise'),
    value: z.number().default(0),
    mean: z.number().default(0),
    std: z.number().positive().default(1),
    seed: z.number().int().min(0).default(0),
    ...keys,
  }),
  /** One grey channel as many: for networks made for colour pictures. */
  z.strictObject({
    transform: z.literal('repeatChannel'),
    repeats: z.number().int().min(2).max(8),
  }),
] as const;

export const preprocessingSchema = z.discriminatedUnion('transform', [
  ...spatialSteps,
  ...intensitySteps,
]);
