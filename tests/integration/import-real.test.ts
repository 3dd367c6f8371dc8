/**
 * @jest-environment ./extension/src/inference/testing/ortEnvironment.js
 */
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { readNifti } from '../../cli/src/models/nifti';
import { seededInputs } from '../../cli/src/models/network/fixture';
import { runNetwork, compare, type Runtime } from '../../cli/src/models/network/run';
import { decodeModel } from '../../cli/src/onnx/proto';
import { DATA, needs } from '../support/needs';
import { dice, importWith, labelsOf, runOn, temporaryFolders, value } from '../support/importing';

/**
 * Public models from the form they were published in (shared data, absent in most checkouts): the
 * converted network against an independent conversion, the whole pipeline against recorded output.
 */

const MODELS = path.join(DATA, 'models');
const withModels = (...models: string[]) => needs({ data: models.map(model => `models/${model}`) });

const folders = temporaryFolders();
afterAll(() => folders.remove());

const runtime = ort as unknown as Runtime;

/** Both networks on native ONNX Runtime with the same seeded input. */
const networkDifference = async (imported: string, reference: string, dims: number[]) => {
  const manifest = JSON.parse(readFileSync(path.join(imported, 'model.json'), 'utf8')) as {
    files: Array<{ role: string; path: string }>;
  };
  const { path: file } = manifest.files.find(({ role }) => role === 'network')!;
  const bytes = await readFile(path.join(imported, file));
  const model = value(decodeModel(bytes));
  const [input] = model.graph.input;
  const inputs = seededInputs(model, { [input.name!]: dims })!;
  const ours = await runNetwork(runtime, bytes, inputs);
  const theirs = await runNetwork(runtime, await readFile(reference), inputs);
  return compare(theirs.outputs, ours.outputs);
};

const BRAINCHOP = { preset: 'brainchop', intensity: ['none'] };

describe('TF.js MeshNets of brainchop', () => {
  const meshNets: Array<[string, { cropAbove: string; cropMargin: string }]> = [
    ['brain_tissue_meshnet5', { cropAbove: '0', cropMargin: '18' }],
    ['brain_subcortical_meshnet21', { cropAbove: '0.2', cropMargin: '0' }],
    ['brain_mask_mindgrab', { cropAbove: '0.5', cropMargin: '20' }],
  ];
  withModels(...meshNets.map(([name]) => name)).each(meshNets)(
    '%s: the converted network labels as the reference conversion does',
    async (name, crop) => {
      const out = await folders.make();
      const source = path.join(MODELS, name, 'original');
      const report = value(await importWith(source, out, { ...BRAINCHOP, ...crop }));
      expect(report.problems).toEqual([]);
      const found = await networkDifference(
        out,
        path.join(MODELS, name, 'model.onnx'),
        [1, 1, 40, 36, 44],
      );
      console.log(`${name}: ${found.differing} of ${found.counted} labels differ`);
      expect(found.counted).toBe(40 * 36 * 44);
      expect(found.differing).toBe(0);
    },
    120_000,
  );

  needs({ data: ['models/brain_tissue_meshnet5', 'nifti/brainchop_t1'] }).it(
    'brain_tissue_meshnet5: the whole pipeline on its own T1',
    async () => {
      const out = await folders.make();
      const folder = path.join(MODELS, 'brain_tissue_meshnet5');
      const options = { ...BRAINCHOP, cropAbove: '0', cropMargin: '18', id: 'brain-tissue' };
      value(await importWith(path.join(folder, 'original'), out, options));
      const t1 = value(await readNifti(path.join(DATA, 'nifti/brainchop_t1/t1_crop.nii.gz')));
      const expected = value(await readNifti(path.join(folder, 'expected_t1_crop.nii.gz')));
      const labels = labelsOf(await runOn(out, [t1], 'MR'));
      const found = [1, 2].map(label => dice(labels, expected.values, label));
      console.log(
        `brain_tissue_meshnet5, whole pipeline: Dice ${found.map(d => d.toFixed(5)).join(', ')}`,
      );
      found.forEach(each => expect(each).toBeGreaterThan(0.999));
    },
    180_000,
  );
});

