import { writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Descriptions of public chains of networks, as a person writes them for `models import`. */

const NCIT = (value: string, meaning: string) => ({ value, scheme: 'NCIt', meaning });
const SCT = (value: string, meaning: string) => ({ value, scheme: 'SCT', meaning });
const morphological = SCT('49755003', 'Morphologically Altered Structure');

type Json = Record<string, unknown>;

/** Noise stands where the brain was cut out: the networks were trained so. */
const brain: Json[] = [
  { transform: 'orientation', axcodes: 'LPS' },
  { transform: 'cropForeground', sourceKey: 'flair', selectAbove: 0, margin: [5, 5, 5] },
  { transform: 'normalizeIntensity', nonzero: true },
];
const padded: Json[] = [
  { transform: 'divisiblePad', k: [4, 4, 1] },
  { transform: 'fillWithNoise', value: 0 },
];
const cropTo = (stage: string): Json => ({ transform: 'cropForeground', stage, margin: [5, 5, 5] });

/** Slabs of 48 slices with 4 of context at each end, the slices whole. */
const slabs: Json = {
  inferer: 'slidingWindow',
  roiSize: [-1, -1, 56],
  overlap: 0,
  mode: 'constant',
  paddingMode: 'noise',
  outputMargin: [0, 0, 4],
};
const region: Json = { type: 'labelMap', name: 'prob', activation: 'sigmoid', classes: 1 };
const closed: Json[] = [
  { transform: 'invert' },
  { transform: 'binaryClosing', appliedLabels: [1], connectivity: 2 },
];

/**
 * MSNet's cascade (Wang et al. 2017), axial view: the whole tumour on the brain, the core in its box,
 * the enhancing part in the core's.
 */
export const msnet = async (models: string, folder: string): Promise<string> => {
  const file = path.join(folder, 'msnet.json');
  const network = (name: string) => path.join(models, `brain_tumour_msnet_${name}/model.onnx`);
  const description = {
    networks: [
      { stage: 'whole-tumour', onnx: network('wt'), gives: 'probabilities' },
      { stage: 'tumour-core', onnx: network('tc'), gives: 'probabilities' },
      { onnx: network('en'), gives: 'probabilities' },
    ],
    manifest: {
      id: 'msnet-cascade',
      name: { en: 'Brain tumour, MSNet cascade' },
      task: 'segmentation',
      inputs: [
        {
          name: 'input',
          spatialAxes: 'zyx',
          channels: [
            { key: 'flair', modality: 'MR', selector: { description: '^fla' } },
            { key: 't1', modality: 'MR', selector: { description: '^t1$' } },
            { key: 't1c', modality: 'MR', selector: { description: '^t1c' } },
            { key: 't2', modality: 'MR', selector: { description: '^t2' } },
          ],
        },
      ],
      gates: [{ gate: 'modality', allowed: ['MR'] }],
      stages: [
        {
          key: 'whole-tumour',
          preprocessing: [...brain, ...padded],
          inference: slabs,
          outputs: [region],
          postprocessing: [
            ...closed,
            {
              transform: 'removeSmallObjects',
              appliedLabels: [1],
              minSizeMm3: 2000,
              connectivity: 2,
            },
          ],
        },
        {
          key: 'tumour-core',
          preprocessing: [...brain, cropTo('whole-tumour'), ...padded],
          inference: slabs,
          outputs: [region],
          postprocessing: [
            ...closed,
            {
              transform: 'keepLargestConnectedComponent',
              appliedLabels: [1],
              connectivity: 2,
            },
          ],
        },
      ],
      preprocessing: [...brain, cropTo('whole-tumour'), cropTo('tumour-core'), ...padded],
      inference: slabs,
      outputs: [
        {
          ...region,
          labels: [
            {
              value: 2,
              key: 'oedema',
              name: { en: 'Peritumoural oedema' },
              category: morphological,
              type: SCT('79654002', 'Edema'),
              recommendedDisplayCIELab: [87, -60, 60],
              from: { stage: 'whole-tumour' },
            },
            {
              value: 1,
              key: 'core',
              name: { en: 'Non-enhancing tumour core' },
              category: morphological,
              type: NCIT('C113843', 'Non-Enhancing Lesion'),
              recommendedDisplayCIELab: [55, 70, 50],
              from: { stage: 'tumour-core' },
            },
            {
              value: 4,
              key: 'enhancing',
              name: { en: 'Enhancing tumour' },
              category: morphological,
              type: NCIT('C113842', 'Enhancing Lesion'),
              recommendedDisplayCIELab: [60, 20, -60],
              from: { inside: true },
            },
          ],
        },
      ],
      postprocessing: [{ transform: 'invert' }],
    },
  };
  await writeFile(file, JSON.stringify(description, null, 2));
  return file;
};
