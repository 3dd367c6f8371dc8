/**
 * Manifests as researchers write them, one for each kind of model, for tests of the rules. Valid as
 * they stand; made anew on each call, to be changed at will.
 */
type Json = Record<string, unknown>;

const sct = (value: string, meaning: string) => ({ value, scheme: 'SCT', meaning });
const anatomical = sct('123037004', 'Anatomical Structure');
const morphological = sct('49755003', 'Morphologically Altered Structure');
const percentage = { value: '%', scheme: 'UCUM', meaning: 'percent' };
const aiFamily = { value: '123110', scheme: 'DCM', meaning: 'Artificial Intelligence' };

const facts = (of: string): Json => ({
  intendedUse: { en: `Research on ${of}.` },
  limitations: [{ en: 'Not tested after surgery.' }],
  licence: 'Apache-2.0',
  trainingData: { en: `Public studies of ${of}, one site.` },
  manufacturer: 'Example University',
  algorithmFamily: aiFamily,
});

const network = (path: string, digit: string): Json => ({
  role: 'network',
  path,
  sha256: digit.repeat(64),
  bytes: 31_204_811,
});

/** nnU-Net on CT: two organs, one network. */
export const abdomenCt = (): Json => ({
  schemaVersion: 1,
  id: 'ct-liver-spleen',
  version: '1.2.0',
  name: { en: 'Liver and spleen on CT' },
  task: 'segmentation',
  files: [network('network.onnx', 'a')],
  inputs: [{ name: 'input', spatialAxes: 'zyx', channels: [{ modality: 'CT' }] }],
  gates: [
    { gate: 'modality', allowed: ['CT'] },
    { gate: 'sliceSpacing', min: 0.5, max: 5 },
  ],
  preprocessing: [
    { transform: 'orientation', axcodes: 'LPS' },
    { transform: 'spacing', pixdim: [0.8, 0.8, 2.5], mode: 'bilinear' },
    { transform: 'scaleIntensityRange', aMin: -160, aMax: 240, bMin: 0, bMax: 1, clip: true },
  ],
  inference: { inferer: 'slidingWindow', roiSize: [160, 160, 96], overlap: 0.5, mode: 'gaussian' },
  outputs: [
    {
      type: 'labelMap',
      name: 'output',
      activation: 'softmax',
      classes: 3,
      labels: [
        {
          value: 1,
          key: 'liver',
          name: { en: 'Liver' },
          category: anatomical,
          type: sct('10200004', 'Liver'),
          recommendedDisplayCIELab: [48, 40, 28],
        },
        {
          value: 2,
          key: 'spleen',
          name: { en: 'Spleen' },
          category: anatomical,
          type: sct('78961009', 'Spleen'),
          recommendedDisplayCIELab: [40, 35, -10],
        },
      ],
    },
  ],
  postprocessing: [
    { transform: 'invert' },
    { transform: 'keepLargestConnectedComponent', appliedLabels: [1, 2] },
  ],
  measurements: ['volume', 'meanIntensity'],
  facts: facts('the abdomen on CT'),
});

