import { z } from 'zod';
import { fraction, key } from './common';
import { inferenceSchema } from './inferer';
import { spatialAxes } from './inputs';
import { postprocessingSchema } from './postprocessing';
import { preprocessingSchema, templateGrid } from './preprocessing';

/**
 * A chain of networks: each stage is a network that runs before the package's last one (which is the
 * manifest's own `preprocessing`, `inference`, `outputs`). What it gives may be used by every later
 * one: as the region that `cropForeground` crops to, as a channel that is fed on, as a transform into
 * a template's grid, and as a label of the final label map.
 */

/** A channel of $.inputs by its key, or one of what an earlier stage gave (`tensor`). */
const stageChannel = z.strictObject({
  key,
  /** The earlier stage; without it the channel is that of $.inputs. */
  stage: key.optional(),
  /** Name of its output of type `tensor`. */
  output: z.string().min(1).optional(),
  /** Which channel of that output. */
  channel: z.number().int().min(0).default(0),
  /** Another channel of that output, by which each voxel is multiplied: a mask. */
  multiplyBy: z.number().int().min(0).optional(),
});

const stageInput = z.strictObject({
  /** Name of the ONNX input. */
  name: z.string().min(1),
  spatialAxes,
  channels: z.array(stageChannel).min(1),
});

/** What a network of a chain is fed, where it is not simply $.inputs. */
export const networkInputsSchema = z.array(stageInput).min(1);

/**
 * A label map that only later stages see: no names, no codes. With `sigmoid` channel c is a region
 * of its own and has the value c + 1; else values are the network's classes.
 */
const stageLabelMap = z.strictObject({
  type: z.literal('labelMap'),
  name: z.string().min(1),
  encoding: z.enum(['scores', 'labels']).default('scores'),
  activation: z.enum(['softmax', 'sigmoid', 'none']),
  classes: z.number().int().min(1).max(254),
  /** From which probability on a voxel belongs to a region (`sigmoid`). */
  threshold: fraction.default(0.5),
});

/** Scores on the network's grid, all channels, kept whole for a later stage's input. */
const stageTensor = z.strictObject({
  type: z.literal('tensor'),
  /** [N, C, …spatial]. */
  name: z.string().min(1),
  channels: z.number().int().min(1).max(64),
});

/**
 * A linear registration: 4×4 numbers that bring a template's coordinates to those of the network's
 * grid, both from −1 at the centre of the first voxel of an axis to 1 at that of the last (torch's
 * `grid_sample` and `affine_grid` with `align_corners=True`), in the order of the input's axes.
 */
const stageAffine = z.strictObject({
  type: z.literal('affine'),
  /** [N, 4, 4]. */
  name: z.string().min(1),
  /** `rows`: a row vector times the matrix (torch's `grid @ A`); `columns`: the matrix times a column. */
  vectors: z.enum(['rows', 'columns']),
  /** The template's grid that −1 and 1 are the ends of. */
  template: z.strictObject(templateGrid),
});

export const stageOutputSchema = z.discriminatedUnion('type', [
  stageLabelMap,
  stageTensor,
  stageAffine,
]);

export const stageSchema = z.strictObject({
  /** What later stages, labels and files call it. */
  key,
  /** Without them the network takes $.inputs as they are. */
  inputs: networkInputsSchema.optional(),
  preprocessing: z.array(preprocessingSchema),
  inference: inferenceSchema,
  outputs: z.array(stageOutputSchema).min(1),
  /** Of its label map, as at the top. */
  postprocessing: z.array(postprocessingSchema).default([]),
});
