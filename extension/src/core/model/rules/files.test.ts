import { abdomenCt, changed } from '../testing/manifests';
import { problemsOf, folds, fixture, type Path } from '../testing/problems';

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
