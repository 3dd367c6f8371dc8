import { abdomenCt, changed, chestFilm, gliomaMr, noduleCt, petCt } from '../testing/manifests';
import { problemsOf, label, boxes, folds, fixture } from '../testing/problems';
import { readManifest } from '../validate';

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
