/** A point or direction in LPS+ millimetres (x to the patient's Left, y Posterior, z Superior). */
export type Vec3 = readonly [number, number, number];

/**
 * Unit vectors of the i (column index), j (row index) and k (slice index) axes in LPS+.
 * `direction[0]` is the direction in which the column index grows, and so on.
 */
export type Direction = readonly [Vec3, Vec3, Vec3];

/**
 * The grid that voxels lie on. Voxel (i, j, k) has its centre at
 * `origin + i·spacing[0]·direction[0] + j·spacing[1]·direction[1] + k·spacing[2]·direction[2]`
 * (PS3.3 C.7.6.2.1.1) and stands in memory at index `i + dimensions[0]·(j + dimensions[1]·k)`:
 * i is fastest, as in cornerstone, VTK and ITK.
 */
export interface VolumeGeometry {
  /** Columns, rows, slices. */
  dimensions: Vec3;
  /** Millimetres between voxel centres along i, j, k. */
  spacing: Vec3;
  /** Centre of voxel (0, 0, 0), LPS+ millimetres. */
  origin: Vec3;
  direction: Direction;
}
