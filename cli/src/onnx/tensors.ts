import { fromBfloat16, fromHalf, toHalves } from './halves';
import { DataType, dataTypeName, type Int64, type OnnxTensor } from './types';

/** Numbers of a tensor, first axis slowest (C order), as ONNX lays them out. */
export type Numbers =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** A 64-bit integer as a number; beyond 2^53 it saturates (`INT64_MAX` means "to the end"). */
export const saturate = (value: Int64): number =>
  typeof value === 'number'
    ? value
    : value > BigInt(Number.MAX_SAFE_INTEGER)
      ? Number.MAX_SAFE_INTEGER
      : value < BigInt(Number.MIN_SAFE_INTEGER)
        ? Number.MIN_SAFE_INTEGER
        : Number(value);

export const dimsOf = (tensor: OnnxTensor): number[] => tensor.dims.map(saturate);

export const countOf = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

/** Bytes of one element in `rawData`; 0 for strings and packed types under 8 bits. */
export const bytesPerElement = (dataType: number): number =>
  ({
    [DataType.float32]: 4,
    [DataType.uint8]: 1,
    [DataType.int8]: 1,
    [DataType.uint16]: 2,
    [DataType.int16]: 2,
    [DataType.int32]: 4,
    [DataType.int64]: 8,
    [DataType.bool]: 1,
    [DataType.float16]: 2,
    [DataType.float64]: 8,
    [DataType.uint32]: 4,
    [DataType.uint64]: 8,
    [DataType.bfloat16]: 2,
  })[dataType] ?? 0;

/** `rawData` is little-endian, as is every machine Node runs on; a view must start on its own bound. */
const aligned = (bytes: Uint8Array): ArrayBuffer =>
  bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;

/**
 * The tensor's elements in their own type: halves as their 16 bits, booleans as 0 and 1.
 * A broken invariant (strings, a type under 8 bits, data in another file) throws.
 */
export const numbersOf = (tensor: OnnxTensor): Numbers => {
  const { rawData: raw, dataType = 0 } = tensor;
  if (tensor.dataLocation) throw new Error(`Tensor ${tensor.name}: its data were not read in`);
  const ints = tensor.int32Data ?? [];
  const longs = tensor.int64Data ?? [];
  switch (dataType) {
    case DataType.float32:
      return raw ? new Float32Array(aligned(raw)) : Float32Array.from(tensor.floatData ?? []);
    case DataType.float64:
      return raw ? new Float64Array(aligned(raw)) : Float64Array.from(tensor.doubleData ?? []);
    case DataType.int64:
      return raw ? new BigInt64Array(aligned(raw)) : BigInt64Array.from(longs.map(BigInt));
    case DataType.uint64:
      return raw
        ? new BigUint64Array(aligned(raw))
        : BigUint64Array.from((tensor.uint64Data ?? []).map(BigInt));
    case DataType.uint32:
      return raw
        ? new Uint32Array(aligned(raw))
        : Uint32Array.from((tensor.uint64Data ?? []).map(saturate));
    case DataType.int32:
      return raw ? new Int32Array(aligned(raw)) : Int32Array.from(ints);
    case DataType.int16:
      return raw ? new Int16Array(aligned(raw)) : Int16Array.from(ints);
    case DataType.int8:
      return raw ? new Int8Array(aligned(raw)) : Int8Array.from(ints);
    case DataType.uint8:
    case DataType.bool:
      return raw ? new Uint8Array(aligned(raw)) : Uint8Array.from(ints);
    case DataType.uint16:
    case DataType.float16:
    case DataType.bfloat16:
      return raw ? new Uint16Array(aligned(raw)) : Uint16Array.from(ints);
    default:
      throw new Error(`Tensor ${tensor.name}: no numbers of type ${dataTypeName(dataType)}`);
  }
};

/** The tensor's elements as float32 (float16, bfloat16 and float64 are converted). */
export const float32Of = (tensor: OnnxTensor): Float32Array => {
  const numbers = numbersOf(tensor);
  if (tensor.dataType === DataType.float16) {
    return Float32Array.from(numbers as Uint16Array, fromHalf);
  }
  if (tensor.dataType === DataType.bfloat16) {
    return Float32Array.from(numbers as Uint16Array, fromBfloat16);
  }
  return numbers instanceof Float32Array ? numbers : Float32Array.from(numbers as never, Number);
};

/** The tensor's elements as numbers; 64-bit integers saturate. */
export const integersOf = (tensor: OnnxTensor): number[] =>
  Array.from(numbersOf(tensor) as ArrayLike<Int64>, saturate);

const make = (
  name: string,
  dataType: number,
  dims: readonly number[],
  numbers: Numbers,
): OnnxTensor => {
  if (numbers.length !== countOf(dims)) {
    throw new Error(`Tensor ${name}: ${numbers.length} elements for dims [${dims.join(', ')}]`);
  }
  const rawData = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  return { name, dims: [...dims], dataType, rawData };
};

type Floats = ArrayLike<number>;

const floatsOf = (data: Floats): Float32Array =>
  data instanceof Float32Array ? data : Float32Array.from(data);

/** Tensors (initializers, values of constants) from numbers in C order; a wrong count throws. */
export const tensor = {
  float32: (name: string, dims: readonly number[], data: Floats): OnnxTensor =>
    make(name, DataType.float32, dims, Float32Array.from(data)),
  float64: (name: string, dims: readonly number[], data: Floats): OnnxTensor =>
    make(name, DataType.float64, dims, Float64Array.from(data)),
  /** Values are rounded to the nearest half. */
  float16: (name: string, dims: readonly number[], data: Floats): OnnxTensor =>
    make(name, DataType.float16, dims, toHalves(floatsOf(data))),
  int64: (name: string, dims: readonly number[], data: ArrayLike<Int64>): OnnxTensor =>
    make(name, DataType.int64, dims, BigInt64Array.from(Array.from(data, value => BigInt(value)))),
  int32: (name: string, dims: readonly number[], data: Floats): OnnxTensor =>
    make(name, DataType.int32, dims, Int32Array.from(data)),
  uint8: (name: string, dims: readonly number[], data: Floats): OnnxTensor =>
    make(name, DataType.uint8, dims, Uint8Array.from(data)),
  bool: (name: string, dims: readonly number[], data: ArrayLike<boolean>): OnnxTensor =>
    make(name, DataType.bool, dims, Uint8Array.from(Array.from(data, Number))),
};

/** A floating-point tensor of the same type as `like` (float32, float16 or float64). */
export const sameFloat = (
  like: OnnxTensor,
  name: string,
  dims: readonly number[],
  data: Floats,
): OnnxTensor =>
  like.dataType === DataType.float16
    ? tensor.float16(name, dims, data)
    : like.dataType === DataType.float64
      ? tensor.float64(name, dims, data)
      : tensor.float32(name, dims, data);
