import { readFile } from 'node:fs/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Vec3, VolumeGeometry } from '@second-reader/core/geometry/types';
import { norm, scale } from '@second-reader/core/geometry/vector';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';

/** Byte offsets of a NIfTI-1 header (nifti1.h). */
const AT = {
  dim: 40,
  datatype: 70,
  pixdim: 76,
  voxOffset: 108,
  slope: 112,
  intercept: 116,
  qformCode: 252,
  sformCode: 254,
  quaternion: 256,
  qoffset: 268,
  srow: 280,
  magic: 344,
} as const;

type Reader = { bytes: number; read(view: DataView, at: number, little: boolean): number };
const TYPES: Record<number, Reader> = {
  2: { bytes: 1, read: (view, at) => view.getUint8(at) },
  256: { bytes: 1, read: (view, at) => view.getInt8(at) },
  4: { bytes: 2, read: (view, at, little) => view.getInt16(at, little) },
  512: { bytes: 2, read: (view, at, little) => view.getUint16(at, little) },
  8: { bytes: 4, read: (view, at, little) => view.getInt32(at, little) },
  768: { bytes: 4, read: (view, at, little) => view.getUint32(at, little) },
  16: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  64: { bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
};

export interface NiftiVolume {
  geometry: VolumeGeometry;
  /** i fastest; values scaled as the header says. */
  values: Float32Array;
}

/** Columns of the RAS+ matrix: i, j, k axes in millimetres, and the position of voxel 0. */
type Columns = [Vec3, Vec3, Vec3, Vec3];

const fromSform = (view: DataView, little: boolean): Columns => {
  const at = (row: number, column: number) =>
    view.getFloat32(AT.srow + 16 * row + 4 * column, little);
  const column = (c: number): Vec3 => [at(0, c), at(1, c), at(2, c)];
  return [column(0), column(1), column(2), column(3)];
};

/** nifti1.h, method 2: the quaternion (b, c, d), a ≥ 0, and the handedness in pixdim[0]. */
const fromQform = (view: DataView, little: boolean): Columns => {
  const float = (at: number) => view.getFloat32(at, little);
  const [b, c, d] = [0, 1, 2].map(i => float(AT.quaternion + 4 * i));
  const a = Math.sqrt(Math.max(0, 1 - b * b - c * c - d * d));
  const handed = float(AT.pixdim) < 0 ? -1 : 1;
  const spacing = [1, 2, 3].map(i => float(AT.pixdim + 4 * i));
  const columns: Vec3[] = [
    [a * a + b * b - c * c - d * d, 2 * (b * c + a * d), 2 * (b * d - a * c)],
    [2 * (b * c - a * d), a * a + c * c - b * b - d * d, 2 * (c * d + a * b)],
    [2 * (b * d + a * c), 2 * (c * d - a * b), a * a + d * d - b * b - c * c],
  ];
  return [
    scale(columns[0], spacing[0]),
    scale(columns[1], spacing[1]),
    scale(columns[2], spacing[2] * handed),
    [float(AT.qoffset), float(AT.qoffset + 4), float(AT.qoffset + 8)],
  ];
};

/**
 * A NIfTI-1 volume (.nii or .nii.gz, either byte order, sform before qform), its RAS+ turned to LPS+.
 * Refuses `niftiUnreadable`: the file and what is wrong with it.
 */
export const parseNifti = (file: string, bytes: Uint8Array): Outcome<NiftiVolume> => {
  const broken = (reason: string) =>
    refuse('niftiUnreadable', `${file} is no NIfTI-1 volume that can be read: ${reason}.`, {
      file,
      reason,
    });
  let plain = bytes;
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      plain = gunzipSync(bytes);
    } catch (error) {
      return broken((error as Error).message);
    }
  }
  const view = new DataView(plain.buffer, plain.byteOffset, plain.byteLength);
  if (plain.length < 348) return broken(`it has ${plain.length} bytes`);
  const little = view.getInt32(0, true) === 348;
  if (!little && view.getInt32(0, false) !== 348) return broken('it has no NIfTI-1 header');
  const short = (at: number) => view.getInt16(at, little);
  const dimensions: Vec3 = [short(AT.dim + 2), short(AT.dim + 4), Math.max(1, short(AT.dim + 6))];
  const extra = [4, 5, 6, 7]
    .slice(0, Math.max(0, short(AT.dim) - 3))
    .map(n => short(AT.dim + 2 * n));
  if (extra.some(n => n > 1))
    return broken(`it has more than three dimensions (${extra.join(', ')})`);
  const type = TYPES[short(AT.datatype)];
  if (!type)
    return broken(
      `its datatype is ${short(AT.datatype)}; ${Object.keys(TYPES).join(', ')} are known`,
    );
  const count = dimensions[0] * dimensions[1] * dimensions[2];
  const start = view.getFloat32(AT.voxOffset, little);
  if (start + count * type.bytes > plain.length) return broken('it ends before its last voxel');
  const useSform = short(AT.sformCode) > 0;
  if (!useSform && short(AT.qformCode) <= 0) return broken('it says nothing of its orientation');
  const columns = (useSform ? fromSform : fromQform)(view, little);
  const [i, j, k, origin] = columns.map(([x, y, z]): Vec3 => [-x, -y, z]);
  const spacing: Vec3 = [norm(i), norm(j), norm(k)];
  if (spacing.some(mm => !(mm > 0))) return broken('an axis has no length');
  const slope = view.getFloat32(AT.slope, little) || 1;
  const intercept = view.getFloat32(AT.intercept, little) || 0;
  const values = new Float32Array(count);
  for (let at = 0; at < count; at++) {
    values[at] = type.read(view, start + at * type.bytes, little) * slope + intercept;
  }
  return accept({
    geometry: {
      dimensions,
      spacing,
      origin,
      direction: [scale(i, 1 / spacing[0]), scale(j, 1 / spacing[1]), scale(k, 1 / spacing[2])],
    },
    values,
  });
};

/** Refuses `niftiUnreadable`. */
export const readNifti = async (file: string): Promise<Outcome<NiftiVolume>> => {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    return refuse('niftiUnreadable', `${file} is no NIfTI-1 volume that can be read: ${reason}.`, {
      file,
      reason,
    });
  }
  return parseNifti(file, bytes);
};

/** Values as float32 NIfTI-1 (.nii.gz) on a grid in LPS+ millimetres, sform only. */
export const writeFloatNifti = (geometry: VolumeGeometry, values: Float32Array): Uint8Array => {
  const bytes = Buffer.alloc(352 + values.byteLength);
  bytes.writeInt32LE(348, 0);
  [3, ...geometry.dimensions, 1, 1, 1, 1].forEach((n, i) => bytes.writeInt16LE(n, AT.dim + 2 * i));
  bytes.writeInt16LE(16, AT.datatype);
  bytes.writeInt16LE(32, AT.datatype + 2);
  [1, ...geometry.spacing].forEach((mm, i) => bytes.writeFloatLE(mm, AT.pixdim + 4 * i));
  bytes.writeFloatLE(352, AT.voxOffset);
  bytes.writeFloatLE(1, AT.slope);
  bytes.writeInt16LE(1, AT.sformCode);
  const columns = [
    ...geometry.direction.map((axis, i) => scale(axis, geometry.spacing[i])),
    geometry.origin,
  ];
  columns.forEach(([x, y, z], c) =>
    [-x, -y, z].forEach((value, row) => bytes.writeFloatLE(value, AT.srow + 16 * row + 4 * c)),
  );
  bytes.write('n+1\0', AT.magic, 'latin1');
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 352);
  return gzipSync(bytes, { level: 3 });
};
