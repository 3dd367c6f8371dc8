import { liverChain } from '../testing/chainManifest';
import { changed } from '../testing/manifests';
import { readManifest } from '../validate';

type Path = Array<string | number>;
const problemsOf = (path: Path, value: unknown): string[] =>
  readManifest(changed(liverChain(), path, value)).problems;

const region = { type: 'labelMap', name: 'mask', activation: 'sigmoid', classes: 2 };
const fed = ['stages', 2, 'inputs', 0, 'channels', 0];

describe('a chain of networks', () => {
  it('is valid with every use of an earlier stage', () => {
    expect(readManifest(liverChain()).problems).toEqual([]);
  });

  it.each<[string, Path, unknown, RegExp]>([
    ['a key twice', ['stages', 3, 'key'], 'liver', /^\$\.stages\[3\]\.key is "liver", as that of/],
    [
      'a file of no stage',
      ['files', 0, 'stage'],
      'lever',
      /^\$\.files\[0\]\.stage is "lever" \(did you mean "liver"\?\); the stages are "liver", /,
    ],
    [
      'a stage without a file',
      ['files', 0, 'stage'],
      'atlas',
      /^\$\.files has no file of role "network" and "stage": "liver"; at least 1 is needed/,
    ],
    [
      'a region of what is no stage',
      ['preprocessing', 0, 'stage'],
      'spleen',
      /^\$\.preprocessing\[0\]\.stage is "spleen"; the stages before it are "liver", /,
    ],
    [
      'a region of a stage without a label map',
      ['preprocessing', 0, 'stage'],
      'priors',
      /^\$\.preprocessing\[0\]\.stage is "priors", which has no output of type "labelMap"/,
    ],
    [
      'a region of a stage and of a channel',
      ['preprocessing', 0, 'sourceKey'],
      'ct',
      /^\$\.preprocessing\[0\] has both "stage" and "sourceKey"/,
    ],
    [
      'a stage that runs later',
      ['stages', 0, 'preprocessing'],
      [{ transform: 'cropForeground', stage: 'atlas' }],
      /^\$\.stages\[0\]\.preprocessing\[0\]\.stage is "atlas"; no stage stands before it\.$/,
    ],
    [
      'a channel beyond the tensor',
      [...fed, 'channel'],
      3,
      /^\$\.stages\[2\].*channel is 3; the output "priors" has 3 channels, so 0 to 2 is allowed\.$/,
    ],
    ['a mask beyond it', [...fed, 'multiplyBy'], 7, /multiplyBy is 7; .* 0 to 2 is allowed\.$/],
    [
      'an output that is no tensor',
      [...fed, 'output'],
      'prior',
      /output is "prior"; the outputs of type "tensor" of stage "priors" are "priors"\.$/,
    ],
    [
      'a channel of no input',
      ['networkInputs', 0, 'channels', 0, 'key'],
      'pet',
      /^\$\.networkInputs\[0\]\.channels\[0\]\.key is "pet"; the channels of \$\.inputs are "ct"/,
    ],
    [
      'two label maps of a stage',
      ['stages', 0, 'outputs'],
      [region, { ...region, name: 'other' }],
      /^\$\.stages\[0\]\.outputs has 2 outputs of type "labelMap"; at most 1 is allowed\.$/,
    ],
    [
      'no way back to the source',
      ['stages', 0, 'postprocessing'],
      [],
      /^\$\.stages\[0\]\.postprocessing has 0 "invert" steps; exactly 1 is needed/,
    ],
    [
      'a step on a label that the stage does not give',
      ['stages', 0, 'postprocessing', 1, 'appliedLabels'],
      [3],
      /^\$\.stages\[0\]\.postprocessing\[1\]\.appliedLabels\[0\] is 3; .* are 1, 2\.$/,
    ],
    [
      'steps on a label map that is none',
      ['stages', 1, 'postprocessing'],
      [{ transform: 'invert' }],
      /^\$\.stages\[1\]\.postprocessing has 1 step on a label map/,
    ],
    [
      'one class against background alone',
      ['stages', 0, 'outputs', 0],
      { ...region, activation: 'softmax', classes: 1 },
      /^\$\.stages\[0\]\.outputs has 1 class with the activation "softmax"/,
    ],
    [
      'a label of no stage',
      ['outputs', 0, 'labels', 0, 'from', 'stage'],
      'livers',
      /^\$\.outputs\[0\]\.labels\[0\]\.from\.stage is "livers"/,
    ],
    [
      'a label of a stage without a label map',
      ['outputs', 0, 'labels', 0, 'from', 'stage'],
      'priors',
      /from\.stage is "priors", which has no output of type "labelMap"; no label comes from it\.$/,
    ],
    [
      'a value that the stage does not give',
      ['outputs', 0, 'labels', 1, 'from', 'value'],
      3,
      /^\$\.outputs\[0\]\.labels\[1\]\.from\.value is 3; .* stage "atlas" has the values 1 to 2/,
    ],
    [
      'a template of no registration',
      ['stages', 3, 'preprocessing', 0, 'stage'],
      'priors',
      /^\$\.stages\[3\]\.preprocessing\[0\]\.stage is "priors", which has no output of type "affine"/,
    ],
    [
      'scores that are decided on the template',
      ['stages', 3, 'postprocessing', 0, 'resample'],
      'labels',
      /"resample": "logits" is needed in \$\.stages\[3\]\.postprocessing\.$/,
    ],
    [
      'a tensor on the template',
      ['stages', 3, 'outputs', 1],
      { type: 'tensor', name: 't', channels: 1 },
      /from where an output of type "tensor" does not come back/,
    ],
    [
      'another spacing on the template',
      ['stages', 3, 'preprocessing', 1],
      { transform: 'spacing', pixdim: [1, 1, 1] },
      /^\$\.stages\[3\]\.preprocessing\[0\] is followed by "orientation" or "spacing"/,
    ],
    [
      'a crop of nothing',
      ['stages', 3, 'preprocessing', 1, 'roiEnd'],
      [72, 8, 54],
      /^\$\.stages\[3\]\.preprocessing\[1\]\.roiEnd\[1\] is 8; more than roiStart\[1\], 8, is needed/,
    ],
    [
      'a margin that leaves nothing of a window',
      ['stages', 0, 'inference', 'outputMargin'],
      [48, 0, 0],
      /^\$\.stages\[0\]\.inference\.outputMargin\[0\] is 48; less than half/,
    ],
    [
      'half of a window along a whole axis',
      ['inference', 'roiSize'],
      [0, 96, 96],
      /^\$\.inference\.roiSize\[0\] is 0; a whole number of voxels from 1 on, or -1/,
    ],
  ])('refuses %s', (_, path, value, message) => {
    const problems = problemsOf(path, value);
    expect(problems.some(problem => message.test(problem))).toBe(true);
  });

  it('asks for a mean where a stage is an ensemble', () => {
    const chain = liverChain();
    const [first] = chain.files as object[];
    const more = [
      ...(chain.files as object[]),
      { ...first, path: 'b.onnx', sha256: '9'.repeat(64) },
    ];
    expect(readManifest(changed(chain, ['files'], more)).problems).toEqual([
      expect.stringMatching(
        /^\$\.files has 2 files of role "network" and "stage": "liver"; .* \$\.stages\[0\]\.postprocessing must be/,
      ),
    ]);
  });

  it('knows no source of a label without stages', () => {
    const chain = changed(
      changed(liverChain(), ['stages'], undefined),
      ['networkInputs'],
      undefined,
    );
    const { problems } = readManifest(chain);
    expect(problems).toContain(
      '$.outputs[0].labels[0].from is given and there are no $.stages; remove it.',
    );
  });
});
