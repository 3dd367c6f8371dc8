import { z } from 'zod';
import { key } from './common';

const pattern = z.string().refine(
  text => {
    try {
      new RegExp(text, 'i');
      return true;
    } catch {
      return false;
    }
  },
  {
    message:
      'a valid regular expression is needed: a bracket that stands for itself is "\\\\(" in JSON',
  },
);

/**
 * Which series of the study fills a channel, where its modality alone does not say: all of what is
 * given must hold. Series that were chosen for another channel are passed over.
 */
const selectorSchema = z.strictObject({
  /** SeriesDescription or ProtocolName, in any case. */
  description: pattern.optional(),
  /** ... and what they must not hold. */
  notDescription: pattern.optional(),
  /** Values that ImageType (0008,0008) must contain. */
  imageType: z.array(z.string().min(1)).optional(),
  /** Whether contrast was given: ContrastBolusAgent (0018,0010) is there. */
  contrast: z.boolean().optional(),
});

export const channelSchema = z.strictObject({
  /** Named by preprocessing steps that are for some channels only. */
  key: key.default('image'),
  modality: z.string().min(1),
  selector: selectorSchema.optional(),
});

/**
 * Order of the oriented axes in the tensor: "xyz" as MONAI's loaders give them, "zyx" as
 * SimpleITK, nnU-Net and DICOM's own memory order do; "xy" and "yx" for a two-dimensional network.
 */
export const spatialAxes = z.enum(['xyz', 'zyx', 'xy', 'yx']);

/**
 * The channels of all inputs together share one grid: that of the first channel's series, onto which
 * the others are resampled (MONAI's `ResampleToMatch`, linear).
 */
export const inputSchema = z.strictObject({
  /** Name of the ONNX input, [N, C, …spatial]. */
  name: z.string().min(1),
  spatialAxes,
  channels: z.array(channelSchema).min(1),
});
