/**
 * @jest-environment ./extension/src/inference/testing/ortEnvironment.js
 */
import path from 'node:path';
import { readNifti } from '../../cli/src/models/nifti';
import { validatePackage } from '../../cli/src/models/validate';
import {
  addScoreMap,
  dice,
  importWith,
  labelsOf,
  largestDifference,
  runOn,
  temporaryFolders,
  value,
} from '../support/importing';

/**
 * A MONAI bundle and an nnU-Net v2 folder (tests/golden/make_bundles.py: seeded networks with transposed
 * convolutions) from `models import` to a label map, against PyTorch's own whole chain.
 */

const BUNDLES = path.resolve(__dirname, '../fixtures/bundles');
const folders = temporaryFolders();
afterAll(() => folders.remove());

const nifti = async (...parts: string[]) => value(await readNifti(path.join(BUNDLES, ...parts)));

describe.each([
  { bundle: 'monai', kind: 'MONAI bundle', modality: 'MR', rewritten: 2 },
  { bundle: 'nnunet', kind: 'nnU-Net v2 folder', modality: 'CT', rewritten: 2 },
])('the $kind', ({ bundle, kind, modality, rewritten }) => {
  it('agrees with PyTorch through the whole chain', async () => {
    const out = await folders.make();
    const report = value(
      await importWith(path.join(BUNDLES, bundle), out, { id: `seeded-${bundle}` }),
    );
    expect(report.kind).toBe(kind);
    expect(report.todos).toEqual([]);
    expect(report.notes.filter(note => note.startsWith('Rewritten for WebGPU'))).toHaveLength(
      rewritten,
    );
    expect((await validatePackage(out)).problems).toEqual([]);

    await addScoreMap(out, 1);
    const result = await runOn(out, [await nifti(bundle, 'scan.nii.gz')], modality);
    const expected = await nifti(bundle, 'expected.nii.gz');
    const scores = await nifti(bundle, 'expected-scores.nii.gz');
    const [map] = result.maps ?? [];
    expect(map.geometry.dimensions).toEqual(scores.geometry.dimensions);
    const difference = largestDifference(map.values, scores.values);
    const labels = labelsOf(result);
    const differing = expected.values.reduce((n, label, at) => n + Number(label !== labels[at]), 0);
    console.log(
      `${kind}: largest difference of scores from PyTorch ${difference.toExponential(1)}, ${differing} of ${labels.length} voxels differ`,
    );
    expect(difference).toBeLessThan(1e-3);
    expect(differing).toBe(0);

    if (bundle !== 'nnunet') return;
    // The middle of nnU-Net's own window weights lies half a voxel aside; a random network shows it.
    const own = await nifti(bundle, 'expected-nnunet.nii.gz');
    const found = [1, 2].map(label => dice(labels, own.values, label));
    console.log(
      `against nnU-Net's own window weights: Dice ${found.map(d => d.toFixed(3)).join(', ')}`,
    );
    found.forEach(each => expect(each).toBeGreaterThan(0.95));
  });
});
