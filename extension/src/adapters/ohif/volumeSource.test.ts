import type { CornerstoneImage } from '../../types/cornerstone';
import type { Host } from '../host';
import { createVolumeSource, pixelsOf } from './volumeSource';

const SLICES = 5;
const SIZE = 4;

/** A host with one CT of five slices, listed from the top down, of which some are loaded already. */
function hostWith(options: { loaded?: number[]; fails?: number; scaled?: boolean } = {}) {
  const { loaded = [], fails, scaled = false } = options;
  const imageIds = Array.from({ length: SLICES }, (_, index) => `wadors:/i/${index}/frames/1`);
  const image = (index: number): CornerstoneImage => ({
    imageId: imageIds[index],
    rows: 2,
    columns: 2,
    preScale: { scaled },
    getPixelData: () => Int16Array.from({ length: SIZE }, (_, pixel) => index * 10 + pixel),
  });
  const downloads: string[] = [];
  const cache = new Map(loaded.map(index => [imageIds[index], image(index)]));
  const attributes = (imageId: string) => {
    const index = imageIds.indexOf(imageId);
    return {
      SOPInstanceUID: `1.2.${index}`,
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
      InstanceNumber: index + 1,
      Rows: 2,
      Columns: 2,
      PixelSpacing: [1, 1],
      ImagePositionPatient: [0, 0, 100 - 2 * index],
      ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
      RescaleSlope: 1,
      RescaleIntercept: -1000,
      Modality: 'CT',
    };
  };
  const displaySet = {
    displaySetInstanceUID: 'ds',
    StudyInstanceUID: '1',
    SeriesInstanceUID: '1.2',
    Modality: 'CT',
    imageIds,
  };
  // As the host tells of a display set before a viewport has shown it.
  const early = {
    ...displaySet,
    displaySetInstanceUID: 'early',
    SeriesInstanceUID: '1.4',
    imageIds: undefined,
    images: imageIds.map(imageId => attributes(imageId)),
  };
  const report = { displaySetInstanceUID: 'sr', StudyInstanceUID: '1', SeriesInstanceUID: '1.3' };
  const host = {
    cornerstone: () => ({
      cache: { getImage: (id: string) => cache.get(id) },
      imageLoader: {
        loadAndCacheImage: (id: string) => {
          downloads.push(id);
          const index = imageIds.indexOf(id);
          return index === fails
            ? Promise.reject({ error: new Error('status 503') })
            : Promise.resolve(image(index));
        },
      },
      metaData: { get: (_type: string, id: string) => attributes(id) },
    }),
    managers: {
      extensionManager: {
        getActiveDataSource: () => [{ getImageIdsForDisplaySet: () => imageIds }],
      },
      servicesManager: {
        services: {
          displaySetService: {
            getActiveDisplaySets: () => [displaySet, early, report],
            getDisplaySetByUID: (uid: string) => (uid === 'ds' ? displaySet : undefined),
          },
        },
      },
    },
  };
  return { source: createVolumeSource(host as unknown as Host), downloads, imageIds };
}

const control = (signal = new AbortController().signal) => {
  const fractions: number[] = [];
  return {
    signal,
    fractions,
    onProgress: ({ fraction = 0 }: { fraction?: number }) => void fractions.push(fraction),
  };
};

