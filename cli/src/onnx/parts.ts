import {
  AttributeType,
  DataType,
  type DataTypeName,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from './types';

/** The opset that graphs are written for: LayerNormalization is in it, and every engine has it. */
export const DEFAULT_OPSET = 17;
/** The IR version that came with opset 17. */
const IR_VERSION = 8;

class FloatAttribute {
  constructor(readonly value: number | readonly number[]) {}
}

/** ONNX keeps 1 and 1.0 apart: a float attribute says so, a bare number is an integer. */
export const float = (value: number): FloatAttribute => new FloatAttribute(value);
export const floats = (values: readonly number[]): FloatAttribute => new FloatAttribute(values);

export type AttributeValue =
  number | string | readonly number[] | readonly string[] | FloatAttribute | OnnxTensor | OnnxGraph;

/** Attributes by name; one that is undefined is left out, so that ONNX's default holds. */
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const integer = (name: string, value: number): number => {
  if (Number.isInteger(value)) return value;
  throw new Error(`Attribute ${name} is ${value}: write float(${value})`);
};

export const attribute = (name: string, value: AttributeValue): OnnxAttribute => {
  if (value instanceof FloatAttribute) {
    return typeof value.value === 'number'
      ? { name, type: AttributeType.float, f: value.value }
      : { name, type: AttributeType.floats, floats: [...value.value] };
  }
  if (typeof value === 'number') {
    return { name, type: AttributeType.int, i: integer(name, value) };
  }
  if (typeof value === 'string') return { name, type: AttributeType.string, s: utf8(value) };
  if (Array.isArray(value)) {
    const list = value as readonly (number | string)[];
    return typeof list[0] === 'string'
      ? { name, type: AttributeType.strings, strings: list.map(text => utf8(String(text))) }
      : { name, type: AttributeType.ints, ints: list.map(item => integer(name, Number(item))) };
  }
  return 'dims' in (value as OnnxTensor)
    ? { name, type: AttributeType.tensor, t: value as OnnxTensor }
    : { name, type: AttributeType.graph, g: value as OnnxGraph };
};

/**
 * A node. `undefined` in `input` is an optional input left out. Attributes are integers unless
 * written as `float(…)` or `floats(…)`.
 */
export const node = (
  opType: string,
  input: readonly (string | undefined)[],
  output: readonly string[],
  attributes: Attributes = {},
  name: string = output[0],
): OnnxNode => {
  const given = [...input];
  while (given.length > 0 && given[given.length - 1] === undefined) given.pop();
  return {
    input: given.map(value => value ?? ''),
    output: [...output],
    name,
    opType,
    attribute: Object.entries(attributes).flatMap(([key, value]) =>
      value === undefined ? [] : [attribute(key, value)],
    ),
  };
};

/** A dimension: its size, a symbolic name, or unknown. */
export type Dimension = number | string | undefined;

/** A graph's input or output; without `dims` even its rank is unknown. */
export const value = (
  name: string,
  type: DataTypeName,
  dims?: readonly Dimension[],
): OnnxValueInfo => ({
  name,
  type: {
    tensorType: {
      elemType: DataType[type],
      ...(dims && {
        shape: {
          dim: dims.map(dim =>
            typeof dim === 'number'
              ? { dimValue: dim }
              : typeof dim === 'string'
                ? { dimParam: dim }
                : {},
          ),
        },
      }),
    },
  },
});

export interface ModelParts {
  inputs: OnnxValueInfo[];
  outputs: OnnxValueInfo[];
  nodes: OnnxNode[];
  initializers?: OnnxTensor[];
  valueInfo?: OnnxValueInfo[];
  opset?: number;
  /** Name of the graph. */
  name?: string;
  producerName?: string;
  metadata?: Readonly<Record<string, string>>;
}

export const buildModel = (parts: ModelParts): OnnxModel => ({
  irVersion: IR_VERSION,
  opsetImport: [{ domain: '', version: parts.opset ?? DEFAULT_OPSET }],
  producerName: parts.producerName ?? 'second-reader',
  graph: {
    name: parts.name ?? 'graph',
    node: parts.nodes,
    initializer: parts.initializers ?? [],
    input: parts.inputs,
    output: parts.outputs,
    valueInfo: parts.valueInfo ?? [],
  },
  metadataProps: Object.entries(parts.metadata ?? {}).map(([key, entry]) => ({
    key,
    value: entry,
  })),
  functions: [],
});
