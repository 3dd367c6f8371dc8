import { uidFrom } from '../../core/model/identity';
import type { Dataset, JsonElement } from './dataset';
import { DICTIONARY, LONG_VRS, TRANSFER_SYNTAX } from './dictionary';
import { decimalString } from './text';

const PIXEL_DATA = DICTIONARY.PixelData[0];
const IMPLEMENTATION_CLASS_UID = uidFrom('second-reader', 'implementation class');
const IMPLEMENTATION_VERSION_NAME = 'SECOND_READER_1';
const MAX_SHORT_LENGTH = 0xffff - 1;

const utf8 = new TextEncoder();
const ENTRIES: Record<string, readonly [number, string]> = DICTIONARY;

interface Element {
  tag: number;
  vr: string;
  values: readonly unknown[] | Uint8Array;
}

/** Bytes that grow; little endian. */
class ByteWriter {
  private bytes = new Uint8Array(1 << 16);
  private view = new DataView(this.bytes.buffer);
  length = 0;
  /** Where sequences were written: frames share theirs, which are then copied and not encoded anew. */
  readonly sequences = new Map<object, { from: number; length: number }>();

  /** Makes room for `count` bytes and returns the offset of the first. */
  private reserve(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.length, this.bytes.length * 2));
      grown.set(this.bytes.subarray(0, at));
      this.bytes = grown;
      this.view = new DataView(grown.buffer);
    }
    return at;
  }

  uint8(value: number): void {
    const at = this.reserve(1);
    this.bytes[at] = value;
  }
  uint16(value: number): void {
    const at = this.reserve(2);
    this.view.setUint16(at, value, true);
  }
  uint32(value: number): void {
    const at = this.reserve(4);
    this.view.setUint32(at, value, true);
  }
  number(method: NumberMethod, size: number, value: number): void {
    const at = this.reserve(size);
    this.view[method](at, value, true);
  }
  raw(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length);
    this.bytes.set(bytes, at);
  }
  /** Writes again what stands at `from`. */
  again(from: number, count: number): void {
    const at = this.reserve(count);
    this.bytes.copyWithin(at, from, from + count);
  }
  text(text: string): void {
    const start = this.reserve(text.length);
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) {
        this.length = start;
        this.raw(utf8.encode(text));
        return;
      }
      this.bytes[start + index] = code;
    }
  }
  patchUint16(at: number, value: number): void {
    this.view.setUint16(at, value, true);
  }
  patchUint32(at: number, value: number): void {
    this.view.setUint32(at, value, true);
  }
  written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

type NumberMethod =
  'setUint16' | 'setInt16' | 'setUint32' | 'setInt32' | 'setFloat32' | 'setFloat64';

const NUMBERS: Record<string, readonly [NumberMethod, number]> = {
  US: ['setUint16', 2],
  SS: ['setInt16', 2],
  UL: ['setUint32', 4],
  SL: ['setInt32', 4],
  FL: ['setFloat32', 4],
  FD: ['setFloat64', 8],
};

/** PN in the JSON model is an object of component groups; in a data set they are joined by "=". */
const personName = (value: object): string => {
  const groups = value as { Alphabetic?: string; Ideographic?: string; Phonetic?: string };
  return [groups.Alphabetic, groups.Ideographic, groups.Phonetic]
    .map(group => group ?? '')
    .join('=')
    .replace(/=+$/, '');
};

const textOf = (vr: string, value: unknown): string => {
  if (value === null || value === undefined) return '';
  if (vr === 'DS' && typeof value === 'number') return decimalString(value);
  if (vr === 'PN' && typeof value === 'object') return personName(value);
  return String(value);
};

/** An AT value is a number here and eight hexadecimal digits in the JSON model. */
const tagOf = (value: unknown): number =>
  typeof value === 'number' ? value : parseInt(String(value), 16);

const isJsonItem = (item: object): item is Record<string, JsonElement> =>
  Object.keys(item).every(key => /^[0-9A-Fa-f]{8}$/.test(key));

