import { abdomenCt, changed, chestFilm, gliomaMr, noduleCt, petCt } from '../testing/manifests';
import { problemsOf, type Path } from '../testing/problems';

describe('inputs and inferers', () => {
  it.each<[string, Record<string, unknown>, Path, unknown, string]>([
    [
      'two channels without keys',
      abdomenCt(),
      ['inputs', 0, 'channels'],
      [{ modality: 'CT' }, { modality: 'CT' }],
      '$.inputs[0].channels[1].key is "image", as that of $.inputs[0].channels[0]; with 2 channels each',
    ],
    [
      'one ONNX input twice',
      petCt(),
      ['inputs', 1, 'name'],
      'ct',
      '$.inputs[1].name is "ct", which is named before',
    ],
    [
      'a picture beside a volume',
      petCt(),
      ['inputs', 1, 'spatialAxes'],
      'xy',
      '$.inputs[1].spatialAxes is "xy" but $.inputs[0].spatialAxes is "xyz"',
    ],
    [
      'a network of volumes led by slices',
      abdomenCt(),
      ['inference'],
      { inferer: 'slice' },
      '$.inference.inferer is "slice" but $.inputs[0].spatialAxes is "zyx"',
    ],
    [
      'thick windows of a network of pictures',
      chestFilm(),
      ['inference'],
      { inferer: 'slidingWindow', roiSize: [64, 64, 2] },
      '$.inference.roiSize is [64,64,2] but $.inputs[0].spatialAxes is "yx"; the third number must be 1',
    ],
    [
      'a margin that leaves nothing',
      noduleCt(),
      ['inference', 'outputMargin'],
      [8, 8, 32],
      "$.inference.outputMargin[2] is 32; less than half of the window's 64 voxels",
    ],
  ])('with %s', (_, manifest, path, value, sentence) => {
    expect(problemsOf(manifest, path, value)).toEqual([expect.stringContaining(sentence)]);
  });
});

describe('preprocessing', () => {
  const at = (index: number, step: object): [Path, object] => [['preprocessing', index], step];
  const percentiles = { transform: 'scaleIntensityRangePercentiles', bMin: 0, bMax: 1 };
  it.each<[string, Record<string, unknown>, [Path, unknown], string]>([
    [
      'a source channel that is not there',
      gliomaMr(),
      at(2, { transform: 'cropForeground', sourceKey: 'flaire' }),
      '$.preprocessing[2].sourceKey is "flaire" (did you mean "flair"?), which is no channel',
    ],
    [
      'a channel named twice',
      gliomaMr(),
      at(3, { transform: 'voiLut', keys: ['t1', 't1'] }),
      '$.preprocessing[3].keys[1] is "t1", which is named before',
    ],
    [
      'percentiles turned over',
      abdomenCt(),
      at(2, { ...percentiles, lower: 99.5, upper: 0.5 }),
      '$.preprocessing[2].lower is 99.5; less than upper, 0.5, is needed (both in percent, 0 to 100).',
    ],
    [
      'a range turned over',
      abdomenCt(),
      at(2, { transform: 'scaleIntensityRange', aMin: 240, aMax: -160, bMin: 0, bMax: 1 }),
      '$.preprocessing[2].aMin is 240, more than aMax, -160',
    ],
    [
      'a range of nothing',
      abdomenCt(),
      at(2, { ...percentiles, lower: 1, upper: 99, bMin: 1 }),
      '$.preprocessing[2].bMin is 1, the same as bMax',
    ],
    [
      'scaled to nothing',
      abdomenCt(),
      at(2, { transform: 'scaleIntensity', minv: 1 }),
      '$.preprocessing[2].minv is 1, the same as maxv',
    ],
    [
      'too few means',
      chestFilm(),
      [['preprocessing', 3, 'subtrahend'], [0.5]],
      '$.preprocessing[3].subtrahend is [0.5], 1 number; the step is for 3 channels',
    ],
    [
      'means for named channels',
      gliomaMr(),
      at(3, { transform: 'normalizeIntensity', keys: ['t1', 't2'], subtrahend: [1, 2, 3, 4] }),
      '$.preprocessing[3].subtrahend is [1,2,3,4], 4 numbers; the step is for 2 channels',
    ],
    [
      'means for a channel that was repeated',
      changed(chestFilm(), ['preprocessing', 3, 'keys'], ['image']),
      [
        ['preprocessing', 3, 'divisor'],
        [0.229, 0.224],
      ],
      '$.preprocessing[3].divisor is [0.229,0.224], 2 numbers; the step is for 3 channels',
    ],
    [
      'a division by nothing',
      abdomenCt(),
      at(2, { transform: 'normalizeIntensity', subtrahend: 80, divisor: 0 }),
      '$.preprocessing[2].divisor is 0; no division by 0',
    ],
    [
      'uptake of a CT',
      petCt(),
      at(0, { transform: 'suvbw' }),
      '$.preprocessing[0] ("suvbw") is for the channel "ct", whose modality is "CT"; only PT',
    ],
    [
      'several channels repeated',
      gliomaMr(),
      at(3, { transform: 'repeatChannel', repeats: 3 }),
      '$.preprocessing[3] ("repeatChannel") meets 4 channels',
    ],
    [
      'a thick letterbox',
      chestFilm(),
      [
        ['preprocessing', 1, 'spatialSize'],
        [224, 224, 3],
      ],
      '$.preprocessing[1].spatialSize is [224,224,3]; for a two-dimensional network the third number must be 1.',
    ],
  ])('with %s', (_, manifest, [path, value], sentence) => {
    expect(problemsOf(manifest, path, value)).toEqual([expect.stringContaining(sentence)]);
  });

  it.each([
    ['Lambdad', 'a manifest carries no code'],
    ['RandGaussianNoised', 'is for training only'],
    ['LoadImaged', 'the viewer loads the images itself: remove it.'],
    ['EnsureTyped', 'the viewer makes the tensors itself: remove it.'],
    ['ScaleIntensityRanged', '(did you mean "scaleIntensityRange"?); allowed: '],
  ])('named as MONAI names %s', (transform, sentence) => {
    const [problem, ...others] = problemsOf(abdomenCt(), ['preprocessing', 2], { transform });
    expect(problem).toContain(`$.preprocessing[2].transform is "${transform}"`);
    expect(problem).toContain(sentence);
    expect(others).toEqual([]);
  });
});

describe('postprocessing', () => {
  it.each<[string, Record<string, unknown>, object[], string]>([
    [
      'a label map brought back that is not there',
      chestFilm(),
      [{ transform: 'invert' }],
      '$.postprocessing[0] is "invert", which brings a label map back onto the source\'s grid; an output of type "classification" has none',
    ],
    [
      'a step on a label map that is not there',
      noduleCt(),
      [{ transform: 'fillHoles', appliedLabels: [1] }],
      '$.postprocessing[0] is "fillHoles", a step on a label map; an output of type "centerHeatmap" has none',
    ],
    [
      'a label that is not there',
      abdomenCt(),
      [{ transform: 'invert' }, { transform: 'fillHoles', appliedLabels: [1, 7] }],
      "$.postprocessing[1].appliedLabels[1] is 7; the values of $.outputs' labels are 1, 2.",
    ],
  ])('with %s', (_, manifest, steps, sentence) => {
    expect(problemsOf(manifest, ['postprocessing'], steps)).toEqual([
      expect.stringContaining(sentence),
    ]);
  });
});
