import { createRequire } from 'node:module';

/** A tag as 8 upper-case hexadecimal digits, as DICOM JSON (PS3.18 F.2.2) writes it. */
export type Tag = string;

interface DictionaryEntry {
  vr?: string;
  name?: string;
}

/** dcmjs carries PS3.6 as a plain object; it has no type declarations. */
const { data } = createRequire(__filename)('dcmjs') as {
  data: {
    DicomMetaDictionary: {
      dictionary: Record<string, DictionaryEntry | undefined>;
      nameMap: Record<string, { tag?: string } | undefined>;
    };
  };
};
const { dictionary, nameMap } = data.DicomMetaDictionary;

/** dcmjs's marks for a VR that depends on other attributes (PS3.5 A.1). */
const DEPENDENT: Record<string, string> = { ox: 'OW', xs: 'US', lt: 'OW', up: 'UL' };

export const tagOf = (group: number, element: number): Tag =>
  (group.toString(16).padStart(4, '0') + element.toString(16).padStart(4, '0')).toUpperCase();

/** Repeating groups (PS3.5 7.6): overlays 60xx and curves 50xx are listed once. */
function entryOf(tag: Tag): DictionaryEntry | undefined {
  const group = tag.slice(0, 4);
  const element = tag.slice(4);
  const found = dictionary[`(${group},${element})`];
  if (found) {
    return found;
  }
  return /^(50|60)/.test(group)
    ? (dictionary[`(${group.slice(0, 2)}xx,${element})`] ??
        dictionary[`(${group.slice(0, 2)}00,${element})`])
    : undefined;
}

/**
 * VR for implicit VR data sets: the dictionary's, LO for private creators, UN when not known. Where it
 * is US or SS, `signedPixels` (Pixel Representation 1) decides (PS3.5 A.1).
 */
export function vrOf(tag: Tag, signedPixels = false): string {
  const group = Number.parseInt(tag.slice(0, 4), 16);
  const element = Number.parseInt(tag.slice(4), 16);
  if (element === 0) {
    return 'UL';
  }
  if (group % 2 === 1) {
    return element >= 0x10 && element <= 0xff ? 'LO' : 'UN';
  }
  const vr = entryOf(tag)?.vr;
  if (!vr) {
    return 'UN';
  }
  if (vr === 'xs' && signedPixels) {
    return 'SS';
  }
  return DEPENDENT[vr] ?? (/^[A-Z]{2}$/.test(vr) ? vr : 'UN');
}

/** The tag of a keyword ("PatientID") or of 8 hexadecimal digits; undefined when neither is known. */
export function tagOfName(name: string): Tag | undefined {
  if (/^[0-9a-fA-F]{8}$/.test(name)) {
    return name.toUpperCase();
  }
  const match = /^\(([0-9A-F]{4}),([0-9A-F]{4})\)$/i.exec(nameMap[name]?.tag ?? '');
  return match ? (match[1] + match[2]).toUpperCase() : undefined;
}

export const keywordOf = (tag: Tag): string => entryOf(tag)?.name ?? tag;
