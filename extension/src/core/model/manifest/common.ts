import { z } from 'zod';

/** Building blocks of the manifest. Objects are strict: a key the schema does not know is an error. */

export const codedConcept = z.strictObject(
  {
    value: z.string().min(1),
    scheme: z.string().min(1),
    meaning: z.string().min(1).max(64),
  },
  {
    error:
      'a coded concept is needed, such as {"value": "10200004", "scheme": "SCT", "meaning": "Liver"}',
  },
);

/** Text by language (BCP 47); English is required and is the fallback. */
export const localizedText = z
  .record(z.string(), z.string().min(1), {
    error: 'a text by language is needed, such as {"en": "Liver"}',
  })
  .refine(text => 'en' in text, {
    message: 'an "en" text is required, which is shown where a language has none',
  })
  .transform(text => text as Record<string, string> & { en: string });

export const key = z.string().regex(/^[a-z0-9-]+$/, 'lower-case letters, digits and "-"');

const aFraction = 'a fraction from 0 to 1 is needed, not percent';
export const fraction = z.number().min(0, aFraction).max(1, aFraction);
export const vec3 = z.tuple([z.number(), z.number(), z.number()]);
const size = z.number().int().positive();
export const size3 = z.tuple([size, size, size]);
const count = z.number().int().min(0);
export const count3 = z.tuple([count, count, count]);

/** What a finding is called and how it is coded, whatever kind of finding it is. */
export const conceptFields = {
  key,
  name: localizedText,
  /** Segmented Property Category, CID 7150; for what is no segment, what kind of thing it is. */
  category: codedConcept,
  /** Segmented Property Type, CID 7151 and those it includes. */
  type: codedConcept,
  /** Segmented Property Type Modifier, such as a laterality of CID 244. */
  modifier: codedConcept.optional(),
  /** CIELab: L* 0–100, a* and b* −128–127. */
  recommendedDisplayCIELab: vec3,
};
