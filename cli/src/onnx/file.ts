import { open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import { everyNode } from './graph';
import { decodeModel, encodeModel } from './proto';
import { bytesPerElement, countOf, dimsOf } from './tensors';
import type { OnnxModel, OnnxTensor } from './types';

const reasonOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code ?? (error as Error).message;

const unreadable = (file: string, error: unknown): Outcome<never> =>
  refuse('onnxFileMissing', `${file} cannot be read (${reasonOf(error)}).`, {
    file,
    reason: reasonOf(error),
  });

/** Tensors of the whole model: initializers and those in attributes, branches, loops and functions. */
const everyTensor = (model: OnnxModel): OnnxTensor[] => {
  const bodies = everyNode(model).flatMap(({ node }) =>
    node.attribute.flatMap(({ t, tensors, g, graphs }) => [
      ...(t ? [t] : []),
      ...(tensors ?? []),
      ...[...(g ? [g] : []), ...(graphs ?? [])].flatMap(({ initializer }) => initializer),
    ]),
  );
  return [...model.graph.initializer, ...bodies];
};

const EXTERNAL = 1;

/** Where a tensor's bytes lie (ONNX, ExternalData): a file beside the model, from `offset` on. */
interface Place {
  location: string;
  offset: number;
  /** To the file's end if undefined. */
  length: number | undefined;
}

const placeOf = (tensor: OnnxTensor): Outcome<Place> => {
  const given = new Map((tensor.externalData ?? []).map(({ key, value }) => [key, value]));
  const location = given.get('location') ?? '';
  const name = tensor.name ?? '';
  const inside = path.posix.normalize(location.replaceAll('\\', '/'));
  if (!location || path.posix.isAbsolute(inside) || /^(\.\.(\/|$)|[a-z]:)/i.test(inside)) {
    return refuse(
      'onnxExternalPath',
      `Weights ${name} lie in "${location}"; only files beside the model are read.`,
      { name, location },
    );
  }
  const length = given.get('length');
  return accept({
    location: inside,
    offset: Number(given.get('offset') ?? 0),
    length: length === undefined ? undefined : Number(length),
  });
};

const readRange = async (file: string, place: Place): Promise<Uint8Array> => {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const length = place.length ?? Math.max(0, size - place.offset);
    const bytes = Buffer.alloc(length);
    const { bytesRead } = await handle.read(bytes, 0, length, place.offset);
    return bytes.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
};

/** The model with the bytes of all tensors in it. `folder` is where the model lies. */
const inlined = async (model: OnnxModel, folder: string): Promise<Outcome<OnnxModel>> => {
  for (const tensor of everyTensor(model)) {
    if (tensor.dataLocation !== EXTERNAL) continue;
    const place = placeOf(tensor);
    if (!place.ok) return place;
    const { location } = place.value;
    let bytes: Uint8Array;
    try {
      bytes = await readRange(path.join(folder, location), place.value);
    } catch (error) {
      return refuse(
        'onnxExternalMissing',
        `The model keeps its weights in ${location}, which cannot be read (${reasonOf(error)}). It belongs beside the ONNX file.`,
        { location, reason: reasonOf(error) },
      );
    }
    const size = bytesPerElement(tensor.dataType ?? 0);
    const expected =
      size > 0 ? countOf(dimsOf(tensor)) * size : (place.value.length ?? bytes.length);
    if (bytes.length !== expected) {
      const name = tensor.name ?? '';
      return refuse(
        'onnxExternalSize',
        `${location} holds ${bytes.length} bytes for ${name}; ${expected} are needed. Is it of this model, and whole?`,
        { location, name, found: bytes.length, expected },
      );
    }
    // Decoded just now and nobody else's yet, so that weights need not be held twice.
    tensor.rawData = bytes;
    delete tensor.dataLocation;
    delete tensor.externalData;
  }
  return accept(model);
};

/**
 * Reads an ONNX file with the weights that lie beside it (`.onnx.data`) brought in.
 *
 * Refuses `onnxFileMissing`, `onnxExternalPath` (weights outside the model's folder),
 * `onnxExternalMissing`, `onnxExternalSize`, and what `decodeModel` refuses.
 */
export const readModel = async (file: string): Promise<Outcome<OnnxModel>> => {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    return unreadable(file, error);
  }
  const model = decodeModel(bytes);
  return model.ok ? inlined(model.value, path.dirname(file)) : model;
};

/** Writes the model as one file; refuses what `encodeModel` refuses. Returns its bytes. */
export const writeModel = async (file: string, model: OnnxModel): Promise<Outcome<Uint8Array>> => {
  const bytes = encodeModel(model);
  if (bytes.ok) await writeFile(file, bytes.value);
  return bytes;
};
