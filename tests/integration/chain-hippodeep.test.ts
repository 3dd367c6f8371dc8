/**
 * @jest-environment ./extension/src/inference/testing/ortEnvironment.js
 */
import path from 'node:path';
import { readNifti } from '../../cli/src/models/nifti';
import { hippodeep } from '../support/chains';
import { DATA, needs } from '../support/needs';
import { dice, importWith, labelsOf, runOn, temporaryFolders, value } from '../support/importing';

/**
 * A public chain with a registration to a template (shared data, absent in most checkouts), imported
 * from its three ONNX files and run as one package, against the masks of the original program.
 */

const MODELS = path.join(DATA, 'models');
const EXAMPLE = path.join(DATA, 'nifti/hippodeep_example');
const real = needs({ data: ['models/hippocampus_hippodeep', 'nifti/hippodeep_example'] });

const folders = temporaryFolders();
afterAll(() => folders.remove());

describe('hippodeep: head, registration, right and mirrored left', () => {
  real.it(
    'gives the masks of the original program',
    async () => {
      const out = await folders.make();
      const file = await hippodeep(MODELS, await folders.make());
      const report = value(await importWith(file, out));
      expect(report.problems).toEqual([]);
      expect(report.manifest.files.map(({ stage }) => stage)).toEqual([
        ...['head', 'registration', 'right'],
        ...[undefined, undefined],
      ]);
      const t1 = value(await readNifti(path.join(EXAMPLE, 'example_brain_t1.nii.gz')));
      const labels = labelsOf(await runOn(out, [t1], 'MR'));
      const found: number[] = [];
      for (const [label, side] of [
        [1, 'L'],
        [2, 'R'],
      ] as const) {
        const mask = value(await readNifti(path.join(EXAMPLE, `expected_mask_${side}.nii.gz`)));
        // The masks are probabilities of 0 to 255.
        const expected = Uint8Array.from(mask.values, each => (each > 127 ? label : 0));
        expect(expected.some(each => each > 0)).toBe(true);
        found.push(dice(labels, expected, label));
      }
      console.log(`hippodeep (left, right): Dice ${found.map(d => d.toFixed(4)).join(', ')}`);
      found.forEach(each => expect(each).toBeGreaterThan(0.99));
    },
    600_000,
  );
});
