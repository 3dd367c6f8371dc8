import { z } from 'zod';
import { accept, refuse, type Outcome } from '../outcome';
import { manifestSchema, type ModelManifest } from './manifest';
import { manifestJsonSchema, propertiesAt } from './jsonSchema';

type Path = ReadonlyArray<PropertyKey>;
type Issue = z.core.$ZodIssue;

/** `$.gates[2].allowed`: JSONPath, as editors and command lines show it. */
const pathText = (path: Path): string =>
  path.reduce<string>(
    (text, part) => text + (typeof part === 'number' ? `[${part}]` : `.${String(part)}`),
    '$',
  );

function valueAt(json: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null
        ? (value as Record<PropertyKey, unknown>)[part]
        : undefined,
    json,
  );
}

/** A value as a sentence can carry it. */
function shown(value: unknown): string {
  if (value === undefined) {
    return 'nothing';
  }
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** Edits (insert, delete, replace) from one word to another. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(replaced, previous[j] + 1, current[j - 1] + 1));
    }
    previous = current;
  }
  return previous[b.length];
}

/** The allowed word that was probably meant, if one is near. */
export function didYouMean(word: string, allowed: readonly string[]): string | undefined {
  const near = allowed
    .map(candidate => ({
      candidate,
      distance: editDistance(word.toLowerCase(), candidate.toLowerCase()),
    }))
    .sort((a, b) => a.distance - b.distance)[0];
  return near && near.distance <= Math.max(1, Math.floor(word.length / 3))
    ? near.candidate
    : undefined;
}

const hint = (word: string, allowed: readonly string[]): string => {
  const meant = didYouMean(word, allowed);
  return meant === undefined ? '' : ` (did you mean "${meant}"?)`;
};

const list = (values: readonly unknown[]): string => values.map(value => shown(value)).join(', ');

/** One sentence a problem: where, what was met, what was allowed. */
function sentences(issue: Issue, json: unknown): string[] {
  const where = pathText(issue.path);
  const value = valueAt(json, issue.path);
  const met = shown(value);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const allowed = propertiesAt(json, issue.path);
      return issue.keys.map(
        key =>
          `${where} has an unknown key "${key}"${hint(key, allowed)}; allowed: ${allowed.join(', ')}.`,
      );
    }
    case 'invalid_type':
      return value === undefined
        ? [`${where} is missing; ${issue.expected} is needed.`]
        : [`${where} is ${met}; ${issue.expected} is needed.`];
    case 'invalid_value': {
      const words = issue.values.map(String);
      const near = typeof value === 'string' ? hint(value, words) : '';
      return [`${where} is ${met}${near}; allowed: ${list(issue.values)}.`];
    }
    case 'invalid_union': {
      const options = 'options' in issue && Array.isArray(issue.options) ? issue.options : [];
      if (issue.discriminator !== undefined && options.length > 0) {
        const words = options.map(String);
        const near = typeof value === 'string' ? hint(value, words) : '';
        return [`${where} is ${met}${near}; allowed: ${list(words)}.`];
      }
      const allowed = issue.errors.flat().flatMap(error => sentences(error, value));
      const choices = allowed.map(sentence => sentence.replace(/^.*; /, ''));
      return [`${where} is ${met}; ${[...new Set(choices)].join(' or ')}`];
    }
    case 'too_small':
      return [
        `${where} is ${met}; ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}${sizeWord(issue.origin)} is needed.`,
      ];
    case 'too_big':
      return [
        `${where} is ${met}; ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}${sizeWord(issue.origin)} is allowed.`,
      ];
    case 'invalid_format':
      return [`${where} is ${met}; needed: ${issue.message}.`];
    case 'custom':
      return [`${where} is ${met}; ${issue.message}.`];
    default:
      return [`${where} is ${met}; ${issue.message}.`];
  }
}

const sizeWord = (origin: string): string => {
  if (origin === 'string') {
    return ' character(s)';
  }
  return origin === 'array' ? ' item(s)' : '';
};

function duplicates<T>(values: readonly T[]): T[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}

function checkOutput(output: ModelManifest['outputs'][number], where: string): string[] {
  const problems: string[] = [];
  output.labels.forEach((label, index) => {
    if (label.value >= output.classes) {
      problems.push(
        `${where}.labels[${index}].value is ${label.value}; with ${output.classes} classes at most ${output.classes - 1} is allowed.`,
      );
    }
    const [lightness, a, b] = label.recommendedDisplayCIELab;
    if (lightness < 0 || lightness > 100 || [a, b].some(x => x < -128 || x > 127)) {
      problems.push(
        `${where}.labels[${index}].recommendedDisplayCIELab is ${shown(label.recommendedDisplayCIELab)}; L* 0 to 100, a* and b* -128 to 127 are allowed.`,
      );
    }
  });
  for (const value of duplicates(output.labels.map(label => label.value))) {
    problems.push(
      `${where}.labels has the value ${value} more than once; each value is one segment.`,
    );
  }
  for (const key of duplicates(output.labels.map(label => label.key))) {
    problems.push(`${where}.labels has the key "${key}" more than once; keys are unique.`);
  }
  return problems;
}

