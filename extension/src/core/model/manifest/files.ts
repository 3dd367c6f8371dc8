import { z } from 'zod';
import { key } from './common';

const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'a SHA-256 as 64 lower-case hexadecimal digits, as sha256sum prints it');

/** A path inside the package folder: no scheme, no leading slash, no "..". */
const packagePath = z
  .string()
  .regex(
    /^(?!.*(^|\/)\.\.(\/|$))[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/,
    'a path inside the package folder, its parts joined by "/" and none of them ".."',
  );

/**
 * `network`: an ONNX file; several are the folds of an ensemble, with the same inputs and outputs
 * (`meanEnsemble`). `fixture`: a safetensors file with one tensor an input and an output of the
 * network, named as they are; `models validate` runs every engine on it.
 */
export const fileSchema = z.strictObject({
  role: z.enum(['network', 'fixture']),
  path: packagePath,
  /** The stage whose network it is; without it that of the last network. */
  stage: key.optional(),
  sha256,
  bytes: z.number().int().positive(),
});
