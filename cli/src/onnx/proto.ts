import Long from 'long';
import protobuf from 'protobufjs/light';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import { ALWAYS_LISTED, ModelProto } from './descriptor';
import { bytesPerElement, countOf, dimsOf } from './tensors';
import type { Int64, OnnxModel } from './types';

export * from './types';

// Bundlers hide `long` from protobufjs' own look-up, and without it 64-bit integers lose digits.
protobuf.util.Long = Long;
protobuf.configure();

/** The newest IR version whose messages are known here (onnx 1.23). A newer file may hold fields we would lose. */
export const NEWEST_IR_VERSION = 14;

/** Protocol Buffers' own limit of a message. */
const LARGEST_MESSAGE = 2 ** 31 - 1;

type Message = Record<string, unknown>;

const isLong = (type: string) => type === 'int64' || type === 'uint64';

const int64Of = (value: unknown): Int64 => {
  if (typeof value === 'number') return value;
  const long = Long.fromValue(value as Long);
  const number = long.toNumber();
  return Number.isSafeInteger(number) ? number : BigInt(long.toString());
};

const longOf = (value: unknown): unknown =>
  typeof value === 'bigint'
    ? Long.fromString(value.toString(), value > 0x7fffffffffffffffn)
    : value;

/** Walks a message by its descriptor and converts what is not the same on both sides. */
const convert = (type: protobuf.Type, message: Message, direction: 'read' | 'write'): Message => {
  const converted: Message = {};
  for (const field of type.fieldsArray) {
    const given = Object.hasOwn(message, field.name) ? message[field.name] : undefined;
    const nested = field.resolvedType instanceof protobuf.Type ? field.resolvedType : undefined;
    const one = nested
      ? (value: unknown) => convert(nested, value as Message, direction)
      : isLong(field.type)
        ? direction === 'read'
          ? int64Of
          : longOf
        : undefined;
    if (field.repeated) {
      const list = (given ?? []) as unknown[];
      const always = direction === 'read' && ALWAYS_LISTED.has(`${type.name}.${field.name}`);
      if (list.length > 0 || always) converted[field.name] = one ? list.map(one) : list;
    } else if (given !== undefined && given !== null) {
      converted[field.name] = one ? one(given) : given;
    }
  }
  return converted;
};

/** What else people take for an ONNX file, by its first bytes. */
const looksLike = (bytes: Uint8Array): string => {
  const start = Buffer.from(bytes.subarray(0, 64)).toString('latin1');
  if (bytes.length === 0) return 'the file is empty';
  if (start.startsWith('version https://git-lfs')) {
    return 'it is a Git LFS pointer: fetch the file itself with "git lfs pull"';
  }
  if (start.startsWith('PK')) {
    return 'it is a ZIP archive (a PyTorch checkpoint or a bundle?): export the network to ONNX first';
  }
  if (start.startsWith('\x89HDF')) return 'it is HDF5 (a Keras model?): convert it to ONNX first';
  if (start.slice(4, 8) === 'ORTM') {
    return 'it is in ORT format, which cannot be rewritten: take the ONNX file it was made from';
  }
  if (/^\s*<(!doctype|html)/i.test(start)) return 'it is an HTML page, not a file download';
  if (/^\s*[{[]/.test(start)) return 'it is JSON';
  return '';
};

const notOnnx = (reason: string): Outcome<never> =>
  refuse('notOnnx', `This is not a complete ONNX model: ${reason}.`, { reason });

/**
 * Reads the bytes of an ONNX file (`ModelProto`). Tensors that lie in other files stay references:
 * `readModel` of file.ts brings them in. `rawData` of tensors are views on `bytes`.
 *
 * Refuses `notOnnx` (foreign or truncated bytes), `onnxIrVersion` (newer than this reader).
 */
export const decodeModel = (bytes: Uint8Array): Outcome<OnnxModel> => {
  const other = looksLike(bytes);
  if (other) return notOnnx(other);
  let message: Message;
  try {
    message = convert(ModelProto, ModelProto.decode(bytes) as unknown as Message, 'read');
  } catch (error) {
    return notOnnx(`its bytes end or break off (${(error as Error).message})`);
  }
  const { irVersion, graph, opsetImport } = message as Partial<OnnxModel>;
  if (typeof irVersion !== 'number' || irVersion < 1) return notOnnx('it has no ir_version');
  if (irVersion > NEWEST_IR_VERSION) {
    return refuse(
      'onnxIrVersion',
      `The model has ONNX IR version ${irVersion}; up to ${NEWEST_IR_VERSION} can be read. Export it for an older opset.`,
      { found: irVersion, allowed: NEWEST_IR_VERSION },
    );
  }
  if (!graph) return notOnnx('it has no graph');
  // A file cut between two fields still parses: the operator sets come after the graph.
  if (irVersion >= 3 && !opsetImport?.length) return notOnnx('it has no opset_import');
  if (graph.node.some(node => !node.opType)) return notOnnx('a node has no op_type');
  for (const set of opsetImport ?? []) set.version ??= 0;
  for (const tensor of graph.initializer) {
    const size = bytesPerElement(tensor.dataType ?? 0) * countOf(dimsOf(tensor));
    if (tensor.rawData && size > 0 && tensor.rawData.length !== size) {
      const dims = tensor.dims.join('×');
      return notOnnx(
        `weights ${tensor.name} of ${dims} have ${tensor.rawData.length} bytes, not ${size}`,
      );
    }
  }
  return accept(message as unknown as OnnxModel);
};

/**
 * Bytes of the model as `onnx.proto` says. Refuses `onnxTooLarge` over Protocol Buffers' 2 GiB.
 */
export const encodeModel = (model: OnnxModel): Outcome<Uint8Array> => {
  const message = convert(ModelProto, model as unknown as Message, 'write');
  const writer = ModelProto.encode(message);
  if (writer.len > LARGEST_MESSAGE) {
    return refuse(
      'onnxTooLarge',
      `The model would have ${writer.len} bytes; a single ONNX file ends at ${LARGEST_MESSAGE}.`,
      { found: writer.len, allowed: LARGEST_MESSAGE },
    );
  }
  return accept(writer.finish());
};
