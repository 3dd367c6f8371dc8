import { abdomenCt } from './manifests';

type Json = Record<string, unknown>;

const files = (...stages: Array<string | undefined>): Json[] =>
  stages.map((stage, index) => ({
    role: 'network',
    path: `${stage ?? 'lesions'}.onnx`,
    sha256: `${index + 1}`.repeat(64),
    bytes: 1_204_811,
    ...(stage !== undefined && { stage }),
  }));

const window = { inferer: 'slidingWindow', roiSize: [96, 96, 48] };
const region = { type: 'labelMap', name: 'mask', activation: 'sigmoid', classes: 2 };
const label = (value: number, key: string, from?: Json): Json => ({
  value,
  key,
  name: { en: key },
  category: { value: '49755003', scheme: 'SCT', meaning: 'Morphologically Altered Structure' },
  type: { value: '52988006', scheme: 'SCT', meaning: 'Lesion' },
  recommendedDisplayCIELab: [60, 20 * value, 0],
  ...(from && { from }),
});

/**
 * Every use of an earlier network: a region to crop to, tensors that are fed on, a registration to a
 * template, and labels of the final label map. Valid as it stands; made anew on each call.
 */
export const liverChain = (): Json => {
  const { outputs: _outputs, ...plain } = abdomenCt();
  return {
    ...plain,
    id: 'ct-liver-lesions',
    name: { en: 'Liver lesions on CT' },
    files: files('liver', 'priors', 'registration', 'atlas', undefined),
    inputs: [{ name: 'image', spatialAxes: 'zyx', channels: [{ key: 'ct', modality: 'CT' }] }],
    stages: [
      {
        key: 'liver',
        preprocessing: [{ transform: 'spacing', pixdim: [2, 2, 2] }],
        inference: window,
        outputs: [region],
        postprocessing: [
          { transform: 'invert' },
          { transform: 'binaryClosing', appliedLabels: [1], connectivity: 2 },
        ],
      },
      {
        key: 'priors',
        preprocessing: [{ transform: 'resize', spatialSize: [64, 64, 64] }],
        inference: { inferer: 'simple' },
        outputs: [{ type: 'tensor', name: 'priors', channels: 3 }],
      },
      {
        key: 'registration',
        inputs: [
          {
            name: 'priors',
            spatialAxes: 'xyz',
            channels: [
              { key: 'liver', stage: 'priors', output: 'priors', channel: 1, multiplyBy: 0 },
              { key: 'spleen', stage: 'priors', output: 'priors', channel: 2 },
            ],
          },
        ],
        preprocessing: [],
        inference: { inferer: 'simple' },
        outputs: [
          {
            type: 'affine',
            name: 'matrix',
            vectors: 'rows',
            template: {
              dimensions: [64, 64, 64],
              pixdim: [5, 5, 5],
              origin: [-160, -160, 0],
              axcodes: 'LPS',
            },
          },
        ],
      },
      {
        key: 'atlas',
        preprocessing: [
          {
            transform: 'resampleToTemplate',
            stage: 'registration',
            dimensions: [80, 80, 60],
            pixdim: [3, 3, 3],
            origin: [-120, -120, 40],
            axcodes: 'LPS',
          },
          { transform: 'spatialCrop', roiStart: [8, 8, 6], roiEnd: [72, 72, 54] },
          { transform: 'flip', spatialAxis: 0 },
        ],
        inference: { inferer: 'simple', outputMargin: [2, 2, 2] },
        outputs: [region],
        postprocessing: [{ transform: 'invert' }],
      },
    ],
    networkInputs: [
      {
        name: 'both',
        spatialAxes: 'zyx',
        channels: [{ key: 'ct' }, { key: 'liver', stage: 'priors', output: 'priors', channel: 1 }],
      },
    ],
    preprocessing: [
      { transform: 'cropForeground', stage: 'liver', margin: [4, 4, 2] },
      { transform: 'scaleIntensityRange', aMin: -160, aMax: 240, bMin: 0, bMax: 1, keys: ['ct'] },
    ],
    inference: { ...window, roiSize: [-1, -1, 48], paddingMode: 'noise' },
    outputs: [
      {
        ...region,
        name: 'lesions',
        labels: [
          label(1, 'liver', { stage: 'liver' }),
          label(5, 'segment', { stage: 'atlas', value: 2, inside: true }),
          label(4, 'lesion', { value: 1, inside: true }),
          label(2, 'vessel'),
        ],
      },
    ],
    postprocessing: [{ transform: 'invert' }, { transform: 'fillHoles', appliedLabels: [4] }],
  };
};
