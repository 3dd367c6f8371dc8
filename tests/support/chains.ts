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

const anatomical = SCT('123037004', 'Anatomical Structure');
const hippocampus = (value: number, side: 'Left' | 'Right', from: Json): Json => ({
  value,
  key: `hippocampus-${side.toLowerCase()}`,
  name: { en: `${side} hippocampus` },
  category: anatomical,
  type: SCT('5366008', 'Hippocampus'),
  modifier: side === 'Left' ? SCT('7771000', 'Left') : SCT('24028007', 'Right'),
  recommendedDisplayCIELab: side === 'Left' ? [60, 60, 40] : [60, -40, -40],
  from,
});

/** MNI's space, LPS+ millimetres: the box the registration is said for, and that around both sides. */
const REGISTERED = {
  dimensions: [64, 64, 64],
  pixdim: [180 / 63, 216 / 63, 180 / 63],
  origin: [-90, 126, -72],
  axcodes: 'LAS',
};
const BOX = {
  dimensions: [107, 72, 68],
  pixdim: [1, 1, 1],
  origin: [-54, 59, -45],
  axcodes: 'LAS',
};

/**
 * hippodeep (Thyreau et al. 2018): priors of the head, a registration to MNI's space from two of them,
 * and one network for the hippocampus of the right side and, mirrored, of the left.
 */
export const hippodeep = async (models: string, folder: string): Promise<string> => {
  const file = path.join(folder, 'hippodeep.json');
  const network = (name: string) => path.join(models, `hippocampus_hippodeep/${name}.onnx`);
  const inBox: Json[] = [
    { transform: 'normalizeIntensity' },
    { transform: 'resampleToTemplate', stage: 'registration', ...BOX },
    { transform: 'normalizeIntensity' },
  ];
  const side: Json = { type: 'labelMap', name: 'prob', activation: 'sigmoid', classes: 1 };
  const inference = { inferer: 'simple', outputMargin: [2, 2, 2] };
  // What is above a half is stretched to 0.5 … 1, the rest is nothing.
  const stretched = {
    onnx: network('model'),
    gives: 'probabilities',
    then: [
      { transform: 'thresholdIntensity', threshold: 0.5 },
      { transform: 'scaleIntensityRange', aMin: 0.25, aMax: 0.75 },
    ],
  };
  const prior = (key: string, channel: number): Json => ({
    ...{ key, stage: 'head', output: 'priors', channel },
    multiplyBy: 0,
  });
  const t1 = { key: 't1', modality: 'MR', selector: { description: 't1' } };
  const description = {
    networks: [
      { stage: 'head', onnx: network('model_head') },
      { stage: 'registration', onnx: network('model_affine') },
      { stage: 'right', ...stretched },
      stretched,
    ],
    manifest: {
      id: 'hippodeep',
      name: { en: 'Hippocampi, hippodeep' },
      task: 'segmentation',
      inputs: [{ name: 'crop', spatialAxes: 'xyz', channels: [t1] }],
      gates: [{ gate: 'modality', allowed: ['MR'] }],
      stages: [
        {
          key: 'head',
          inputs: [{ name: 't1', spatialAxes: 'xyz', channels: [{ key: 't1' }] }],
          preprocessing: [
            { transform: 'normalizeIntensity' },
            { transform: 'orientation', axcodes: 'LAS' },
            {
              transform: 'resize',
              spatialSize: [64, 64, 64],
              mode: 'bilinear',
              alignCorners: true,
            },
          ],
          inference: { inferer: 'simple' },
          outputs: [{ type: 'tensor', name: 'priors', channels: 4 }],
        },
        {
          key: 'registration',
          inputs: [
            {
              name: 'priors2',
              spatialAxes: 'xyz',
              channels: [prior('cortex', 1), prior('further', 3)],
            },
          ],
          preprocessing: [],
          inference: { inferer: 'simple' },
          outputs: [{ type: 'affine', name: 'affine4x4', vectors: 'rows', template: REGISTERED }],
        },
        {
          key: 'right',
          preprocessing: [
            ...inBox,
            { transform: 'spatialCrop', roiStart: [6, 0, 2], roiEnd: [54, 72, 66] },
          ],
          inference,
          outputs: [side],
          postprocessing: [{ transform: 'invert' }],
        },
      ],
      preprocessing: [
        ...inBox,
        { transform: 'spatialCrop', roiStart: [53, 0, 2], roiEnd: [101, 72, 66] },
        { transform: 'flip', spatialAxis: 0 },
      ],
      inference,
      outputs: [
        {
          ...side,
          labels: [
            hippocampus(1, 'Left', { value: 1 }),
            hippocampus(2, 'Right', { stage: 'right' }),
          ],
        },
      ],
      postprocessing: [{ transform: 'invert' }],
    },
  };
  await writeFile(file, JSON.stringify(description, null, 2));
  return file;
};
