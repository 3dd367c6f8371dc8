import path from 'node:path';
import { z } from 'zod';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import { GraphBuilder } from '../../../onnx/builder';
import type { OnnxModel } from '../../../onnx/proto';
import { readJson } from '../files';
import { parseLayersModel, readWeights, type KerasWeights, type LayersModel } from './format';
import { addLayer, LayerProblem } from './layers';

export interface ConvertedLayers {
  model: OnnxModel;
  name?: string;
  input: { name: string; channels: number; /** Spatial axes. */ axes: number };
  output: { name: string; channels: number };
  /** Spatial sizes the original was declared for, Keras' order; null is free. */
  declared: Array<number | null>;
}

const refused = (layer: string, reason: string): Outcome<never> =>
  refuse('tfjsLayer', `The layer "${layer}" cannot be converted: ${reason}.`, { layer, reason });

/** Spatial axes are left free: a MeshNet takes any size that memory allows. */
const FREE = ['d', 'h', 'w'];

const build = (
  { layers, inputs, outputs, name }: LayersModel,
  weights: Map<string, KerasWeights>,
  argMax: boolean,
): Outcome<ConvertedLayers> => {
  if (inputs.length !== 1 || outputs.length !== 1) {
    return refuse(
      'tfjsInputs',
      `The model has ${inputs.length} inputs and ${outputs.length} outputs; one of each can be converted.`,
      { inputs: inputs.length, outputs: outputs.length },
    );
  }
  const builder = new GraphBuilder({ name, metadata: { source: 'TF.js layers model' } });
  const values = new Map<string, string>();
  const channels = new Map<string, number>();
  const first = layers.find(layer => layer.name === inputs[0]) ?? layers[0];
  const shape = z
    .array(z.number().int().positive().nullable())
    .min(4)
    .max(5)
    .safeParse(first.config.batch_input_shape ?? first.config.batch_shape);
  const depth = shape.success ? shape.data[shape.data.length - 1] : null;
  if (!shape.success || depth === null) {
    return refused(first.name, 'batch_input_shape [null, …spatial, channels] is needed, 2D or 3D');
  }
  const rank = shape.data.length;
  const axes = rank - 2;
  const inputName = builder.input('input', [1, depth, ...FREE.slice(3 - axes)]);
  values.set(first.name, inputName);

  for (const layer of layers) {
    if (layer.class_name === 'InputLayer') continue;
    const refs = layer.inbound_nodes?.[0]?.map(([from]) => from) ?? [];
    // The first layer of a Sequential model carries the input's shape itself.
    const given = refs.length === 0 ? [inputName] : refs.map(from => values.get(from));
    const unmade = refs.find((_, index) => given[index] === undefined);
    if (unmade !== undefined) {
      return refused(layer.name, `it takes "${unmade}", which comes later or is not there`);
    }
    try {
      const made = addLayer({
        builder,
        layer,
        inputs: given as string[],
        rank,
        weight: part => weights.get(`${layer.name}/${part}`),
      });
      values.set(layer.name, made);
    } catch (error) {
      if (error instanceof LayerProblem) return refused(layer.name, error.message);
      throw error;
    }
    const { filters } = layer.config;
    const before = refs.map(from => channels.get(from) ?? depth);
    const joined = layer.class_name === 'Concatenate' ? before.reduce((a, b) => a + b, 0) : 0;
    channels.set(
      layer.name,
      typeof filters === 'number' ? filters : joined || (before[0] ?? depth),
    );
  }
  const last = values.get(outputs[0]);
  const classes = channels.get(outputs[0]);
  if (last === undefined || classes === undefined) {
    return refused(outputs[0], 'it is the output, and no layer has that name');
  }
  if (argMax) {
    const labels = builder.op('Cast', [builder.argMax(last, 1, false)], { to: 2 });
    builder.output(labels, 'labels', [1, ...FREE.slice(3 - axes)], 'uint8');
  } else {
    builder.output(last, 'scores', [1, classes, ...FREE.slice(3 - axes)]);
  }
  return accept({
    model: builder.build(),
    name,
    input: { name: inputName, channels: depth, axes },
    output: { name: argMax ? 'labels' : 'scores', channels: classes },
    declared: shape.data.slice(1, -1),
  });
};

/**
 * A TF.js layers model (its `model.json`, the shards beside it) as an ONNX graph, channels first,
 * spatial sizes free: [1, C, …spatial] in the order of Keras' spatial axes.
 *
 * @param options.argMax ends the graph in the class of each voxel (uint8 [1, …spatial])
 *
 * Refuses `importFileUnreadable`, `importNotJson`, `tfjsGraphModel`, `tfjsTopology`,
 * `tfjsWeightsShort`, `tfjsInputs`, `tfjsLayer`.
 */
export const convertLayersModel = async (
  file: string,
  options: { argMax: boolean },
): Promise<Outcome<ConvertedLayers>> => {
  const json = await readJson(file);
  if (!json.ok) return json;
  const parsed = parseLayersModel(json.value);
  if (!parsed.ok) return parsed;
  const weights = await readWeights(path.dirname(file), parsed.value.manifest);
  if (!weights.ok) return weights;
  return build(parsed.value.model, weights.value, options.argMax);
};
