/**
 * ONNX's own messages (onnx/onnx.proto, IR version 14) as TypeScript sees them: field names are
 * ONNX's in camel case, lists that every graph has are always there, the others only where the
 * file has them.
 */

/** A 64-bit integer: a number where a number holds it exactly, else a bigint (`INT64_MAX` in Slice). */
export type Int64 = number | bigint;

/** A message that is carried along unread (training information, device configuration …). */
export type Carried = Readonly<Record<string, unknown>>;

/** `TensorProto.DataType`. */
export const DataType = {
  undefined: 0,
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  complex64: 14,
  complex128: 15,
  bfloat16: 16,
  float8e4m3fn: 17,
  float8e4m3fnuz: 18,
  float8e5m2: 19,
  float8e5m2fnuz: 20,
  uint4: 21,
  int4: 22,
  float4e2m1: 23,
  float8e8m0: 24,
  uint2: 25,
  int2: 26,
  float6e2m3: 27,
  float6e3m2: 28,
} as const;

export type DataTypeName = keyof typeof DataType;

const NAMES = new Map<number, DataTypeName>(
  Object.entries(DataType).map(([name, code]) => [code, name as DataTypeName]),
);

export const dataTypeName = (code: number): DataTypeName => NAMES.get(code) ?? 'undefined';

/** `AttributeProto.AttributeType`. */
export const AttributeType = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  tensors: 9,
  graphs: 10,
  sparseTensor: 11,
  sparseTensors: 12,
  typeProto: 13,
  typeProtos: 14,
} as const;

export interface StringStringEntry {
  key?: string;
  value?: string;
}

export interface OnnxTensor {
  name?: string;
  dims: Int64[];
  dataType?: number;
  segment?: { begin?: Int64; end?: Int64 };
  floatData?: number[];
  int32Data?: number[];
  int64Data?: Int64[];
  doubleData?: number[];
  uint64Data?: Int64[];
  stringData?: Uint8Array[];
  rawData?: Uint8Array;
  externalData?: StringStringEntry[];
  /** 1: the bytes lie in the file named in `externalData`. */
  dataLocation?: number;
  docString?: string;
  metadataProps?: StringStringEntry[];
}

export interface OnnxDimension {
  dimValue?: Int64;
  dimParam?: string;
  denotation?: string;
}

export interface OnnxType {
  tensorType?: { elemType?: number; shape?: { dim: OnnxDimension[] } };
  sequenceType?: Carried;
  mapType?: Carried;
  optionalType?: Carried;
  sparseTensorType?: Carried;
  opaqueType?: Carried;
  denotation?: string;
}

export interface OnnxValueInfo {
  name?: string;
  type?: OnnxType;
  docString?: string;
  metadataProps?: StringStringEntry[];
}

export interface OnnxAttribute {
  name?: string;
  refAttrName?: string;
  docString?: string;
  type?: number;
  f?: number;
  i?: Int64;
  s?: Uint8Array;
  t?: OnnxTensor;
  g?: OnnxGraph;
  tp?: OnnxType;
  sparseTensor?: Carried;
  floats?: number[];
  ints?: Int64[];
  strings?: Uint8Array[];
  tensors?: OnnxTensor[];
  graphs?: OnnxGraph[];
  sparseTensors?: Carried[];
  typeProtos?: OnnxType[];
}

export interface OnnxNode {
  /** An empty name is an optional input that is left out. */
  input: string[];
  output: string[];
  name?: string;
  opType: string;
  domain?: string;
  overload?: string;
  attribute: OnnxAttribute[];
  docString?: string;
  metadataProps?: StringStringEntry[];
  deviceConfigurations?: Carried[];
}

export interface OnnxGraph {
  node: OnnxNode[];
  name?: string;
  initializer: OnnxTensor[];
  sparseInitializer?: Carried[];
  docString?: string;
  input: OnnxValueInfo[];
  output: OnnxValueInfo[];
  valueInfo: OnnxValueInfo[];
  quantizationAnnotation?: Carried[];
  metadataProps?: StringStringEntry[];
}

export interface OnnxOperatorSet {
  /** Empty or absent: ai.onnx. */
  domain?: string;
  version: Int64;
}

export interface OnnxFunction {
  name?: string;
  domain?: string;
  overload?: string;
  input?: string[];
  output?: string[];
  attribute?: string[];
  attributeProto?: OnnxAttribute[];
  node: OnnxNode[];
  opsetImport?: OnnxOperatorSet[];
  valueInfo?: OnnxValueInfo[];
  docString?: string;
  metadataProps?: StringStringEntry[];
}

export interface OnnxModel {
  irVersion: number;
  opsetImport: OnnxOperatorSet[];
  producerName?: string;
  producerVersion?: string;
  domain?: string;
  modelVersion?: Int64;
  docString?: string;
  graph: OnnxGraph;
  metadataProps: StringStringEntry[];
  trainingInfo?: Carried[];
  functions: OnnxFunction[];
  configuration?: Carried[];
}
