import { applyAffine, type Affine } from '../geometry/affine';
import { voxelCount } from '../geometry/transform';
import type { Vec3, VolumeGeometry } from '../geometry/types';
import { indexMap, sampleLinear, toTemplate } from '../preprocessing/template';
import { boundingBox } from './boundingBox';
import { applySigmoid, applySoftmaxAt, decideAt, type Decision } from './decision';
import type { InvertedLabels, LayerSink } from './invertLayers';

/** The box of source voxels that a template's grid can reach. */
const reach = (network: VolumeGeometry, source: VolumeGeometry, toPatient: Affine) => {
  const map = indexMap(network, source, toPatient);
  const corners = Array.from({ length: 8 }, (_, corner): Vec3 => {
    const end = (axis: 0 | 1 | 2) => ((corner >> axis) & 1 ? network.dimensions[axis] : -1);
    return applyAffine(map, [end(0), end(1), end(2)]);
  });
  const bounded = (axis: 0 | 1 | 2, round: (x: number) => number, pick: typeof Math.min) =>
    Math.min(
      Math.max(round(pick(...corners.map(corner => corner[axis]))), 0),
      source.dimensions[axis],
    );
  const from = ([0, 1, 2] as const).map(axis => bounded(axis, Math.floor, Math.min));
  const to = ([0, 1, 2] as const).map(axis => bounded(axis, x => Math.ceil(x) + 1, Math.max));
  return { from, to };
};

/**
 * Brings class scores on a template's grid back onto the source's through the registration, and takes
 * the label of each voxel: probabilities are interpolated linearly and are 0 outside the template's
 * grid. Templates are small: scores are held whole.
 *
 * @param toPatient template millimetres → LPS+ millimetres of the patient
 */
export function createTemplateInverter(
  network: VolumeGeometry,
  source: VolumeGeometry,
  decision: Decision,
  toPatient: Affine,
): LayerSink & { finish(): InvertedLabels } {
  const { channels, valueOf } = decision;
  const size = voxelCount(network);
  const layerSize = network.dimensions[0] * network.dimensions[1];
  const scores = new Float32Array(size * channels);
  let filled = 0;
  return {
    push(layer) {
      const own = layer.slice();
      if (decision.rule === 'regions') applySigmoid(own);
      else if (decision.softmax) {
        for (let voxel = 0; voxel < layerSize; voxel++) applySoftmaxAt(own, layerSize, voxel);
      }
      for (let channel = 0; channel < channels; channel++) {
        const part = own.subarray(channel * layerSize, (channel + 1) * layerSize);
        scores.set(part, channel * size + filled);
      }
      filled += layerSize;
    },
    finish() {
      if (filled !== size) throw new Error(`${filled} of ${size} voxels came`);
      const voxels = new Uint8Array(voxelCount(source));
      const map = indexMap(source, network, toTemplate(toPatient));
      const { from, to } = reach(network, source, toPatient);
      const [ni, nj] = source.dimensions;
      const met = new Float64Array(channels);
      for (let k = from[2]; k < to[2]; k++) {
        for (let j = from[1]; j < to[1]; j++) {
          for (let i = from[0]; i < to[0]; i++) {
            const at = applyAffine(map, [i, j, k]);
            for (let channel = 0; channel < channels; channel++) {
              met[channel] = sampleLinear(scores, network.dimensions, at, channel * size);
            }
            voxels[i + ni * (j + nj * k)] = valueOf[decideAt(met, 0, decision)];
          }
        }
      }
      return { voxels, box: boundingBox({ voxels, geometry: source }) };
    },
  };
}
