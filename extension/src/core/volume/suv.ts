import { accept, refuse, type Outcome } from '../outcome';
import type { PetAttributes, SliceHeader } from './types';

/**
 * Half-lives beyond this (s) belong to nuclides that are imaged days after they were given (64Cu,
 * 89Zr, 124I): a start time without its date does not say on which day that was.
 */
const ONE_DAY_NUCLIDE = 6 * 3600;
const DAY = 24 * 3600;
/** After so many half-lives a thousandth of the dose is left: the times do not belong together. */
const HALF_LIVES = 10;

/** Seconds since 1970 of a DICOM DA and TM (also HH:MM:SS of old files); undefined if unreadable. */
function secondsOf(date: string | undefined, time: string | undefined): number | undefined {
  const day = date && /^(\d{4})[.-]?(\d{2})[.-]?(\d{2})$/.exec(date.trim());
  const clock = time && /^(\d{2}):?(\d{2})?:?(\d{2}(?:\.\d+)?)?$/.exec(time.trim());
  if (!day || !clock) return undefined;
  const midnight = Date.UTC(Number(day[1]), Number(day[2]) - 1, Number(day[3])) / 1000;
  return midnight + Number(clock[1]) * 3600 + Number(clock[2] ?? 0) * 60 + Number(clock[3] ?? 0);
}

/** A DT as date and time; an offset from UTC is left out, as the DA and TM beside it have none. */
const splitDateTime = (dateTime: string): [string, string] => {
  const local = dateTime.trim().replace(/[+-]\d{4}$/, '');
  return [local.slice(0, 8), local.slice(8)];
};

const missing = (attribute: string, met: string | number | undefined) =>
  refuse(
    'suvbwMissing',
    `Standardized uptake values need ${attribute}; it is ${met === undefined ? 'absent' : `"${met}"`}.`,
    { attribute, met: met ?? '' },
  );

/** The PET attributes of the instance that was acquired first. */
export function earliestPet(slices: readonly SliceHeader[]): PetAttributes | undefined {
  const acquired = ({ acquisitionDate, acquisitionTime }: PetAttributes) =>
    secondsOf(acquisitionDate, acquisitionTime) ?? Infinity;
  return slices
    .flatMap(({ pet }) => pet ?? [])
    .reduce<PetAttributes | undefined>(
      (first, pet) => (!first || acquired(pet) < acquired(first) ? pet : first),
      undefined,
    );
}

/** The moment (s) that the values are corrected to where DecayCorrection is START. */
function scanTimeOf(pet: PetAttributes): Outcome<number> {
  const series = secondsOf(pet.seriesDate, pet.seriesTime);
  const acquisition = secondsOf(pet.acquisitionDate, pet.acquisitionTime);
  if (acquisition === undefined) {
    return pet.acquisitionDate && secondsOf(pet.acquisitionDate, '00') !== undefined
      ? missing('AcquisitionTime', pet.acquisitionTime)
      : missing('AcquisitionDate', pet.acquisitionDate);
  }
  // A series time after the acquisition is when a processed series was made.
  return accept(series !== undefined && series <= acquisition ? series : acquisition);
}

/** The moment (s) the dose was given, by its own date or by that of the scan. */
function startTimeOf(pet: PetAttributes, scanTime: number, halfLife: number): Outcome<number> {
  const { radiopharmaceuticalStartDateTime: dateTime, radiopharmaceuticalStartTime: time } = pet;
  if (dateTime) {
    const start = secondsOf(...splitDateTime(dateTime));
    return start === undefined
      ? missing('RadiopharmaceuticalStartDateTime', dateTime)
      : accept(start);
  }
  const clock = secondsOf('19700101', time);
  if (clock === undefined) return missing('RadiopharmaceuticalStartTime', time);
  if (halfLife > ONE_DAY_NUCLIDE) {
    return missing('RadiopharmaceuticalStartDateTime', undefined);
  }
  const start = Math.floor(scanTime / DAY) * DAY + clock;
  // Given before midnight, scanned after it.
  return accept(start > scanTime ? start - DAY : start);
}

const positive = (value: number | undefined): value is number =>
  value !== undefined && Number.isFinite(value) && value > 0;

/**
 * The factor that turns PET values (rescaled, in the series' Units) into standardized uptake values
 * by body weight, in g/mL (QIBA, "Standardized Uptake Value (SUV)", vendor-neutral pseudo-code):
 *
 *     SUVbw = value · weight · 1000 / (dose · 2^(−decay time / half-life))
 *
 * where the decay time reaches from the administration to the start of the scan for values that are
 * corrected to START, and is 0 for those corrected to ADMIN. Values in GML are uptake values
 * already.
 *
 * Several bed positions have one moment they are corrected to: give the attributes of the instance
 * that was acquired first (`earliestPet`).
 *
 * @returns g/mL per unit of the series
 *
 * Refuses `suvbwMissing` (an attribute that is absent, empty, 0 or unreadable), `suvbwUnits`,
 * `suvbwNotCorrected`, `suvbwDecayCorrection` and `suvbwTimes`.
 */
export function suvbwFactorOf(pet: PetAttributes): Outcome<number> {
  const { units, correctedImage = [], decayCorrection } = pet;
  if (!units) return missing('Units', units);
  if (units === 'GML') return accept(1);
  if (units !== 'BQML') {
    return refuse(
      'suvbwUnits',
      `The series is in the Units ${units}; standardized uptake values are reckoned from BQML.`,
      { met: units, allowed: 'BQML, GML' },
    );
  }
  const uncorrected = ['ATTN', 'DECY'].filter(correction => !correctedImage.includes(correction));
  if (uncorrected.length > 0) {
    return refuse(
      'suvbwNotCorrected',
      `CorrectedImage is "${correctedImage.join('\\')}"; standardized uptake values need ${uncorrected.join(' and ')}.`,
      { met: correctedImage.join('\\'), allowed: 'ATTN, DECY' },
    );
  }
  const { patientWeight: weight, radionuclideTotalDose: dose, radionuclideHalfLife } = pet;
  if (!positive(weight)) return missing('PatientWeight', weight);
  if (!positive(dose)) return missing('RadionuclideTotalDose', dose);
  const undecayed = (weight * 1000) / dose;
  if (decayCorrection === 'ADMIN') return accept(undecayed);
  if (decayCorrection !== 'START') {
    return refuse(
      'suvbwDecayCorrection',
      `DecayCorrection is "${decayCorrection ?? ''}"; standardized uptake values need START or ADMIN.`,
      { met: decayCorrection ?? '', allowed: 'START, ADMIN' },
    );
  }
  if (!positive(radionuclideHalfLife)) {
    return missing('RadionuclideHalfLife', radionuclideHalfLife);
  }
  const scanTime = scanTimeOf(pet);
  if (!scanTime.ok) return scanTime;
  const startTime = startTimeOf(pet, scanTime.value, radionuclideHalfLife);
  if (!startTime.ok) return startTime;
  const decayTime = scanTime.value - startTime.value;
  const halfLives = decayTime / radionuclideHalfLife;
  if (decayTime < 0 || halfLives > HALF_LIVES) {
    return refuse(
      'suvbwTimes',
      `The scan began ${Math.round(decayTime)} s after the dose was given, by the dates in its headers; allowed is 0 to ${Math.round(HALF_LIVES * radionuclideHalfLife)} s.`,
      { met: Math.round(decayTime), allowed: Math.round(HALF_LIVES * radionuclideHalfLife) },
    );
  }
  return accept(undecayed * 2 ** halfLives);
}
