import type { Vec3, VolumeGeometry } from '../../../core/geometry/types';
import { indexToWorld, worldToIndex } from '../../../core/geometry/transform';
import { add, cross, dot, normalize, scale } from '../../../core/geometry/vector';
import { accept, refuse, type Outcome } from '../../../core/outcome';
import type { Frame, FramePlane } from '../frames';
import { unreadable, type ForeignHeader } from '../header';
import type { OpenSeries, Placement } from '../placement';

/** How a segmentation's own matrix lies on the source's grid. */
export interface FrameGrid {
  /** By frame: the slice of the unpacked volume; −1 of a frame that lies beside the source. */
  slices: number[];
  /** Slices of the unpacked volume. */
  count: number;
  /**
   * `same`: the unpacked volume is the label map. `shift`: it is a part of it, so many columns and
   * rows away. `pull`: it has a grid of its own, of which each voxel of the source takes the nearest.
   */
  relation:
    | { kind: 'same' }
    | { kind: 'shift'; columns: number; rows: number }
    | { kind: 'pull'; geometry: VolumeGeometry; exact: boolean };
}

/** How far from whole voxels a grid may lie and still be the source's own, in voxels. */
const WHOLE = 0.1;
/** More planes than any scan has: a spacing that cannot be. */
const MAX_PLANES = 4096;

const isWhole = (value: number): boolean => Math.abs(value - Math.round(value)) <= WHOLE;

const axesOf = ({ orientation: [a, b, c, d, e, f] }: FramePlane) => {
  const row = normalize([a, b, c]);
  const normal = normalize(cross(row, [d, e, f]));
  return { row, column: cross(normal, row), normal };
};

/** A step of a frame's columns, rows or planes in voxels of the source. */
const stepIn = (geometry: VolumeGeometry, direction: Vec3, length: number): Vec3 =>
  worldToIndex(geometry, add(geometry.origin, scale(direction, length)));

/** Frames on slices of the source, whole columns and rows away; undefined where they are not. */
function onSlices(
  planes: readonly FramePlane[],
  columns: number,
  rows: number,
  geometry: VolumeGeometry,
): FrameGrid | undefined {
  let shift: readonly [number, number] | undefined;
  const slices: number[] = [];
  for (const plane of planes) {
    const { row, column } = axesOf(plane);
    const i = stepIn(geometry, row, plane.spacing[1]);
    const j = stepIn(geometry, column, plane.spacing[0]);
    const strays =
      Math.hypot(i[0] - 1, i[1], i[2]) * columns + Math.hypot(j[0], j[1] - 1, j[2]) * rows;
    const [x, y, z] = worldToIndex(geometry, plane.position);
    if (strays > 2 * WHOLE || ![x, y, z].every(isWhole)) return undefined;
    shift ??= [Math.round(x), Math.round(y)];
    if (Math.round(x) !== shift[0] || Math.round(y) !== shift[1]) return undefined;
    const k = Math.round(z);
    slices.push(k >= 0 && k < geometry.dimensions[2] ? k : -1);
  }
  const [across, down] = shift ?? [0, 0];
  const [ni, nj, nk] = geometry.dimensions;
  const same = across === 0 && down === 0 && columns === ni && rows === nj;
  return {
    slices,
    count: nk,
    relation: same ? { kind: 'same' } : { kind: 'shift', columns: across, rows: down },
  };
}

/** Whether each step along one grid is whole steps along one axis of the other, from a voxel's middle. */
const isExact = (own: VolumeGeometry, source: VolumeGeometry): boolean => {
  const [ni, nj, nk] = own.dimensions;
  const steps = own.direction.map((direction, axis) =>
    stepIn(source, direction, own.spacing[axis]),
  );
  const strays = steps.map((step, axis) => {
    const largest = Math.max(...step.map(Math.abs));
    const off = step.map(value => (Math.abs(value) === largest ? Math.abs(value) - 1 : value));
    return Math.hypot(...off) * [ni, nj, nk][axis];
  });
  return (
    strays.every(stray => stray <= 3 * WHOLE) && worldToIndex(source, own.origin).every(isWhole)
  );
};

