import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { accept, type Outcome } from '@second-reader/core/outcome';
import { describe, type NetworkFacts } from '../described';
import type { ImportDraft } from '../draft';
import { readJson } from '../files';
import { parseLabels, type AuthoredLabel } from '../labels';
import type { ImportOptions } from '../options';
import { convertLayersModel } from './convert';

/**
 * The labels beside a model: those of the one file there that names as many as the network has classes.
 * Several such files leave the choice to the person.
 */
export const labelsBeside = async (
  folder: string,
  classes: number,
): Promise<{ labels: AuthoredLabel[]; file: string } | undefined> => {
  const names = (await readdir(folder)).filter(name => name.endsWith('.json')).sort();
  const found: { labels: AuthoredLabel[]; file: string }[] = [];
  for (const file of names) {
    const json = await readJson(path.join(folder, file));
    const labels = json.ok ? parseLabels(json.value, file) : json;
    if (labels.ok && labels.value.length === classes) found.push({ labels: labels.value, file });
  }
  return found.length === 1 ? found[0] : undefined;
};

/**
 * A TF.js layers model: the network is converted, labels are read from beside it, the rest is what
 * the options say. Refuses what `convertLayersModel` and `describe` refuse.
 */
export const readLayersSource = async (
  file: string,
  options: ImportOptions,
  given: { labels?: AuthoredLabel[]; id: string },
): Promise<Outcome<ImportDraft>> => {
  const argMax = options.argmax ?? options.preset === 'brainchop';
  const converted = await convertLayersModel(file, { argMax });
  if (!converted.ok) return converted;
  const { model, name, input, output } = converted.value;
  const notes = [
    'Converted from TF.js layers: channels first, spatial sizes free.',
    ...(argMax ? ['The network ends in an arg-max here; the original ends in class scores.'] : []),
  ];
  let { labels } = given;
  if (!labels) {
    const beside = await labelsBeside(path.dirname(file), output.channels);
    labels = beside?.labels;
    if (beside) notes.push(`Labels and colours are those of ${beside.file} beside the model.`);
  }
  const free = Array.from({ length: input.axes }, () => undefined);
  const facts: NetworkFacts = {
    input: { name: input.name, channels: input.channels, spatial: free },
    output: {
      name: output.name,
      dims: argMax ? [1, ...free] : [1, output.channels, ...free],
      integers: argMax,
      operator: model.graph.node[model.graph.node.length - 2]?.opType,
      classes: output.channels,
    },
  };
  const described = describe(facts, options, labels, given.id);
  if (!described.ok) return described;
  const { part, missing } = described.value;
  return accept({
    kind: 'TF.js layers model',
    networks: [model],
    part: { ...(name && name !== 'model' && { name: { en: name } }), ...part },
    notes: [...notes, ...described.value.notes],
    missing,
  });
};
