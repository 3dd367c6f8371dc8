import type { RunResult } from '../../core/findings/types';
import type { Vec3, VolumeGeometry } from '../../core/geometry/types';
import { dot, subtract } from '../../core/geometry/vector';
import { sourceGridOf } from './grid';

/** How far a frame may be from a slice and still lie on it, as part of the source's spacing. */
const COINCIDENT = 0.01;
/** Cosine between axes that are the same for all that a reader can see. */
const PARALLEL = 1 - 1e-6;

/** Source slices that a frame was made of. */
export interface FrameSource {
  /** Indices k of the source's slices. */
  slices: number[];
  /** Pixel (i, j) of the frame is pixel (i, j) of the slice. */
  samePixels: boolean;
}

export const framePosition = ({ origin, spacing, direction }: VolumeGeometry, k: number): Vec3 => [
  origin[0] + k * spacing[2] * direction[2][0],
  origin[1] + k * spacing[2] * direction[2][1],
  origin[2] + k * spacing[2] * direction[2][2],
];

const samePlaneGrid = (a: VolumeGeometry, b: VolumeGeometry): boolean =>
  [0, 1].every(
    axis =>
      a.dimensions[axis] === b.dimensions[axis] &&
      Math.abs(a.spacing[axis] - b.spacing[axis]) * a.dimensions[axis] <
        COINCIDENT * b.spacing[axis] &&
      dot(a.direction[axis], b.direction[axis]) > PARALLEL,
  );

/**
 * By frame of a map on this grid: the source slices that it was made of. A frame that lies on a slice is of that slice; one
 * between slices of those that its own thickness reaches, and of the nearest at least. `undefined`
 * when frames run across the slices: then each is of all of them.
 */
export function frameSources(run: RunResult, geometry: VolumeGeometry): FrameSource[] | undefined {
  const source = sourceGridOf(run);
  const normal = source.direction[2];
  if (Math.abs(dot(geometry.direction[2], normal)) < PARALLEL) return undefined;
  const [, , count] = source.dimensions;
  const inPlane = samePlaneGrid(geometry, source);
  return Array.from({ length: geometry.dimensions[2] }, (_, frame): FrameSource => {
    const offset = subtract(framePosition(geometry, frame), source.origin);
    const at = dot(offset, normal) / source.spacing[2];
    const nearest = Math.min(count - 1, Math.max(0, Math.round(at)));
    if (Math.abs(at - nearest) < COINCIDENT) {
      const sameCorner = [0, 1].every(
        axis => Math.abs(dot(offset, source.direction[axis])) < COINCIDENT * source.spacing[axis],
      );
      return { slices: [nearest], samePixels: inPlane && sameCorner };
    }
    const reach = geometry.spacing[2] / source.spacing[2] / 2;
    const first = Math.max(0, Math.ceil(at - reach));
    const last = Math.min(count - 1, Math.floor(at + reach));
    const within = Array.from({ length: Math.max(0, last - first + 1) }, (_each, n) => first + n);
    return { slices: within.length > 0 ? within : [nearest], samePixels: false };
  });
}
