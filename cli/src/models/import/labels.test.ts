import { labToRgb } from '@second-reader/core/findings/labColour';
import { rgbToLab } from './colours';
import { conceptsOf, parseLabels, privateScheme } from './labels';

const read = (json: unknown) => {
  const parsed = parseLabels(json, 'labels.json');
  if (!parsed.ok) throw new Error(parsed.refusal.message);
  return parsed.value;
};

describe('labels', () => {
  it('are read in every form people keep them in', () => {
    const expected = [
      { value: 0, name: 'background' },
      { value: 1, name: 'Spleen' },
    ];
    expect(read(['background', 'Spleen'])).toEqual(expected);
    expect(read({ '0': 'background', '1': 'Spleen' })).toEqual(expected);
    expect(read({ background: 0, Spleen: 1 })).toEqual(expected);
    expect(
      read({ R: [0, 255], G: [0, 1], B: [0, 2], labels: ['background', 'Spleen'] })[1],
    ).toEqual({
      ...expected[1],
      rgb: [255, 1, 2],
    });
    expect(parseLabels({ a: { b: 1 } }, 'x.json').ok).toBe(false);
  });

  it('without codes get private ones with their own word, and nothing is made up', () => {
    const [label] = conceptsOf([{ value: 3, name: 'Inferior-Lateral-Ventricle' }], 'brain-2');
    expect(label.type).toEqual({
      value: 'INFERIOR-LAT-3',
      scheme: '99BRAIN',
      meaning: 'Inferior-Lateral-Ventricle',
    });
    expect(label.key).toBe('inferior-lateral-ventricle');
    expect(label.modifier).toBeUndefined();
    const type = { value: '78961009', scheme: 'SCT', meaning: 'Spleen' };
    expect(conceptsOf([{ value: 1, name: 'Spleen', type }], 'x')[0].type).toEqual(type);
  });

  it('have keys of their own even where names agree', () => {
    const keys = conceptsOf(
      [
        { value: 1, name: 'Lobe' },
        { value: 2, name: 'lobe' },
      ],
      'x',
    ).map(c => c.key);
    expect(keys).toEqual(['lobe', 'lobe-2']);
  });

  it('a private scheme is a Short String of DICOM', () => {
    expect(privateScheme('brain-subcortical-meshnet21')).toBe('99BRAINSUBCORTIC');
    expect(privateScheme('2024-1')).toBe('99MODEL');
  });

  it.each([
    [255, 0, 0],
    [12, 48, 255],
    [205, 62, 78],
    [0, 0, 0],
    [255, 255, 255],
  ])('colour %d, %d, %d comes back from CIELab', (r, g, b) => {
    labToRgb(rgbToLab([r, g, b])).forEach((channel, i) =>
      expect(Math.abs(channel - [r, g, b][i])).toBeLessThanOrEqual(1),
    );
  });
});
