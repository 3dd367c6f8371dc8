import type { ModelManifest, ModelOutput, OutputOf, Task } from '../manifest';
import { shown } from '../sentences';
import { counted, duplicates, isFlat, type Rule } from './rule';

const typesOf: Record<Task, ReadonlyArray<ModelOutput['type']>> = {
  segmentation: ['labelMap'],
  detection: ['boxes', 'centerHeatmap'],
  classification: ['classification'],
  regression: ['regression'],
};

/** Whether there is exactly one output of the task's own kind, and what is wrong where not. */
export const checkPrimary: Rule = ({ task, outputs }) => {
  const primary = outputs.flatMap((output, index) =>
    output.type === 'map' ? [] : [{ type: output.type, index }],
  );
  const allowed = typesOf[task].map(type => `"${type}"`).join(' or ');
  if (primary.length === 0) {
    return [
      `$.outputs has ${counted(outputs.length, 'output')} of type "map" and no other; for the task "${task}" exactly 1 of type ${allowed} is needed beside them.`,
    ];
  }
  if (primary.length > 1) {
    const met = primary.map(({ type, index }) => `$.outputs[${index}] is "${type}"`).join(', ');
    return [
      `$.outputs has ${primary.length} outputs that are results: ${met}; exactly 1 is allowed, with any number of type "map" beside it. Make a package of each.`,
    ];
  }
  const [{ type, index }] = primary;
  if (typesOf[task].includes(type)) return [];
  const meant = (Object.keys(typesOf) as Task[]).find(other => typesOf[other].includes(type))!;
  return [
    `$.outputs[${index}].type is "${type}" but $.task is "${task}", which has an output of type ${allowed}; for this output the task is "${meant}".`,
  ];
};

const checkColour = (colour: readonly number[], where: string): string[] => {
  const [lightness, a, b] = colour;
  if (lightness >= 0 && lightness <= 100 && [a, b].every(x => x >= -128 && x <= 127)) return [];
  const rgb = colour.every(x => x >= 0 && x <= 255) ? ' It looks like RGB: convert it.' : '';
  return [
    `${where}.recommendedDisplayCIELab is ${shown(colour)}; CIELab is L* 0 to 100, then a* and b* -128 to 127.${rgb}`,
  ];
};

type Labels = ReadonlyArray<{
  value: number;
  key: string;
  recommendedDisplayCIELab: readonly number[];
}>;

const checkLabels = (labels: Labels, where: string): string[] => [
  ...labels.flatMap((label, index) =>
    checkColour(label.recommendedDisplayCIELab, `${where}.labels[${index}]`),
  ),
  ...duplicates(labels.map(({ value }) => value)).map(
    ({ value, first, second }) =>
      `${where}.labels[${second}].value is ${value}, as that of labels[${first}]; each value has one label.`,
  ),
  ...duplicates(labels.map(({ key }) => key)).map(
    ({ value, first, second }) =>
      `${where}.labels[${second}].key is "${value}", as that of labels[${first}]; each key has one label.`,
  ),
];

const checkLabelMap = (output: OutputOf<'labelMap'>, where: string): string[] => {
  const { activation, classes, encoding, labels } = output;
  const problems: string[] = [];
  if (encoding === 'labels' && activation !== 'none') {
    problems.push(
      `${where}.activation is "${activation}" but its encoding is "labels": class numbers, not scores; "none" is needed.`,
    );
  } else if (activation !== 'sigmoid' && classes === 1) {
    problems.push(
      `${where}.classes is 1 with the activation "${activation}", where class 0 is background; for one foreground channel use "sigmoid", else count the background too.`,
    );
    return problems;
  }
  const largest = activation === 'sigmoid' ? classes : classes - 1;
  labels.forEach(({ value, from }, index) => {
    // What an earlier stage says, or says so in "from", is looked at with the stages.
    if (from === undefined && value > largest) {
      const allowed = largest === 1 ? 'only 1 is' : `1 to ${largest} are`;
      const why =
        activation === 'sigmoid'
          ? `channel c has the label of value c + 1`
          : `channel 0 is background and is counted among the classes, so "classes" is the number of the network's channels`;
      problems.push(
        `${where}.labels[${index}].value is ${value}; with ${counted(classes, 'channel')} ("classes") and the activation "${activation}" ${allowed} allowed: ${why}.`,
      );
    }
  });
  return problems;
};

const checkHeatmap = (
  output: OutputOf<'centerHeatmap'>,
  where: string,
  { inference }: ModelManifest,
): string[] => {
  const problems: string[] = [];
  if (output.size === undefined && output.fixedSize === undefined) {
    problems.push(
      `${where} has neither "size" (an ONNX output) nor "fixedSize" (millimetres); one is needed to draw what was found.`,
    );
  }
  if (output.size !== undefined && output.fixedSize !== undefined) {
    problems.push(`${where} has both "size" and "fixedSize"; only one is allowed.`);
  }
  if (inference.inferer === 'slidingWindow') {
    output.stride.forEach((stride, axis) => {
      const margin = inference.outputMargin[axis];
      if (inference.roiSize[axis] < 0) return;
      const size = inference.roiSize[axis] - 2 * margin;
      if (size % stride !== 0) {
        const less = margin > 0 ? ` less ${2 * margin} of outputMargin` : '';
        problems.push(
          `${where}.stride[${axis}] is ${stride}, which does not divide $.inference.roiSize[${axis}], ${inference.roiSize[axis]}${less}; each window must hold a whole number of cells.`,
        );
      }
    });
  }
  return problems;
};

