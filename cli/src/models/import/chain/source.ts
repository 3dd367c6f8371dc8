import path from 'node:path';
import { z } from 'zod';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import type { OnnxModel } from '../../../onnx/proto';
import type { ImportDraft, ManifestPart } from '../draft';
import { readJson } from '../files';
import { readOnnx, withLogits } from '../plain/source';
import { scoreSteps, withScoreSteps } from './scores';

/**
 * A chain's description: which ONNX file is which stage's network, and the manifest but for its
 * files. Networks without a stage are the last one (several: its folds).
 */
const chainSchema = z.strictObject({
  networks: z
    .array(
      z.strictObject({
        /** Key of the stage in the manifest; without it the last network. */
        stage: z.string().min(1).optional(),
        /** The ONNX file, from the description's folder. */
        onnx: z.string().min(1),
        /**
         * What its label map's output holds. Regions are taken as logits, so the graph of one that
         * gives probabilities is made to give their logits.
         */
        gives: z.enum(['logits', 'probabilities']).default('logits'),
        /** What is done to the probabilities before they are taken for labels. */
        then: scoreSteps.default([]),
      }),
    )
    .min(2),
  manifest: z.looseObject({ stages: z.array(z.unknown()).min(1) }),
});

/** Whether a JSON file describes a chain of networks. */
export const isChain = (json: unknown): boolean =>
  z.looseObject({ networks: z.array(z.unknown()), manifest: z.looseObject({}) }).safeParse(json)
    .success;

/** The regions' output of one network, whose logits the viewer wants. */
const regionsOutput = (part: ManifestPart, stage: string | undefined): string | undefined => {
  const outputs =
    stage === undefined ? part.outputs : part.stages?.find(({ key }) => key === stage)?.outputs;
  const found = outputs?.find(({ type }) => type === 'labelMap');
  return found?.type === 'labelMap' && found.activation === 'sigmoid' ? found.name : undefined;
};

/**
 * Several ONNX files that run one after the other, described by a JSON file. Refuses
 * `chainUnreadable` (each problem with its JSON path), `chainProbabilities` (a network that is said to
 * give probabilities and has no output of regions), and what `readOnnx` refuses.
 */
export const readChain = async (file: string): Promise<Outcome<ImportDraft>> => {
  const json = await readJson(file);
  if (!json.ok) return json;
  const parsed = chainSchema.safeParse(json.value);
  if (!parsed.success) {
    const problems = parsed.error.issues
      .map(({ path: at, message }) => `$.${at.map(String).join('.')}: ${message}`)
      .join('; ');
    return refuse(
      'chainUnreadable',
      `${file} is no description of a chain of networks: ${problems}. It has "networks" (each with "onnx", "stage" and "gives") and "manifest" (model.json without its files).`,
      { file, problems },
    );
  }
  // What the manifest says is checked as a whole when the package is written.
  const part = parsed.data.manifest as ManifestPart;
  const networks: OnnxModel[] = [];
  const notes: string[] = [];
  const known = new Map<string, OnnxModel>();
  for (const { stage, onnx, gives, then } of parsed.data.networks) {
    const asked = JSON.stringify([
      onnx,
      gives,
      then,
      gives === 'logits' || regionsOutput(part, stage),
    ]);
    const before = known.get(asked);
    if (before) {
      networks.push(before);
      continue;
    }
    const read = await readOnnx(path.resolve(path.dirname(file), onnx));
    if (!read.ok) return read;
    if (gives === 'logits' && then.length === 0) {
      networks.push(read.value);
      known.set(asked, read.value);
      continue;
    }
    const output = regionsOutput(part, stage);
    if (output === undefined || gives === 'logits') {
      return refuse(
        'chainProbabilities',
        `${onnx} is said to give probabilities or has "then", for which ${stage ? `stage "${stage}"` : 'the last network'} needs a label map with the activation "sigmoid" and "gives": "probabilities"; correct these, or remove "gives" and "then".`,
        { file: onnx, stage: stage ?? '' },
      );
    }
    const model = withLogits(withScoreSteps(read.value, output, then), output);
    networks.push(model);
    known.set(asked, model);
    notes.push(`${onnx}: the output "${output}" gives logits here; the original probabilities.`);
  }
  const stages = parsed.data.networks.map(({ stage }) => stage);
  return accept({ kind: 'chain of networks', networks, stages, part, notes, missing: [] });
};
