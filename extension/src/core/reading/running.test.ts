import { manifestSchema, type ModelManifest } from '../model/manifest';
import { changed, chestFilm, petCt } from '../model/testing/manifests';
import { accept, refuse } from '../outcome';
import type { ModelResult } from '../findings/types';
import {
  displaySet,
  manifest as lungs,
  memoryPorts,
  segmentation,
  settings,
  slices,
  volume,
} from './memoryPorts.testing';
import type { DisplaySetSummary, InferenceEngine, VolumeSource } from './ports';
import { createReading } from './reading';

const concept = { value: '1', scheme: 'SCT', meaning: 'A value' };
const regression: ModelResult = {
  kind: 'regression',
  values: [
    {
      key: 'volume',
      label: { en: 'Volume' },
      type: concept,
      measurement: { name: 'volume', concept, value: 7, unit: concept },
    },
  ],
};

/** A reading of a study with the given series, one model, and an engine that remembers. */
async function open(manifest: ModelManifest, sets: DisplaySetSummary[], result: ModelResult) {
  const asked: Array<{ volumes: string[]; same: boolean; operatingPoint?: string }> = [];
  const read: string[] = [];
  const fractions: number[] = [];
  const engine: InferenceEngine = {
    async run(_model, volumes, { operatingPoint }) {
      asked.push({
        volumes: volumes.map(({ modality }) => modality),
        same: new Set(volumes).size < volumes.length,
        operatingPoint,
      });
      return accept({
        output: result,
        engine: { engine: 'native', threads: 1 },
        timing: { infer: 1 },
      });
    },
  };
  const volumes: VolumeSource = {
    list: () => sets,
    async read(uid, { onProgress }) {
      const set = sets.find(({ displaySetInstanceUID }) => displaySetInstanceUID === uid)!;
      read.push(uid);
      [0.5, 1].forEach(fraction => onProgress({ phase: 'voxels', fraction }));
      if (set.description === 'damaged') return refuse('sliceUnreadable', 'gone');
      const spacingAssumed = set.modality === 'CR' || undefined;
      return accept({ ...volume(), modality: set.modality, slices: set.slices, spacingAssumed });
    },
  };
  const { ports } = memoryPorts({
    engine,
    volumes,
    registry: {
      list: async () => ({ packages: [{ manifest, baseUrl: '/models/' }], refused: [] }),
      card: async () => accept(''),
    },
  });
  const reading = createReading(ports, settings({ autoRun: () => false }));
  reading.state.subscribe(({ active }) => active && fractions.push(active.percent));
  reading.open('1.2');
  await reading.refresh();
  const run = async (operatingPoint?: string, displaySetInstanceUID?: string) => {
    reading.runModel({ modelId: manifest.id, operatingPoint, displaySetInstanceUID });
    for (let turn = 0; turn < 50; turn++) await new Promise(resolve => setTimeout(resolve));
    return reading.state.get();
  };
  return { run, asked, read, fractions };
}

const ct = displaySet();
const pet = displaySet({
  displaySetInstanceUID: 'ds-pet',
  seriesInstanceUID: '1.2.2',
  modality: 'PT',
});
const film = displaySet({ displaySetInstanceUID: 'ds-film', modality: 'CR', slices: slices(1) });
const petCtModel = manifestSchema.parse({ ...petCt(), gates: [] });

