import { saturate } from './tensors';
import {
  AttributeType,
  DataType,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from './types';

/** Reads of a graph: attributes, constants, who makes and who takes a value. Nothing here changes one. */

const attributeOf = (node: OnnxNode, name: string): OnnxAttribute | undefined =>
  node.attribute.find(attribute => attribute.name === name);

const utf8 = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

export const intOf = (node: OnnxNode, name: string, otherwise: number): number => {
  const attribute = attributeOf(node, name);
  // proto3 writers leave out a zero.
  return attribute ? saturate(attribute.i ?? 0) : otherwise;
};

export const intsOf = (node: OnnxNode, name: string): number[] | undefined => {
  const attribute = attributeOf(node, name);
  return attribute && (attribute.ints ?? []).map(saturate);
};

export const floatOf = (node: OnnxNode, name: string, otherwise: number): number => {
  const attribute = attributeOf(node, name);
  return attribute ? (attribute.f ?? 0) : otherwise;
};

export const stringOf = (node: OnnxNode, name: string, otherwise: string): string => {
  const attribute = attributeOf(node, name);
  return attribute ? utf8(attribute.s) : otherwise;
};

export const tensorOf = (node: OnnxNode, name: string): OnnxTensor | undefined =>
  attributeOf(node, name)?.t;

/** Graphs in a node's attributes: the bodies of If, Loop and Scan. */
export const bodiesOf = (node: OnnxNode): OnnxGraph[] =>
  node.attribute.flatMap(attribute => [
    ...(attribute.g ? [attribute.g] : []),
    ...(attribute.graphs ?? []),
  ]);

const isDefaultDomain = (domain: string | undefined): boolean => !domain || domain === 'ai.onnx';

/** Whether the node is ONNX's own operator of one of those names (not one of another domain). */
export const isOp = (node: OnnxNode | undefined, ...opTypes: string[]): boolean =>
  node !== undefined && isDefaultDomain(node.domain) && opTypes.includes(node.opType);

/** The version of ONNX's own operators that the model is written for. */
export const opsetOf = (model: OnnxModel): number =>
  Math.max(
    1,
    ...model.opsetImport
      .filter(({ domain }) => isDefaultDomain(domain))
      .map(({ version }) => saturate(version)),
  );

/** A name for reports: the node's own, or that of what it makes. */
export const nodeName = (node: OnnxNode): string => node.name || node.output[0] || node.opType;

/** A size, a symbolic name, or unknown. */
export type Dim = number | string | undefined;

export const dimsOfValue = (info: OnnxValueInfo): Dim[] | undefined =>
  info.type?.tensorType?.shape?.dim.map(({ dimValue, dimParam }) =>
    dimValue !== undefined ? saturate(dimValue) : dimParam || undefined,
  );

export const typeOfValue = (info: OnnxValueInfo): number =>
  info.type?.tensorType?.elemType ?? DataType.undefined;

/** What a `Constant` node holds. */
const constantValue = (node: OnnxNode): OnnxTensor | undefined => {
  const attribute = node.attribute.find(({ name }) => name?.startsWith('value'));
  if (!attribute) return undefined;
  switch (attribute.type) {
    case AttributeType.tensor:
      return attribute.t;
    case AttributeType.float:
      return { dims: [], dataType: DataType.float32, floatData: [attribute.f ?? 0] };
    case AttributeType.floats: {
      const floats = attribute.floats ?? [];
      return { dims: [floats.length], dataType: DataType.float32, floatData: floats };
    }
    case AttributeType.int:
      return { dims: [], dataType: DataType.int64, int64Data: [attribute.i ?? 0] };
    case AttributeType.ints: {
      const ints = attribute.ints ?? [];
      return { dims: [ints.length], dataType: DataType.int64, int64Data: ints };
    }
    default:
      return undefined;
  }
};

/** Look-ups in one graph, made once. */
export class GraphView {
  readonly producers = new Map<string, OnnxNode>();
  private readonly takers = new Map<string, OnnxNode[]>();
  private readonly tensors = new Map<string, OnnxTensor>();

  constructor(readonly graph: OnnxGraph) {
    for (const tensor of graph.initializer) this.tensors.set(tensor.name ?? '', tensor);
    for (const node of graph.node) {
      for (const output of node.output) if (output) this.producers.set(output, node);
      for (const input of new Set(node.input)) {
        if (input) this.takers.set(input, [...(this.takers.get(input) ?? []), node]);
      }
    }
  }

  consumers(value: string): readonly OnnxNode[] {
    return this.takers.get(value) ?? [];
  }

  /** The tensor a value always is: an initializer or a constant, also through Identity. */
  constant(value: string | undefined): OnnxTensor | undefined {
    if (!value) return undefined;
    const tensor = this.tensors.get(value);
    if (tensor) return tensor;
    const node = this.producers.get(value);
    if (!node) return undefined;
    if (isOp(node, 'Constant')) return constantValue(node);
    return isOp(node, 'Identity') ? this.constant(node.input[0]) : undefined;
  }

  /** Inputs that someone must feed: those that no initializer stands for. */
  get inputs(): OnnxValueInfo[] {
    return this.graph.input.filter(({ name }) => !this.tensors.has(name ?? ''));
  }
}

/** Every graph of the model with where it is: the main one, bodies of If, Loop and Scan, functions. */
export const everyNode = (model: OnnxModel): { node: OnnxNode; inside?: string }[] => {
  const walk = (
    nodes: readonly OnnxNode[],
    inside?: string,
  ): { node: OnnxNode; inside?: string }[] =>
    nodes.flatMap(node => [
      { node, inside },
      ...bodiesOf(node).flatMap(body => walk(body.node, nodeName(node))),
    ]);
  return [
    ...walk(model.graph.node),
    ...model.functions.flatMap(made => walk(made.node, made.name ?? 'function')),
  ];
};

/** Makes names that no value and no node of the model has. */
export const freshNames = (model: OnnxModel): ((hint: string) => string) => {
  const taken = new Set<string>([
    ...model.graph.initializer.map(({ name }) => name ?? ''),
    ...[...model.graph.input, ...model.graph.output].map(({ name }) => name ?? ''),
    ...everyNode(model).flatMap(({ node }) => [...node.input, ...node.output, node.name ?? '']),
  ]);
  return hint => {
    let name = hint;
    for (let n = 1; taken.has(name); n++) name = `${hint}_${n}`;
    taken.add(name);
    return name;
  };
};
