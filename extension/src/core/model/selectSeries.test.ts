import type { DisplaySetSummary } from '../reading/ports';
import type { SliceHeader } from '../volume/types';
import { manifestSchema, type ModelManifest } from './manifest';
import { selectSeries } from './selectSeries';
import { changed, chestFilm, gliomaMr, petCt } from './testing/manifests';

const series = (
  description: string,
  changes: Partial<DisplaySetSummary> = {},
  header: Partial<SliceHeader> = {},
  count = 20,
): DisplaySetSummary => ({
  displaySetInstanceUID: description,
  studyInstanceUID: '1',
  seriesInstanceUID: `1.${description}`,
  frameOfReferenceUID: '1.2.3',
  modality: 'MR',
  description,
  slices: Array.from({ length: count }, (_, k) => ({
    sopInstanceUID: `${description}.${k}`,
    sopClassUID: '1.2.840.10008.5.1.4.1.1.4',
    rows: 4,
    columns: 4,
    photometricInterpretation: 'MONOCHROME2',
    samplesPerPixel: 1,
    rescaleSlope: 1,
    rescaleIntercept: 0,
    modality: 'MR',
    ...header,
  })),
  ...changes,
});

const glioma = manifestSchema.parse(gliomaMr());
const t1c = series('Ax T1 post', {}, { contrastBolusAgent: 'Gadovist' });
const t1 = series('Ax T1');
const t2 = series('Ax T2 TSE');
const flair = series('Ax T2 FLAIR');

const chosen = (
  manifest: ModelManifest,
  displaySets: DisplaySetSummary[],
  reference: DisplaySetSummary,
) => {
  const outcome = selectSeries(manifest, displaySets, reference);
  return outcome.ok
    ? outcome.value.map(({ displaySetInstanceUID }) => displaySetInstanceUID)
    : [outcome.refusal.code, outcome.refusal.values];
};

describe('selectSeries', () => {
  it('fills each channel in the order of the manifest, whatever the order of the study', () => {
    expect(chosen(glioma, [flair, t1, t2, t1c], t1c)).toEqual([
      'Ax T1 post',
      'Ax T1',
      'Ax T2 TSE',
      'Ax T2 FLAIR',
    ]);
  });

  it('looks at ProtocolName too, in any case', () => {
    const named = series('Series 4', {}, { protocolName: 'brain flair sag' });
    expect(chosen(glioma, [t1, t2, t1c, named], t1c)[3]).toBe('Series 4');
  });

  it('names the channel, what it asks for and what there is', () => {
    expect(selectSeries(glioma, [t1, t2, t1c], t1c)).toEqual({
      ok: false,
      refusal: {
        code: 'channelMissing',
        message:
          'No series fills the channel "flair" (MR, description like "flair"); the study has: MR "Ax T1" (20), MR "Ax T2 TSE" (20), MR "Ax T1 post" (20).',
        values: {
          channel: 'flair',
          selector: 'MR, description like "flair"',
          series: 'MR "Ax T1" (20), MR "Ax T2 TSE" (20), MR "Ax T1 post" (20)',
        },
      },
    });
  });

  it('takes as the reference only what fills the first channel', () => {
    expect(chosen(glioma, [t1, t2, t1c, flair], t2)).toEqual([
      'channelMissing',
      {
        channel: 't1c',
        selector: 'MR, description like "t1.*(gd|ce|post)", with contrast agent',
        series: 'MR "Ax T2 TSE" (20)',
      },
    ]);
    const withoutAgent = series('Cor T1 post');
    expect(chosen(glioma, [withoutAgent, t1, t2, flair], withoutAgent)[0]).toBe('channelMissing');
  });

  it('prefers the same frame of reference, then the most slices', () => {
    const few = series('flair 3D few', {}, {}, 5);
    const elsewhere = series('flair elsewhere', { frameOfReferenceUID: '9' }, {}, 200);
    const others = [t1, t2, t1c];
    expect(chosen(glioma, [few, flair, elsewhere, ...others], t1c)[3]).toBe('Ax T2 FLAIR');
    expect(chosen(glioma, [few, elsewhere, ...others], t1c)[3]).toBe('flair 3D few');
    expect(chosen(glioma, [elsewhere, ...others], t1c)[3]).toBe('flair elsewhere');
  });

  it('gives no series to two channels, and a series to whom it is needed', () => {
    const inputs = (...selectors: Array<object | undefined>) =>
      manifestSchema.parse(
        changed(
          gliomaMr(),
          ['inputs', 0, 'channels'],
          ['t1c', 't1', 't2', 'flair'].map((key, index) => ({
            key,
            modality: 'MR',
            selector: selectors[index],
          })),
        ),
      );
    // T2 fits any T2, FLAIR only one of them: that one is left to it.
    const greedy = inputs(
      { description: 'post' },
      { description: 't1$' },
      { description: 't2' },
      { description: 'flair' },
    );
    const bigFlair = series('Ax T2 FLAIR', {}, {}, 90);
    expect(chosen(greedy, [t1c, t1, bigFlair, t2], t1c).slice(2)).toEqual([
      'Ax T2 TSE',
      'Ax T2 FLAIR',
    ]);
    expect(chosen(greedy, [t1c, t1, bigFlair], t1c)).toMatchObject([
      'channelMissing',
      { channel: 'flair' },
    ]);
    // Two channels that ask for the same are for two windows of one series.
    const same = inputs(
      { description: 'post' },
      { description: 'post' },
      { description: 't2' },
      { description: 't2' },
    );
    expect(chosen(same, [t1c, t2], t1c)).toEqual([
      'Ax T1 post',
      'Ax T1 post',
      'Ax T2 TSE',
      'Ax T2 TSE',
    ]);
  });

  it('chooses by modality and by image type', () => {
    const manifest = manifestSchema.parse(
      changed(petCt(), ['inputs', 1, 'channels', 0, 'selector'], { imageType: ['primary'] }),
    );
    const ct = series('CT', { modality: 'CT' });
    const mip = series('MIP', { modality: 'PT' }, { imageType: ['DERIVED', 'SECONDARY'] }, 90);
    const pet = series('PET', { modality: 'PT' }, { imageType: ['ORIGINAL', 'PRIMARY'] });
    expect(chosen(manifest, [ct, mip, pet], ct)).toEqual(['CT', 'PET']);
    expect(chosen(manifest, [ct, mip], ct)).toEqual([
      'channelMissing',
      {
        channel: 'pet',
        selector: 'PT, image type primary',
        series: 'CT "CT" (20), PT "MIP" (90)',
      },
    ]);
  });

  it('lets a modality gate say what else the first channel takes', () => {
    const film = series('PA', { modality: 'CR' }, {}, 1);
    expect(chosen(manifestSchema.parse(chestFilm()), [film], film)).toEqual(['PA']);
  });
});