describe('a run of a model of several channels', () => {
  it('gives the engine a volume a channel, and its result to the first one’s series', async () => {
    const { run, asked, read, fractions } = await open(petCtModel, [pet, ct], regression);
    const state = await run();
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(read).toEqual(['ds-ct', 'ds-pet']);
    expect(asked).toEqual([{ volumes: ['CT', 'PT'], same: false, operatingPoint: undefined }]);
    expect(state.refusals).toEqual([]);
    expect(state.runs).toMatchObject([
      { modelId: 'petct-burden', displaySetInstanceUID: 'ds-ct', origin: 'run' },
    ]);
  });

  it('reads a series for two channels once', async () => {
    const channels = [
      { key: 'lung', modality: 'CT' },
      { key: 'soft', modality: 'CT' },
    ];
    const manifest = manifestSchema.parse(
      changed(
        { ...petCt(), gates: [], preprocessing: [] },
        ['inputs'],
        [{ name: 'ct', spatialAxes: 'xyz', channels }],
      ),
    );
    const { run, asked, read } = await open(manifest, [ct], regression);
    await run();
    expect(read).toEqual(['ds-ct']);
    expect(asked).toMatchObject([{ volumes: ['CT', 'CT'], same: true }]);
  });

  it('is not begun without a series for each of them', async () => {
    const { run, asked } = await open(petCtModel, [ct], regression);
    expect((await run()).refusals).toMatchObject([
      { code: 'channelMissing', modelId: 'petct-burden' },
    ]);
    expect(asked).toEqual([]);
  });

  it('ends with the reason of the series that cannot be read', async () => {
    const damaged = { ...pet, description: 'damaged' };
    const { run, asked } = await open(petCtModel, [ct, damaged], regression);
    expect((await run()).refusals).toMatchObject([{ code: 'sliceUnreadable' }]);
    expect(asked).toEqual([]);
  });
});

describe('a run with an operating point', () => {
  const operatingPoints = [
    { key: 'balanced', name: { en: 'Balanced' }, threshold: 0.5 },
    { key: 'sensitive', name: { en: 'Sensitive' }, threshold: 0.2 },
  ];
  const manifest: ModelManifest = { ...lungs, operatingPoints };

  it('is told to the engine, and takes the place of the run before it', async () => {
    const { run, asked } = await open(manifest, [ct], segmentation());
    expect((await run()).runs).toMatchObject([{ operatingPoint: { key: 'balanced' } }]);
    const { runs } = await run('sensitive');
    expect(asked.map(({ operatingPoint }) => operatingPoint)).toEqual([undefined, 'sensitive']);
    expect(runs).toMatchObject([{ operatingPoint: { key: 'sensitive', threshold: 0.2 } }]);
  });

  it('is refused where the model has none of that name', async () => {
    const { run, asked } = await open(manifest, [ct], segmentation());
    expect((await run('sensitve')).refusals).toMatchObject([
      {
        code: 'operatingPointUnknown',
        values: { operatingPoint: 'sensitve', allowed: 'balanced, sensitive' },
      },
    ]);
    expect(asked).toEqual([]);
  });
});

describe('runs on films of one series', () => {
  it('stand side by side, each in place of the former of its film', async () => {
    const other = displaySet({
      ...film,
      displaySetInstanceUID: 'ds-lateral',
      slices: slices(2).slice(1),
    });
    const manifest = manifestSchema.parse(chestFilm());
    const { run } = await open(manifest, [film, other], regression);
    await run(undefined, 'ds-film');
    await run(undefined, 'ds-lateral');
    const { runs } = await run(undefined, 'ds-film');
    expect(runs.map(({ displaySetInstanceUID }) => displaySetInstanceUID).sort()).toEqual([
      'ds-film',
      'ds-lateral',
    ]);
  });
});

describe('a run on an image of pixels without a size', () => {
  const ofFilms = (json: Record<string, unknown>) =>
    manifestSchema.parse({ ...json, gates: [{ gate: 'modality', allowed: ['CR', 'DX'] }] });

  it('says so where millimetres matter', async () => {
    const flat = { ...chestFilm(), operatingPoints: undefined };
    const withSpacing = changed(flat, ['preprocessing', 1], {
      transform: 'spacing',
      pixdim: [0.2, 0.2, 1],
    });
    const { run } = await open(ofFilms(withSpacing), [film], regression);
    expect((await run()).refusals).toMatchObject([{ code: 'spacingAssumed' }]);
  });

  it('says nothing where they do not', async () => {
    const { run, asked } = await open(ofFilms(chestFilm()), [film], regression);
    expect((await run()).refusals).toEqual([]);
    expect(asked).toHaveLength(1);
  });
});
