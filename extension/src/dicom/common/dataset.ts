import type { DICTIONARY, Keyword } from './dictionary';

type VrOf<K extends Keyword> = (typeof DICTIONARY)[K][1];
type NumberVr = 'US' | 'SS' | 'UL' | 'SL' | 'FL' | 'FD' | 'AT';
type BytesVr = 'OB' | 'OW' | 'OF';
type ValueOfVr<VR extends string> = VR extends 'SQ'
  ? readonly Dataset[]
  : VR extends NumberVr
    ? number | readonly number[]
    : VR extends 'DS' | 'IS'
      ? number | readonly number[]
      : VR extends BytesVr
        ? Uint8Array
        : string | readonly string[];

/** An element in the DICOM JSON model (PS3.18 F.2), as an archive gives it. */
export interface JsonElement {
  vr: string;
  Value?: readonly unknown[];
}

/**
 * A data set to be written, by keyword. An empty string or empty list is an element of zero length
 * (type 2); an absent or undefined one is not written. `copied` holds elements of a source instance
 * by tag ("00100010"); a keyword of the same tag takes precedence.
 */
export type Dataset = { readonly [K in Keyword]?: ValueOfVr<VrOf<K>> } & {
  readonly copied?: Readonly<Record<string, JsonElement>>;
};
