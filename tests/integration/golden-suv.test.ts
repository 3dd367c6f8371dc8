import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { z } from 'zod';
import { earliestPet, suvbwFactorOf } from '@second-reader/core/volume/suv';
import { sliceHeaderOf } from '../../extension/src/adapters/ohif/sliceHeader';
import { casesOf } from '../golden/golden';
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

/** Headers of a real series as the viewer reads them, against what Python reckoned of its files. */
describe.each(casesOf('suvbwFactor', { factor: z.number() }))('SUVbw of $name', golden => {
  const data = `dicom/${golden.name}`;

  needs({ data }).it('is Python’s', () => {
    const folder = path.join(DATA, data);
    const slices = readdirSync(folder).flatMap(file => {
      const bytes = Uint8Array.from(readFileSync(path.join(folder, file)));
      const { dict } = dcmjs.data.DicomMessage.readFile(bytes.buffer, {
        untilTag: '7FE00010',
        includeUntilTagValue: false,
      });
      return sliceHeaderOf(dcmjs.data.DicomMetaDictionary.naturalizeDataset(dict)) ?? [];
    });
    const pet = earliestPet(slices);
    const met = pet && suvbwFactorOf(pet);
    expect(met).toMatchObject({ ok: true });
    const value = met?.ok ? met.value : NaN;
    process.stdout.write(
      `\nSUVbw of ${golden.name}: ${value} g/mL per Bq/mL, Python ${golden.factor}\n`,
    );
    expect(Math.abs(value / golden.factor - 1)).toBeLessThan(1e-9);
  });
});
