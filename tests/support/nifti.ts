import { gunzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import type { Vec3, VolumeGeometry } from '@second-reader/core/geometry/types';
import { norm, scale } from '@second-reader/core/geometry/vector';

/** Byte offsets of a NIfTI-1 header, little endian. */
const DIM = 40;
const DATATYPE = 70;
const VOX_OFFSET = 108;
const SCL_SLOPE = 112;
const SCL_INTER = 116;
const SROW_X = 280;

const READERS: Record<number, { bytes: number; read(buffer: Buffer, at: number): number }> = {
  2: { bytes: 1, read: (buffer, at) => buffer.readUInt8(at) },
  4: { bytes: 2, read: (buffer, at) => buffer.readInt16LE(at) },
  8: { bytes: 4, read: (buffer, at) => buffer.readInt32LE(at) },
  16: { bytes: 4, read: (buffer, at) => buffer.readFloatLE(at) },
  64: { bytes: 8, read: (buffer, at) => buffer.readDoubleLE(at) },
  512: { bytes: 2, read: (buffer, at) => buffer.readUInt16LE(at) },
};

/** A NIfTI-1 volume with an sform, its RAS+ turned to LPS+; values scaled as the header says. */
export const readNifti = (file: string): { geometry: VolumeGeometry; values: Float32Array } => {
  const bytes = gunzipSync(readFileSync(file));
  const dimensions = [1, 2, 3].map(axis => bytes.readInt16LE(DIM + 2 * axis));
  const row = (axis: number) =>
    [0, 1, 2, 3].map(column => bytes.readFloatLE(SROW_X + 16 * axis + 4 * column));
  const [x, y, z] = [row(0).map(value => -value), row(1).map(value => -value), row(2)];
  const column = (index: number): Vec3 => [x[index], y[index], z[index]];
  const spacing = [0, 1, 2].map(axis => norm(column(axis)));
  const reader = READERS[bytes.readInt16LE(DATATYPE)];
  if (!reader) throw new Error(`${file}: NIfTI datatype ${bytes.readInt16LE(DATATYPE)}`);
  const slope = bytes.readFloatLE(SCL_SLOPE) || 1;
  const intercept = bytes.readFloatLE(SCL_INTER);
  const start = bytes.readFloatLE(VOX_OFFSET);
  const values = new Float32Array(dimensions[0] * dimensions[1] * dimensions[2]);
  for (let at = 0; at < values.length; at++) {
    values[at] = reader.read(bytes, start + at * reader.bytes) * slope + intercept;
  }
  return {
    geometry: {
      dimensions: dimensions as unknown as Vec3,
      spacing: spacing as unknown as Vec3,
      origin: column(3),
      direction: [
        scale(column(0), 1 / spacing[0]),
        scale(column(1), 1 / spacing[1]),
        scale(column(2), 1 / spacing[2]),
      ],
    },
    values,
  };
};
