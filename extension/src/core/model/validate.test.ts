import { readFileSync } from 'node:fs';
import path from 'node:path';
import { manifestJsonSchema } from './jsonSchema';
import { didYouMean, parseManifest, readManifest } from './validate';

const concept = { value: '39607008', scheme: 'SCT', meaning: 'Lung' };
const label = (value: number, key: string) => ({
  value,
  key,
  name: { en: key },
  category: concept,
  type: concept,
  recommendedDisplayCIELab: [60, 20, -20],
});

type Json = Record<string, unknown>;
const valid = (): Json => ({
  schemaVersion: 1,
  id: 'ct-lungs',
  version: '1.0.0',
  name: { en: 'Lungs on CT' },
  task: 'segmentation',
  files: [{ role: 'network', path: 'model.onnx', sha256: 'a'.repeat(64), bytes: 1000 }],
  inputs: [{ name: 'image', spatialAxes: 'zyx', channels: [{ modality: 'CT' }] }],
  gates: [
    { gate: 'modality', allowed: ['CT'] },
    { gate: 'sliceSpacing', max: 5 },
  ],
  preprocessing: [
    { transform: 'orientation', axcodes: 'LPS' },
    { transform: 'spacing', pixdim: [3, 3, 3] },
    { transform: 'scaleIntensityRange', aMin: -1000, aMax: 400, bMin: 0, bMax: 1 },
  ],
  inference: { inferer: 'slidingWindow', roiSize: [96, 96, 96] },
  outputs: [
    {
      type: 'labelMap',
      name: 'logits',
      activation: 'softmax',
      classes: 3,
      labels: [label(1, 'left-lung'), label(2, 'right-lung')],
    },
  ],
  postprocessing: [
    { transform: 'invert' },
    { transform: 'keepLargestConnectedComponent', appliedLabels: [1, 2] },
  ],
  facts: {
    intendedUse: { en: 'Research' },
    limitations: [{ en: 'None known' }],
    licence: 'MIT',
    trainingData: { en: 'CT' },
    manufacturer: 'Second Reader',
    algorithmFamily: { value: '123109', scheme: 'DCM', meaning: 'Artificial Intelligence' },
  },
});

/** A valid manifest with the value at a path replaced; undefined removes it. */
function with_(at: Array<string | number>, value: unknown): Json {
  const manifest = valid();
  const parent = at.slice(0, -1).reduce<Json>((node, part) => node[part] as Json, manifest);
  if (value === undefined) {
    delete parent[at[at.length - 1]];
  } else {
    parent[at[at.length - 1]] = value;
  }
  return manifest;
}