function elementsOf(dataset: Dataset): Element[] {
  const elements: Element[] = [];
  const taken = new Set<number>();
  for (const keyword in dataset) {
    const entry = ENTRIES[keyword];
    const value = dataset[keyword as keyof Dataset] as unknown;
    if (!entry || value === undefined) continue;
    const [tag, vr] = entry;
    taken.add(tag);
    if (value instanceof Uint8Array) elements.push({ tag, vr, values: value });
    else elements.push({ tag, vr, values: Array.isArray(value) ? value : [value] });
  }
  for (const [key, { vr, Value }] of Object.entries(dataset.copied ?? {})) {
    const tag = parseInt(key, 16);
    if (!taken.has(tag)) elements.push({ tag, vr, values: Value ?? [] });
  }
  return elements.sort((a, b) => a.tag - b.tag);
}

function writeValue(writer: ByteWriter, vr: string, values: Element['values']): void {
  if (values instanceof Uint8Array) {
    writer.raw(values);
    return;
  }
  if (vr === 'SQ') {
    const known = writer.sequences.get(values);
    if (known) {
      writer.again(known.from, known.length);
      return;
    }
    const from = writer.length;
    for (const item of values) writeItem(writer, item as object);
    writer.sequences.set(values, { from, length: writer.length - from });
    return;
  }
  if (vr === 'AT') {
    for (const value of values) {
      const tag = tagOf(value);
      writer.uint16(tag >>> 16);
      writer.uint16(tag & 0xffff);
    }
    return;
  }
  const number = NUMBERS[vr];
  if (number) {
    for (const value of values) writer.number(number[0], number[1], Number(value));
    return;
  }
  writer.text(values.map(value => textOf(vr, value)).join('\\'));
}

function writeElement(writer: ByteWriter, { tag, vr, values }: Element): void {
  writer.uint16(tag >>> 16);
  writer.uint16(tag & 0xffff);
  writer.text(vr);
  const long = LONG_VRS.has(vr);
  if (long) writer.uint16(0);
  const lengthAt = writer.length;
  if (long) writer.uint32(0);
  else writer.uint16(0);
  const start = writer.length;
  writeValue(writer, vr, values);
  // Values have even length: UIDs and bytes are padded with NULL, text with a space (PS3.5 6.2).
  if ((writer.length - start) % 2 === 1) writer.uint8(vr === 'UI' || vr === 'OB' ? 0 : 0x20);
  const length = writer.length - start;
  if (long) {
    writer.patchUint32(lengthAt, length);
    return;
  }
  if (length > MAX_SHORT_LENGTH) {
    const name = tag.toString(16).padStart(8, '0');
    throw new Error(`Element ${name} (${vr}) has ${length} bytes; ${MAX_SHORT_LENGTH} are allowed`);
  }
  writer.patchUint16(lengthAt, length);
}

function writeItem(writer: ByteWriter, item: object): void {
  writer.uint16(0xfffe);
  writer.uint16(0xe000);
  const lengthAt = writer.length;
  writer.uint32(0);
  const dataset = isJsonItem(item) ? { copied: item } : (item as Dataset);
  for (const element of elementsOf(dataset)) writeElement(writer, element);
  writer.patchUint32(lengthAt, writer.length - lengthAt - 4);
}

function writeHeader(
  writer: ByteWriter,
  sopClassUID: string,
  sopInstanceUID: string,
  transferSyntaxUID: string,
): void {
  writer.raw(new Uint8Array(128));
  writer.text('DICM');
  const lengthAt = writer.length + 8;
  writeElement(writer, { tag: 0x00020000, vr: 'UL', values: [0] });
  const meta: Dataset = {
    FileMetaInformationVersion: Uint8Array.of(0, 1),
    MediaStorageSOPClassUID: sopClassUID,
    MediaStorageSOPInstanceUID: sopInstanceUID,
    TransferSyntaxUID: transferSyntaxUID,
    ImplementationClassUID: IMPLEMENTATION_CLASS_UID,
    ImplementationVersionName: IMPLEMENTATION_VERSION_NAME,
  };
  for (const element of elementsOf(meta)) writeElement(writer, element);
  writer.patchUint32(lengthAt, writer.length - lengthAt - 4);
}

