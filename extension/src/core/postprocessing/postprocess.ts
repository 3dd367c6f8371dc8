import type { Affine } from '../geometry/affine';
import type { VolumeGeometry } from '../geometry/types';
import { voxelCount } from '../geometry/transform';
import type { PostprocessingStep } from '../model/manifest';
import type { LabelMap } from '../volume/types';
import { binaryClosing } from './closing';
import type { Box } from './connectedComponents';
import {
  applySigmoid,
  decideLayer,
  decisionOf,
  type DecidedOutput,
  type Decision,
} from './decision';
import type { IndexRange } from '../preprocessing/box';
import { invertLabels } from './invert';
import { createLayerInverter, type LayerSink } from './invertLayers';
import { createTemplateInverter } from './invertTemplate';
import {
  fillHoles,
  keepLargestConnectedComponent,
  removeSmallObjects,
  type KnownRuns,
} from './labelMapSteps';

type LabelMapStep = Exclude<PostprocessingStep, { transform: 'invert' | 'meanEnsemble' }>;

export const isLabelMapStep = (step: PostprocessingStep): step is LabelMapStep =>
  step.transform !== 'invert' && step.transform !== 'meanEnsemble';

/**
 * Runs steps on a label map, in order and in place.
 *
 * @param box outside it all is background; none of the steps changes that
 */
export function applyPostprocessing(
  labelMap: LabelMap,
  steps: readonly LabelMapStep[],
  box?: Box,
): LabelMap {
  let known: KnownRuns | undefined;
  for (const step of steps) {
    switch (step.transform) {
      case 'keepLargestConnectedComponent':
        known = keepLargestConnectedComponent(labelMap, step, box);
        break;
      case 'fillHoles':
        fillHoles(labelMap, step, box, known);
        known = undefined;
        break;
      case 'binaryClosing':
        binaryClosing(labelMap, step, box);
        known = undefined;
        break;
      case 'removeSmallObjects':
        removeSmallObjects(labelMap, step, box);
        known = undefined;
        break;
    }
  }
  return labelMap;
}

export interface FinishedLabelMap {
  /** On the source's grid. */
  labelMap: LabelMap;
  /** Outside it all is background; undefined when everything is. */
  box: Box | undefined;
}

/** Decides each layer where it is: labels on the network's grid. */
function createLabelCollector(
  network: VolumeGeometry,
  decision: Decision,
): LayerSink & { labels: Uint8Array } {
  const [ni, nj] = network.dimensions;
  const size = ni * nj;
  const labels = new Uint8Array(voxelCount(network));
  const codes = new Uint8Array(size);
  const best = new Float32Array(size);
  let z = 0;
  return {
    labels,
    push(scores) {
      let layer = scores;
      if (decision.rule === 'regions') {
        layer = scores.slice();
        applySigmoid(layer);
      }
      decideLayer(layer, size, decision, codes, best);
      for (let index = 0, at = size * z; index < size; index++, at++) {
        labels[at] = decision.valueOf[codes[index]];
      }
      z++;
    },
  };
}

/**
 * From the layers of a network's class scores to a label map on the source's grid: the manifest's
 * `postprocessing` steps in order. `invert` is among them exactly once (`parseManifest` sees to
 * it); steps before it (with `resample: "labels"`) run on the network's grid. Classes that the
 * manifest gives no label are background.
 *
 * @param network the grid of the layers, which come along its axis k
 * @param threshold the operating point's, for regions (`activation: "sigmoid"`)
 * @param seen source voxels that no crop removed; the others are background
 * @param template where the network's grid is a template's: its millimetres → the patient's
 */
export function createLabelMapSink(
  network: VolumeGeometry,
  source: VolumeGeometry,
  output: DecidedOutput,
  steps: readonly PostprocessingStep[],
  threshold?: number,
  seen?: IndexRange,
  template?: Affine,
): LayerSink & { finish(): FinishedLabelMap } {
  const at = steps.findIndex(({ transform }) => transform === 'invert');
  const invert = steps[at];
  if (invert?.transform !== 'invert') {
    throw new Error('no "invert" step: the manifest was not validated');
  }
  const before = steps.slice(0, at).filter(isLabelMapStep);
  const after = steps.slice(at + 1).filter(isLabelMapStep);
  const decision = decisionOf(output, threshold);

  if (invert.resample === 'logits') {
    const inverter = template
      ? createTemplateInverter(network, source, decision, template)
      : createLayerInverter(network, source, decision, seen);
    return {
      push: inverter.push,
      finish() {
        const { voxels, box } = inverter.finish();
        const labelMap = { voxels, geometry: source };
        return { labelMap: box ? applyPostprocessing(labelMap, after, box) : labelMap, box };
      },
    };
  }
  const collector = createLabelCollector(network, decision);
  return {
    push: collector.push,
    finish() {
      const { labels } = collector;
      applyPostprocessing({ voxels: labels, geometry: network }, before);
      const labelMap = { voxels: invertLabels(labels, network, source, seen), geometry: source };
      const box: Box = { from: [0, 0, 0], to: source.dimensions };
      return { labelMap: applyPostprocessing(labelMap, after, box), box };
    },
  };
}
