import { Arguments } from './arguments';
import { BundleConfig, ConfigProblem } from './config';
import { evaluate, ExpressionProblem } from './expression';
import { readInferer } from './inferer';
import { readPostprocessing } from './postprocessing';
import { PREPROCESSING, type TransformContext } from './preprocessing';

const nothing = () => {
  throw new Error('no reference was expected');
};

describe('expressions', () => {
  it.each([
    ['2 * 3 + 1', 7],
    ['7 // 2', 3],
    ['-2 ** 2', -4],
    ['-7 % 3', 2],
    ['[1.5] * 3', [1.5, 1.5, 1.5]],
    ['(96, 96, 96)[-1]', 96],
    ['tuple([1, 2]) + (3,)', [1, 2, 3]],
    ['None', null],
    ['len([1, 2, 3]) >= 3', true],
    ['max(4, min([2, 9]))', 4],
    ['"a" + \'b\'', 'ab'],
    ['lambda x: x > -500', { lambda: '>', than: -500 }],
  ])('%s', (text, expected) => expect(evaluate(text, nothing)).toEqual(expected));

  it.each(['torch.device("cpu")', '__import__("os")', 'x', '1 +', '[1, 2', '1 2', '{}'])(
    '%s is a problem, not a guess',
    text => expect(() => evaluate(text, nothing)).toThrow(ExpressionProblem),
  );
});

describe('BundleConfig', () => {
  const config = new BundleConfig({
    size: [96, '$@half * 2', 64],
    half: 48,
    copy: '@size',
    device: "$torch.device('cuda')",
    circle: '@circle',
    first: {
      _target_: 'Compose',
      transforms: [{ _target_: 'A' }, { _target_: 'B', _disabled_: true }],
    },
    both: '$@first + @second',
    second: [{ _target_: 'monai.transforms.Cd', keys: '@device' }],
  });

  it('follows references and evaluates expressions', () => {
    expect(config.get('copy')).toEqual([96, 96, 64]);
    expect(config.get('copy::1')).toBe(96);
    expect(config.raw('copy#0')).toBe(96);
  });

  it('joins lists of transforms and leaves out what is disabled', () => {
    expect(config.components('both').map(({ id }) => id)).toEqual([
      'first::transforms::0',
      'second::0',
    ]);
  });

  it('says where it cannot go on', () => {
    expect(() => config.get('device')).toThrow(
      /device: the expression "\$torch\.device\('cuda'\)"/,
    );
    expect(() => config.get('circle')).toThrow(/circle: its references go in a circle/);
    expect(() => config.get('missing')).toThrow(ConfigProblem);
  });
});

const args = (component: Record<string, unknown>) =>
  new Arguments(new BundleConfig({ at: component }), 'at', component);
const notes: string[] = [];
const context: TransformContext = {
  ...{ axes: 3, channels: 1, keys: ['image'], monaiVersion: '1.3.0' },
  note: text => notes.push(text),
};
const step = (component: Record<string, unknown>, given = context) => {
  const read = args(component);
  return PREPROCESSING[read.name](read, given);
};

