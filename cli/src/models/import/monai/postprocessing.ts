import type { ManifestInput } from '../draft';
import type { Arguments } from './arguments';

type Step = ManifestInput['postprocessing'][number];

/** What the postprocessing of a bundle comes to. */
export interface Postprocessing {
  activation: 'softmax' | 'sigmoid' | 'none';
  /** Each class by itself, above this; without it the class with the largest score. */
  threshold?: number;
  steps: Step[];
  notes: string[];
}

interface State extends Postprocessing {
  /** Values of all labels. */
  labels: number[];
  /** mm³ of a voxel of the network's grid, where the bundle says its spacing. */
  voxelMm3?: number;
  discrete: boolean;
  inverted: boolean;
}

type Read = (given: Arguments, state: State) => void;

const appliedLabels = (given: Arguments, { labels }: State): number[] => {
  const named = given.numbers('applied_labels')?.filter(value => labels.includes(value));
  return named?.length ? named : labels;
};

const activations: Read = (given, state) => {
  if (given.flag('softmax', false)) state.activation = 'softmax';
  if (given.flag('sigmoid', false)) state.activation = 'sigmoid';
  if (given.value('other') !== undefined) given.problem('other', 'it cannot be run');
  if (state.inverted && state.activation === 'sigmoid') {
    state.notes.push(
      `${given.name} (${given.id}) comes after Invert in MONAI; here probabilities are resampled, there logits: borders may differ by a part of a voxel.`,
    );
  }
};

const asDiscrete: Read = (given, state) => {
  const threshold = given.number('threshold');
  if (threshold !== undefined) state.threshold = threshold;
  if (given.text('rounding')) given.problem('rounding', 'it cannot be run');
  state.discrete = true;
};

const invert: Read = (_, state) => {
  state.inverted = true;
  state.steps.push({ transform: 'invert', resample: state.discrete ? 'labels' : 'logits' });
};

const keepLargest: Read = (given, state) => {
  const connectivity = given.number('connectivity') ?? 3;
  if (connectivity !== 1 && connectivity !== 2 && connectivity !== 3) {
    return given.problem('connectivity', `it is ${connectivity}; 1, 2 and 3 can be run`);
  }
  state.steps.push({
    transform: 'keepLargestConnectedComponent',
    appliedLabels: appliedLabels(given, state),
    independent: given.flag('independent', true),
    connectivity,
    numComponents: given.number('num_components') ?? 1,
  });
};

const fillHoles: Read = (given, state) => {
  state.steps.push({ transform: 'fillHoles', appliedLabels: appliedLabels(given, state) });
};

const removeSmall: Read = (given, state) => {
  const size = given.number('min_size') ?? 64;
  const measured = given.flag('by_measure', false);
  if (!measured && (state.inverted || state.voxelMm3 === undefined)) {
    given.problem(
      'min_size',
      `it is ${size} voxels of the scan’s own grid, whose size differs from scan to scan; give mm³ in "postprocessing" of a --manifest file`,
    );
  }
  state.steps.push({
    transform: 'removeSmallObjects',
    appliedLabels: state.labels,
    minSizeMm3: measured ? size : size * (state.voxelMm3 ?? 1),
  });
};

const meanEnsemble: Read = (given, state) => {
  const weights = given.numbers('weights');
  state.steps.push({ transform: 'meanEnsemble', ...(weights && { weights }) });
};

const nothing: Read = () => undefined;

const POSTPROCESSING: Record<string, Read> = {
  Activations: activations,
  AsDiscrete: asDiscrete,
  Invert: invert,
  KeepLargestConnectedComponent: keepLargest,
  FillHoles: fillHoles,
  RemoveSmallObjects: removeSmall,
  MeanEnsemble: meanEnsemble,
  SaveImage: nothing,
  EnsureType: nothing,
  CastToType: nothing,
  ToTensor: nothing,
  ToDevice: nothing,
  EnsureChannelFirst: nothing,
  Identity: nothing,
};

export const POSTPROCESSING_NAMES = Object.keys(POSTPROCESSING);

/** Whether an Invert stands before any step on the label map: then it must bring the labels back. */
const ordered = (state: State): Step[] => {
  const rest = state.steps.filter(({ transform }) => transform !== 'meanEnsemble');
  const means = state.steps.filter(({ transform }) => transform === 'meanEnsemble');
  if (!state.inverted) {
    const labels = rest.length > 0;
    const last: Step = { transform: 'invert', resample: labels ? 'labels' : 'logits' };
    state.notes.push(
      'The bundle has no Invert; the result is brought back onto the scan’s own grid all the same.',
    );
    return [...means, ...rest, last];
  }
  return [...means, ...rest];
};

/**
 * Reads postprocessing transforms in order. Throws `ConfigProblem`; a transform that is not known is
 * told to `unknown`.
 */
export const readPostprocessing = (
  components: readonly Arguments[],
  labels: number[],
  voxelMm3: number | undefined,
  unknown: (given: Arguments) => void,
): Postprocessing => {
  const state: State = {
    ...{ activation: 'none', steps: [], notes: [], labels, voxelMm3 },
    ...{ discrete: false, inverted: false },
  };
  for (const given of components) {
    const read = POSTPROCESSING[given.name];
    if (read) read(given, state);
    else unknown(given);
  }
  const steps = ordered(state);
  const { activation, threshold, notes } = state;
  return { activation, threshold, steps, notes };
};
