import { manifestSchema } from '../model/manifest';
import { abdomenCt, chestFilm, gliomaMr, noduleCt, petCt } from '../model/testing/manifests';
import { createAdmission } from './admission';
import { displaySet, slices } from './memoryPorts.testing';
import type { DisplaySetSummary, ModelPackage } from './ports';

const packageOf = (json: object, changes: Partial<ModelPackage> = {}): ModelPackage => ({
  manifest: manifestSchema.parse(json),
  baseUrl: '/models/',
  ...changes,
});
const named = (
  displaySetInstanceUID: string,
  changes: Partial<DisplaySetSummary> = {},
): DisplaySetSummary => displaySet({ displaySetInstanceUID, ...changes });

const ct = named('ct');
const pet = named('pet', { modality: 'PT' });
const film = named('film', {
  modality: 'CR',
  slices: slices(1).map(slice => ({
    ...slice,
    imagePositionPatient: undefined,
    imageOrientationPatient: undefined,
  })),
});
const broken = named('broken', {
  modality: 'PT',
  slices: slices(8).filter((_, k) => k !== 3),
});

describe('the state of a model in a study', () => {
  const { modelState } = createAdmission();

  it('has what a reader must know of it', () => {
    const detection = noduleCt();
    const state = modelState(packageOf(detection, { fromSite: true }), [ct]);
    expect(state).toMatchObject({
      modelId: 'ct-nodules',
      version: '0.1.0',
      task: 'detection',
      fromSite: true,
      // The fixture is for validation and is not fetched to run.
      bytes: 31_204_811,
      sha256: 'd'.repeat(64),
      operatingPoints: [{ key: 'two-per-scan', threshold: 0.41, sensitivity: 0.87 }],
      facts: { licence: 'Apache-2.0', manufacturer: 'Example University' },
    });
  });

  it('admits every series that fits, the one with the most slices first', () => {
    const longer = named('longer', { slices: slices(12) });
    const state = modelState(packageOf(abdomenCt()), [ct, pet, longer]);
    expect(state).toMatchObject({
      admits: ['longer', 'ct'],
      refusals: [],
      operatingPoints: [],
      fromSite: false,
    });
    expect(state.refusal).toBeUndefined();
  });

  it('gives all reasons of the series that comes nearest, the first of them by itself', () => {
    const model = packageOf({
      ...abdomenCt(),
      gates: [
        { gate: 'sliceCount', min: 40 },
        { gate: 'sliceSpacing', max: 1 },
        { gate: 'pixelSpacing', max: 2 },
      ],
    });
    const many = named('many', { slices: slices(41) });
    const state = modelState(model, [ct, pet, many]);
    expect(state.admits).toEqual([]);
    expect(state.refusals).toMatchObject([{ code: 'gateSliceSpacing', values: { met: 2 } }]);
    expect(state.refusal).toBe(state.refusals[0]);
    const both = modelState(model, [ct, pet]).refusals.map(({ code }) => code);
    expect(both).toEqual(['gateSliceCount', 'gateSliceSpacing']);
    expect(modelState(model, [pet]).refusal).toMatchObject({ code: 'gateModality' });
  });

  it('needs a series for every channel, and one that makes a volume', () => {
    const model = packageOf({ ...petCt(), gates: [] });
    expect(modelState(model, [ct, pet]).admits).toEqual(['ct']);
    expect(modelState(model, [ct]).refusals).toMatchObject([
      { code: 'channelMissing', values: { channel: 'pet', selector: 'PT' } },
    ]);
    expect(modelState(model, [ct, broken]).refusals).toMatchObject([{ code: 'missingSlices' }]);
  });

  it('names the channel that is missing, not those that another series would fill', () => {
    const mr = (description: string, count: number) =>
      named(description, {
        modality: 'MR',
        description,
        slices: slices(count).map(slice => ({
          ...slice,
          patientAge: 50,
          contrastBolusAgent: description.includes('post') ? 'Gadovist' : undefined,
        })),
      });
    const sets = [mr('T1', 30), mr('T2', 40), mr('T1 post', 8)];
    const model = packageOf(gliomaMr());
    expect(modelState(model, sets).refusals).toMatchObject([
      { code: 'channelMissing', values: { channel: 'flair' } },
    ]);
    expect(modelState(model, [...sets, mr('FLAIR', 9)]).admits).toEqual(['T1 post']);
    expect(modelState(model, sets.slice(0, 2)).refusals).toMatchObject([
      {
        code: 'channelMissing',
        message: expect.stringContaining('the study has: MR "T1" (30), MR "T2" (40).'),
      },
    ]);
  });

  it('admits a film to a network of pictures, and not to one of volumes', () => {
    expect(modelState(packageOf(chestFilm()), [film]).admits).toEqual(['film']);
    const volumes = packageOf({
      ...abdomenCt(),
      gates: [{ gate: 'modality', allowed: ['CT', 'CR'] }],
    });
    expect(modelState(volumes, [film]).refusals.map(({ code }) => code)).toEqual([
      'missingPosition',
    ]);
    expect(modelState(packageOf(chestFilm()), [ct]).refusals.map(({ code }) => code)).toEqual([
      'gateModality',
      'gateSliceCount',
    ]);
  });

  it('is of a study without images that nothing is known', () => {
    expect(modelState(packageOf(abdomenCt()), [])).toMatchObject({ admits: [], refusals: [] });
  });
});

describe('admit', () => {
  const { admit } = createAdmission();
  const model = packageOf({ ...petCt(), gates: [] });

  it('accepts, or refuses with the first reason', () => {
    expect(admit(model, ct, [ct, pet])).toEqual({ ok: true, value: undefined });
    expect(admit(model, pet, [ct, pet])).toMatchObject({
      ok: false,
      refusal: { code: 'gateModality', values: { met: 'PT', allowed: 'CT' } },
    });
  });
});
