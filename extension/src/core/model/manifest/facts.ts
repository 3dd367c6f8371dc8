import { z } from 'zod';
import { codedConcept, localizedText } from './common';

/**
 * The facts a reader must have before trusting a result, after the Coalition for Health AI's model
 * card and “model facts” labels (Sendak et al., npj Digital Medicine 2020).
 */
export const factsSchema = z.strictObject({
  intendedUse: localizedText,
  limitations: z.array(localizedText).min(1),
  /** SPDX identifier, or the licence's name. */
  licence: z.string().min(1),
  trainingData: localizedText,
  manufacturer: z.string().min(1),
  /** What kind of algorithm: CID 7162 code. */
  algorithmFamily: codedConcept,
  /** What it must not be used for. */
  outOfScope: z.array(localizedText).optional(),
  /** What it was seen to do, where. */
  performance: z
    .array(
      z.strictObject({
        metric: localizedText,
        value: z.string().min(1),
        measuredOn: localizedText,
      }),
    )
    .optional(),
  /** Clearance or registration, where there is one; its absence means none. */
  regulatoryStatus: localizedText.optional(),
  /** Paper, DOI or page. */
  citation: z.string().min(1).optional(),
  contact: z.string().min(1).optional(),
});
