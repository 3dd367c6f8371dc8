import type { CodedConcept } from '../findings/types';

/** Coded concepts of PS3.16 that measurements are written with. */
export const VOLUME: CodedConcept = { value: '118565006', scheme: 'SCT', meaning: 'Volume' };
export const MEAN: CodedConcept = { value: '373098007', scheme: 'SCT', meaning: 'Mean' };
export const STANDARD_DEVIATION: CodedConcept = {
  value: '386136009',
  scheme: 'SCT',
  meaning: 'Standard Deviation',
};
/** Derivations of CID 7464. */
export const MINIMUM: CodedConcept = { value: '255605001', scheme: 'SCT', meaning: 'Minimum' };
export const MAXIMUM: CodedConcept = { value: '56851009', scheme: 'SCT', meaning: 'Maximum' };
export const MEDIAN: CodedConcept = { value: '373099004', scheme: 'SCT', meaning: 'Median' };
/** CID 226; the population is the segment's voxels. */
export const PERCENTILE_05: CodedConcept = {
  value: '371888009',
  scheme: 'SCT',
  meaning: '5th Percentile Value of population',
};
export const PERCENTILE_95: CodedConcept = {
  value: '371889001',
  scheme: 'SCT',
  meaning: '95th Percentile Value of population',
};
/** CID 7469 (Generic Intensity and Size Measurements) and CID 7470. */
export const LONG_AXIS: CodedConcept = { value: '103339001', scheme: 'SCT', meaning: 'Long Axis' };
export const SHORT_AXIS: CodedConcept = {
  value: '103340004',
  scheme: 'SCT',
  meaning: 'Short Axis',
};
/** CID 7477, by the Image Biomarker Standardisation Initiative. */
export const SPHERICITY: CodedConcept = { value: 'QCFX', scheme: 'IBSI', meaning: 'Sphericity' };
export const QUANTITY: CodedConcept = { value: '246205007', scheme: 'SCT', meaning: 'Quantity' };
/** No standard code exists: a code of our own. */
export const LOW_ATTENUATION_AREA_950: CodedConcept = {
  value: 'LAA-950',
  scheme: '99SECONDREADER',
  meaning: 'Low attenuation area below -950 HU',
};
export const ATTENUATION_COEFFICIENT: CodedConcept = {
  value: '112031',
  scheme: 'DCM',
  meaning: 'Attenuation Coefficient',
};
export const MR_SIGNAL_INTENSITY: CodedConcept = {
  value: '110852',
  scheme: 'DCM',
  meaning: 'MR signal intensity',
};

/** UCUM units (PS3.16 CID 82 and its kin). */
export const MILLILITRE: CodedConcept = { value: 'mL', scheme: 'UCUM', meaning: 'milliliter' };
export const HOUNSFIELD: CodedConcept = {
  value: "[hnsf'U]",
  scheme: 'UCUM',
  meaning: 'Hounsfield unit',
};
export const MILLIMETRE: CodedConcept = { value: 'mm', scheme: 'UCUM', meaning: 'millimeter' };
export const PERCENT: CodedConcept = { value: '%', scheme: 'UCUM', meaning: 'percent' };
export const NO_UNITS: CodedConcept = { value: '1', scheme: 'UCUM', meaning: 'no units' };

/** What a voxel's value is a measure of, and its unit, by modality. */
export function intensityOf(modality: string): { concept?: CodedConcept; unit: CodedConcept } {
  switch (modality) {
    case 'CT':
      return { concept: ATTENUATION_COEFFICIENT, unit: HOUNSFIELD };
    case 'MR':
      return { concept: MR_SIGNAL_INTENSITY, unit: NO_UNITS };
    default:
      return { unit: NO_UNITS };
  }
}
