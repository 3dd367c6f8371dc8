import { z } from 'zod';

const appliedLabels = z.array(z.number().int().min(1)).min(1);

const connectivity = z.union([z.literal(1), z.literal(2), z.literal(3)], {
  error: 'allowed: 1 (6 neighbours), 2 (18 neighbours), 3 (26 neighbours)',
});

/** Steps on scores and label maps, in order, named as MONAI names them. */
export const postprocessingSchema = z.discriminatedUnion('transform', [
  /** The mean of the scores of all networks of the package, before anything else. */
  z.strictObject({
    transform: z.literal('meanEnsemble'),
    /** One a network; equal without it. */
    weights: z.array(z.number().positive()).min(2).optional(),
  }),
  /**
   * Brings the network's grid back onto the source's and takes the class of each voxel.
   * `logits` resamples the class scores linearly before the arg-max (smooth borders);
   * `labels` takes the arg-max first and repeats it.
   */
  z.strictObject({
    transform: z.literal('invert'),
    resample: z.enum(['logits', 'labels']).default('logits'),
  }),
  z.strictObject({
    transform: z.literal('keepLargestConnectedComponent'),
    appliedLabels,
    /** Each label on its own, or all of them as one object. */
    independent: z.boolean().default(true),
    /** Through faces (6 neighbours), edges too (18), corners too (26): scikit-image's numbers. */
    connectivity: connectivity.default(1),
    numComponents: z.number().int().positive().default(1),
  }),
  z.strictObject({ transform: z.literal('fillHoles'), appliedLabels }),
  /** scipy's `binary_closing` of each label, which grows over background only. */
  z.strictObject({
    transform: z.literal('binaryClosing'),
    appliedLabels,
    /** Of the structuring element: 1 (6 neighbours), 2 (18), 3 (26). */
    connectivity: connectivity.default(1),
    iterations: z.number().int().min(1).max(16).default(1),
  }),
  z.strictObject({
    transform: z.literal('removeSmallObjects'),
    appliedLabels,
    minSizeMm3: z.number().positive(),
    /** 1 without it, as MONAI's. */
    connectivity: connectivity.optional(),
  }),
]);

/** What is measured of each segment (and, where it makes sense, of each detection). */
export const measurementNames = [
  'volume',
  'meanIntensity',
  'standardDeviation',
  'minimumIntensity',
  'maximumIntensity',
  'percentile05',
  'median',
  'percentile95',
  'lowAttenuationArea950',
  'longAxis',
  'shortAxis',
  'sphericity',
  'count',
] as const;
