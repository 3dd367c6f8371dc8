import { earliestPet, suvbwFactorOf } from './suv';
import type { PetAttributes, SliceHeader } from './types';

/** 18F, given at 08:00, scanned from 09:00: an hour of decay. */
const PET: PetAttributes = {
  units: 'BQML',
  patientWeight: 80,
  radionuclideTotalDose: 400e6,
  radionuclideHalfLife: 6588,
  radiopharmaceuticalStartTime: '080000.00',
  seriesDate: '20240310',
  seriesTime: '090000',
  acquisitionDate: '20240310',
  acquisitionTime: '090130.5',
  decayCorrection: 'START',
  correctedImage: ['DECY', 'ATTN', 'SCAT'],
};
const factorAfter = (seconds: number) => (80000 / 400e6) * 2 ** (seconds / 6588);

const factor = (changes: Partial<PetAttributes>): number => {
  const outcome = suvbwFactorOf({ ...PET, ...changes });
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value;
};

describe('suvbwFactorOf', () => {
  it.each<[string, Partial<PetAttributes>, number]>([
    ['the series time', {}, factorAfter(3600)],
    [
      'the acquisition, where the series was made later',
      { seriesTime: '113000' },
      factorAfter(3690.5),
    ],
    [
      'the acquisition, where the series has no time',
      { seriesTime: undefined },
      factorAfter(3690.5),
    ],
    [
      'a dose given before midnight',
      { radiopharmaceuticalStartTime: '233000', seriesTime: '003000', acquisitionTime: '003000' },
      factorAfter(3600),
    ],
    [
      'a dose with its own date, and an offset from UTC',
      { radiopharmaceuticalStartDateTime: '20240310073000.00+0100' },
      factorAfter(5400),
    ],
    ['values corrected to the administration', { decayCorrection: 'ADMIN' }, factorAfter(0)],
    ['times with colons', { radiopharmaceuticalStartTime: '08:30:00' }, factorAfter(1800)],
    ['uptake values as they are', { units: 'GML', patientWeight: undefined }, 1],
    [
      'a nuclide of days',
      {
        radionuclideHalfLife: 282240,
        radiopharmaceuticalStartDateTime: '20240305090000',
      },
      (80000 / 400e6) * 2 ** ((5 * 86400) / 282240),
    ],
  ])('reckons from %s', (_, changes, expected) => {
    expect(factor(changes)).toBeCloseTo(expected, 12);
  });

  it.each<[Partial<PetAttributes>, string, Record<string, unknown>]>([
    [{ units: undefined }, 'suvbwMissing', { attribute: 'Units' }],
    [{ units: 'CNTS' }, 'suvbwUnits', { met: 'CNTS' }],
    [{ patientWeight: 0 }, 'suvbwMissing', { attribute: 'PatientWeight', met: 0 }],
    [{ radionuclideTotalDose: undefined }, 'suvbwMissing', { attribute: 'RadionuclideTotalDose' }],
    [{ radionuclideHalfLife: NaN }, 'suvbwMissing', { attribute: 'RadionuclideHalfLife' }],
    [{ correctedImage: ['DECY'] }, 'suvbwNotCorrected', { met: 'DECY' }],
    [{ decayCorrection: 'NONE' }, 'suvbwDecayCorrection', { met: 'NONE' }],
    [{ acquisitionTime: '' }, 'suvbwMissing', { attribute: 'AcquisitionTime' }],
    [{ acquisitionDate: undefined }, 'suvbwMissing', { attribute: 'AcquisitionDate' }],
    [
      { radiopharmaceuticalStartTime: '8 am' },
      'suvbwMissing',
      { attribute: 'RadiopharmaceuticalStartTime', met: '8 am' },
    ],
    [
      { radionuclideHalfLife: 282240 },
      'suvbwMissing',
      { attribute: 'RadiopharmaceuticalStartDateTime' },
    ],
    [{ radiopharmaceuticalStartDateTime: '20240310100000' }, 'suvbwTimes', { met: -3600 }],
    [{ radiopharmaceuticalStartDateTime: '20230310080000' }, 'suvbwTimes', { allowed: 65880 }],
  ])('refuses %j', (changes, code, values) => {
    expect(suvbwFactorOf({ ...PET, ...changes })).toMatchObject({
      ok: false,
      refusal: { code, values },
    });
  });
});

it('takes the instance that was acquired first', () => {
  const slice = (acquisitionTime: string): SliceHeader => ({
    sopInstanceUID: '1',
    sopClassUID: '1',
    rows: 1,
    columns: 1,
    photometricInterpretation: 'MONOCHROME2',
    samplesPerPixel: 1,
    rescaleSlope: 1,
    rescaleIntercept: 0,
    modality: 'PT',
    pet: { ...PET, acquisitionTime },
  });
  const slices = [slice('090600'), slice('090130'), slice('091100')];
  expect(earliestPet(slices)?.acquisitionTime).toBe('090130');
  expect(earliestPet([{ ...slices[0], pet: undefined }])).toBeUndefined();
});
