import type { z } from 'zod';
import type { manifestSchema } from '@second-reader/core/model/manifest';
import type { OnnxModel } from '../../onnx/proto';

/** `model.json` as an author writes it: fields with defaults may be left out. */
export type ManifestInput = z.input<typeof manifestSchema>;

/** What a source says of the manifest; the rest comes from the options or stays to be filled in. */
export type ManifestPart = Omit<Partial<ManifestInput>, 'facts' | 'files'> & {
  facts?: Partial<ManifestInput['facts']>;
};

/** Something the source does not say and nobody may invent: asked for by the option's name. */
export interface MissingFact {
  option: string;
  /** What it is. */
  what: string;
  /** The part of the manifest it belongs to: a `--manifest` file that has that part answers it too. */
  section: keyof ManifestPart;
}

export type SourceKind =
  'MONAI bundle' | 'nnU-Net v2 folder' | 'TF.js layers model' | 'ONNX file' | 'chain of networks';

/** What an importer makes of a source. */
export interface ImportDraft {
  kind: SourceKind;
  /** One network, or the folds of an ensemble. */
  networks: OnnxModel[];
  /** In a chain, the stage that each of them is for; undefined for the last. */
  stages?: ReadonlyArray<string | undefined>;
  part: ManifestPart;
  /** What differs from the original program or was chosen; printed and written into the card. */
  notes: string[];
  missing: MissingFact[];
}

/** The mark of what a person must fill in; `parseManifest` refuses it. */
export const TODO = 'TODO: ';
