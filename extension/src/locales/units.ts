/** UCUM codes that we have a short text for, by key of the locales. */
const UNIT_KEYS: Record<string, string> = {
  mL: 'unit.millilitre',
  ml: 'unit.millilitre',
  cm3: 'unit.cubicCentimetre',
  mm3: 'unit.cubicMillimetre',
  mm: 'unit.millimetre',
  "[hnsf'U]": 'unit.hounsfield',
};

export const VOLUME_UNITS: ReadonlySet<string> = new Set(['mL', 'ml', 'cm3']);
/** Units whose fractions no reader uses. */
export const PLAIN_UNITS: ReadonlySet<string> = new Set(["[hnsf'U]", 'mm3']);

export const unitKey = (code: string): string | undefined => UNIT_KEYS[code];