describe('plain ONNX', () => {
  withModels('brain_tumour_msnet_wt').it(
    'asks in one refusal for everything that a graph does not say',
    async () => {
      const source = path.join(MODELS, 'brain_tumour_msnet_wt/model.onnx');
      const outcome = await importWith(source, await folders.make());
      if (outcome.ok) throw new Error('imported without being told anything');
      expect(outcome.refusal.code).toBe('importIncomplete');
      const wanted = ['--channel', '--axes', '--orientation', '--spacing', '--intensity', '--roi'];
      for (const option of [...wanted, '--task', '--activation', '--labels']) {
        expect(outcome.refusal.message).toContain(`${option} (`);
      }
    },
  );

  withModels('cxr_pneumonia_squeezenet').it(
    'cxr_pneumonia_squeezenet: a film classifier, told what its graph does not say',
    async () => {
      const out = await folders.make();
      const labels = path.join(await folders.make(), 'labels.json');
      await writeFile(labels, '["Bacterial pneumonia", "Normal", "Viral pneumonia"]');
      const file = path.join(MODELS, 'cxr_pneumonia_squeezenet/model.onnx');
      const report = value(
        await importWith(file, out, {
          ...{
            id: 'cxr',
            labels,
            task: 'classification',
            modality: 'DX',
            axes: 'yx',
            fit: 'resize',
          },
          intensity: ['window:0,255', 'mean-std:0.485,0.456,0.406/0.229,0.224,0.225'],
        }),
      );
      expect(report.problems).toEqual([]);
      expect(report.manifest.preprocessing.map(({ transform }) => transform)).toEqual([
        ...['resize', 'scaleIntensityRange', 'repeatChannel', 'normalizeIntensity'],
      ]);
      const found = await networkDifference(out, file, [1, 3, 224, 224]);
      console.log(`cxr_pneumonia_squeezenet: largest difference ${found.values.toExponential(1)}`);
      expect(found.values).toBeLessThan(1e-6);
    },
  );

  withModels('brain_tumour_msnet_wt').it(
    'brain_tumour_msnet_wt: four channels, transposed convolutions, context lost at both ends',
    async () => {
      const out = await folders.make();
      const labels = path.join(await folders.make(), 'labels.json');
      await writeFile(labels, '{"1": "Whole tumour"}');
      const file = path.join(MODELS, 'brain_tumour_msnet_wt/model.onnx');
      const report = value(
        await importWith(file, out, {
          ...{ id: 'msnet', labels, task: 'segmentation', axes: 'zyx', orientation: 'LPS' },
          ...{
            spacing: '1,1,1',
            intensity: ['zscore-nonzero'],
            roi: '160,192,56',
            activation: 'none',
          },
          channel: ['flair:MR:flair', 't1:MR:t1', 't1c:MR:contrast', 't2:MR:t2'],
          outputMargin: '0,0,4',
        }),
      );
      expect(report.problems).toEqual([]);
      const rewritten = report.notes.filter(note => note.startsWith('Rewritten for WebGPU'));
      expect(rewritten.length).toBeGreaterThan(0);
      // The package gives logits where the original gives probabilities.
      const proof = report.notes.find(note => note.startsWith('Both graphs'));
      console.log(`brain_tumour_msnet_wt: ${rewritten.length} rewrites. ${proof}`);
      expect(report.manifest.inference).toMatchObject({ outputMargin: [0, 0, 4] });
    },
    120_000,
  );

  withModels('hippocampus_hippodeep').it(
    'hippocampus_hippodeep: sizes and lost borders are read off the graph',
    async () => {
      const out = await folders.make();
      const labels = path.join(await folders.make(), 'labels.json');
      await writeFile(labels, '{"1": "Hippocampus"}');
      const file = path.join(MODELS, 'hippocampus_hippodeep/model.onnx');
      const report = value(
        await importWith(file, out, {
          ...{ id: 'hippo', labels, task: 'segmentation', axes: 'xyz', orientation: 'LAS' },
          ...{ spacing: '1,1,1', modality: 'MR', intensity: ['zscore'] },
        }),
      );
      expect(report.problems).toEqual([]);
      expect(report.manifest.inference).toMatchObject({
        roiSize: [48, 72, 64],
        outputMargin: [2, 2, 2],
      });
    },
  );
});
