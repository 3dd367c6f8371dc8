import { textDecoderOf } from '@second-reader/dicom/common/characterSet';
import type { DataElement, DataSet, Part10File } from './dataSet';
import type { Tag } from './dictionary';

/** Bytes of an element's value. */
export const valueBytes = (file: Part10File, element: DataElement): Buffer =>
  file.bytes.subarray(element.offset, element.offset + element.length);

const latin1 = (bytes: Buffer): string => bytes.toString('latin1');
const trimPadding = (text: string): string => text.replace(/[\0 ]+$/, '').replace(/^ +/, '');

/** First text value of an element of the default character repertoire (UI, CS, IS, DS …). */
export function textOf(file: Part10File, dataSet: DataSet, tag: Tag): string | undefined {
  const element = dataSet.get(tag);
  if (!element || element.items || element.fragments) {
    return undefined;
  }
  const text = trimPadding(latin1(valueBytes(file, element)).split('\\')[0]);
  return text === '' ? undefined : text;
}

/** First number of an element, binary (US, UL, SS …) or text (IS, DS). */
export function numberOf(file: Part10File, dataSet: DataSet, tag: Tag): number | undefined {
  const element = dataSet.get(tag);
  if (!element || element.items || element.fragments || element.length === 0) {
    return undefined;
  }
  const [first] = binaryNumbers(file, element) ?? [];
  const value = first ?? Number.parseFloat(textOf(file, dataSet, tag) ?? '');
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

type Reader = (bytes: Buffer, at: number, littleEndian: boolean) => number | string;
const NUMERIC: Record<string, { size: number; read: Reader }> = {
  US: { size: 2, read: (b, at, le) => (le ? b.readUInt16LE(at) : b.readUInt16BE(at)) },
  SS: { size: 2, read: (b, at, le) => (le ? b.readInt16LE(at) : b.readInt16BE(at)) },
  UL: { size: 4, read: (b, at, le) => (le ? b.readUInt32LE(at) : b.readUInt32BE(at)) },
  SL: { size: 4, read: (b, at, le) => (le ? b.readInt32LE(at) : b.readInt32BE(at)) },
  FL: { size: 4, read: (b, at, le) => (le ? b.readFloatLE(at) : b.readFloatBE(at)) },
  FD: { size: 8, read: (b, at, le) => (le ? b.readDoubleLE(at) : b.readDoubleBE(at)) },
  // 64-bit integers are strings where a JSON number would lose digits (PS3.18 F.2.3).
  SV: { size: 8, read: (b, at, le) => safe(le ? b.readBigInt64LE(at) : b.readBigInt64BE(at)) },
  UV: { size: 8, read: (b, at, le) => safe(le ? b.readBigUInt64LE(at) : b.readBigUInt64BE(at)) },
};
const safe = (value: bigint): number | string =>
  Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();

/** Values of a binary number VR; undefined for any other VR. */
export function binaryNumbers(
  file: Part10File,
  element: DataElement,
): Array<number | string> | undefined {
  const numeric = NUMERIC[element.vr];
  if (!numeric) {
    return undefined;
  }
  const bytes = valueBytes(file, element);
  const values: Array<number | string> = [];
  for (let at = 0; at + numeric.size <= bytes.length; at += numeric.size) {
    values.push(numeric.read(bytes, at, file.littleEndian));
  }
  return values;
}

/** Tags of an AT element, 8 hexadecimal digits each. */
export function attributeTags(file: Part10File, element: DataElement): string[] {
  const bytes = valueBytes(file, element);
  const half = (at: number) =>
    (file.littleEndian ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at))
      .toString(16)
      .padStart(4, '0')
      .toUpperCase();
  const tags: string[] = [];
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    tags.push(half(at) + half(at + 2));
  }
  return tags;
}

/** Bytes per word of the binary VRs whose words a big endian file stores reversed. */
const WORD: Record<string, number> = { OW: 2, OF: 4, OL: 4, OD: 8, OV: 8 };

/** The bytes in little endian order, as the archive hands them out. */
export function littleEndianBytes(file: Part10File, vr: string, bytes: Buffer): Buffer {
  const word = WORD[vr] ?? 1;
  if (file.littleEndian || word === 1) {
    return bytes;
  }
  const whole = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % word)));
  if (word === 2) return whole.swap16();
  if (word === 4) return whole.swap32();
  return whole.swap64();
}

const SPLIT_TEXT = new Set([
  'AE',
  'AS',
  'CS',
  'DA',
  'DS',
  'DT',
  'IS',
  'LO',
  'PN',
  'SH',
  'TM',
  'UC',
  'UI',
]);
const ENCODED_TEXT = new Set(['LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UT']);
const TEXT = new Set([...SPLIT_TEXT, 'LT', 'ST', 'UR', 'UT']);

export const isText = (vr: string): boolean => TEXT.has(vr);

/** Text values of an element; multiple values are split where the VR allows more than one. */
export function textValues(
  file: Part10File,
  element: DataElement,
  decode: (bytes: Uint8Array) => string,
): string[] {
  const bytes = valueBytes(file, element);
  const text = ENCODED_TEXT.has(element.vr) ? decode(bytes) : latin1(bytes);
  if (!SPLIT_TEXT.has(element.vr)) {
    return [text.replace(/[\0 ]+$/, '')];
  }
  return text.split('\\').map(trimPadding);
}

/** The text decoder of a data set: its own Specific Character Set, else the one it is nested in. */
export function decoderOf(
  file: Part10File,
  dataSet: DataSet,
  inherited?: (bytes: Uint8Array) => string,
): (bytes: Uint8Array) => string {
  const element = dataSet.get('00080005');
  if (!element && inherited) {
    return inherited;
  }
  return textDecoderOf(
    element ? latin1(valueBytes(file, element)).split('\\').map(trimPadding) : [],
  );
}
