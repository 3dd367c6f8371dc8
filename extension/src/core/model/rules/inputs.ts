import { channelsOf } from '../manifest';
import { shown } from '../sentences';
import { duplicates, isFlat, lastView, type NetworkView, type Rule } from './rule';

/** Voxels of the largest window: 512 MiB as 32-bit floats, before the network's own layers. */
export const MAX_WINDOW_VOXELS = 512 ** 3;

const checkNames: Rule = ({ inputs }) => {
  const problems = duplicates(inputs.map(({ name }) => name)).map(
    ({ value, second }) =>
      `$.inputs[${second}].name is "${value}", which is named before; each ONNX input is named once, with all of its channels.`,
  );
  const places = inputs.flatMap(({ channels }, input) =>
    channels.map((_, channel) => `$.inputs[${input}].channels[${channel}]`),
  );
  const keys = channelsOf({ inputs }).map(({ key }) => key);
  for (const { value, first, second } of duplicates(keys)) {
    problems.push(
      `${places[second]}.key is "${value}", as that of ${places[first]}; with ${keys.length} channels each needs a key of its own.`,
    );
  }
  inputs.forEach(({ spatialAxes }, index) => {
    if (spatialAxes.length !== inputs[0].spatialAxes.length) {
      problems.push(
        `$.inputs[${index}].spatialAxes is "${spatialAxes}" but $.inputs[0].spatialAxes is "${inputs[0].spatialAxes}"; all inputs must have 2 axes or all of them 3.`,
      );
    }
  });
  return problems;
};

/** A network of pictures, and a network of volumes: how each may be led over what is there. */
export const checkInferer = (network: NetworkView): string[] => {
  const { inference, inputs, at, inputsAt } = network;
  const axes = `${inputsAt}[0].spatialAxes is "${inputs[0].spatialAxes}"`;
  if (inference.inferer === 'slice' && !isFlat(network)) {
    return [
      `${at}.inference.inferer is "slice" but ${axes}; a network led slice by slice has the axes "xy" or "yx". For a network of volumes use "slidingWindow" or "simple".`,
    ];
  }
  if (inference.inferer !== 'slidingWindow') return [];
  const problems: string[] = [];
  const { roiSize, outputMargin } = inference;
  if (isFlat(network) && roiSize[2] !== 1) {
    problems.push(
      `${at}.inference.roiSize is ${shown(roiSize)} but ${axes}; the third number must be 1 for a two-dimensional network, or use the inferer "slice".`,
    );
  }
  // An axis that is taken whole (−1) is as long as the volume.
  const voxels = roiSize.reduce((product, size) => product * Math.max(size, 1), 1);
  if (voxels > MAX_WINDOW_VOXELS) {
    problems.push(
      `${at}.inference.roiSize is ${shown(roiSize)}, ${voxels} voxels; at most ${MAX_WINDOW_VOXELS} (512 × 512 × 512) are allowed. It is the size of one window that the network sees at once, not of the whole volume.`,
    );
  }
  outputMargin.forEach((margin, axis) => {
    if (roiSize[axis] > 0 && 2 * margin >= roiSize[axis]) {
      problems.push(
        `${at}.inference.outputMargin[${axis}] is ${margin}; less than half of the window's ${roiSize[axis]} voxels is allowed, or nothing of it is left.`,
      );
    }
  });
  return problems;
};

/** Inputs, their channels, and the inferer that goes with their axes. */
export const checkInputs: Rule = manifest => [
  ...checkNames(manifest),
  ...checkInferer(lastView(manifest)),
];
