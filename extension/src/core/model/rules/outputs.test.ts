import { abdomenCt, chestFilm, gliomaMr, noduleCt, petCt } from '../testing/manifests';
import { problemsOf, film, attention, volume, boxes, type Path } from '../testing/problems';

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
