import {
  channelsOf,
  type ModelInput,
  type ModelManifest,
  type PreprocessingStep,
  type Stage,
  type StageOutput,
} from '../manifest';
import { hint, list } from '../sentences';
import { checkInferer } from './inputs';
import { checkSteps } from './postprocessing';
import { counted, duplicates, lastView, type NetworkView, type Rule } from './rule';
import { checkPreprocessing } from './steps';

type NetworkInputs = NonNullable<Stage['inputs']>;
type OutputOfStage<T extends StageOutput['type']> = Extract<StageOutput, { type: T }>;

/** The modality of what an earlier network gave: none that a rule asks for. */
const NOT_AN_IMAGE = 'OT';

/** Inputs of a network of a chain, its channels with the modality of the study's. */
const withModalities = (inputs: NetworkInputs, manifest: ModelManifest): ModelInput[] => {
  const study = new Map(channelsOf(manifest).map(channel => [channel.key, channel]));
  return inputs.map(input => ({
    ...input,
    channels: input.channels.map(({ key, stage }) => ({
      key,
      modality: (stage === undefined && study.get(key)?.modality) || NOT_AN_IMAGE,
    })),
  }));
};

const stageView = (manifest: ModelManifest, stage: Stage, at: string): NetworkView => ({
  at,
  preprocessing: stage.preprocessing,
  inference: stage.inference,
  postprocessing: stage.postprocessing,
  inputs: stage.inputs ? withModalities(stage.inputs, manifest) : manifest.inputs,
  inputsAt: stage.inputs ? `${at}.inputs` : '$.inputs',
});

/** The last network with what it is fed. */
export const lastNetworkView = (manifest: ModelManifest): NetworkView => {
  const { networkInputs } = manifest;
  return networkInputs
    ? {
        ...lastView(manifest),
        inputs: withModalities(networkInputs, manifest),
        inputsAt: '$.networkInputs',
      }
    : lastView(manifest);
};

const outputOf = <T extends StageOutput['type']>(
  { outputs }: Stage,
  type: T,
  name?: string,
): OutputOfStage<T> | undefined =>
  outputs.find(
    (output): output is OutputOfStage<T> =>
      output.type === type && (name === undefined || output.name === name),
  );

/** The largest value in a stage's label map. */
const largestValue = ({ activation, classes }: { activation: string; classes: number }): number =>
  activation === 'sigmoid' ? classes : classes - 1;

/** "a", "b" of the stages that stand before; said where a name is none of them. */
const notEarlier = (where: string, key: string, earlier: readonly Stage[]): string => {
  const keys = earlier.map(stage => stage.key);
  const allowed =
    keys.length > 0 ? `the stages before it are ${list(keys)}` : 'no stage stands before it';
  return `${where} is "${key}"${hint(key, keys)}; ${allowed}.`;
};

/** All grids of a chain run along the axes of the first channel's series. */
const checkFirst = (inputs: NetworkInputs, at: string, manifest: ModelManifest): string[] => {
  const [first] = channelsOf(manifest);
  const fed = inputs[0].channels[0];
  return fed.stage !== undefined || fed.key === first.key
    ? []
    : [
        `${at}[0].channels[0].key is "${fed.key}"; a network begins with what an earlier stage gave or with the first channel of $.inputs, "${first.key}", on whose grid results lie.`,
      ];
};

