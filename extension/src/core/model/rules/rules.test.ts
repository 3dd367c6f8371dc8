import { abdomenCt, changed, chestFilm, gliomaMr, noduleCt, petCt } from '../testing/manifests';
import { readManifest } from '../validate';

type Path = Array<string | number>;
const problemsOf = (manifest: Record<string, unknown>, path: Path, value: unknown): string[] =>
  readManifest(changed(manifest, path, value)).problems;

const label = (abdomenCt().outputs as Array<{ labels: object[] }>)[0].labels[0];
const film = (chestFilm().outputs as object[])[0];
const heat = (noduleCt().outputs as object[])[0];
const attention = (noduleCt().outputs as object[])[1];
const burden = (petCt().outputs as Array<{ values: object[] }>)[0];
const volume = burden.values[0];
const boxes = {
  type: 'boxes',
  boxes: 'b',
  scores: 's',
  labels: (heat as { labels: object[] }).labels,
};
const folds = [1, 2, 3].map(k => ({
  role: 'network',
  path: `fold-${k}.onnx`,
  sha256: `${k}`.repeat(64),
  bytes: 1,
}));
const fixture = { role: 'fixture', path: 'f.safetensors', sha256: 'e'.repeat(64), bytes: 1 };

describe('manifests of every task', () => {
  it.each([
    ['segmentation', abdomenCt()],
    ['segmentation of regions', gliomaMr()],
    ['classification', chestFilm()],
    ['detection', noduleCt()],
    ['regression', petCt()],
    ['boxes', changed(noduleCt(), ['outputs', 0], boxes)],
    [
      'an ensemble',
      changed(
        changed(abdomenCt(), ['files'], [...folds, fixture]),
        ['postprocessing'],
        [{ transform: 'meanEnsemble', weights: [1, 1, 2] }, { transform: 'invert' }],
      ),
    ],
    [
      'class numbers',
      changed(
        changed(
          changed(abdomenCt(), ['outputs', 0, 'encoding'], 'labels'),
          ['outputs', 0, 'activation'],
          'none',
        ),
        ['postprocessing', 0, 'resample'],
        'labels',
      ),
    ],
    [
      'pictures slice by slice',
      changed(
        changed(abdomenCt(), ['inference'], { inferer: 'slice', neighbours: 1 }),
        ['inputs', 0, 'spatialAxes'],
        'yx',
      ),
    ],
  ])('are read: %s', (_, manifest) => {
    expect(readManifest(manifest).problems).toEqual([]);
  });
});

describe('files', () => {
  it.each<[string, Path, unknown, string]>([
    ['no network', ['files'], [fixture], '$.files has no file of role "network"; at least 1'],
    [
      'two fixtures',
      ['files'],
      [folds[0], fixture, { ...fixture, path: 'g.safetensors' }],
      '$.files has 2 files of role "fixture"; at most 1 is allowed.',
    ],
    [
      'a fixture in another form',
      ['files'],
      [folds[0], { ...fixture, path: 'input.npy' }],
      '$.files[1].path is "input.npy"; a fixture is a .safetensors file.',
    ],
    [
      'one fold under two names',
      ['files'],
      [folds[0], { ...folds[0], path: 'copy.onnx' }],
      '$.files[1].sha256 is the same as that of $.files[0]',
    ],
    [
      'a mean of one network',
      ['postprocessing'],
      [{ transform: 'meanEnsemble' }, { transform: 'invert' }],
      '$.postprocessing[0] is "meanEnsemble" but $.files has 1 file of role "network"',
    ],
  ])('with %s', (_, path, value, sentence) => {
    expect(problemsOf(abdomenCt(), path, value).join('\n')).toContain(sentence);
  });

  const ensemble = changed(abdomenCt(), ['files'], folds);
  it.each<[string, object[], string]>([
    [
      'after another step',
      [{ transform: 'invert' }, { transform: 'meanEnsemble' }],
      '$.postprocessing[1] is "meanEnsemble" after 1 other step; the mean of the scores is taken before',
    ],
    [
      'twice',
      [{ transform: 'meanEnsemble' }, { transform: 'meanEnsemble' }, { transform: 'invert' }],
      '$.postprocessing[1] is a second "meanEnsemble"',
    ],
    [
      'with too few weights',
      [{ transform: 'meanEnsemble', weights: [1, 2] }, { transform: 'invert' }],
      '$.postprocessing[0].weights is [1,2]; 3 are needed, one a file of role "network".',
    ],
  ])('joined by a mean %s', (_, steps, sentence) => {
    expect(problemsOf(ensemble, ['postprocessing'], steps)).toEqual([
      expect.stringContaining(sentence),
    ]);
  });
});

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