/** A MONAI bundle on four MR series: regions that overlap, several labels a voxel. */
export const gliomaMr = (): Json => ({
  schemaVersion: 1,
  id: 'mr-glioma',
  version: '0.4.1',
  name: { en: 'Glioma on MR', de: 'Gliom in der MRT' },
  task: 'segmentation',
  files: [network('model.onnx', 'b')],
  inputs: [
    {
      name: 'image',
      spatialAxes: 'xyz',
      channels: [
        {
          key: 't1c',
          modality: 'MR',
          selector: { description: 't1.*(gd|ce|post)', contrast: true },
        },
        {
          key: 't1',
          modality: 'MR',
          selector: { description: 't1', notDescription: 'gd|ce|post' },
        },
        { key: 't2', modality: 'MR', selector: { description: 't2', notDescription: 'flair' } },
        { key: 'flair', modality: 'MR', selector: { description: 'flair' } },
      ],
    },
  ],
  gates: [
    { gate: 'modality', allowed: ['MR'] },
    { gate: 'patientAge', min: 18, message: { en: 'Trained on adults only.' } },
  ],
  preprocessing: [
    { transform: 'orientation', axcodes: 'RAS' },
    { transform: 'spacing', pixdim: [1, 1, 1] },
    { transform: 'cropForeground', sourceKey: 't1c', margin: [5, 5, 5] },
    { transform: 'normalizeIntensity', nonzero: true, channelWise: true },
  ],
  inference: { inferer: 'slidingWindow', roiSize: [128, 128, 128], overlap: 0.25 },
  outputs: [
    {
      type: 'labelMap',
      name: 'pred',
      activation: 'sigmoid',
      classes: 2,
      labels: [
        {
          value: 1,
          key: 'whole-tumour',
          name: { en: 'Whole tumour', de: 'Gesamter Tumor' },
          category: morphological,
          type: sct('86049000', 'Neoplasm, Primary'),
          recommendedDisplayCIELab: [80, -40, 60],
        },
        {
          value: 2,
          key: 'enhancing-tumour',
          name: { en: 'Enhancing tumour', de: 'Anreichernder Tumor' },
          category: morphological,
          type: sct('86049000', 'Neoplasm, Primary'),
          recommendedDisplayCIELab: [55, 70, 45],
        },
      ],
    },
  ],
  operatingPoints: [
    { key: 'balanced', name: { en: 'Balanced' }, threshold: 0.5 },
    {
      key: 'sensitive',
      name: { en: 'Sensitive' },
      threshold: 0.3,
      sensitivity: 0.95,
      measuredOn: { en: '120 studies of the left-out site' },
    },
  ],
  postprocessing: [
    { transform: 'invert' },
    { transform: 'removeSmallObjects', appliedLabels: [2], minSizeMm3: 30 },
  ],
  facts: facts('adult glioma on MR'),
});

/** A two-dimensional classifier of chest films, made for colour pictures. */
export const chestFilm = (): Json => ({
  schemaVersion: 1,
  id: 'cxr-findings',
  version: '2.0.0',
  name: { en: 'Findings on a chest film' },
  task: 'classification',
  files: [network('densenet.onnx', 'c')],
  inputs: [{ name: 'x', spatialAxes: 'yx', channels: [{ modality: 'DX' }] }],
  gates: [{ gate: 'modality', allowed: ['CR', 'DX'] }],
  preprocessing: [
    { transform: 'voiLut' },
    { transform: 'letterbox', spatialSize: [224, 224, 1] },
    { transform: 'repeatChannel', repeats: 3 },
    {
      transform: 'normalizeIntensity',
      subtrahend: [0.485, 0.456, 0.406],
      divisor: [0.229, 0.224, 0.225],
    },
  ],
  inference: { inferer: 'simple' },
  outputs: [
    {
      type: 'classification',
      name: 'logits',
      activation: 'sigmoid',
      multiLabel: true,
      labels: [
        {
          value: 0,
          key: 'effusion',
          name: { en: 'Pleural effusion' },
          category: morphological,
          type: sct('60046008', 'Pleural effusion'),
          recommendedDisplayCIELab: [60, 20, -40],
        },
        {
          value: 1,
          key: 'pneumothorax',
          name: { en: 'Pneumothorax' },
          category: morphological,
          type: sct('36118008', 'Pneumothorax'),
          recommendedDisplayCIELab: [70, 50, 20],
        },
      ],
    },
  ],
  operatingPoints: [
    {
      key: 'screening',
      name: { en: 'Screening' },
      threshold: 0.35,
      sensitivity: 0.95,
      specificity: 0.71,
      measuredOn: { en: '1,204 films of another hospital' },
    },
  ],
  postprocessing: [],
  facts: facts('frontal chest films'),
});

