import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import { node, tensor } from '../../../onnx/builder';
import { readModel } from '../../../onnx/file';
import { dimsOfValue, freshNames, isOp, typeOfValue } from '../../../onnx/graph';
import { DataType, type OnnxModel } from '../../../onnx/proto';
import { describe, type NetworkFacts } from '../described';
import type { ImportDraft } from '../draft';
import type { AuthoredLabel } from '../labels';
import type { ImportOptions } from '../options';

const known = (dims: ReturnType<typeof dimsOfValue>): Array<number | undefined> =>
  (dims ?? []).map(dim => (typeof dim === 'number' && dim > 0 ? dim : undefined));

/** A network with the weights that PyTorch's exporter puts beside it. Refuses what `readModel` refuses. */
export const readOnnx = (file: string): Promise<Outcome<OnnxModel>> => readModel(file);

/**
 * What a graph says of itself: its one image input and the output that comes first. Refuses
 * `onnxInputs` (several inputs, or one that is no image of two or three axes).
 */
export const factsOf = (model: OnnxModel): Outcome<NetworkFacts> => {
  const constants = new Set(model.graph.initializer.map(({ name }) => name));
  const inputs = model.graph.input.filter(({ name }) => !constants.has(name));
  const dims = known(dimsOfValue(inputs[0] ?? {}));
  const shape = (list: typeof dims) => `[${list.map(dim => dim ?? '?').join(', ')}]`;
  if (inputs.length !== 1 || dims.length < 4 || dims.length > 5) {
    const found = inputs.map(info => `${info.name} ${shape(known(dimsOfValue(info)))}`).join(', ');
    return refuse(
      'onnxInputs',
      `The network's inputs are ${found || 'none'}; one image [N, C, …spatial] with two or three spatial axes can be described by options. Describe others with --manifest.`,
      { found },
    );
  }
  const [output] = model.graph.output;
  const maker = model.graph.node.find(({ output: made }) => made.includes(output.name ?? ''));
  const type = typeOfValue(output);
  return accept({
    input: {
      name: inputs[0].name ?? '',
      channels: dims[1] ?? 1,
      spatial: dims.slice(2),
    },
    output: {
      name: output.name ?? '',
      dims: known(dimsOfValue(output)),
      integers:
        type !== DataType.float32 && type !== DataType.float16 && type !== DataType.undefined,
      operator: maker?.opType,
    },
  });
};

/** The networks of an ensemble, and what the first says of itself. Refuses what `readOnnx` and `factsOf` refuse. */
export const readNetworks = async (
  files: readonly string[],
): Promise<Outcome<{ networks: OnnxModel[]; facts: NetworkFacts }>> => {
  const networks: OnnxModel[] = [];
  for (const file of files) {
    const model = await readOnnx(file);
    if (!model.ok) return model;
    networks.push(model.value);
  }
  const facts = factsOf(networks[0]);
  return facts.ok ? accept({ networks, facts: facts.value }) : facts;
};

/**
 * The graph with its output as logits of the probabilities it gives, log(p / (1 − p)): the manifest
 * takes regions as logits. A final Sigmoid is left out instead, which is the same.
 */
export const withLogits = (model: OnnxModel, output: string): OnnxModel => {
  const { graph } = model;
  const maker = graph.node.find(({ output: made }) => made[0] === output);
  if (isOp(maker, 'Sigmoid')) {
    const nodes = graph.node.map(one =>
      one === maker ? node('Identity', [maker.input[0]], [output]) : one,
    );
    return { ...model, graph: { ...graph, node: nodes } };
  }
  const fresh = freshNames(model);
  const [inner, low, high, one] = ['probability', 'low', 'high', 'one'].map(fresh);
  const [clipped, rest, odds] = ['clipped', 'rest', 'odds'].map(fresh);
  const renamed = graph.node.map(each => ({
    ...each,
    input: each.input.map(name => (name === output ? inner : name)),
    output: each.output.map(name => (name === output ? inner : name)),
  }));
  const scalar = (name: string, value: number) => tensor.float32(name, [], [value]);
  return {
    ...model,
    graph: {
      ...graph,
      initializer: [
        ...graph.initializer,
        scalar(low, 1e-7),
        scalar(high, 1 - 1e-7),
        scalar(one, 1),
      ],
      node: [
        ...renamed,
        node('Clip', [inner, low, high], [clipped]),
        node('Sub', [one, clipped], [rest]),
        node('Div', [clipped, rest], [odds]),
        node('Log', [odds], [output]),
      ],
    },
  };
};

/**
 * A bare ONNX file: what the graph says, what the options say. Refuses what `readOnnx`, `factsOf` and
 * `describe` refuse.
 */
export const readPlainSource = async (
  file: string,
  options: ImportOptions,
  given: { labels?: AuthoredLabel[]; id: string; described: boolean },
): Promise<Outcome<ImportDraft>> => {
  const read = await readOnnx(file);
  if (!read.ok) return read;
  let model = read.value;
  const notes: string[] = [];
  const facts = factsOf(model);
  if (!facts.ok) {
    return given.described
      ? accept({ kind: 'ONNX file', networks: [model], part: {}, notes, missing: [] })
      : facts;
  }
  const { output } = facts.value;
  const regions =
    options.task === 'segmentation' &&
    !output.integers &&
    options.activation !== 'softmax' &&
    (output.operator === 'Sigmoid' || (output.dims[1] === 1 && options.activation === 'none'));
  if (regions) {
    model = withLogits(model, output.name);
    options = { ...options, activation: 'sigmoid' };
    notes.push(`The output "${output.name}" gives logits here; the original gives probabilities.`);
  }
  const described = describe(facts.value, options, given.labels, given.id);
  if (!described.ok) return described;
  const { part, missing } = described.value;
  return accept({
    kind: 'ONNX file',
    networks: [model],
    part,
    notes: [...notes, ...described.value.notes],
    missing,
  });
};