/** The stack that the frames make by themselves. */
function ownStack(
  header: ForeignHeader,
  planes: readonly FramePlane[],
  columns: number,
  rows: number,
  source: VolumeGeometry,
): Outcome<FrameGrid> {
  const [first] = planes;
  const { row, column, normal } = axesOf(first);
  const parallel = planes.every(
    plane =>
      dot(axesOf(plane).normal, normal) > 0.9999 &&
      dot(axesOf(plane).row, row) > 0.9999 &&
      Math.abs(plane.spacing[0] - first.spacing[0]) < 1e-3 * first.spacing[0] &&
      Math.abs(plane.spacing[1] - first.spacing[1]) < 1e-3 * first.spacing[1],
  );
  if (!parallel) {
    return refuse(
      'foreignFramesNotParallel',
      `A result of another program, ${header.called}, is not shown: its frames are not parallel planes of one size`,
      { object: header.called },
    );
  }
  const heights = planes.map(({ position }) => dot(position, normal));
  const sorted = [...new Set(heights)].sort((a, b) => a - b);
  const gaps = sorted.slice(1).map((at, index) => at - sorted[index]);
  const gap = Math.min(...gaps.filter(each => each > 0.01));
  const between =
    first.betweenSlices ?? (Number.isFinite(gap) ? gap : (first.thickness ?? source.spacing[2]));
  const lowest = sorted[0];
  const slices = heights.map(height => Math.round((height - lowest) / between));
  const count = Math.max(...slices) + 1;
  if (count > MAX_PLANES) {
    return unreadable(header, `its planes are ${between} mm apart and ${count} in number`);
  }
  const bottom = planes[heights.indexOf(lowest)].position;
  const geometry: VolumeGeometry = {
    dimensions: [columns, rows, count],
    spacing: [first.spacing[1], first.spacing[0], between],
    origin: bottom,
    direction: [row, column, normal],
  };
  return accept({
    slices,
    count,
    relation: { kind: 'pull', geometry, exact: isExact(geometry, source) },
  });
}

/** Frames that say nothing of space, on the images that they refer to. */
function onImages(
  header: ForeignHeader,
  frames: readonly Frame[],
  columns: number,
  rows: number,
  series: OpenSeries,
  placement: Placement,
): Outcome<FrameGrid> {
  const { slices: images } = series.source;
  const differs = images.find(image => image.columns !== columns || image.rows !== rows);
  if (differs) {
    return refuse(
      'evidenceMatrixDiffers',
      `A stored AI result has ${columns}×${rows} pixels, its source ${differs.columns}×${differs.rows}`,
      { met: `${columns}×${rows}`, allowed: `${differs.columns}×${differs.rows}` },
    );
  }
  const slices = frames.map(({ images: references }): number => {
    for (const { sopInstanceUID, frames: numbers } of references) {
      const place = placement.image(sopInstanceUID, numbers);
      if (place?.series === series) return place.slice;
    }
    return images.length === 1 && references.length === 0 ? 0 : -1;
  });
  return slices.every(slice => slice < 0)
    ? unreadable(header, 'its frames say neither where they are nor of which image')
    : accept({ slices, count: images.length, relation: { kind: 'same' } });
}

/**
 * How the frames of a segmentation lie on a series: by their plane positions where they have them,
 * else by the images that they refer to.
 *
 * Refuses with the series' own reason where it is no volume, `foreignFramesNotParallel`,
 * `evidenceMatrixDiffers` or `foreignUnreadable`.
 */
