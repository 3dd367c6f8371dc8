import { z } from 'zod';
import { localizedText } from './common';

const range = { min: z.number().optional(), max: z.number().optional() };
/**
 * Each gate may carry its own message for people; without one the viewer's own message names the
 * value met and what is allowed.
 */
const own = { message: localizedText.optional() };
const allowed = z.array(z.string().min(1)).min(1);

/** What the series on whose grid the model runs must be. */
export const gateSchema = z.discriminatedUnion('gate', [
  z.strictObject({ gate: z.literal('modality'), allowed, ...own }),
  z.strictObject({ gate: z.literal('bodyPart'), allowed, ...own }),
  /** The plane the slices lie in: by the largest component of the slice normal. */
  z.strictObject({
    gate: z.literal('orientation'),
    allowed: z.array(z.enum(['axial', 'coronal', 'sagittal'])).min(1),
    ...own,
  }),
  z.strictObject({ gate: z.literal('sliceCount'), ...range, ...own }),
  /** Millimetres between slice centres. */
  z.strictObject({ gate: z.literal('sliceSpacing'), ...range, ...own }),
  z.strictObject({ gate: z.literal('sliceThickness'), ...range, ...own }),
  /** Millimetres between pixel centres, both directions. */
  z.strictObject({ gate: z.literal('pixelSpacing'), ...range, ...own }),
  /** Millimetres covered, per axis of the patient. */
  z.strictObject({
    gate: z.literal('fieldOfView'),
    axis: z.enum(['leftRight', 'anteriorPosterior', 'inferiorSuperior']),
    ...range,
    ...own,
  }),
  /** Manufacturer (0008,0070); an entry admits every value that contains it, in any case. */
  z.strictObject({ gate: z.literal('manufacturer'), allowed, ...own }),
  /** ConvolutionKernel (0018,1210), CT; an entry admits the value it equals, in any case. */
  z.strictObject({ gate: z.literal('convolutionKernel'), allowed, ...own }),
  /** Years, from PatientAge (0010,1010). */
  z.strictObject({ gate: z.literal('patientAge'), ...range, ...own }),
]);
