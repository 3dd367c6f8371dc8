/**
 * @jest-environment ./extension/src/inference/testing/ortEnvironment.js
 */
import path from 'node:path';
import { readNifti } from '../../cli/src/models/nifti';
import { msnet } from '../support/chains';
import { DATA, needs } from '../support/needs';
import { dice, importWith, labelsOf, runOn, temporaryFolders, value } from '../support/importing';

/**
 * A public cascade of three networks (shared data, absent in most checkouts), imported from its ONNX
 * files and run as one package, against what the original program's own cascade gave.
 */

const MODELS = path.join(DATA, 'models');
const EXPECTED = path.join(MODELS, 'brain_tumour_msnet_wt/expected_fg6692_axial_cascade.nii.gz');
const real = needs({
  data: [path.relative(DATA, EXPECTED), 'nifti/glioma_tcga_fg6692'],
});

const folders = temporaryFolders();
afterAll(() => folders.remove());

/** BraTS's nested regions, each with the labels it is made of. */
const REGIONS = { 'whole tumour': [1, 2, 4], 'tumour core': [1, 4], enhancing: [4] };

const regionDice = (found: ArrayLike<number>, expected: ArrayLike<number>) =>
  Object.values(REGIONS).map(labels => {
    const of = (map: ArrayLike<number>) => {
      const region = new Uint8Array(map.length);
      for (let at = 0; at < map.length; at++) region[at] = Number(labels.includes(map[at]));
      return region;
    };
    return dice(of(found), of(expected), 1);
  });

describe('MSNet: whole tumour, core, enhancing', () => {
  real.it(
    'gives the labels of the original cascade',
    async () => {
      const out = await folders.make();
      const file = await msnet(MODELS, await folders.make());
      const report = value(await importWith(file, out));
      expect(report.problems).toEqual([]);
      const rewrites = report.notes.filter(note => note.includes('Rewritten for WebGPU'));
      expect(new Set(rewrites.map(note => note.split(':')[0]))).toEqual(
        new Set(['whole-tumour', 'tumour-core', 'Rewritten for WebGPU']),
      );
      const nifti = path.join(DATA, 'nifti/glioma_tcga_fg6692');
      const volumes = await Promise.all(
        ['fla', 't1', 't1c', 't2'].map(async name =>
          value(await readNifti(path.join(nifti, `${name}_bet.nii.gz`))),
        ),
      );
      const labels = labelsOf(await runOn(out, volumes, 'MR'));
      const expected = value(await readNifti(EXPECTED));
      const fusion = value(await readNifti(path.join(nifti, 'reference_fusion_mav.nii.gz')));
      const found = regionDice(labels, expected.values);
      const fused = regionDice(labels, fusion.values);
      const text = (numbers: number[]) => numbers.map(each => each.toFixed(3)).join(', ');
      console.log(
        `MSNet cascade (${Object.keys(REGIONS).join(', ')}): Dice ${text(found)} with the original's, ${text(fused)} with the fusion of five algorithms`,
      );
      found.forEach(each => expect(each).toBeGreaterThan(0.97));
    },
    1_200_000,
  );
});
