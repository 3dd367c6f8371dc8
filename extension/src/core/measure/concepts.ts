import type { CodedConcept } from '../findings/types';

/** Coded concepts of PS3.16 that measurements are written with. */
export const VOLUME: CodedConcept = { value: '118565006', scheme: 'SCT', meaning: 'Volume' };
export const MEAN: CodedConcept = { value: '373098007', scheme: 'SCT', meaning: 'Mean' };
export const STANDARD_DEVIATION: CodedConcept = {
  value: '386136009',
  scheme: 'SCT',
  meaning: 'Standard Deviation',
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