/** What a network is fed: channels of the study, and tensors of stages before it. */
const checkFeeds = (
  inputs: NetworkInputs,
  at: string,
  manifest: ModelManifest,
  earlier: readonly Stage[],
): string[] => {
  const study = channelsOf(manifest).map(({ key }) => key);
  const first = checkFirst(inputs, at, manifest);
  const each = inputs.flatMap((input, place) =>
    input.channels.flatMap((channel, index): string[] => {
      const where = `${at}[${place}].channels[${index}]`;
      const { key, stage: source, output, multiplyBy } = channel;
      if (source === undefined) {
        return study.includes(key)
          ? []
          : [
              `${where}.key is "${key}"${hint(key, study)}; the channels of $.inputs are ${list(study)}, and what an earlier network gave is named with "stage" and "output".`,
            ];
      }
      const stage = earlier.find(each => each.key === source);
      if (!stage) return [notEarlier(`${where}.stage`, source, earlier)];
      const tensor = output === undefined ? undefined : outputOf(stage, 'tensor', output);
      if (!tensor) {
        const names = stage.outputs.flatMap(({ type, name }) => (type === 'tensor' ? [name] : []));
        return [
          `${where}.output is ${output === undefined ? 'missing' : `"${output}"`}; the outputs of type "tensor" of stage "${source}" are ${names.length > 0 ? list(names) : 'none'}.`,
        ];
      }
      return [['channel', channel.channel] as const, ['multiplyBy', multiplyBy] as const].flatMap(
        ([name, value]) =>
          value === undefined || value < tensor.channels
            ? []
            : [
                `${where}.${name} is ${value}; the output "${tensor.name}" has ${counted(tensor.channels, 'channel')}, so 0 to ${tensor.channels - 1} is allowed.`,
              ],
      );
    }),
  );
  return [...each, ...first];
};

/** A network on a template's grid: its registration, and results that can come back from there. */
const checkTemplate = (
  { preprocessing, postprocessing, at }: NetworkView,
  outputs: ReadonlyArray<{ type: string }>,
  earlier: readonly Stage[],
): string[] => {
  const index = preprocessing.findIndex(({ transform }) => transform === 'resampleToTemplate');
  const step = preprocessing[index];
  if (step?.transform !== 'resampleToTemplate') return [];
  const where = `${at}.preprocessing[${index}]`;
  const stage = earlier.find(({ key }) => key === step.stage);
  if (!stage) return [notEarlier(`${where}.stage`, step.stage, earlier)];
  const problems: string[] = [];
  if (!outputOf(stage, 'affine')) {
    problems.push(
      `${where}.stage is "${step.stage}", which has no output of type "affine"; there is no registration to a template.`,
    );
  }
  const later = preprocessing.slice(index + 1);
  if (later.some(({ transform }) => transform.startsWith('resampleTo'))) {
    problems.push(`${where} is followed by another "resampleToTemplate"; exactly 1 is allowed.`);
  }
  if (later.some(({ transform }) => transform === 'orientation' || transform === 'spacing')) {
    problems.push(
      `${where} is followed by "orientation" or "spacing"; the template's grid is given by "axcodes" and "pixdim": remove them, or put them before.`,
    );
  }
  const lost = outputs.find(({ type }) =>
    ['map', 'tensor', 'affine', 'boxes', 'centerHeatmap'].includes(type),
  );
  if (lost) {
    problems.push(
      `${where} is "resampleToTemplate", from where an output of type "${lost.type}" does not come back; label maps, classes and values are allowed.`,
    );
  }
  if (postprocessing.some(each => each.transform === 'invert' && each.resample === 'labels')) {
    problems.push(
      `${where} is "resampleToTemplate", from where scores come back; "resample": "logits" is needed in ${at}.postprocessing.`,
    );
  }
  return problems;
};

/** Steps that use what a stage before has found. */
const checkUses = (
  steps: readonly PreprocessingStep[],
  at: string,
  earlier: readonly Stage[],
): string[] =>
  steps.flatMap((step, index): string[] => {
    const where = `${at}.preprocessing[${index}]`;
    if (step.transform !== 'cropForeground' || step.stage === undefined) return [];
    if (step.sourceKey !== undefined) {
      return [
        `${where} has both "stage" and "sourceKey"; foreground is one of them: remove the other.`,
      ];
    }
    const stage = earlier.find(({ key }) => key === step.stage);
    if (!stage) return [notEarlier(`${where}.stage`, step.stage, earlier)];
    return outputOf(stage, 'labelMap')
      ? []
      : [
          `${where}.stage is "${step.stage}", which has no output of type "labelMap"; there is nothing of it to crop to.`,
        ];
  });

