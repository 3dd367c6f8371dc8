import { z } from 'zod';

/**
 * `model.json`, version 1: the contract between a model and the viewer. Objects are strict: a key
 * the schema does not know is an error, so a misspelt setting is found and never ignored.
 *
 * Room was left for what is not here yet: `task` and each entry of `outputs` are discriminated
 * unions, `inputs` and `channels` are lists, and `preprocessing`, `postprocessing` and `gates` are
 * lists of named steps. New tasks, outputs, steps and gates are added without changing old files.
 */

const codedConcept = z.strictObject({
  value: z.string().min(1),
  scheme: z.string().min(1),
  meaning: z.string().min(1).max(64),
});

/** Text by language (BCP 47); English is required and is the fallback. */
const localizedText = z
  .record(z.string(), z.string().min(1))
  .refine(text => 'en' in text, { message: 'an "en" text is required' })
  .transform(text => text as Record<string, string> & { en: string });

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 as 64 lower-case hexadecimal digits');

/** A path inside the package folder: no scheme, no leading slash, no "..". */
const packagePath = z
  .string()
  .regex(
    /^(?!.*(^|\/)\.\.(\/|$))[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/,
    'a path inside the package',
  );

const file = z.strictObject({
  role: z.literal('network'),
  path: packagePath,
  sha256,
  bytes: z.number().int().positive(),
});

const range = { min: z.number().optional(), max: z.number().optional() };

/**
 * What a study must be for the model to run on it. Each gate may carry its own message for people;
 * without one the viewer's own message names the value met and what is allowed.
 */
const gateMessage = { message: localizedText.optional() };
export const gateSchema = z.discriminatedUnion('gate', [
  z.strictObject({
    gate: z.literal('modality'),
    allowed: z.array(z.string()).min(1),
    ...gateMessage,
  }),
  z.strictObject({
    gate: z.literal('bodyPart'),
    allowed: z.array(z.string()).min(1),
    ...gateMessage,
  }),
  /** The plane the slices lie in: by the largest component of the slice normal. */
  z.strictObject({
    gate: z.literal('orientation'),
    allowed: z.array(z.enum(['axial', 'coronal', 'sagittal'])).min(1),
    ...gateMessage,
  }),
  z.strictObject({ gate: z.literal('sliceCount'), ...range, ...gateMessage }),
  /** Millimetres between slice centres. */
  z.strictObject({ gate: z.literal('sliceSpacing'), ...range, ...gateMessage }),
  z.strictObject({ gate: z.literal('sliceThickness'), ...range, ...gateMessage }),
  /** Millimetres between pixel centres, both directions. */
  z.strictObject({ gate: z.literal('pixelSpacing'), ...range, ...gateMessage }),
  /** Millimetres covered, per axis of the patient. */
  z.strictObject({
    gate: z.literal('fieldOfView'),
    axis: z.enum(['leftRight', 'anteriorPosterior', 'inferiorSuperior']),
    ...range,
    ...gateMessage,
  }),
]);

const vec3 = z.tuple([z.number(), z.number(), z.number()]);
const size3 = z.tuple([
  z.number().int().positive(),
  z.number().int().positive(),
  z.number().int().positive(),
]);

/** MONAI's names and parameters (`Orientationd` → `orientation`, and so on). */
export const preprocessingSchema = z.discriminatedUnion('transform', [
  /** Axis codes name the direction in which each index grows: "LPS" is DICOM's own axial order. */
  z.strictObject({
    transform: z.literal('orientation'),
    axcodes: z.string().regex(/^[LRAPSI]{3}$/, 'three of L R A P S I, one per axis'),
  }),
  z.strictObject({
    transform: z.literal('spacing'),
    /** Millimetres along the axes as oriented above. */
    pixdim: vec3.refine(v => v.every(x => x > 0), { message: 'positive millimetres' }),
    mode: z.enum(['bilinear', 'nearest']).default('bilinear'),
    paddingMode: z.enum(['border', 'zeros']).default('border'),
  }),
  z.strictObject({
    transform: z.literal('scaleIntensityRange'),
    aMin: z.number(),
    aMax: z.number(),
    bMin: z.number(),
    bMax: z.number(),
    clip: z.boolean().default(false),
  }),
]);

export const slidingWindowSchema = z.strictObject({
  inferer: z.literal('slidingWindow'),
  /** Along the oriented axes (as `pixdim`), not in tensor order. */
  roiSize: size3,
  overlap: z.number().min(0).max(0.9).default(0.25),
  mode: z.enum(['constant', 'gaussian']).default('gaussian'),
  sigmaScale: z.number().positive().default(0.125),
  /** What stands outside the volume where a window is larger than it. */
  paddingMode: z.enum(['constant', 'replicate']).default('constant'),
  cval: z.number().default(0),
});

const segmentLabel = z.strictObject({
  /** Index in the network's class axis and value in the label map; 0 is background. */
  value: z.number().int().min(1).max(254),
  key: z.string().regex(/^[a-z0-9-]+$/, 'lower-case letters, digits and "-"'),
  name: localizedText,
  category: codedConcept,
  type: codedConcept,
  modifier: codedConcept.optional(),
  /** CIELab: L* 0–100, a* and b* −128–127. */
  recommendedDisplayCIELab: vec3,
});

const outputSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('labelMap'),
    /** Name of the ONNX output: logits or probabilities, [N, C, …spatial]. */
    name: z.string().min(1),
    activation: z.enum(['softmax', 'none']),
    classes: z.number().int().min(2).max(255),
    labels: z.array(segmentLabel).min(1),
  }),
]);

