import { gzipSync } from 'node:zlib';
import type { VolumeGeometry } from '@second-reader/core/geometry/types';

const HEADER = 352;

/**
 * Writes a volume as NIfTI-1 (.nii.gz), `sform` and `qform` from LPS to NIfTI's RAS+.
 *
 * @param voxels HU (int16) or labels (uint8), column fastest
 * @returns the compressed file
 */
export function writeNifti(
  geometry: VolumeGeometry,
  voxels: Int16Array | Uint8Array,
  description = 'Second Reader chest phantom, synthetic',
): Uint8Array {
  const bytes = Buffer.alloc(HEADER + voxels.byteLength);
  const wide = voxels instanceof Int16Array;
  bytes.writeInt32LE(348, 0);
  bytes.writeInt16LE(3, 40);
  geometry.dimensions.forEach((n, i) => bytes.writeInt16LE(n, 42 + 2 * i));
  for (let i = 3; i < 7; i++) {
    bytes.writeInt16LE(1, 42 + 2 * i);
  }
  bytes.writeInt16LE(wide ? 4 : 2, 70);
  bytes.writeInt16LE(wide ? 16 : 8, 72);
  const columns = geometry.direction.map((axis, i) =>
    [-axis[0], -axis[1], axis[2]].map(value => value * geometry.spacing[i]),
  );
  const origin = [-geometry.origin[0], -geometry.origin[1], geometry.origin[2]];
  const { qfac, quaternion } = toQuaternion(geometry);
  bytes.writeFloatLE(qfac, 76);
  geometry.spacing.forEach((mm, i) => bytes.writeFloatLE(mm, 80 + 4 * i));
  bytes.writeFloatLE(HEADER, 108);
  bytes.writeFloatLE(1, 112);
  bytes.writeUInt8(2, 123);
  bytes.write(description.slice(0, 79), 148, 'latin1');
  bytes.writeInt16LE(1, 252);
  bytes.writeInt16LE(1, 254);
  quaternion.forEach((value, i) => bytes.writeFloatLE(value, 256 + 4 * i));
  origin.forEach((value, i) => bytes.writeFloatLE(value, 268 + 4 * i));
  for (let row = 0; row < 3; row++) {
    for (let axis = 0; axis < 3; axis++) {
      bytes.writeFloatLE(columns[axis][row], 280 + 16 * row + 4 * axis);
    }
    bytes.writeFloatLE(origin[row], 280 + 16 * row + 12);
  }
  bytes.write('n+1\0', 344, 'latin1');
  bytes.set(new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength), HEADER);
  return gzipSync(bytes, { level: 3 });
}

/** NIfTI-1's quaternion (b, c, d) and handedness of the direction in RAS+. */
function toQuaternion(geometry: VolumeGeometry): {
  qfac: number;
  quaternion: [number, number, number];
} {
  const [x, y, z] = geometry.direction.map(axis => [-axis[0], -axis[1], axis[2]]);
  const determinant =
    x[0] * (y[1] * z[2] - y[2] * z[1]) -
    y[0] * (x[1] * z[2] - x[2] * z[1]) +
    z[0] * (x[1] * y[2] - x[2] * y[1]);
  const qfac = determinant < 0 ? -1 : 1;
  const w = z.map(value => value * qfac);
  const half = (value: number) => Math.sqrt(Math.max(0, value)) / 2;
  const b = half(1 + x[0] - y[1] - w[2]);
  const c = half(1 - x[0] + y[1] - w[2]);
  const d = half(1 - x[0] - y[1] + w[2]);
  // Signs for a ≥ 0; half a turn (a = 0) leaves them to the off-diagonal terms.
  const a = half(1 + x[0] + y[1] + w[2]);
  if (a > 1e-4) {
    const sign = (value: number, by: number) => (by < 0 ? -value : value);
    return { qfac, quaternion: [sign(b, y[2] - w[1]), sign(c, w[0] - x[2]), sign(d, x[1] - y[0])] };
  }
  const cSign = y[0] + x[1] < 0 ? -1 : 1;
  const dSign = b > 1e-4 ? (w[0] + x[2] < 0 ? -1 : 1) : w[1] + y[2] < 0 ? -cSign : cSign;
  return { qfac, quaternion: [b, c * (b > 1e-4 ? cSign : 1), d * dSign] };
}
