import type { VolumeGeometry } from '../../core/geometry/types';
import { packedLength, packFrames, planFrames, unpackFrame } from './frames';

const geometry = (columns: number, rows: number, slices: number): VolumeGeometry => ({
  dimensions: [columns, rows, slices],
  spacing: [1, 1, 1],
  origin: [0, 0, 0],
  direction: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
});

/** Runs and single voxels of labels 0, 1, 2 and 255 in an order that repeats from run to run. */
function mixed(length: number, seed: number): Uint8Array {
  const voxels = new Uint8Array(length);
  let state = seed;
  const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8;
  for (let at = 0; at < length;) {
    const run = next() % 3 === 0 ? 1 + (next() % 40) : 1;
    voxels.fill([0, 1, 2, 255][next() % 4], at, at + run);
    at += run;
  }
  return voxels;
}

describe.each([
  ['whole bytes and words', 16, 8, 5],
  ['whole words, no whole bytes', 6, 2, 9],
  ['neither', 7, 5, 11],
])('frames of %s', (_name, columns, rows, slices) => {
  const size = columns * rows;
  const voxels = mixed(size * slices, columns);
  voxels.fill(0, size, 2 * size);
  const labels = [2, 1, 255];
  const plan = planFrames({ geometry: geometry(columns, rows, slices), voxels }, labels);
  const { frames } = plan;
  const target = new Uint8Array(packedLength(frames.length, size));
  packFrames({ geometry: geometry(columns, rows, slices), voxels }, plan, target);

  test('are those that are not empty, by segment and then by slice', () => {
    const meant = labels.flatMap(label =>
      Array.from({ length: slices }, (_, slice) => ({ label, slice })).filter(({ slice }) =>
        voxels.subarray(slice * size, (slice + 1) * size).includes(label),
      ),
    );
    expect(frames).toEqual(meant);
  });

  test('hold a bit a voxel, least significant first, one frame behind the other', () => {
    frames.forEach(({ label, slice }, frame) => {
      for (let index = 0; index < size; index++) {
        const at = frame * size + index;
        const bit = (target[at >>> 3] >>> (at & 7)) & 1;
        expect(bit).toBe(voxels[slice * size + index] === label ? 1 : 0);
      }
    });
  });

  test.each([0, 1])('are unpacked to what they were packed from (offset %d)', offset => {
    const held = new Uint8Array(target.length + offset);
    held.set(target, offset);
    const unpacked = new Uint8Array(voxels.length);
    frames.forEach((frame, index) =>
      unpackFrame(held.subarray(offset), index, size, frame, unpacked),
    );
    expect(Array.from(unpacked)).toEqual(Array.from(voxels));
  });
});

test('a label map without a label has one empty frame', () => {
  const empty = { geometry: geometry(4, 4, 5), voxels: new Uint8Array(80) };
  const plan = planFrames(empty, [3, 4]);
  expect(plan.frames).toEqual([{ label: 3, slice: 2 }]);
  const target = new Uint8Array(packedLength(1, 16));
  packFrames(empty, plan, target);
  expect(Array.from(target)).toEqual([0, 0]);
});
