import { z } from 'zod';

const loose = z.looseObject;
const numberOrText = z.union([z.number(), z.string()]);
const channelDef = z.record(z.string(), z.string());

/** What the viewer takes from a bundle's `metadata.json` (MONAI's meta_schema). */
export const metadataSchema = loose({
  version: z.string().optional(),
  monai_version: z.string().optional(),
  name: z.string().optional(),
  task: z.string().optional(),
  authors: z.union([z.string(), z.array(z.string()).transform(list => list.join(', '))]).optional(),
  data_source: z.string().optional(),
  data_type: z.string().optional(),
  intended_use: z.string().optional(),
  warning: z.string().optional(),
  references: z.array(z.string()).optional(),
  eval_metrics: z.record(z.string(), z.unknown()).optional(),
  network_data_format: loose({
    inputs: z
      .record(
        z.string(),
        loose({
          modality: z.string().optional(),
          num_channels: z.number().int().positive().optional(),
          spatial_shape: z.array(numberOrText).optional(),
          channel_def: channelDef.optional(),
        }),
      )
      .optional(),
    outputs: z
      .record(
        z.string(),
        loose({
          type: z.string().optional(),
          format: z.string().optional(),
          num_channels: z.number().int().positive().optional(),
          channel_def: channelDef.optional(),
        }),
      )
      .optional(),
  }).optional(),
});
export type BundleMetadata = z.infer<typeof metadataSchema>;

/** What bundles call modalities, as DICOM does (PS3.3 C.7.3.1.1.1). */
const MODALITIES: Record<string, string> = {
  ct: 'CT',
  cbct: 'CT',
  mr: 'MR',
  mri: 'MR',
  pet: 'PT',
  pt: 'PT',
  us: 'US',
  ultrasound: 'US',
  cr: 'CR',
  dx: 'DX',
  'x-ray': 'DX',
  xray: 'DX',
  mg: 'MG',
  mammography: 'MG',
};

export const dicomModality = (name: string | undefined): string | undefined =>
  name === undefined ? undefined : MODALITIES[name.trim().toLowerCase()];
