/**
 * @jest-environment ./extension/src/inference/testing/ortEnvironment.js
 */
import { keepVoxels } from './keepVoxels';

const voxels = () => Int16Array.from({ length: 5_000_001 }, (_, n) => (n * 7919) % 4001);

describe('keepVoxels', () => {
  afterEach(() => Reflect.deleteProperty(globalThis, 'crossOriginIsolated'));

  it('shares one copy with both attempts in an isolated page and frees the original', async () => {
    Object.assign(globalThis, { crossOriginIsolated: true });
    const given = voxels();
    const kept = await keepVoxels(given);
    expect(given.length).toBe(0);
    const [first, last] = [kept.take('first'), kept.take('last')];
    expect(first.transfer).toEqual([]);
    expect(first.voxels.buffer).toBe(last.voxels.buffer);
    expect(first.voxels.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(Buffer.from(last.voxels.buffer).equals(Buffer.from(voxels().buffer))).toBe(true);
  });

  it('does not copy what is shared already', async () => {
    Object.assign(globalThis, { crossOriginIsolated: true });
    const given = new Int16Array(new SharedArrayBuffer(16)).fill(5);
    const kept = await keepVoxels(given);
    expect(kept.take('first').voxels).toBe(given);
  });

  it('has the voxels for a second attempt when the first worker took its own with it', async () => {
    const kept = await keepVoxels(voxels().subarray(10));
    const first = kept.take('first');
    structuredClone(first.voxels, { transfer: first.transfer });
    expect(first.voxels.length).toBe(0);
    expect(Array.from(kept.take('last').voxels.subarray(0, 50))).toEqual(
      Array.from(voxels().subarray(10, 60)),
    );
  });
});