function checkPostprocessing(manifest: ModelManifest): string[] {
  const problems: string[] = [];
  const labels = manifest.outputs.flatMap(output => output.labels.map(({ value }) => value));
  const inverts = manifest.postprocessing.filter(step => step.transform === 'invert');
  if (inverts.length !== 1) {
    problems.push(
      `$.postprocessing has ${inverts.length} "invert" steps; exactly 1 is needed to come back to the source's grid.`,
    );
  }
  manifest.postprocessing.forEach((step, index) => {
    if (step.transform === 'invert') {
      if (step.resample === 'logits' && index > 0) {
        problems.push(
          `$.postprocessing[${index}] resamples logits after ${index} step(s) on the label map; put it first, or use "resample": "labels".`,
        );
      }
      return;
    }
    step.appliedLabels.forEach((value, at) => {
      if (!labels.includes(value)) {
        problems.push(
          `$.postprocessing[${index}].appliedLabels[${at}] is ${value}; labels of the outputs are ${labels.join(', ')}.`,
        );
      }
    });
  });
  return problems;
}

function checkRanges(manifest: ModelManifest): string[] {
  const problems: string[] = [];
  manifest.gates.forEach((gate, index) => {
    if (!('min' in gate || 'max' in gate)) {
      const isRange = !('allowed' in gate);
      if (isRange) {
        problems.push(`$.gates[${index}] has neither "min" nor "max"; one is needed.`);
      }
      return;
    }
    if (gate.min !== undefined && gate.max !== undefined && gate.min > gate.max) {
      problems.push(
        `$.gates[${index}].min is ${gate.min}; at most its max, ${gate.max}, is allowed.`,
      );
    }
  });
  manifest.preprocessing.forEach((step, index) => {
    const where = `$.preprocessing[${index}]`;
    if (step.transform === 'scaleIntensityRange' && step.aMin === step.aMax) {
      problems.push(`${where}.aMin is ${step.aMin}, the same as aMax; a range is needed.`);
    }
    if (step.transform === 'orientation') {
      const axes = new Set([...step.axcodes].map(code => 'LRAPSI'.indexOf(code) >> 1));
      if (axes.size !== 3) {
        problems.push(
          `${where}.axcodes is "${step.axcodes}"; one of L/R, one of A/P and one of S/I are needed.`,
        );
      }
    }
  });
  return problems;
}

/** What one field says against another. */
function crossFieldProblems(manifest: ModelManifest): string[] {
  const problems: string[] = [];
  const networks = manifest.files.filter(({ role }) => role === 'network');
  if (networks.length !== 1) {
    problems.push(`$.files has ${networks.length} files of role "network"; exactly 1 is needed.`);
  }
  for (const path of duplicates(manifest.files.map(({ path }) => path))) {
    problems.push(`$.files names "${path}" more than once; each file once.`);
  }
  if (manifest.inputs.length !== 1 || manifest.inputs[0].channels.length !== 1) {
    const channels = manifest.inputs.reduce((sum, input) => sum + input.channels.length, 0);
    problems.push(
      `$.inputs has ${manifest.inputs.length} input(s) with ${channels} channel(s); one input with one channel can be run so far.`,
    );
  }
  if (manifest.outputs.length !== 1) {
    problems.push(`$.outputs has ${manifest.outputs.length} outputs; one can be run so far.`);
  }
  manifest.outputs.forEach((output, index) => {
    problems.push(...checkOutput(output, `$.outputs[${index}]`));
  });
  const voxels = manifest.inference.roiSize.reduce((product, size) => product * size, 1);
  if (voxels > 512 ** 3) {
    problems.push(
      `$.inference.roiSize is ${shown(manifest.inference.roiSize)}, ${voxels} voxels; at most ${512 ** 3} is allowed.`,
    );
  }
  problems.push(...checkPostprocessing(manifest), ...checkRanges(manifest));
  return problems;
}

/** Reads `model.json`, giving every problem as one sentence, or the manifest when there are none. */
export function readManifest(
  json: unknown,
): { manifest: ModelManifest; problems: [] } | { manifest?: undefined; problems: string[] } {
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    return { problems: parsed.error.issues.flatMap(issue => sentences(issue, json)) };
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

export { manifestJsonSchema };