const checkClassification = (output: OutputOf<'classification'>, where: string): string[] =>
  output.activation === 'softmax' && output.multiLabel
    ? [
        `${where}.multiLabel is true with the activation "softmax", which says that exactly one class is true; for several labels use "sigmoid".`,
      ]
    : [];

const checkRegression = (output: OutputOf<'regression'>, where: string): string[] => [
  ...duplicates(output.values.map(({ index }) => index)).map(
    ({ value, first, second }) =>
      `${where}.values[${second}].index is ${value}, as that of values[${first}]; each number of the output is named once.`,
  ),
  ...duplicates(output.values.map(({ key }) => key)).map(
    ({ value, first, second }) =>
      `${where}.values[${second}].key is "${value}", as that of values[${first}]; keys are unique.`,
  ),
  ...output.values.flatMap(({ scale }, index) =>
    scale === 0
      ? [`${where}.values[${index}].scale is 0; any other number is allowed, 1 changes nothing.`]
      : [],
  ),
];

const checkBoxes = (
  { boxAxes }: OutputOf<'boxes'>,
  where: string,
  { inputs: [{ spatialAxes }] }: ModelManifest,
): string[] =>
  boxAxes.length === spatialAxes.length
    ? []
    : [
        `${where}.boxAxes is "${boxAxes}" but $.inputs[0].spatialAxes is "${spatialAxes}"; boxes have as many axes as the input.`,
      ];

const checkMaps: Rule = ({ outputs }) => {
  const maps = outputs.flatMap((output, index) =>
    output.type === 'map' ? [{ ...output, index }] : [],
  );
  const problems = duplicates(maps.map(({ key }) => key)).map(
    ({ value, first, second }) =>
      `$.outputs[${maps[second].index}].key is "${value}", as that of $.outputs[${maps[first].index}]; each map has a key of its own.`,
  );
  const scores = outputs.find(output => output.type === 'labelMap');
  for (const { name, channel, index } of maps) {
    if (scores && scores.name === name && channel >= scores.classes) {
      problems.push(
        `$.outputs[${index}].channel is ${channel}; the output "${name}" has ${scores.classes} classes, so 0 to ${scores.classes - 1} is allowed.`,
      );
    }
  }
  return problems;
};

/** A threshold has something to act on only where there are scores of each class by itself. */
const checkOperatingPoints: Rule = ({ operatingPoints, outputs }) => {
  if (!operatingPoints) return [];
  const problems = duplicates(operatingPoints.map(({ key }) => key)).map(
    ({ value, first, second }) =>
      `$.operatingPoints[${second}].key is "${value}", as that of operatingPoints[${first}]; keys are unique.`,
  );
  const output = outputs.find(({ type }) => type !== 'map');
  const without =
    output?.type === 'regression'
      ? 'an output of type "regression" has values, not scores'
      : output?.type === 'labelMap' && output.activation !== 'sigmoid'
        ? `a label map with the activation "${output.activation}" takes the class with the largest score, whatever the threshold`
        : undefined;
  if (without) {
    problems.push(
      `$.operatingPoints is given but ${without}; remove it. Thresholds are for detection, classification and label maps with "sigmoid".`,
    );
  }
  return problems;
};

const checkMeasurements: Rule = ({ measurements }) =>
  duplicates(measurements).map(
    ({ value, second }) =>
      `$.measurements[${second}] is "${value}", which is named before; each is named once.`,
  );

const checkOne = (output: ModelOutput, where: string, manifest: ModelManifest): string[] => {
  switch (output.type) {
    case 'labelMap':
      return checkLabelMap(output, where);
    case 'boxes':
      return checkBoxes(output, where, manifest);
    case 'centerHeatmap':
      return checkHeatmap(output, where, manifest);
    case 'classification':
      return checkClassification(output, where);
    case 'regression':
      return checkRegression(output, where);
    case 'map':
      return [];
  }
};

/** What the network gives, label by label, and the thresholds on it. */
export const checkOutputs: Rule = manifest => [
  ...manifest.outputs.flatMap((output, index) => {
    const where = `$.outputs[${index}]`;
    const labels = 'labels' in output ? checkLabels(output.labels, where) : [];
    return [...checkOne(output, where, manifest), ...labels];
  }),
  ...(isFlat(manifest) ? checkFlatStride(manifest) : []),
  ...checkMaps(manifest),
  ...checkOperatingPoints(manifest),
  ...checkMeasurements(manifest),
];

const checkFlatStride: Rule = ({ outputs }) =>
  outputs.flatMap((output, index) =>
    output.type === 'centerHeatmap' && output.stride[2] !== 1
      ? [
          `$.outputs[${index}].stride is ${shown(output.stride)}; for a two-dimensional network the third number must be 1.`,
        ]
      : [],
  );