export function frameGrid(
  header: ForeignHeader,
  frames: readonly Frame[],
  columns: number,
  rows: number,
  series: OpenSeries,
  placement: Placement,
): Outcome<FrameGrid> {
  const { grid } = series;
  if (!grid.ok) return grid;
  const planes = frames.flatMap(({ plane }) => plane ?? []);
  // A radiograph has a grid of its own making: what frames say of the patient has no meaning on it.
  const [image] = series.source.slices;
  const flat = series.source.slices.length === 1 && image.imagePositionPatient === undefined;
  if (planes.length < frames.length || flat) {
    return onImages(header, frames, columns, rows, series, placement);
  }
  const direct = onSlices(planes, columns, rows, grid.value);
  return direct ? accept(direct) : ownStack(header, planes, columns, rows, grid.value);
}

/** The unpacked volume on the grid of the source. */
export function onSource(
  unpacked: Uint8Array,
  columns: number,
  rows: number,
  { relation }: FrameGrid,
  source: VolumeGeometry,
): Uint8Array {
  switch (relation.kind) {
    case 'same':
      return unpacked;
    case 'shift':
      return shifted(unpacked, columns, rows, relation, source);
    case 'pull':
      return pulled(unpacked, relation.geometry, source);
  }
}

function shifted(
  unpacked: Uint8Array,
  columns: number,
  rows: number,
  shift: { columns: number; rows: number },
  { dimensions: [ni, nj, nk] }: VolumeGeometry,
): Uint8Array {
  const voxels = new Uint8Array(ni * nj * nk);
  const from = Math.max(0, -shift.columns);
  const to = Math.min(columns, ni - shift.columns);
  if (to <= from) return voxels;
  for (let k = 0; k < nk; k++) {
    for (let row = Math.max(0, -shift.rows); row < Math.min(rows, nj - shift.rows); row++) {
      const line = columns * (row + rows * k);
      const at = from + shift.columns + ni * (row + shift.rows + nj * k);
      voxels.set(unpacked.subarray(line + from, line + to), at);
    }
  }
  return voxels;
}

/** Each voxel of the source takes the value of the nearest voxel of the other grid, if one is there. */
function pulled(unpacked: Uint8Array, own: VolumeGeometry, source: VolumeGeometry): Uint8Array {
  const [ni, nj, nk] = source.dimensions;
  const [columns, rows, count] = own.dimensions;
  const voxels = new Uint8Array(ni * nj * nk);
  const [low, high] = extentOn(own, source);
  const step = worldStep(source, own);
  for (let k = low[2]; k <= high[2]; k++) {
    for (let j = low[1]; j <= high[1]; j++) {
      const start = worldToIndex(own, indexToWorld(source, [low[0], j, k]));
      let [x, y, z] = start;
      for (let i = low[0]; i <= high[0]; i++, x += step[0], y += step[1], z += step[2]) {
        const column = Math.round(x);
        const row = Math.round(y);
        const plane = Math.round(z);
        if (column < 0 || row < 0 || plane < 0) continue;
        if (column >= columns || row >= rows || plane >= count) continue;
        const value = unpacked[column + columns * (row + rows * plane)];
        if (value !== 0) voxels[i + ni * (j + nj * k)] = value;
      }
    }
  }
  return voxels;
}

/** A step along the source's columns in voxels of the other grid. */
const worldStep = (source: VolumeGeometry, own: VolumeGeometry): Vec3 =>
  stepIn(own, source.direction[0], source.spacing[0]);

/** The voxels of the source that the other grid can reach: least and largest i, j, k. */
function extentOn(own: VolumeGeometry, source: VolumeGeometry): [number[], number[]] {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let corner = 0; corner < 8; corner++) {
    const index = own.dimensions.map((n, axis) => ((corner >> axis) & 1 ? n - 0.5 : -0.5));
    const at = worldToIndex(source, indexToWorld(own, [index[0], index[1], index[2]]));
    at.forEach((value, axis) => {
      low[axis] = Math.min(low[axis], value);
      high[axis] = Math.max(high[axis], value);
    });
  }
  return [
    low.map(value => Math.max(0, Math.floor(value))),
    high.map((value, axis) => Math.min(source.dimensions[axis] - 1, Math.ceil(value))),
  ];
}
