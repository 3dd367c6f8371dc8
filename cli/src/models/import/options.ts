import { z } from 'zod';
import { tasks } from '@second-reader/core/model/manifest';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';

const numbersOf = (text: string): number[] => text.split(',').map(part => Number(part.trim()));
const finite = (values: number[]): boolean => values.every(Number.isFinite);

const triple = (what: string) =>
  z
    .string()
    .transform(numbersOf)
    .refine(values => values.length === 3 && finite(values), what)
    .transform(([x, y, z]): [number, number, number] => [x, y, z]);

const range = z
  .string()
  .transform(numbersOf)
  .refine(values => values.length === 2 && finite(values) && values[0] < values[1], 'low,high')
  .transform(([low, high]): [number, number] => [low, high]);

const axcodes = z
  .string()
  .transform(text => text.toUpperCase())
  .refine(
    text => /^[LRAPSI]{3}$/.test(text),
    'three of L R A P S I, one per axis, such as LPS or RAS',
  );

const number = z.coerce.number();

/** `key:modality[:description]`, such as `flair:MR:flair`. */
const channel = z
  .string()
  .regex(
    /^[a-z0-9-]+:[A-Z]+(:.+)?$/,
    'key:MODALITY or key:MODALITY:description, such as flair:MR:flair',
  )
  .transform(text => {
    const [key, modality, ...description] = text.split(':');
    return { key, modality, description: description.join(':') || undefined };
  });

/** What `models import` takes besides the source; every value checked, lists taken apart. */
export const importOptionsSchema = z.strictObject({
  out: z.string().min(1),
  id: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case words joined by "-"')
    .optional(),
  name: z.string().min(1).optional(),
  modelVersion: z
    .string()
    .regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/, 'a semantic version such as 1.0.0')
    .optional(),
  onnx: z.array(z.string().min(1)).optional(),
  labels: z.string().min(1).optional(),
  manifest: z.string().min(1).optional(),
  licence: z.string().min(1).optional(),
  intendedUse: z.string().min(1).optional(),
  limitation: z.array(z.string().min(1)).optional(),
  trainingData: z.string().min(1).optional(),
  manufacturer: z.string().min(1).optional(),
  configuration: z.string().min(1).default('3d_fullres'),
  preset: z.enum(['brainchop']).optional(),
  task: z.enum(tasks).optional(),
  modality: z
    .string()
    .regex(/^[A-Z]{2,16}$/, 'a DICOM modality such as CT or MR')
    .optional(),
  channel: z.array(channel).optional(),
  axes: z.enum(['xyz', 'zyx', 'xy', 'yx']).optional(),
  orientation: axcodes.optional(),
  spacing: z.union([z.literal('own'), triple('millimetres x,y,z, or "own"')]).optional(),
  fit: z.enum(['resize', 'letterbox', 'pad']).optional(),
  window: range.optional(),
  intensity: z.array(z.string().min(1)).optional(),
  cropAbove: number.optional(),
  cropMargin: number.pipe(z.number().int().min(0)).optional(),
  roi: z.union([z.enum(['whole', 'slice']), triple('voxels x,y,z, "whole" or "slice"')]).optional(),
  outputMargin: triple('voxels x,y,z').optional(),
  overlap: number.pipe(z.number().min(0).max(0.9)).optional(),
  activation: z.enum(['softmax', 'sigmoid', 'none']).optional(),
  argmax: z.boolean().optional(),
  fp16: z.boolean().optional(),
  force: z.boolean().optional(),
});
export type ImportOptions = z.infer<typeof importOptionsSchema>;

const dashed = (name: PropertyKey): string =>
  `--${String(name).replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;

const flat = (issue: z.core.$ZodIssue): string =>
  issue.code === 'invalid_union'
    ? [...new Set(issue.errors.flat().map(flat))].join(', or ')
    : issue.code === 'invalid_value'
      ? issue.values.map(String).join(', ')
      : issue.message;

/** Refuses `importOption`: one sentence for every option that cannot be used, with what is allowed. */
export const parseImportOptions = (given: Record<string, unknown>): Outcome<ImportOptions> => {
  const parsed = importOptionsSchema.safeParse(given);
  if (parsed.success) return accept(parsed.data);
  const problems = parsed.error.issues.map(issue => {
    const [name] = issue.path;
    const value = name === undefined ? '' : ` ${String(given[String(name)])}`;
    return `${dashed(name ?? 'option')}${value}: allowed are ${flat(issue)}.`;
  });
  return refuse('importOption', problems.join(' '), { problems: problems.join(' ') });
};