describe('outputs', () => {
  const output = (index: number, key: string): Path => ['outputs', index, key];
  it.each<[string, Record<string, unknown>, Path, unknown, string]>([
    [
      'nothing but maps',
      noduleCt(),
      ['outputs'],
      [attention],
      '$.outputs has 1 output of type "map" and no other; for the task "detection" exactly 1 of type "boxes" or "centerHeatmap" is needed',
    ],
    [
      'one foreground channel with softmax',
      abdomenCt(),
      output(0, 'classes'),
      1,
      '$.outputs[0].classes is 1 with the activation "softmax", where class 0 is background; for one foreground channel use "sigmoid"',
    ],
    [
      'a region beyond the channels',
      gliomaMr(),
      ['outputs', 0, 'labels', 1, 'value'],
      3,
      '$.outputs[0].labels[1].value is 3; with 2 channels ("classes") and the activation "sigmoid" 1 to 2 are allowed: channel c',
    ],
    [
      'class numbers with an activation',
      abdomenCt(),
      output(0, 'encoding'),
      'labels',
      '$.outputs[0].activation is "softmax" but its encoding is "labels"',
    ],
    [
      'no size at all',
      noduleCt(),
      output(0, 'size'),
      undefined,
      '$.outputs[0] has neither "size" (an ONNX output) nor "fixedSize" (millimetres)',
    ],
    ['both sizes', noduleCt(), output(0, 'fixedSize'), 8, '$.outputs[0] has both "size" and'],
    [
      'cells that do not fit the window',
      noduleCt(),
      output(0, 'stride'),
      [4, 4, 5],
      '$.outputs[0].stride[2] is 5, which does not divide $.inference.roiSize[2], 64 less 16 of outputMargin',
    ],
    [
      'boxes of pictures',
      noduleCt(),
      ['outputs', 0],
      { ...boxes, boxAxes: 'xy' },
      '$.outputs[0].boxAxes is "xy" but $.inputs[0].spatialAxes is "zyx"',
    ],
    [
      'several labels of which one is true',
      chestFilm(),
      output(0, 'activation'),
      'softmax',
      '$.outputs[0].multiLabel is true with the activation "softmax"',
    ],
    [
      'one class twice',
      chestFilm(),
      ['outputs', 0, 'labels', 1, 'value'],
      0,
      '$.outputs[0].labels[1].value is 0, as that of labels[0]',
    ],
    [
      'one number twice',
      petCt(),
      output(0, 'values'),
      [volume, { ...volume, key: 'sum' }],
      '$.outputs[0].values[1].index is 0, as that of values[0]',
    ],
    [
      'one key twice',
      petCt(),
      output(0, 'values'),
      [volume, { ...volume, index: 1 }],
      '$.outputs[0].values[1].key is "volume", as that of values[0]',
    ],
    [
      'a scale of nothing',
      petCt(),
      ['outputs', 0, 'values', 0, 'scale'],
      0,
      '$.outputs[0].values[0].scale is 0',
    ],
    [
      'one map twice',
      noduleCt(),
      ['outputs', 2],
      attention,
      '$.outputs[2].key is "attention", as that of $.outputs[1]',
    ],
    [
      'a map of a channel that is not there',
      abdomenCt(),
      ['outputs', 1],
      { ...attention, name: 'output', channel: 3 },
      '$.outputs[1].channel is 3; the output "output" has 3 classes, so 0 to 2 is allowed.',
    ],
    [
      'a measurement twice',
      abdomenCt(),
      ['measurements'],
      ['volume', 'volume'],
      '$.measurements[1] is "volume", which is named before',
    ],
    [
      'thresholds where the largest score wins',
      abdomenCt(),
      ['operatingPoints'],
      [{ key: 'a', name: { en: 'A' }, threshold: 0.5 }],
      '$.operatingPoints is given but a label map with the activation "softmax" takes the class with the largest score',
    ],
    [
      'thresholds on values',
      petCt(),
      ['operatingPoints'],
      [{ key: 'a', name: { en: 'A' }, threshold: 0.5 }],
      '$.operatingPoints is given but an output of type "regression" has values, not scores',
    ],
    [
      'a threshold twice',
      gliomaMr(),
      ['operatingPoints', 1, 'key'],
      'balanced',
      '$.operatingPoints[1].key is "balanced", as that of operatingPoints[0]',
    ],
  ])('with %s', (_, manifest, path, value, sentence) => {
    expect(problemsOf(manifest, path, value)[0]).toContain(sentence);
  });

  it('of another task than was said', () => {
    expect(problemsOf(abdomenCt(), ['outputs', 0], film).join('\n')).toContain(
      '$.outputs[0].type is "classification" but $.task is "segmentation", which has an output of type "labelMap"; for this output the task is "classification".',
    );
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

describe('gates', () => {
  it.each<[string, object, string]>([
    [
      'a modality that the first channel has not',
      { gate: 'modality', allowed: ['MR', 'PT'] },
      '$.gates[0].allowed is ["MR","PT"], without "CT" of the first channel',
    ],
    ['no limit', { gate: 'patientAge' }, '$.gates[0] ("patientAge") has neither "min" nor "max"'],
  ])('with %s', (_, gate, sentence) => {
    expect(problemsOf(abdomenCt(), ['gates', 0], gate)).toEqual([
      expect.stringContaining(sentence),
    ]);
  });

  it('with a kernel for what is no CT', () => {
    const gate = { gate: 'convolutionKernel', allowed: ['B30f'] };
    expect(problemsOf(gliomaMr(), ['gates', 1], gate)).toEqual([
      expect.stringContaining(
        '$.gates[1] asks for a ConvolutionKernel ("B30f"), which only CT has',
      ),
    ]);
  });
});

describe('what is still to be written', () => {
  it('is named wherever it stands', () => {
    const manifest = changed(
      abdomenCt(),
      ['outputs', 0, 'labels'],
      [
        { ...label, value: 1, name: { en: 'TODO: name of label 1' } },
        { ...label, value: 2, key: 'two' },
      ],
    );
    expect(problemsOf(manifest, ['facts', 'intendedUse', 'en'], 'TODO: intended use')).toEqual([
      '$.outputs[0].labels[0].name.en is "TODO: name of label 1"; still to be filled in.',
      '$.facts.intendedUse.en is "TODO: intended use"; still to be filled in.',
    ]);
  });
});
