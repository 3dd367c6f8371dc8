import { accept, refuse, type Outcome } from '../outcome';
import { manifestJsonSchema } from './jsonSchema';
import { manifestSchema, type ModelManifest } from './manifest';
import { crossFieldProblems } from './rules';
import { problemSentences } from './sentences';

/** Reads `model.json`, giving every problem as one sentence, or the manifest when there are none. */
export function readManifest(
  json: unknown,
): { manifest: ModelManifest; problems: [] } | { manifest?: undefined; problems: string[] } {
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    return { problems: problemSentences(parsed.error.issues, json) };
  }
  const problems = crossFieldProblems(parsed.data);
  return problems.length > 0 ? { problems } : { manifest: parsed.data, problems: [] };
}

/**
 * The manifest that `model.json` holds, with defaults filled in. Refuses `manifestInvalid`: values
 * `count` and `problems` (one sentence each, joined by a space), each with its JSON path, the value
 * met and what was allowed.
 */
export function parseManifest(json: unknown): Outcome<ModelManifest> {
  const { manifest, problems } = readManifest(json);
  if (manifest) {
    return accept(manifest);
  }
  const text = problems.join(' ');
  return refuse('manifestInvalid', `model.json has ${problems.length} problem(s): ${text}`, {
    count: problems.length,
    problems: text,
  });
}

export { didYouMean } from './sentences';
export { manifestJsonSchema };
