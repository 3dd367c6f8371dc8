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
