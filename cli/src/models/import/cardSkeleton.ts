import { TODO, type ManifestInput } from './draft';

const row = (name: string, value: string): string => `| ${name} | ${value} |`;

const inputText = ({ inputs }: ManifestInput): string =>
  inputs
    .flatMap(({ channels }) => channels.map(({ key, modality }) => [modality, key].filter(Boolean)))
    .map(parts => parts.join(' '))
    .join(', ');

const outputText = ({ outputs, task }: ManifestInput): string =>
  `${task}: ${outputs
    .flatMap(output => {
      if (output.type === 'map') return [output.label.en];
      if (output.type === 'regression') return output.values.map(({ name }) => name.en);
      return output.labels.map(({ name }) => name.en);
    })
    .join(', ')}`;

/**
 * A first `MODEL_CARD.md`: the facts of the manifest and what the import knows, with a line for
 * everything that only a person can say.
 */
export const cardSkeleton = (
  manifest: ManifestInput,
  notes: readonly string[],
  source: string,
): string => {
  const { facts, files } = manifest;
  const networks = files.filter(({ role }) => role === 'network');
  const bytes = networks.reduce((sum, file) => sum + file.bytes, 0);
  const lines = [
    `# ${manifest.name.en} ${manifest.version}`,
    '',
    facts.intendedUse.en,
    '',
    '| | |',
    '|---|---|',
    row('input', inputText(manifest)),
    row('output', outputText(manifest)),
    row(
      'network',
      `${networks.length === 1 ? '1 file' : `${networks.length} files`}, ${bytes} bytes of ONNX`,
    ),
    row('made by', facts.manufacturer),
    row('licence', facts.licence),
    row('imported from', source),
    '',
    '## Training data',
    '',
    facts.trainingData.en,
    '',
    '## How it was judged',
    '',
    `${TODO}the metric, the value, and on whose images it was measured; say who was left out of the training.`,
    '',
    '## Where it fails',
    '',
    ...facts.limitations.map(({ en }) => `- ${en}`),
    '',
    '## How it was imported',
    '',
    ...notes.map(note => `- ${note}`),
    '',
  ];
  return lines.join('\n');
};
