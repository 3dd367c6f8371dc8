import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { writeNifti } from './nifti';
import { randomOptions, type PhantomOptions } from './options';
import { makePhantom } from './phantom';

export interface GenerateOptions {
  out: string;
  /** Seed of the first phantom; the next has the next seed. */
  seed: number;
  count: number;
  /** Isotropic voxels of this size, mm; without it a scanner's own grid is drawn. */
  spacing?: number;
  overrides?: Partial<PhantomOptions>;
  report?: (line: string) => void;
}

/**
 * Writes random phantoms for training: `phantom-<seed>.image.nii.gz` (int16 HU),
 * `phantom-<seed>.label.nii.gz` (uint8: 0 background, 1 left lung, 2 right lung, 3 trachea and main
 * bronchi), `phantom-<seed>.nodules.nii.gz` and `phantom-<seed>.json` (options and truth).
 */
export async function generatePhantoms(options: GenerateOptions): Promise<void> {
  await mkdir(options.out, { recursive: true });
  for (let n = 0; n < options.count; n++) {
    const seed = options.seed + n;
    const phantom = makePhantom({ ...randomOptions(seed, options.spacing), ...options.overrides });
    const name = path.join(options.out, `phantom-${String(seed).padStart(5, '0')}`);
    const { volume, labels, truth } = phantom;
    await writeFile(`${name}.image.nii.gz`, writeNifti(volume.geometry, volume.voxels));
    await writeFile(`${name}.label.nii.gz`, writeNifti(volume.geometry, labels.anatomy.voxels));
    await writeFile(`${name}.nodules.nii.gz`, writeNifti(volume.geometry, labels.nodules.voxels));
    await writeFile(
      `${name}.json`,
      `${JSON.stringify({ options: phantom.options, truth }, null, 2)}\n`,
    );
    options.report?.(`${path.basename(name)} ${volume.geometry.dimensions.join('×')}`);
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      seed: { type: 'string', default: '1' },
      count: { type: 'string', default: '1' },
      spacing: { type: 'string' },
    },
  });
  if (!values.out) {
    throw new Error('--out <folder> is needed; also --seed N, --count M, --spacing mm');
  }
  await generatePhantoms({
    out: values.out,
    seed: Number(values.seed),
    count: Number(values.count),
    spacing: values.spacing === undefined ? undefined : Number(values.spacing),
    report: line => process.stdout.write(`${line}\n`),
  });
}

// Run by itself (`npx tsx cli/src/phantom/generate.ts`), not when a command mounts it.
if (process.argv[1]?.endsWith(path.join('phantom', 'generate.ts'))) {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
