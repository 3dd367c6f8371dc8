import type { VolumeGeometry } from '../geometry/types';
import type { LabelMapOutput, PostprocessingStep } from '../model/manifest';
import type { LabelMap } from '../volume/types';
import { argmax, invertLabels, invertScores, type ClassScores } from './invert';
import { fillHoles, keepLargestConnectedComponent, removeSmallObjects } from './labelMapSteps';

type LabelMapStep = Exclude<PostprocessingStep, { transform: 'invert' | 'meanEnsemble' }>;

/** Runs steps on a label map, in order and in place. */
export function applyPostprocessing(labelMap: LabelMap, steps: readonly LabelMapStep[]): LabelMap {
  for (const step of steps) {
    switch (step.transform) {
      case 'keepLargestConnectedComponent':
        keepLargestConnectedComponent(labelMap, step);
        break;
      case 'fillHoles':
        fillHoles(labelMap, step);
        break;
      case 'removeSmallObjects':
        removeSmallObjects(labelMap, step);
        break;
    }
  }
  return labelMap;
}

/** Classes that the manifest gives no label are background. In place. */
function dropUnlabelled(voxels: Uint8Array, output: LabelMapOutput): void {
  const labelled = new Set(output.labels.map(({ value }) => value));
  const isComplete = Array.from({ length: output.classes - 1 }, (_, c) => c + 1).every(value =>
    labelled.has(value),
  );
  if (isComplete) {
    return;
  }
  for (let index = 0; index < voxels.length; index++) {
    if (voxels[index] !== 0 && !labelled.has(voxels[index])) {
      voxels[index] = 0;
    }
  }
}

/**
 * From the network's class scores to a label map on the source's grid: the manifest's
 * `postprocessing` steps in order. `invert` is among them exactly once (`parseManifest` sees to
 * it); steps before it (with `resample: "labels"`) run on the network's grid.
 */
export function postprocess(
  scores: ClassScores,
  source: VolumeGeometry,
  output: LabelMapOutput,
  steps: readonly PostprocessingStep[],
): LabelMap {
  const at = steps.findIndex(({ transform }) => transform === 'invert');
  const invert = steps[at];
  if (invert?.transform !== 'invert') {
    throw new Error('no "invert" step: the manifest was not validated');
  }
  const isLabelMapStep = (step: PostprocessingStep): step is LabelMapStep =>
    step.transform !== 'invert' && step.transform !== 'meanEnsemble';
  const before = steps.slice(0, at).filter(isLabelMapStep);
  const after = steps.slice(at + 1).filter(isLabelMapStep);
  let voxels: Uint8Array;
  if (invert.resample === 'logits') {
    voxels = invertScores(scores, source);
    dropUnlabelled(voxels, output);
  } else {
    const onNetwork = argmax(scores);
    dropUnlabelled(onNetwork, output);
    applyPostprocessing({ voxels: onNetwork, geometry: scores.geometry }, before);
    voxels = invertLabels(onNetwork, scores.geometry, source);
  }
  return applyPostprocessing({ voxels, geometry: source }, after);
}
