import { gunzipSync } from 'node:zlib';
import type { VolumeGeometry } from '@second-reader/core/geometry/types';
import { writeNifti } from '../phantom/nifti';
import { parseNifti, writeFloatNifti } from './nifti';

/** Oblique, left-handed, anisotropic. */
const [c, s] = [Math.cos(0.3), Math.sin(0.3)];
const geometry: VolumeGeometry = {
  dimensions: [3, 2, 4],
  spacing: [0.7, 1.5, 2.5],
  origin: [-12, 34, 56],
  direction: [
    [c, s, 0],
    [-s, c, 0],
    [0, 0, -1],
  ],
};

const read = (bytes: Uint8Array) => {
  const parsed = parseNifti('x.nii.gz', bytes);
  if (!parsed.ok) throw new Error(parsed.refusal.message);
  return parsed.value;
};

const expectSame = (found: VolumeGeometry) => {
  expect(found.dimensions).toEqual(geometry.dimensions);
  const flat = (g: VolumeGeometry) => [g.spacing, g.origin, ...g.direction].flat();
  flat(found).forEach((value, i) => expect(value).toBeCloseTo(flat(geometry)[i], 5));
};

describe('NIfTI', () => {
  const labels = Uint8Array.from({ length: 24 }, (_, i) => i);

  it('reads its sform, RAS+ turned to LPS+', () => {
    const found = read(writeNifti(geometry, labels));
    expectSame(found.geometry);
    expect([...found.values]).toEqual([...labels]);
  });

  it('reads its qform where there is no sform, uncompressed too', () => {
    const plain = Buffer.from(gunzipSync(writeNifti(geometry, labels)));
    plain.writeInt16LE(0, 254);
    plain.fill(0, 280, 328);
    expectSame(read(plain).geometry);
  });

  it('scales values as the header says', () => {
    const plain = Buffer.from(gunzipSync(writeNifti(geometry, Int16Array.from(labels))));
    plain.writeFloatLE(2, 112);
    plain.writeFloatLE(-1024, 116);
    expect(read(plain).values[3]).toBe(-1018);
  });

  it('keeps what it writes as float', () => {
    const values = Float32Array.from(labels, v => v / 7);
    const found = read(writeFloatNifti(geometry, values));
    expectSame(found.geometry);
    expect([...found.values]).toEqual([...values]);
  });

  it.each<[string, (plain: Buffer) => Buffer, string]>([
    ['a cut file', plain => plain.subarray(0, 360), 'ends before its last voxel'],
    ['colour voxels', plain => (plain.writeInt16LE(128, 70), plain), 'datatype is 128'],
    [
      'a series',
      plain => (plain.writeInt16LE(4, 40), plain.writeInt16LE(9, 48), plain),
      'three dimensions',
    ],
    ['no orientation', plain => (plain.fill(0, 252, 256), plain), 'nothing of its orientation'],
    ['text', () => Buffer.from('hello'), 'it has 5 bytes'],
  ])('%s is refused', (_, spoil, reason) => {
    const plain = Buffer.from(gunzipSync(writeNifti(geometry, labels)));
    const outcome = parseNifti('scan.nii', spoil(plain));
    expect(outcome).toMatchObject({ ok: false, refusal: { code: 'niftiUnreadable' } });
    if (!outcome.ok) expect(outcome.refusal.message).toContain(reason);
  });
});