describe('the volume source', () => {
  it('lists what holds images, shown already or not, and nothing else', () => {
    const { source } = hostWith();
    expect(source.list().map(set => [set.displaySetInstanceUID, set.slices.length])).toEqual([
      ['ds', SLICES],
      ['early', SLICES],
    ]);
  });

  it('gives Hounsfield units in the order of the patient, not of the list', async () => {
    const { source } = hostWith();
    const volume = await source.read('ds', control());
    if (!volume.ok) throw new Error(volume.refusal.message);
    expect(volume.value.geometry.origin).toEqual([0, 0, 92]);
    expect(Array.from(volume.value.voxels.slice(0, SIZE))).toEqual([-960, -959, -958, -957]);
    expect(volume.value.slices.map(slice => slice.instanceNumber)).toEqual([5, 4, 3, 2, 1]);
  });

  it('leaves values alone that the host has scaled', async () => {
    const { source } = hostWith({ scaled: true });
    const volume = await source.read('ds', control());
    if (!volume.ok) throw new Error(volume.refusal.message);
    expect(Array.from(volume.value.voxels.slice(0, SIZE))).toEqual([40, 41, 42, 43]);
  });

  it('downloads only what the host has not loaded, and once', async () => {
    const { source, downloads, imageIds } = hostWith({ loaded: [0, 2, 3] });
    const progress = control();
    expect((await source.read('ds', progress)).ok).toBe(true);
    expect(downloads).toEqual([imageIds[1], imageIds[4]]);
    expect(progress.fractions[progress.fractions.length - 1]).toBe(1);
  });

  it('refuses a slice that cannot be read, by its number and reason', async () => {
    const { source } = hostWith({ fails: 3 });
    expect(await source.read('ds', control())).toMatchObject({
      ok: false,
      refusal: { code: 'sliceUnreadable', values: { slice: 4, detail: 'status 503' } },
    });
  });

  it('stops where it is when the run is cancelled', async () => {
    const { source } = hostWith();
    const abort = new AbortController();
    const progress = control(abort.signal);
    const reading = source.read('ds', {
      ...progress,
      onProgress: () => abort.abort(),
    });
    expect(await reading).toMatchObject({ ok: false, refusal: { code: 'runCancelled' } });
  });

  it('refuses a display set that is no longer open', async () => {
    const { source } = hostWith();
    expect(await source.read('gone', control())).toMatchObject({
      ok: false,
      refusal: { code: 'displaySetGone' },
    });
  });

  it('takes the SUV factor out of PET values again', () => {
    const image: CornerstoneImage = {
      imageId: 'pet',
      rows: 1,
      columns: 2,
      preScale: { scaled: true, scalingParameters: { modality: 'PT', suvbw: 0.5 } },
      getPixelData: () => Float32Array.from([1, 3]),
    };
    expect(Array.from(pixelsOf(image).pixels)).toEqual([2, 6]);
  });
});

/** A host with one display set, whose images hold what is given. */
function hostOf(images: Array<{ attributes: object; image: Partial<CornerstoneImage> }>) {
  const imageIds = images.map((_, index) => `wadors:/i/${index}/frames/1`);
  const imageOf = (id: string) => images[imageIds.indexOf(id)];
  const displaySet = {
    displaySetInstanceUID: 'ds',
    StudyInstanceUID: '1',
    SeriesInstanceUID: '1.2',
    imageIds,
  };
  const host = {
    cornerstone: () => ({
      cache: { getImage: (id: string) => imageOf(id).image },
      metaData: { get: (_type: string, id: string) => imageOf(id).attributes },
    }),
    managers: {
      servicesManager: {
        services: { displaySetService: { getDisplaySetByUID: () => displaySet } },
      },
    },
  };
  return createVolumeSource(host as unknown as Host);
}
const readOf = async (source: ReturnType<typeof hostOf>) => {
  const volume = await source.read('ds', control());
  if (!volume.ok) throw new Error(volume.refusal.message);
  return volume.value;
};

