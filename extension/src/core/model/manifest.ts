import { z } from 'zod';
import { evidenceTableSchema } from '../evidence/schema';
import { localizedText } from './manifest/common';
import { factsSchema } from './manifest/facts';
import { fileSchema } from './manifest/files';
import { gateSchema } from './manifest/gates';
import { inferenceSchema, type slidingWindowSchema } from './manifest/inferer';
import { channelSchema, inputSchema } from './manifest/inputs';
import { operatingPointSchema, outputSchema } from './manifest/outputs';
import { measurementNames, postprocessingSchema } from './manifest/postprocessing';
import { preprocessingSchema } from './manifest/preprocessing';
import { networkInputsSchema, stageSchema } from './manifest/stages';

export { gateSchema, measurementNames, postprocessingSchema, preprocessingSchema };

export const tasks = ['segmentation', 'detection', 'classification', 'regression'] as const;

/**
 * `model.json`, version 1: the contract between a model and the viewer. Objects are strict: a key
 * the schema does not know is an error, so a misspelt setting is found and never ignored. What one
 * field says against another is checked by `parseManifest`.
 */
export const manifestSchema = z.strictObject({
  $schema: z.string().optional(),
  schemaVersion: z.literal(1),
  id: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case words joined by "-"'),
  version: z
    .string()
    .regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/, 'a semantic version such as 1.0.0'),
  name: localizedText,
  task: z.enum(tasks),
  files: z.array(fileSchema).min(1),
  inputs: z.array(inputSchema).min(1),
  gates: z.array(gateSchema),
  preprocessing: z.array(preprocessingSchema),
  inference: inferenceSchema,
  /** One output of the task's own kind, and any number of maps beside it. */
  outputs: z.array(outputSchema).min(1),
  operatingPoints: z.array(operatingPointSchema).min(1).optional(),
  postprocessing: z.array(postprocessingSchema),
  measurements: z.array(z.enum(measurementNames)).default(['volume', 'meanIntensity']),
  /** Which DICOM objects findings of this model become; the field's practice where it says nothing. */
  evidence: evidenceTableSchema.optional(),
  /** Networks that run before the last one, in this order; each has files of its own. */
  stages: z.array(stageSchema).min(1).optional(),
  /** What the last network of a chain is fed, where that is not $.inputs. */
  networkInputs: networkInputsSchema.optional(),
  /** Starts by itself when a study that it admits is opened in the AI reading mode. */
  autoRun: z.boolean().default(true),
  facts: factsSchema,
});

export type ModelManifest = z.infer<typeof manifestSchema>;
export type Task = ModelManifest['task'];
export type Gate = z.infer<typeof gateSchema>;
export type ModelInput = z.infer<typeof inputSchema>;
export type ModelChannel = z.infer<typeof channelSchema>;
export type PreprocessingStep = z.infer<typeof preprocessingSchema>;
export type PostprocessingStep = z.infer<typeof postprocessingSchema>;
export type Inference = z.infer<typeof inferenceSchema>;
export type SlidingWindow = z.infer<typeof slidingWindowSchema>;
export type ModelOutput = z.infer<typeof outputSchema>;
export type OutputOf<T extends ModelOutput['type']> = Extract<ModelOutput, { type: T }>;
export type LabelMapOutput = OutputOf<'labelMap'>;
export type SegmentLabel = LabelMapOutput['labels'][number];
export type OperatingPoint = z.infer<typeof operatingPointSchema>;
export type Stage = z.infer<typeof stageSchema>;
export type StageOutput = Stage['outputs'][number];
export type MeasurementName = (typeof measurementNames)[number];

/** The output of the task's own kind; the others are maps beside it. */
export const primaryOutput = ({ outputs }: Pick<ModelManifest, 'outputs'>) => {
  const found = outputs.find(
    (output): output is Exclude<ModelOutput, { type: 'map' }> => output.type !== 'map',
  );
  if (!found) throw new Error('no output but maps: the manifest was not validated');
  return found;
};

/** Channels of all inputs in the order of the manifest: the first one's series gives the grid. */
export const channelsOf = ({ inputs }: Pick<ModelManifest, 'inputs'>): ModelChannel[] =>
  inputs.flatMap(({ channels }) => channels);
