import path from 'node:path';
import { z } from 'zod';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import { fromHalf } from '../../../onnx/halves';
import { readSourceFile } from '../files';

/**
 * TensorFlow.js' layers-model format: Keras' own JSON beside shards of weights
 * (tensorflow.org/js/guide/save_load, tfjs-core io/types.ts).
 */

const quantization = z.object({
  dtype: z.enum(['uint8', 'uint16', 'float16']),
  scale: z.number().optional(),
  min: z.number().optional(),
});
const weightSpec = z.object({
  name: z.string(),
  shape: z.array(z.number().int().nonnegative()),
  dtype: z.enum(['float32', 'int32', 'uint8', 'bool', 'float16']),
  quantization: quantization.optional(),
});
const tensorRef = z.tuple([z.string(), z.number(), z.number()]).rest(z.unknown());
const layerSchema = z.object({
  class_name: z.string(),
  name: z.string().optional(),
  config: z.looseObject({ name: z.string().optional() }),
  /** Keras 2: one entry a call of the layer, each a list of [layer, call, output, arguments]. */
  inbound_nodes: z.array(z.array(tensorRef)).optional(),
});
const functional = z.object({
  name: z.string().optional(),
  layers: z.array(layerSchema).min(1),
  input_layers: z.array(tensorRef).optional(),
  output_layers: z.array(tensorRef).optional(),
});
const topology = z.object({
  class_name: z.string(),
  config: z.union([
    functional,
    z.array(layerSchema).transform((layers): z.infer<typeof functional> => ({ layers })),
  ]),
});
const modelSchema = z.object({
  format: z.string().optional(),
  modelTopology: z.union([z.object({ model_config: topology }), topology]),
  weightsManifest: z
    .array(z.object({ paths: z.array(z.string()), weights: z.array(weightSpec) }))
    .min(1),
});

export type KerasLayer = z.infer<typeof layerSchema> & { name: string };

export interface LayersModel {
  name?: string;
  layers: KerasLayer[];
  inputs: string[];
  outputs: string[];
}

/** Numbers with their shape, as TensorFlow orders them. */
export interface KerasWeights {
  shape: number[];
  data: Float32Array;
}

const first = (error: z.ZodError): string =>
  error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`)[0];

/**
 * The layers in the order of the file, names and connections resolved. Refuses `tfjsGraphModel`
 * (TensorFlow's own operators, not Keras layers) and `tfjsTopology`.
 */
export const parseLayersModel = (
  json: unknown,
): Outcome<{ model: LayersModel; manifest: z.infer<typeof modelSchema>['weightsManifest'] }> => {
  const format = z.looseObject({ format: z.string() }).safeParse(json);
  if (format.success && format.data.format === 'graph-model') {
    return refuse(
      'tfjsGraphModel',
      'This is a TF.js graph model (TensorFlow operators); only layers models can be read. Convert its SavedModel with tf2onnx and import the ONNX file.',
    );
  }
  const parsed = modelSchema.safeParse(json);
  if (!parsed.success) {
    return refuse(
      'tfjsTopology',
      `model.json is not a TF.js layers model that can be read (${first(parsed.error)}).`,
      { reason: first(parsed.error) },
    );
  }
  const found = parsed.data.modelTopology;
  const { class_name: kind, config } = 'model_config' in found ? found.model_config : found;
  const layers: KerasLayer[] = config.layers.map((layer, index) => ({
    ...layer,
    name: layer.name ?? layer.config.name ?? `layer_${index}`,
  }));
  const sequential = kind === 'Sequential';
  if (!sequential && kind !== 'Functional' && kind !== 'Model') {
    return refuse(
      'tfjsTopology',
      `model.json is not a TF.js layers model that can be read (a model of the class ${kind}; Functional, Model and Sequential are known).`,
      { reason: kind },
    );
  }
  if (sequential) {
    layers.forEach((layer, index) => {
      layer.inbound_nodes = index === 0 ? [] : [[[layers[index - 1].name, 0, 0]]];
    });
  }
  return accept({
    model: {
      name: config.name,
      layers,
      inputs: config.input_layers?.map(([name]) => name) ?? [layers[0].name],
      outputs: config.output_layers?.map(([name]) => name) ?? [layers[layers.length - 1].name],
    },
    manifest: parsed.data.weightsManifest,
  });
};

const BYTES = { float32: 4, int32: 4, uint8: 1, bool: 1, float16: 2, uint16: 2 } as const;

const decode = (spec: z.infer<typeof weightSpec>, bytes: ArrayBuffer): Float32Array => {
  const stored = spec.quantization?.dtype ?? spec.dtype;
  const { scale = 1, min = 0 } = spec.quantization ?? {};
  switch (stored) {
    case 'float32':
      return new Float32Array(bytes);
    case 'float16':
      return Float32Array.from(new Uint16Array(bytes), fromHalf);
    case 'uint16':
      return Float32Array.from(new Uint16Array(bytes), value => value * scale + min);
    case 'int32':
      return Float32Array.from(new Int32Array(bytes));
    default:
      return Float32Array.from(new Uint8Array(bytes), value => value * scale + min);
  }
};

/**
 * Reads the shards beside `model.json`. Refuses `importFileUnreadable`, `tfjsWeightsShort`.
 *
 * @returns weights by name (`<layer>/kernel`)
 */
export const readWeights = async (
  folder: string,
  manifest: z.infer<typeof modelSchema>['weightsManifest'],
): Promise<Outcome<Map<string, KerasWeights>>> => {
  const weights = new Map<string, KerasWeights>();
  for (const group of manifest) {
    const shards: Buffer[] = [];
    for (const shard of group.paths) {
      const bytes = await readSourceFile(path.join(folder, shard));
      if (!bytes.ok) return bytes;
      shards.push(bytes.value);
    }
    const all = Buffer.concat(shards);
    let at = 0;
    for (const spec of group.weights) {
      const count = spec.shape.reduce((a, b) => a * b, 1);
      const length = count * BYTES[spec.quantization?.dtype ?? spec.dtype];
      if (at + length > all.length) {
        return refuse(
          'tfjsWeightsShort',
          `The weights in ${group.paths.join(', ')} end at byte ${all.length}; ${spec.name} needs them up to ${at + length}.`,
          { files: group.paths.join(', '), found: all.length, needed: at + length },
        );
      }
      const bytes = all.buffer.slice(all.byteOffset + at, all.byteOffset + at + length);
      weights.set(spec.name, { shape: spec.shape, data: decode(spec, bytes as ArrayBuffer) });
      at += length;
    }
  }
  return accept(weights);
};
