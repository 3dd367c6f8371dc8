import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { sliceHeaderOf } from '../../extension/src/adapters/ohif/sliceHeader';
import { manifestSchema } from '@second-reader/core/model/manifest';
import {
  abdomenCt,
  chestFilm,
  gliomaMr,
  petCt,
} from '../../extension/src/core/model/testing/manifests';
import { createAdmission } from '@second-reader/core/reading/admission';
import type { DisplaySetSummary } from '@second-reader/core/reading/ports';
import { planImage } from '@second-reader/core/volume/assemble';
import { earliestPet, suvbwFactorOf } from '@second-reader/core/volume/suv';
import { DATA, needs } from '../support/needs';

/** The part of dcmjs used here; it has no type declarations. */
const dcmjs = createRequire(__filename)('dcmjs') as {
  log: { setLevel(level: 'silent'): void };
  data: {
    DicomMessage: { readFile(bytes: ArrayBuffer, options: object): { dict: object } };
    DicomMetaDictionary: { naturalizeDataset(dict: object): object };
  };
};
dcmjs.log.setLevel('silent');

/** What models admit of real studies, from the headers as the viewer reads them. */

const STUDIES = path.join(DATA, 'dicom');

const headersIn = (folder: string) =>
  readdirSync(path.join(STUDIES, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.dcm'))
    .flatMap(entry => {
      const bytes = readFileSync(path.join(entry.parentPath, entry.name));
      const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
      const { dict } = dcmjs.data.DicomMessage.readFile(buffer as ArrayBuffer, {
        untilTag: '7FE00010',
        includeUntilTagValue: false,
      });
      return sliceHeaderOf(dcmjs.data.DicomMetaDictionary.naturalizeDataset(dict)) ?? [];
    });

const series = (folder: string): DisplaySetSummary => {
  const slices = headersIn(folder);
  return {
    displaySetInstanceUID: folder,
    studyInstanceUID: '1',
    seriesInstanceUID: folder,
    modality: slices[0].modality,
    description: slices[0].seriesDescription ?? '',
    slices,
  };
};
const stateOf = (json: object, displaySets: DisplaySetSummary[]) =>
  createAdmission().modelState({ manifest: manifestSchema.parse(json), baseUrl: '/' }, displaySets);

const withStudy = (folder: string) => needs({ data: `dicom/${folder}` });

const PETCT = 'chest_petct_acrin_nsclc';
describe('PET/CT of the chest', () => {
  const { it } = withStudy(PETCT);
  let [ct, pet]: DisplaySetSummary[] = [];
  beforeAll(() => {
    [ct, pet] = ['ct', 'pet_ac'].map(name => series(`${PETCT}/${name}`));
  });

  it('fills both channels of a PET/CT model', () => {
    const state = stateOf({ ...petCt(), gates: [] }, [pet, ct]);
    expect(state).toMatchObject({ admits: [`${PETCT}/ct`], refusals: [] });
    expect(stateOf({ ...petCt(), gates: [] }, [ct]).refusals).toMatchObject([
      { code: 'channelMissing', values: { channel: 'pet' } },
    ]);
  });

  it('has a slope of its own in each PET slice, and what uptake is reckoned from', () => {
    expect(new Set(pet.slices.map(({ rescaleSlope }) => rescaleSlope)).size).toBeGreaterThan(1);
    const factor = suvbwFactorOf(earliestPet(pet.slices)!);
    if (!factor.ok) throw new Error(factor.refusal.message);
    // 91 kg, 588.8 MBq of 18F given at 07:21:00, scanned from 09:59:47 on.
    const decay = 2 * 3600 + 38 * 60 + 47;
    expect(factor.value).toBeCloseTo((91_000 / 588_802_304) * 2 ** (decay / 6588), 10);
  });

  it('is no abdomen: each gate is named', () => {
    const gates = [
      { gate: 'manufacturer', allowed: ['SIEMENS'] },
      { gate: 'convolutionKernel', allowed: ['SOFT'] },
      { gate: 'sliceSpacing', max: 3 },
    ];
    expect(stateOf({ ...abdomenCt(), gates }, [ct, pet]).refusals).toMatchObject([
      { code: 'gateManufacturer', values: { met: expect.stringMatching(/^GE/) } },
      { code: 'gateSliceSpacing', values: { met: 3.27, allowed: 'at most 3' } },
    ]);
  });
});

const GLIOMA = 'mr_glioma_tcga_fg6692_brats_space';
describe('four MR series of one glioma', () => {
  withStudy(GLIOMA).it('fill the channels of a model by their descriptions', () => {
    const all = ['t2', 'fla', 't1', 't1c'].map(name => series(`${GLIOMA}/${name}`));
    const byName = (pattern: string, notDescription?: string) => ({
      description: pattern,
      notDescription,
    });
    const channels = [
      { key: 't1c', modality: 'MR', selector: byName('t1.*(gd|c|post)') },
      { key: 't1', modality: 'MR', selector: byName('t1') },
      { key: 't2', modality: 'MR', selector: byName('t2') },
      { key: 'flair', modality: 'MR', selector: byName('fla') },
    ];
    const model = {
      ...gliomaMr(),
      gates: [],
      inputs: [{ name: 'image', spatialAxes: 'xyz', channels }],
    };
    const state = stateOf(model, all);
    expect(state).toMatchObject({ admits: [`${GLIOMA}/t1c`], refusals: [] });
    expect(stateOf(model, all.slice(0, 3)).refusals).toMatchObject([{ code: 'channelMissing' }]);
  });
});

describe('radiographs', () => {
  const { it } = withStudy('cr_wg04');
  let films: ReturnType<typeof headersIn>;
  beforeAll(() => {
    films = headersIn('cr_wg04');
  });

  it('are images without a place, of which an absurd spacing is no spacing', () => {
    expect(films.length).toBe(2);
    for (const film of films) {
      const plan = planImage(film);
      if (!plan.ok) throw new Error(plan.refusal.message);
      expect(plan.value.geometry.dimensions).toEqual([film.columns, film.rows, 1]);
      expect(plan.value.spacingAssumed).toBe(true);
      expect(film.voi).toMatchObject({ function: 'LINEAR' });
    }
  });

  it('are admitted to a network of pictures', () => {
    const [film] = films;
    const set: DisplaySetSummary = {
      displaySetInstanceUID: 'film',
      studyInstanceUID: '1',
      seriesInstanceUID: '1.1',
      modality: film.modality,
      description: '',
      slices: [film],
    };
    expect(stateOf(chestFilm(), [set])).toMatchObject({ admits: ['film'], refusals: [] });
    expect(stateOf(abdomenCt(), [set]).refusals[0]).toMatchObject({ code: 'gateModality' });
  });
});