/** Nodules as peaks of a heat map. */
export const noduleCt = (): Json => ({
  schemaVersion: 1,
  id: 'ct-nodules',
  version: '0.1.0',
  name: { en: 'Lung nodules on CT' },
  task: 'detection',
  files: [
    network('nodules.onnx', 'd'),
    { role: 'fixture', path: 'fixture.safetensors', sha256: 'e'.repeat(64), bytes: 4096 },
  ],
  inputs: [{ name: 'image', spatialAxes: 'zyx', channels: [{ modality: 'CT' }] }],
  gates: [
    { gate: 'modality', allowed: ['CT'] },
    { gate: 'convolutionKernel', allowed: ['LUNG', 'B60f'] },
  ],
  preprocessing: [
    { transform: 'orientation', axcodes: 'LPS' },
    { transform: 'spacing', pixdim: [0.7, 0.7, 1.25] },
    { transform: 'scaleIntensityRange', aMin: -1024, aMax: 300, bMin: 0, bMax: 1, clip: true },
  ],
  inference: { inferer: 'slidingWindow', roiSize: [96, 96, 64], outputMargin: [8, 8, 8] },
  outputs: [
    {
      type: 'centerHeatmap',
      name: 'heatmap',
      activation: 'sigmoid',
      stride: [4, 4, 4],
      size: 'diameter',
      sizeEncoding: 'logMm',
      labels: [
        {
          value: 0,
          key: 'nodule',
          name: { en: 'Lung nodule' },
          category: morphological,
          type: sct('427359005', 'Lung nodule'),
          recommendedDisplayCIELab: [85, 10, 80],
        },
      ],
    },
    {
      type: 'map',
      name: 'attention',
      key: 'attention',
      label: { en: 'Attention' },
      concept: { value: '130402', scheme: 'DCM', meaning: 'Class activation' },
      unit: percentage,
    },
  ],
  operatingPoints: [
    {
      key: 'two-per-scan',
      name: { en: 'Two false positives a scan' },
      threshold: 0.41,
      sensitivity: 0.87,
      falsePositivesPerScan: 2,
    },
  ],
  postprocessing: [],
  measurements: ['longAxis', 'meanIntensity'],
  facts: facts('lung nodules'),
});

/** CT and PET together: a value of the whole study. */
export const petCt = (): Json => ({
  schemaVersion: 1,
  id: 'petct-burden',
  version: '1.0.0',
  name: { en: 'Tumour burden on PET/CT' },
  task: 'regression',
  files: [network('burden.onnx', 'f')],
  inputs: [
    { name: 'ct', spatialAxes: 'xyz', channels: [{ key: 'ct', modality: 'CT' }] },
    { name: 'pet', spatialAxes: 'xyz', channels: [{ key: 'pet', modality: 'PT' }] },
  ],
  gates: [{ gate: 'fieldOfView', axis: 'inferiorSuperior', min: 300 }],
  preprocessing: [
    { transform: 'suvbw', keys: ['pet'] },
    { transform: 'resize', spatialSize: [96, 96, 192] },
    { transform: 'scaleIntensityRange', aMin: 0, aMax: 20, bMin: 0, bMax: 1, keys: ['pet'] },
  ],
  inference: { inferer: 'simple' },
  outputs: [
    {
      type: 'regression',
      name: 'burden',
      values: [
        {
          index: 0,
          key: 'volume',
          name: { en: 'Metabolic tumour volume' },
          concept: sct('1187500007', 'Metabolic tumour volume'),
          unit: { value: 'mL', scheme: 'UCUM', meaning: 'milliliter' },
          scale: 1000,
        },
      ],
    },
  ],
  postprocessing: [],
  facts: facts('lymphoma on PET/CT'),
});

/** A copy with the value at a path replaced; undefined removes it. */
export function changed(
  manifest: Json,
  path: ReadonlyArray<string | number>,
  value: unknown,
): Json {
  const copy = structuredClone(manifest);
  const parent = path
    .slice(0, -1)
    .reduce<Record<string | number, unknown>>(
      (node, part) => node[part] as Record<string | number, unknown>,
      copy,
    );
  const last = path[path.length - 1];
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}