const checkResult = (stage: Stage, at: string): string[] => {
  const maps = stage.outputs.filter(({ type }) => type === 'labelMap');
  if (maps.length > 1) {
    return [`${at}.outputs has ${maps.length} outputs of type "labelMap"; at most 1 is allowed.`];
  }
  const output = outputOf(stage, 'labelMap');
  if (!output) {
    const steps = stage.postprocessing.filter(({ transform }) => transform !== 'meanEnsemble');
    return steps.length > 0
      ? [
          `${at}.postprocessing has ${counted(steps.length, 'step')} on a label map, and $.stages' "${stage.key}" has no output of that type; remove them.`,
        ]
      : [];
  }
  const problems: string[] = [];
  if (output.activation !== 'sigmoid' && output.classes === 1) {
    problems.push(
      `${at}.outputs has 1 class with the activation "${output.activation}", where class 0 is background; for one foreground channel use "sigmoid", else count the background too.`,
    );
  }
  const values = Array.from({ length: largestValue(output) }, (_, index) => index + 1);
  const { postprocessing } = stage;
  return [...problems, ...checkSteps({ postprocessing, output, values, at })];
};

/** Labels that come from an earlier network, and those that come from the last by another value. */
const checkSources: Rule = manifest => {
  const { stages = [] } = manifest;
  return manifest.outputs.flatMap((output, place) => {
    if (output.type !== 'labelMap') return [];
    return output.labels.flatMap(({ from }, index): string[] => {
      if (!from) return [];
      const where = `$.outputs[${place}].labels[${index}].from`;
      if (stages.length === 0) {
        return [`${where} is given and there are no $.stages; remove it.`];
      }
      const stage = stages.find(({ key }) => key === from.stage);
      if (from.stage !== undefined && !stage) {
        return [notEarlier(`${where}.stage`, from.stage, stages)];
      }
      const source = stage ? outputOf(stage, 'labelMap') : output;
      if (!source) {
        return [
          `${where}.stage is "${from.stage}", which has no output of type "labelMap"; no label comes from it.`,
        ];
      }
      const largest = largestValue(source);
      return from.value <= largest
        ? []
        : [
            `${where}.value is ${from.value}; ${stage ? `the label map of stage "${stage.key}"` : 'the label map of the last network'} has the values 1 to ${largest}, so no more is allowed.`,
          ];
    });
  });
};

/** The networks that run before the last one, and what of them is used. */
export const checkStages: Rule = manifest => {
  const { stages = [], networkInputs } = manifest;
  const repeated = duplicates(stages.map(({ key }) => key)).map(
    ({ value, first, second }) =>
      `$.stages[${second}].key is "${value}", as that of $.stages[${first}]; keys are unique.`,
  );
  const each = stages.flatMap((stage, index) => {
    const at = `$.stages[${index}]`;
    const earlier = stages.slice(0, index);
    const view = stageView(manifest, stage, at);
    return [
      ...(stage.inputs ? checkFeeds(stage.inputs, `${at}.inputs`, manifest, earlier) : []),
      ...checkInferer(view),
      ...checkPreprocessing(view),
      ...checkUses(stage.preprocessing, at, earlier),
      ...checkTemplate(view, stage.outputs, earlier),
      ...checkResult(stage, at),
    ];
  });
  return [
    ...repeated,
    ...each,
    ...(networkInputs ? checkFeeds(networkInputs, '$.networkInputs', manifest, stages) : []),
    ...checkUses(manifest.preprocessing, '$', stages),
    ...checkTemplate(lastView(manifest), manifest.outputs, stages),
    ...checkSources(manifest),
  ];
};
