import type { VoxelArray } from '../../core/volume/types';
import { yieldToEventLoop } from '../../inference/yieldToEventLoop';

/** Bytes copied in one go: about a millisecond, so that a busy machine stays below 50 ms too. */
const CHUNK = 2 * 1024 * 1024;

type VoxelArrayConstructor = new (buffer: ArrayBufferLike) => VoxelArray;

const copyInto = async (target: ArrayBufferLike, source: VoxelArray): Promise<void> => {
  const from = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  const to = new Uint8Array(target);
  for (let at = 0; at < from.length; at += CHUNK) {
    to.set(from.subarray(at, at + CHUNK), at);
    await yieldToEventLoop();
  }
};

/** Voxels for each of two attempts: the second is there if the first one's worker dies with its own. */
export interface KeptVoxels {
  take(attempt: 'first' | 'last'): { voxels: VoxelArray; transfer: Transferable[] };
}

/**
 * Takes a volume's voxels for a run that may have to be tried twice, and detaches their buffer.
 *
 * With shared memory (cross-origin isolated pages) the worker and the page see the same bytes, so
 * nothing is held twice; voxels that lie in a SharedArrayBuffer already are not even copied.
 * Without it the worker gets a copy and the page keeps the voxels until the run has ended:
 * two volumes and a label map, which stays under 2.5 volumes for 16-bit voxels.
 */
export const keepVoxels = async (voxels: VoxelArray): Promise<KeptVoxels> => {
  const Voxels = voxels.constructor as VoxelArrayConstructor;
  const shareable = typeof SharedArrayBuffer !== 'undefined' && globalThis.crossOriginIsolated;
  if (typeof SharedArrayBuffer !== 'undefined' && voxels.buffer instanceof SharedArrayBuffer) {
    return { take: () => ({ voxels, transfer: [] }) };
  }
  if (shareable) {
    const shared = new SharedArrayBuffer(voxels.byteLength);
    await copyInto(shared, voxels);
    // Frees the caller's memory now, not when the caller lets go of it.
    structuredClone(voxels.buffer, { transfer: [voxels.buffer as ArrayBuffer] });
    return { take: () => ({ voxels: new Voxels(shared), transfer: [] }) };
  }
  const copy = new ArrayBuffer(voxels.byteLength);
  await copyInto(copy, voxels);
  return {
    take: attempt =>
      attempt === 'first'
        ? { voxels: new Voxels(copy), transfer: [copy] }
        : { voxels, transfer: [voxels.buffer as ArrayBuffer] },
  };
};
