import { z } from 'zod';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';

/** Numbers with their type as safetensors names it (github.com/huggingface/safetensors, format). */
export type StoredTensor =
  | { dtype: 'F32'; dims: number[]; data: Float32Array }
  | { dtype: 'U8'; dims: number[]; data: Uint8Array }
  | { dtype: 'I32'; dims: number[]; data: Int32Array }
  | { dtype: 'I64'; dims: number[]; data: BigInt64Array };

export type StoredTensors = Map<string, StoredTensor>;

const header = z.record(
  z.string(),
  z.union([
    z.object({
      dtype: z.enum(['F32', 'U8', 'BOOL', 'I32', 'I64']),
      shape: z.array(z.number().int().nonnegative()),
      data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
    }),
    /** `__metadata__` */
    z.record(z.string(), z.string()),
  ]),
);

const BYTES = { F32: 4, U8: 1, BOOL: 1, I32: 4, I64: 8 } as const;

const view = (dtype: keyof typeof BYTES, dims: number[], bytes: ArrayBuffer): StoredTensor => {
  switch (dtype) {
    case 'F32':
      return { dtype, dims, data: new Float32Array(bytes) };
    case 'I32':
      return { dtype, dims, data: new Int32Array(bytes) };
    case 'I64':
      return { dtype, dims, data: new BigInt64Array(bytes) };
    default:
      return { dtype: 'U8', dims, data: new Uint8Array(bytes) };
  }
};

const broken = (reason: string): Outcome<never> =>
  refuse('safetensorsBroken', `The fixture is not a complete safetensors file: ${reason}.`, {
    reason,
  });

/** Reads little-endian tensors of the types above. Refuses `safetensorsBroken`. */
export const readSafetensors = (bytes: Uint8Array): Outcome<StoredTensors> => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < 8) return broken('it has fewer than 8 bytes');
  const length = Number(buffer.readBigUInt64LE(0));
  if (length > buffer.length - 8) return broken('its header reaches beyond its end');
  let json: unknown;
  try {
    json = JSON.parse(buffer.toString('utf8', 8, 8 + length));
  } catch (error) {
    return broken(`its header is not JSON (${(error as Error).message})`);
  }
  const parsed = header.safeParse(json);
  if (!parsed.success)
    return broken(`its header is not as it should be (${parsed.error.issues[0].message})`);
  const tensors: StoredTensors = new Map();
  for (const [name, entry] of Object.entries(parsed.data)) {
    if (!('data_offsets' in entry) || !Array.isArray(entry.data_offsets)) continue;
    const {
      dtype,
      shape,
      data_offsets: [from, to],
    } = entry as Exclude<typeof entry, Record<string, string>>;
    const count = shape.reduce((a, b) => a * b, 1);
    if (to - from !== count * BYTES[dtype] || 8 + length + to > buffer.length) {
      return broken(`${name} has ${to - from} bytes for [${shape.join(', ')}] of ${dtype}`);
    }
    const own = new Uint8Array(to - from);
    own.set(buffer.subarray(8 + length + from, 8 + length + to));
    tensors.set(name, view(dtype, shape, own.buffer));
  }
  return accept(tensors);
};

export const writeSafetensors = (tensors: StoredTensors): Uint8Array => {
  const entries: Record<string, unknown> = {};
  let at = 0;
  for (const [name, { dtype, dims, data }] of tensors) {
    entries[name] = { dtype, shape: dims, data_offsets: [at, at + data.byteLength] };
    at += data.byteLength;
  }
  const json = JSON.stringify(entries);
  // The data begin at a multiple of 8.
  const head = Buffer.from(json.padEnd(Math.ceil(json.length / 8) * 8, ' '), 'utf8');
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(head.length));
  const parts = [...tensors.values()].map(({ data }) =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  );
  return Buffer.concat([size, head, ...parts]);
};