describe('PET, where each slice has its own slope', () => {
  const slopes = [0.5, 0.25, 2];
  const pet = (index: number) => ({
    SOPInstanceUID: `1.2.${index}`,
    Rows: 1,
    Columns: 2,
    PixelSpacing: [4, 4],
    ImagePositionPatient: [0, 0, 3 * index],
    ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
    RescaleSlope: slopes[index],
    RescaleIntercept: 0,
    Modality: 'PT',
    Units: 'BQML',
    CorrectedImage: ['DECY', 'ATTN'],
    DecayCorrection: 'START',
    PatientWeight: 70,
    AcquisitionDate: '20200102',
    AcquisitionTime: `10000${index}`,
    SeriesDate: '20200102',
    SeriesTime: '100000',
    RadiopharmaceuticalInformationSequence: [
      {
        RadionuclideTotalDose: 3.5e8,
        RadionuclideHalfLife: 6586.2,
        RadiopharmaceuticalStartTime: '090000',
      },
    ],
  });
  const stored = Int16Array.of(100, 8);
  const becquerels = [50, 4, 25, 2, 200, 16];

  it.each<[string, (index: number) => Partial<CornerstoneImage>]>([
    ['stored values', () => ({ preScale: { scaled: false }, getPixelData: () => stored })],
    [
      'values that the host has rescaled',
      index => ({
        preScale: { scaled: true, scalingParameters: { modality: 'PT' } },
        getPixelData: () => Float32Array.from(stored, value => value * slopes[index]),
      }),
    ],
    [
      'uptake values of the host',
      index => ({
        preScale: { scaled: true, scalingParameters: { modality: 'PT', suvbw: 0.125 } },
        getPixelData: () => Float32Array.from(stored, value => value * slopes[index] * 0.125),
      }),
    ],
  ])('is read in becquerels from %s', async (_, imageOf) => {
    const images = slopes.map((_slope, index) => ({
      attributes: pet(index),
      image: imageOf(index),
    }));
    const volume = await readOf(hostOf(images));
    expect(Array.from(volume.voxels)).toEqual(becquerels);
    // An hour after 350 MBq were given to 70 kg.
    if (!volume.suvbwFactor?.ok) throw new Error('no factor');
    expect(volume.suvbwFactor.value).toBeCloseTo((70_000 / 3.5e8) * 2 ** (3600 / 6586.2), 12);
  });

  it('says why its uptake cannot be reckoned', async () => {
    const images = slopes.map((_slope, index) => ({
      attributes: { ...pet(index), PatientWeight: undefined },
      image: { getPixelData: () => stored },
    }));
    expect((await readOf(hostOf(images))).suvbwFactor).toMatchObject({
      ok: false,
      refusal: { code: 'suvbwMissing', values: { attribute: 'PatientWeight' } },
    });
  });
});

describe('a film', () => {
  const film = {
    SOPInstanceUID: '1.2.1',
    Rows: 1,
    Columns: 3,
    ImagerPixelSpacing: [0.14, 0.14],
    Modality: 'DX',
    BitsStored: 12,
    PixelRepresentation: 0,
    WindowCenter: 2048,
    WindowWidth: 4096,
  };
  const image = { getPixelData: () => Uint16Array.of(0, 95, 4095) };

  it('is a volume of one slice, with its window', async () => {
    const volume = await readOf(hostOf([{ attributes: film, image }]));
    expect(volume.geometry).toMatchObject({ dimensions: [3, 1, 1], spacing: [0.14, 0.14, 1] });
    expect(Array.from(volume.voxels)).toEqual([0, 95, 4095]);
    expect(volume.voi).toEqual({ center: 2048, width: 4096, function: 'LINEAR' });
    expect(volume.spacingAssumed).toBeUndefined();
    expect(volume.suvbwFactor).toBeUndefined();
  });

  it('says that the size of its pixels is not known', async () => {
    const attributes = { ...film, ImagerPixelSpacing: undefined, PixelSpacing: [0, 0] };
    expect((await readOf(hostOf([{ attributes, image }]))).spacingAssumed).toBe(true);
  });

  it('of MONOCHROME1 is turned so that bones are bright; a CT of it is not', async () => {
    const attributes = { ...film, PhotometricInterpretation: 'MONOCHROME1' };
    const volume = await readOf(hostOf([{ attributes, image }]));
    expect(Array.from(volume.voxels)).toEqual([4095, 4000, 0]);
    const slices = [0, 1].map(index => ({
      attributes: {
        ...attributes,
        SOPInstanceUID: `1.3.${index}`,
        Modality: 'CT',
        PixelSpacing: [1, 1],
        ImagePositionPatient: [0, 0, index],
        ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
      },
      image,
    }));
    const ct = await readOf(hostOf(slices));
    expect(Array.from(ct.voxels.slice(0, 3))).toEqual([0, 95, 4095]);
  });
});