describe('parseManifest', () => {
  it('fills in defaults', () => {
    const outcome = parseManifest(valid());
    expect(outcome).toMatchObject({
      ok: true,
      value: {
        autoRun: true,
        inference: { overlap: 0.25, mode: 'gaussian', sigmaScale: 0.125 },
        postprocessing: [{ resample: 'logits' }, { independent: true, connectivity: 1 }],
      },
    });
  });

  it.each<[string, Json, string[]]>([
    [
      'an unknown key, with what was meant',
      with_(['inference', 'roisize'], [1, 1, 1]),
      ['$.inference has an unknown key "roisize" (did you mean "roiSize"?); allowed: '],
    ],
    [
      'an unknown key in one of several kinds of step',
      with_(['gates', 1, 'maximum'], 5),
      ['$.gates[1] has an unknown key "maximum"', 'allowed: gate, min, max, message.'],
    ],
    ['a missing key', with_(['version'], undefined), ['$.version is missing; a text is needed.']],
    [
      'a wrong type',
      with_(['preprocessing', 1, 'pixdim', 2], '3'),
      ['$.preprocessing[1].pixdim[2] is "3"; a number is needed.'],
    ],
    [
      'an unknown step, with what was meant',
      with_(['preprocessing', 0, 'transform'], 'orientaton'),
      ['$.preprocessing[0].transform is "orientaton" (did you mean "orientation"?); allowed: '],
    ],
    [
      'a word that is not allowed',
      with_(['inputs', 0, 'spatialAxes'], 'yxz'),
      ['$.inputs[0].spatialAxes is "yxz"', 'allowed: "xyz", "zyx", "xy", "yx".'],
    ],
    [
      'a number out of range',
      with_(['inference', 'overlap'], 0.95),
      ['is 0.95; at most 0.9 is allowed.'],
    ],
    ['an empty list', with_(['files'], []), ['$.files is []; at least 1 item is needed.']],
    [
      'a wrong connectivity',
      with_(['postprocessing', 1, 'connectivity'], 26),
      ['connectivity is 26; allowed: 1 (6 neighbours), 2 (18 neighbours), 3 (26 neighbours).'],
    ],
    [
      'a name without its language',
      with_(['outputs', 0, 'labels', 0, 'name'], 'Left lung'),
      ['$.outputs[0].labels[0].name is "Left lung"; a text by language is needed, such as {"en"'],
    ],
    [
      'a word in place of a code',
      with_(['outputs', 0, 'labels', 0, 'type'], 'Lung'),
      ['$.outputs[0].labels[0].type is "Lung"; a coded concept is needed, such as {"value"'],
    ],
    [
      'numbers as text',
      with_(['preprocessing', 2], { transform: 'normalizeIntensity', subtrahend: ['0.4'] }),
      ['subtrahend is ["0.4"]; a number, or a list of one number a channel, is needed.'],
    ],
    [
      'a class of MONAI',
      with_(['inference', 'inferer'], 'SlidingWindowInferer'),
      ['"SlidingWindowInferer" (did you mean "slidingWindow"?); allowed: "slidingWindow"'],
    ],
    [
      'a vector of four',
      with_(['inference', 'roiSize'], [1, 96, 96, 96]),
      ['$.inference.roiSize is [1,96,96,96]; it has 4 numbers, exactly 3 are needed'],
    ],
    [
      'a bad hash',
      with_(['files', 0, 'sha256'], 'ABC'),
      ['$.files[0].sha256 is "ABC"; needed: a SHA-256 as 64 lower-case hexadecimal digits, as'],
    ],
    [
      'a path that leaves the package',
      with_(['files', 0, 'path'], '../x.onnx'),
      ['a path inside the package'],
    ],
    [
      'no English text',
      with_(['name'], { uk: 'Легені' }),
      ['$.name is {"uk":"Легені"}; an "en" text is required'],
    ],
    [
      'a manifest that is no object',
      null as unknown as Json,
      ['$ is null; an object, { … }, is needed.'],
    ],
    [
      'a label beyond the classes',
      with_(['outputs', 0, 'labels', 1, 'value'], 3),
      [
        '$.outputs[0].labels[1].value is 3; with 3 channels ("classes") and the activation "softmax" 1 to 2 are allowed',
        "appliedLabels[1] is 2; the values of $.outputs' labels are 1, 3.",
      ],
    ],
    [
      'a label value twice',
      with_(['outputs', 0, 'labels', 1, 'value'], 1),
      ['$.outputs[0].labels[1].value is 1, as that of labels[0]'],
    ],
    [
      'a label key twice',
      with_(['outputs', 0, 'labels', 1, 'key'], 'left-lung'),
      ['labels[1].key is "left-lung", as that of labels[0]'],
    ],
    [
      'a colour that is none',
      with_(['outputs', 0, 'labels', 0, 'recommendedDisplayCIELab'], [120, 0, 0]),
      ['recommendedDisplayCIELab is [120,0,0]; CIELab is L* 0 to 100'],
    ],
    [
      'no invert step',
      with_(['postprocessing'], []),
      ['$.postprocessing has 0 "invert" steps; exactly 1'],
    ],
    [
      'two invert steps',
      with_(
        ['postprocessing'],
        [{ transform: 'invert' }, { transform: 'invert', resample: 'labels' }],
      ),
      ['$.postprocessing has 2 "invert" steps'],
    ],
    [
      'logits resampled after a step on labels',
      with_(
        ['postprocessing'],
        [{ transform: 'fillHoles', appliedLabels: [1] }, { transform: 'invert' }],
      ),
      ['$.postprocessing[1] resamples logits after 1 step on the label map'],
    ],
    [
      'two networks',
      with_(['files', 1], {
        role: 'network',
        path: 'model.onnx',
        sha256: 'b'.repeat(64),
        bytes: 1,
      }),
      [
        '$.files has 2 files of role "network"; with more than 1 the first step of $.postprocessing',
        '$.files[1].path is "model.onnx", which is named before',
      ],
    ],
    [
      'a gate of nothing',
      with_(['gates', 1], { gate: 'sliceCount' }),
      ['$.gates[1] ("sliceCount") has neither "min" nor "max"'],
    ],
    [
      'a range turned over',
      with_(['gates', 1], { gate: 'sliceCount', min: 9, max: 3 }),
      ['$.gates[1].min is 9; at most its max, 3'],
    ],
    [
      'axis codes of one axis',
      with_(['preprocessing', 0, 'axcodes'], 'LRS'),
      ['$.preprocessing[0].axcodes is "LRS", which names an axis of the body twice; one of L/R'],
    ],
    [
      'an empty intensity range',
      with_(['preprocessing', 2, 'aMax'], -1000),
      ['$.preprocessing[2].aMin is -1000, the same as aMax'],
    ],
    [
      'a window too large',
      with_(['inference', 'roiSize'], [1024, 1024, 1024]),
      ['$.inference.roiSize is [1024,1024,1024]'],
    ],
    [
      'two channels of one key',
      with_(['inputs', 0, 'channels', 1], { modality: 'MR' }),
      ['$.inputs[0].channels[1].key is "image", as that of $.inputs[0].channels[0]'],
    ],
  ])('names %s', (_, json, sentences) => {
    const { problems } = readManifest(json);
    for (const sentence of sentences) {
      expect(problems.join(' ')).toContain(sentence);
    }
    const outcome = parseManifest(json);
    expect(outcome).toMatchObject({
      ok: false,
      refusal: { code: 'manifestInvalid', values: { count: problems.length } },
    });
  });

  it('suggests only what is near', () => {
    expect(didYouMean('gates2', ['gates', 'files'])).toBe('gates');
    expect(didYouMean('banana', ['gates', 'files'])).toBeUndefined();
  });
});

describe('models/model.schema.json', () => {
  it('is what the zod schema says (npx tsx tests/golden/make_schema.ts writes it)', () => {
    const file = path.resolve(__dirname, '../../../../models/model.schema.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(manifestJsonSchema())),
    );
  });
});