const appliedLabels = z.array(z.number().int().min(1)).min(1);
/** Steps on the label map, in order, named as MONAI names them. */
export const postprocessingSchema = z.discriminatedUnion('transform', [
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
    connectivity: z.union([z.literal(1), z.literal(2), z.literal(3)]).default(1),
    numComponents: z.number().int().positive().default(1),
  }),
  z.strictObject({ transform: z.literal('fillHoles'), appliedLabels }),
  z.strictObject({
    transform: z.literal('removeSmallObjects'),
    appliedLabels,
    minSizeMm3: z.number().positive(),
  }),
]);

export const measurementNames = ['volume', 'meanIntensity', 'standardDeviation'] as const;

export const manifestSchema = z.strictObject({
  $schema: z.string().optional(),
  schemaVersion: z.literal(1),
  id: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case words joined by "-"'),
  version: z
    .string()
    .regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/, 'a semantic version such as 1.0.0'),
  name: localizedText,
  task: z.enum(['segmentation']),
  files: z.array(file).min(1),
  inputs: z
    .array(
      z.strictObject({
        /** Name of the ONNX input, [N, C, …spatial]. */
        name: z.string().min(1),
        /**
         * Order of the oriented axes in the tensor: "xyz" as MONAI's loaders give them, "zyx" as
         * SimpleITK, nnU-Net and DICOM's own memory order do.
         */
        spatialAxes: z.enum(['xyz', 'zyx']),
        /** Which series fills each channel; one entry a channel. */
        channels: z.array(z.strictObject({ modality: z.string().min(1) })).min(1),
      }),
    )
    .min(1),
  gates: z.array(gateSchema),
  preprocessing: z.array(preprocessingSchema),
  inference: slidingWindowSchema,
  outputs: z.array(outputSchema).min(1),
  postprocessing: z.array(postprocessingSchema),
  measurements: z.array(z.enum(measurementNames)).default(['volume', 'meanIntensity']),
  /** Starts by itself when a study that it admits is opened in the AI reading mode. */
  autoRun: z.boolean().default(true),
  /** The facts a reader must have before trusting a result. */
  facts: z.strictObject({
    intendedUse: localizedText,
    limitations: z.array(localizedText).min(1),
    licence: z.string().min(1),
    trainingData: localizedText,
    manufacturer: z.string().min(1),
    /** What kind of algorithm: CID 7162 code. */
    algorithmFamily: codedConcept,
  }),
});

export type ModelManifest = z.infer<typeof manifestSchema>;
export type Gate = z.infer<typeof gateSchema>;
export type PreprocessingStep = z.infer<typeof preprocessingSchema>;
export type PostprocessingStep = z.infer<typeof postprocessingSchema>;
export type SlidingWindow = z.infer<typeof slidingWindowSchema>;
export type ModelOutput = z.infer<typeof outputSchema>;
export type SegmentLabel = z.infer<typeof segmentLabel>;