describe('preprocessing', () => {
  it.each([
    [
      { _target_: 'Spacingd', pixdim: [1.5, 1.5, 2], mode: ['bilinear'] },
      { transform: 'spacing', pixdim: [1.5, 1.5, 2], mode: 'bilinear', paddingMode: 'border' },
    ],
    [
      {
        _target_: 'monai.transforms.ScaleIntensityRangeD',
        a_min: -57,
        a_max: 164,
        b_min: 0,
        b_max: 1,
        clip: true,
      },
      { transform: 'scaleIntensityRange', aMin: -57, aMax: 164, bMin: 0, bMax: 1, clip: true },
    ],
    [
      { _target_: 'NormalizeIntensityDict', nonzero: true, channel_wise: true },
      { transform: 'normalizeIntensity', nonzero: true, channelWise: true },
    ],
    [
      { _target_: 'ScaleIntensityd', factor: 0.5 },
      { transform: 'scaleIntensityRange', aMin: 0, aMax: 1, bMin: 0, bMax: 1.5, clip: false },
    ],
    [
      { _target_: 'SpatialPadd', spatial_size: 96, mode: 'edge', method: 'end' },
      { transform: 'spatialPad', spatialSize: [96, 96, 96], mode: 'edge', method: 'end' },
    ],
  ])('%j', (component, expected) => expect(step(component)).toEqual([expected]));

  it('takes the default of the bundle’s own MONAI', () => {
    const crop = { _target_: 'CropForegroundd', source_key: 'image', margin: 5 };
    expect(step(crop)[0]).toMatchObject({ allowSmaller: true, margin: [5, 5, 5] });
    const newer = { ...context, monaiVersion: '1.5.0' };
    expect(step(crop, newer)[0]).toMatchObject({ allowSmaller: false });
  });

  it.each([
    [{ _target_: 'Spacingd', pixdim: [1, 1, -1] }, 'at::pixdim: it is [1, 1, -1]'],
    [{ _target_: 'Spacingd', pixdim: [1, 1, 1], mode: 3 }, 'at::mode: it is "3"'],
    [{ _target_: 'ScaleIntensityRanged', a_min: 0, a_max: 1, b_min: null, b_max: 1 }, 'at::b_min'],
    [{ _target_: 'Orientationd', axcodes: 'XYZ' }, 'at::axcodes'],
    [{ _target_: 'CropForegroundd', select_fn: '$lambda x: x < 3' }, 'at::select_fn'],
    [{ _target_: 'Resized', spatial_size: [8, 8, -1] }, 'at::spatial_size'],
  ])('%j is refused by its id', (component, where) => expect(() => step(component)).toThrow(where));
});

describe('postprocessing', () => {
  const read = (list: Record<string, unknown>[], unknown: () => void = nothing) =>
    readPostprocessing(list.map(args), [1, 2], 2, unknown);
  const argmax = { _target_: 'AsDiscreted', argmax: true };
  const invert = { _target_: 'Invertd' };

  it('resamples scores or labels as the order says', () => {
    expect(read([invert, argmax]).steps).toEqual([{ transform: 'invert', resample: 'logits' }]);
    expect(read([argmax, invert]).steps).toEqual([{ transform: 'invert', resample: 'labels' }]);
  });

  it('brings the result back even where the bundle does not', () => {
    expect(read([argmax]).steps).toEqual([{ transform: 'invert', resample: 'logits' }]);
    const keep = { _target_: 'KeepLargestConnectedComponentd' };
    expect(read([argmax, keep]).steps.map(({ transform }) => transform)).toEqual([
      'keepLargestConnectedComponent',
      'invert',
    ]);
  });

  it('tells softmax, regions and their threshold', () => {
    const sigmoid = { _target_: 'Activationsd', sigmoid: true };
    const found = read([sigmoid, { _target_: 'AsDiscreted', threshold: 0.3 }]);
    expect(found).toMatchObject({ activation: 'sigmoid', threshold: 0.3 });
    expect(read([{ _target_: 'Activationsd', softmax: true }, argmax]).activation).toBe('softmax');
  });

  it('small objects are millimetres where the grid is known, and asked for where it is not', () => {
    const small = { _target_: 'RemoveSmallObjectsd', min_size: 50 };
    expect(read([argmax, small, invert]).steps[0]).toMatchObject({ minSizeMm3: 100 });
    expect(() => read([invert, argmax, small])).toThrow(/at::min_size: it is 50 voxels/);
  });
});

describe('inferers', () => {
  it('reads a sliding window with MONAI’s defaults', () => {
    const given = args({ _target_: 'SlidingWindowInferer', roi_size: [96, 96, 64] });
    expect(readInferer(given, 3)).toEqual({
      inferer: 'slidingWindow',
      roiSize: [96, 96, 64],
      overlap: 0.25,
      mode: 'constant',
      sigmaScale: 0.125,
      paddingMode: 'constant',
      cval: 0,
    });
    expect(readInferer(args({ _target_: 'SaliencyInferer' }), 3)).toBeUndefined();
  });
});
