import type { VolumeGeometry } from '../geometry/types';
import { voxelCount } from '../geometry/transform';
import type { LabelMapOutput, PostprocessingStep, SegmentLabel } from '../model/manifest';
import { unionOfBoxes } from './boundingBox';
import type { Box } from './connectedComponents';
import { applyPostprocessing, isLabelMapStep, type FinishedLabelMap } from './postprocess';

/**
 * The last network's own output, without what comes from earlier stages: its labels by the values
 * that they have in that network's own label map.
 */
export const ownOutput = (output: LabelMapOutput): LabelMapOutput => {
  const own = output.labels.filter(({ from }) => from?.stage === undefined);
  const values = new Map(own.map(label => [label.from?.value ?? label.value, label]));
  return {
    ...output,
    labels: [...values].map(([value, { from: _from, ...label }]) => ({ ...label, value })),
  };
};

const afterInvert = (steps: readonly PostprocessingStep[]): number =>
  steps.findIndex(({ transform }) => transform === 'invert') + 1;

/** Of a chain's last network, the steps on its own label map: up to `invert`. */
export const ownSteps = (steps: readonly PostprocessingStep[]): PostprocessingStep[] =>
  steps.slice(0, afterInvert(steps));

/**
 * One label map of a chain's networks, all on the source's grid: label by label in the manifest's
 * order, each over those before it, `inside` only where one of them stands; then the steps that come
 * after the last network's `invert`.
 *
 * @param mapOf the label map of a stage, or of the last network without a key; undefined where the
 *   network found nothing or could not be run for that reason
 */
export const composeLabels = (
  labels: readonly SegmentLabel[],
  steps: readonly PostprocessingStep[],
  source: VolumeGeometry,
  mapOf: (stage: string | undefined) => FinishedLabelMap | undefined,
): FinishedLabelMap => {
  const voxels = new Uint8Array(voxelCount(source));
  const [ni, nj] = source.dimensions;
  const boxes: Array<Box | undefined> = [];
  for (const { value, from } of labels) {
    const found = mapOf(from?.stage);
    if (!found?.box) continue;
    boxes.push(found.box);
    const met = from?.value ?? value;
    const isInside = from?.inside ?? false;
    const map = found.labelMap.voxels;
    const { from: first, to } = found.box;
    for (let k = first[2]; k < to[2]; k++) {
      for (let j = first[1]; j < to[1]; j++) {
        const row = ni * (j + nj * k);
        for (let at = row + first[0]; at < row + to[0]; at++) {
          if (map[at] === met && !(isInside && voxels[at] === 0)) voxels[at] = value;
        }
      }
    }
  }
  const labelMap = { voxels, geometry: source };
  const box = unionOfBoxes(boxes);
  const later = steps.slice(afterInvert(steps)).filter(isLabelMapStep);
  return { labelMap: box ? applyPostprocessing(labelMap, later, box) : labelMap, box };
};
