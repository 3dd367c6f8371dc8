import { indexToWorld } from '../geometry/transform';
import type { Vec3, VolumeGeometry } from '../geometry/types';
import { scale } from '../geometry/vector';

/** MONAI's `Flip`: voxels along an axis in the other order, each where it was in the patient. */
export function flipped(
  { data, geometry }: { data: Float32Array; geometry: VolumeGeometry },
  axis: 0 | 1 | 2,
): { data: Float32Array; geometry: VolumeGeometry } {
  const { dimensions, direction } = geometry;
  const end = dimensions[axis] - 1;
  const stride = [1, dimensions[0], dimensions[0] * dimensions[1]][axis];
  const turned = new Float32Array(data.length);
  for (let at = 0; at < data.length; at++) {
    const index = Math.floor(at / stride) % dimensions[axis];
    turned[at] = data[at + (end - 2 * index) * stride];
  }
  const last: Vec3 = [axis === 0 ? end : 0, axis === 1 ? end : 0, axis === 2 ? end : 0];
  const along = (other: 0 | 1 | 2) =>
    other === axis ? scale(direction[other], -1) : direction[other];
  return {
    data: turned,
    geometry: {
      ...geometry,
      origin: indexToWorld(geometry, last),
      direction: [along(0), along(1), along(2)],
    },
  };
}
