import type { VoxelArray } from '../../core/volume/types';
import type { WriteRequest } from './messages';

/**
 * Label maps and voxels stay with the page, which draws them, so the worker gets copies. Copying
 * 150 MB at once would hold the page up: it is done a piece at a time.
 */
const PIECE = 8 << 20;

export interface Piece {
  array: number;
  offset: number;
  byteLength: number;
  bytes: ArrayBuffer;
}

/** The bytes of each array, a piece at a time, with a turn of the page between two pieces. */
export async function* piecesOf(
  arrays: ReadonlyArray<ArrayBuffer | ArrayBufferView>,
): AsyncGenerator<Piece> {
  let sent = 0;
  for (const [array, given] of arrays.entries()) {
    const whole = ArrayBuffer.isView(given)
      ? new Uint8Array(given.buffer, given.byteOffset, given.byteLength)
      : new Uint8Array(given);
    const { byteLength } = whole;
    for (let offset = 0; offset === 0 || offset < byteLength; offset += PIECE) {
      const bytes = whole.slice(offset, offset + PIECE).buffer;
      sent += bytes.byteLength;
      if (sent > PIECE) {
        await new Promise(resolve => setTimeout(resolve, 0));
        sent = 0;
      }
      yield { array, offset, byteLength, bytes };
    }
  }
}

/** Puts pieces together again, by request and array. */
export const createAssembly = () => {
  const requests = new Map<number, Uint8Array[]>();
  return {
    add(id: number, { array, offset, byteLength, bytes }: Piece) {
      const arrays = requests.get(id) ?? [];
      requests.set(id, arrays);
      arrays[array] ??= new Uint8Array(byteLength);
      arrays[array].set(new Uint8Array(bytes), offset);
    },
    take(id: number): ArrayBuffer[] {
      const arrays = requests.get(id) ?? [];
      requests.delete(id);
      return arrays.map(({ buffer }) => buffer as ArrayBuffer);
    },
  };
};

const emptied = <T extends VoxelArray>(array: T): T => array.subarray(0, 0).slice() as T;

/** The request without its large arrays, and these: label map, maps, voxels, in this order. */
export const withoutArrays = <T extends Pick<WriteRequest, 'run' | 'volume'>>(
  request: T,
): { request: T; arrays: VoxelArray[] } => {
  const { run, volume } = request;
  const { labelMap, maps } = run;
  const arrays: VoxelArray[] = [
    ...(labelMap ? [labelMap.voxels] : []),
    ...(maps ?? []).map(({ values }) => values),
    ...(volume ? [volume.voxels] : []),
  ];
  return {
    arrays,
    request: {
      ...request,
      run: {
        ...run,
        ...(labelMap && { labelMap: { ...labelMap, voxels: emptied(labelMap.voxels) } }),
        ...(maps && { maps: maps.map(map => ({ ...map, values: emptied(map.values) })) }),
      },
      ...(volume && { volume: { ...volume, voxels: emptied(volume.voxels) } }),
    },
  };
};

/** The request with its arrays again, each of the type that its empty place holder has. */
export const withArrays = (request: WriteRequest, buffers: ArrayBuffer[]): WriteRequest => {
  let next = 0;
  const filled = <T extends VoxelArray>(empty: T): T => {
    const Type = empty.constructor as new (buffer: ArrayBuffer) => T;
    const buffer = buffers[next++];
    if (!buffer) throw new Error(`${buffers.length} arrays came, more are needed`);
    return new Type(buffer);
  };
  const { run, volume } = request;
  const { labelMap, maps } = run;
  return {
    ...request,
    run: {
      ...run,
      ...(labelMap && { labelMap: { ...labelMap, voxels: filled(labelMap.voxels) } }),
      ...(maps && { maps: maps.map(map => ({ ...map, values: filled(map.values) })) }),
    },
    ...(volume && { volume: { ...volume, voxels: filled(volume.voxels) } }),
  };
};