/** Pixels as they stand, left zero at the end of the file and filled in place. */
export interface NativePixels {
  element?: 'PixelData' | 'FloatPixelData';
  length: number;
  fill(target: Uint8Array): void;
}

/** Compressed frames, each a fragment of even length. */
export interface EncapsulatedPixels {
  transferSyntaxUID: string;
  fragments: readonly Uint8Array[];
}

/** Encapsulated Pixel Data with its Basic Offset Table (PS3.5 A.4). */
function writeFragments(writer: ByteWriter, fragments: readonly Uint8Array[]): void {
  const item = (length: number): void => {
    writer.uint16(0xfffe);
    writer.uint16(0xe000);
    writer.uint32(length);
  };
  writer.uint16(PIXEL_DATA >>> 16);
  writer.uint16(PIXEL_DATA & 0xffff);
  writer.text('OB');
  writer.uint16(0);
  writer.uint32(0xffffffff);
  item(fragments.length * 4);
  let offset = 0;
  for (const { length } of fragments) {
    writer.uint32(offset);
    offset += length + 8;
  }
  if (offset > 0xffffffff) throw new Error(`Frames of ${offset} bytes are over 4 GiB`);
  for (const fragment of fragments) {
    item(fragment.length);
    writer.raw(fragment);
  }
  writer.uint16(0xfffe);
  writer.uint16(0xe0dd);
  writer.uint32(0);
}

/**
 * A data set as a Part 10 file (PS3.10 7) in Explicit VR Little Endian, text in UTF-8; sequences
 * and items have defined lengths. The same data set gives the same bytes.
 *
 * `pixels.length` bytes of Pixel Data (OB, or Float Pixel Data, OF) are left zero at the end and
 * handed to `pixels.fill`, so that a hundred megabytes of frames are written in place and never
 * copied. Compressed frames are given as fragments, with the Transfer Syntax that they are in.
 */
export function encodePart10(
  { sopClassUID, sopInstanceUID }: { sopClassUID: string; sopInstanceUID: string },
  dataset: Dataset,
  pixels?: NativePixels | EncapsulatedPixels,
): ArrayBuffer {
  const writer = new ByteWriter();
  const encapsulated = pixels && 'fragments' in pixels ? pixels : undefined;
  const syntax = encapsulated?.transferSyntaxUID ?? TRANSFER_SYNTAX.explicitLittleEndian;
  writeHeader(writer, sopClassUID, sopInstanceUID, syntax);
  const identified: Dataset = {
    ...dataset,
    SpecificCharacterSet: 'ISO_IR 192',
    SOPClassUID: sopClassUID,
    SOPInstanceUID: sopInstanceUID,
  };
  for (const element of elementsOf(identified)) {
    writeElement(writer, element);
  }
  if (encapsulated) writeFragments(writer, encapsulated.fragments);
  if (!pixels || 'fragments' in pixels) return writer.written().slice().buffer;
  const padded = pixels.length + (pixels.length % 2);
  if (padded > 0xfffffffe) throw new Error(`Pixel Data of ${padded} bytes is over 4 GiB`);
  const [tag, vr] = DICTIONARY[pixels.element ?? 'PixelData'];
  writer.uint16(tag >>> 16);
  writer.uint16(tag & 0xffff);
  writer.text(vr);
  writer.uint16(0);
  writer.uint32(padded);
  const head = writer.written();
  const file = new Uint8Array(head.length + padded);
  file.set(head);
  pixels.fill(file.subarray(head.length, head.length + pixels.length));
  return file.buffer;
}
