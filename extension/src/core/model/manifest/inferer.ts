import { z } from 'zod';
import { count3 } from './common';

const roi = z
  .number()
  .int()
  .refine(size => size > 0 || size === -1, {
    message: 'a whole number of voxels from 1 on, or -1 for the whole axis, is needed',
  });

/** How the network is led over the preprocessed volume; MONAI's inferers by their names. */
export const slidingWindowSchema = z.strictObject({
  inferer: z.literal('slidingWindow'),
  /**
   * Along the oriented axes (as `pixdim`), not in tensor order. −1 is the volume's own size along that
   * axis (as in MONAI, where it is any number that is not positive), with `outputMargin` on both
   * sides.
   */
  roiSize: z.tuple([roi, roi, roi]),
  overlap: z.number().min(0).max(0.9).default(0.25),
  mode: z.enum(['constant', 'gaussian']).default('gaussian'),
  sigmaScale: z.number().positive().default(0.125),
  /**
   * What stands outside the volume where a window is larger than it; `noise`: normally distributed
   * (mean 0, standard deviation 1), always the same at the same place.
   */
  paddingMode: z.enum(['constant', 'replicate', 'reflect', 'noise']).default('constant'),
  cval: z.number().default(0),
  /** Voxels that the network loses on each side of a window (convolutions without padding). */
  outputMargin: count3.default([0, 0, 0]),
});

/** One call for the whole preprocessed volume. */
const simpleSchema = z.strictObject({
  inferer: z.literal('simple'),
  /** Voxels that the network loses on each side (convolutions without padding). */
  outputMargin: count3.optional(),
});

/** A two-dimensional network, slice by slice; neighbours become channels (2.5D). */
const sliceSchema = z.strictObject({
  inferer: z.literal('slice'),
  /** The oriented axis that is walked: 0, 1 or 2. */
  spatialDim: z
    .union([z.literal(0), z.literal(1), z.literal(2)], { error: 'allowed: 0, 1, 2' })
    .default(2),
  /**
   * Slices on either side that stand beside the middle one as channels, in the order of the axis,
   * all slices of a channel together; beyond the volume the outermost slice is repeated.
   */
  neighbours: z.number().int().min(0).max(16).default(0),
});

export const inferenceSchema = z.discriminatedUnion('inferer', [
  slidingWindowSchema,
  simpleSchema,
  sliceSchema,
]);
