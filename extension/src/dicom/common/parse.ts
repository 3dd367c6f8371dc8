import { accept, refuse, type Outcome } from '../../core/outcome';
import { textDecoderOf } from './characterSet';
import { DICTIONARY, LONG_VRS, TRANSFER_SYNTAX } from './dictionary';
import { DECODED_SYNTAXES, decodedFrames, ENCAPSULATED_SYNTAXES } from './encapsulated';
import { READ_DICTIONARY } from './readDictionary';

/**
 * A data set that was read, by keyword; attributes out of our dictionaries are passed over. Pixel
 * Data in fragments that are not decoded here is a list of `{ Fragment }`.
 */
export interface ParsedDataset {
  [keyword: string]: string[] | number[] | ParsedDataset[] | Uint8Array;
}

const KEYWORDS = new Map<number, readonly [string, string]>(
  Object.entries({ ...READ_DICTIONARY, ...DICTIONARY }).map(([keyword, [tag, vr]]) => [
    tag,
    [keyword, vr],
  ]),
);
const UNDEFINED_LENGTH = 0xffffffff;
const ITEM = 0xfffee000;
const ITEM_DELIMITER = 0xfffee00d;
const SEQUENCE_DELIMITER = 0xfffee0dd;
const ESC = 0x1b;
/** Deeper nesting than any object has: a file that does so is damaged or hostile. */
const MAX_DEPTH = 64;

class Damaged extends Error {}

const PIXEL_DATA = DICTIONARY.PixelData[0];
const CHARACTER_SET = DICTIONARY.SpecificCharacterSet[0];

const utf8 = new TextDecoder('utf-8');
const decodeUtf8 = (bytes: Uint8Array): string => utf8.decode(bytes);
const nameOf = (tag: number): string => {
  const hex = tag.toString(16).padStart(8, '0').toUpperCase();
  return KEYWORDS.get(tag)?.[0] ?? `(${hex.slice(0, 4)},${hex.slice(4)})`;
};

type ReadNumber = (view: DataView, at: number) => number;
/** VRs of binary numbers: bytes of each and how it is read. */
const NUMBERS: Partial<Record<string, readonly [number, ReadNumber]>> = {
  US: [2, (view, at) => view.getUint16(at, true)],
  SS: [2, (view, at) => view.getInt16(at, true)],
  UL: [4, (view, at) => view.getUint32(at, true)],
  SL: [4, (view, at) => view.getInt32(at, true)],
  FL: [4, (view, at) => view.getFloat32(at, true)],
  FD: [8, (view, at) => view.getFloat64(at, true)],
  AT: [4, (view, at) => view.getUint16(at, true) * 0x10000 + view.getUint16(at + 2, true)],
};

const unpadded = (text: string): string => text.replace(/^ +|[ \0]+$/g, '');

class Parser {
  private readonly view: DataView;
  private explicit = true;
  /** Of the data set; of an item of its own where one says so. */
  private decode = decodeUtf8;

  constructor(
    private readonly bytes: Uint8Array,
    private at: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Reads group 0002 and stands behind it. */
  meta(): ParsedDataset {
    const parsed: ParsedDataset = {};
    while (this.at < this.bytes.length && this.view.getUint16(this.at, true) === 2) {
      this.element(parsed, this.bytes.length, 0);
    }
    return parsed;
  }

  get offset(): number {
    return this.at;
  }

  dataset(explicit: boolean): ParsedDataset {
    this.explicit = explicit;
    const parsed: ParsedDataset = {};
    while (this.at < this.bytes.length) this.element(parsed, this.bytes.length, 0);
    return parsed;
  }

  private need(count: number, end: number, what: string): void {
    if (this.at + count > end) {
      throw new Damaged(
        `${what} needs ${count} bytes at offset ${this.at}, ${end - this.at} are left`,
      );
    }
  }

  private tag(): number {
    const tag =
      this.view.getUint16(this.at, true) * 0x10000 + this.view.getUint16(this.at + 2, true);
    this.at += 4;
    return tag;
  }

  /** Reads one element into `into`; its tag is returned. */
  private element(into: ParsedDataset, end: number, depth: number): number {
    this.need(8, end, 'An element header');
    const tag = this.tag();
    if (tag === ITEM_DELIMITER || tag === SEQUENCE_DELIMITER) {
      this.at += 4;
      return tag;
    }
    const known = KEYWORDS.get(tag);
    const { vr: written, length } = this.header(tag, known?.[1], end);
    if (tag === PIXEL_DATA && length === UNDEFINED_LENGTH) {
      into.PixelData = this.fragments(end);
      return tag;
    }
    // An archive that does not know an attribute keeps it as UN, its value in Implicit VR (PS3.5 6.2.2).
    const vr = written === 'UN' && known ? known[1] : written;
    if (vr === 'SQ' || length === UNDEFINED_LENGTH) {
      const { explicit } = this;
      this.explicit = explicit && written !== 'UN';
      const items = this.sequence(tag, length, end, depth + 1);
      this.explicit = explicit;
      if (known) into[known[0]] = items;
      return tag;
    }
    this.need(length, end, nameOf(tag));
    if (known) {
      const value = this.value(vr, length);
      into[known[0]] = value;
      if (tag === CHARACTER_SET) this.decode = decoderOf(value as string[]);
    }
    this.at += length;
    return tag;
  }

  /** Encapsulated Pixel Data (PS3.5 A.4): the Basic Offset Table, then fragments. */
  private fragments(end: number): ParsedDataset[] {
    const fragments: ParsedDataset[] = [];
    for (;;) {
      this.need(8, end, 'A fragment of PixelData');
      const item = this.tag();
      const length = this.view.getUint32(this.at, true);
      this.at += 4;
      if (item === SEQUENCE_DELIMITER) return fragments.slice(1);
      if (item !== ITEM)
        throw new Damaged(`PixelData holds ${nameOf(item)} where a fragment is due`);
      this.need(length, end, 'A fragment of PixelData');
      fragments.push({ Fragment: this.bytes.subarray(this.at, this.at + length) });
      this.at += length;
    }
  }

  private header(
    tag: number,
    knownVr: string | undefined,
    end: number,
  ): { vr: string; length: number } {
    if (!this.explicit) {
      const length = this.view.getUint32(this.at, true);
      this.at += 4;
      return { vr: knownVr ?? 'UN', length };
    }
    const vr = String.fromCharCode(this.bytes[this.at], this.bytes[this.at + 1]);
    if (!/^[A-Z]{2}$/.test(vr))
      throw new Damaged(`${nameOf(tag)} has no valid VR at offset ${this.at}`);
    if (!LONG_VRS.has(vr)) {
      const length = this.view.getUint16(this.at + 2, true);
      this.at += 4;
      return { vr, length };
    }
    this.need(8, end, nameOf(tag));
    const length = this.view.getUint32(this.at + 4, true);
    this.at += 8;
    return { vr, length };
  }

  private sequence(tag: number, length: number, end: number, depth: number): ParsedDataset[] {
    if (depth > MAX_DEPTH)
      throw new Damaged(`${nameOf(tag)} is nested more than ${MAX_DEPTH} deep`);
    const defined = length !== UNDEFINED_LENGTH;
    if (defined) this.need(length, end, nameOf(tag));
    const stop = defined ? this.at + length : end;
    const items: ParsedDataset[] = [];
    while (this.at < stop) {
      this.need(8, stop, `An item of ${nameOf(tag)}`);
      const item = this.tag();
      const itemLength = this.view.getUint32(this.at, true);
      this.at += 4;
      if (item === SEQUENCE_DELIMITER) return items;
      if (item !== ITEM)
        throw new Damaged(`${nameOf(tag)} holds ${nameOf(item)} where an item is due`);
      items.push(this.item(tag, itemLength, stop, depth));
    }
    if (!defined) throw new Damaged(`${nameOf(tag)} is not ended`);
    return items;
  }

  private item(tag: number, length: number, end: number, depth: number): ParsedDataset {
    const parsed: ParsedDataset = {};
    const { decode } = this;
    if (length === UNDEFINED_LENGTH) {
      while (this.element(parsed, end, depth) !== ITEM_DELIMITER);
    } else {
      this.need(length, end, `An item of ${nameOf(tag)}`);
      const stop = this.at + length;
      while (this.at < stop) this.element(parsed, stop, depth);
    }
    this.decode = decode;
    return parsed;
  }

  private value(vr: string, length: number): ParsedDataset[string] {
    const start = this.at;
    const numbers = NUMBERS[vr];
    if (numbers) {
      const [size, read] = numbers;
      const values: number[] = [];
      for (let at = start; at + size <= start + length; at += size)
        values.push(read(this.view, at));
      return values;
    }
    switch (vr) {
      case 'DS':
      case 'IS':
        return this.strings(length).map(value => (value === '' ? NaN : Number(value)));
      case 'LT':
      case 'ST':
      case 'UT':
        return length === 0 ? [] : [this.text(length).replace(/[ \0]+$/, '')];
      case 'OB':
      case 'OW':
      case 'OF':
      case 'OD':
      case 'OL':
      case 'OV':
      case 'UN':
        return this.bytes.subarray(start, start + length);
      default:
        return this.strings(length);
    }
  }

  private strings(length: number): string[] {
    const text = this.text(length);
    if (text.trim() === '') return [];
    return text.includes('\\') ? text.split('\\').map(unpadded) : [unpadded(text)];
  }

  private text(length: number): string {
    let text = '';
    const end = this.at + length;
    // Most values are short ASCII, for which a decoder costs more than it does.
    if (length <= 64) {
      let at = this.at;
      for (; at < end && this.bytes[at] < 0x80 && this.bytes[at] !== ESC; at++)
        text += String.fromCharCode(this.bytes[at]);
      if (at === end) return text;
    }
    return this.decode(this.bytes.subarray(this.at, end));
  }
}

/** What is UTF-8 or ASCII, most of it, needs no other decoder. */
const decoderOf = (terms: readonly string[]): ((bytes: Uint8Array) => string) =>
  terms.every(term => /^(|ISO_IR 192|ISO_IR 6)$/.test(term.trim()))
    ? decodeUtf8
    : textDecoderOf(terms);

const inflated = async (bytes: Uint8Array): Promise<Uint8Array> => {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
};

const READ_SYNTAXES: readonly string[] = [...Object.values(TRANSFER_SYNTAX), ...DECODED_SYNTAXES];

/**
 * Reads a Part 10 file in Explicit, Implicit or Deflated Little Endian or in one of the compressed
 * transfer syntaxes, in any character set of the standard (UTF-8 where none is named). Pixel Data is
 * a view on the file's own bytes, or decoded (RLE Lossless, Deflated Image Frame), or a list of
 * fragments that are left as they are.
 *
 * Refuses with `notDicom`, `transferSyntaxNotRead` or `dicomDamaged`, which says where.
 */
export async function parsePart10(file: ArrayBuffer): Promise<Outcome<ParsedDataset>> {
  const bytes = new Uint8Array(file);
  const magic = String.fromCharCode(...bytes.subarray(128, 132));
  if (magic !== 'DICM') {
    return refuse(
      'notDicom',
      `A file of ${bytes.length} bytes is no DICOM file: "DICM" is not at byte 128`,
      {
        bytes: bytes.length,
      },
    );
  }
  try {
    const parser = new Parser(bytes, 132);
    const meta = parser.meta();
    const syntax = (meta.TransferSyntaxUID as string[] | undefined)?.[0] ?? 'none';
    if (!READ_SYNTAXES.includes(syntax) && !ENCAPSULATED_SYNTAXES.test(syntax)) {
      const allowed = READ_SYNTAXES.join(', ');
      return refuse(
        'transferSyntaxNotRead',
        `Evidence is in transfer syntax ${syntax}; ${allowed} are read`,
        { met: syntax, allowed },
      );
    }
    if (syntax === TRANSFER_SYNTAX.deflatedLittleEndian) {
      const dataset = new Parser(await inflated(bytes.subarray(parser.offset)), 0).dataset(true);
      return accept({ ...dataset, TransferSyntaxUID: [syntax] });
    }
    const dataset = parser.dataset(syntax !== TRANSFER_SYNTAX.implicitLittleEndian);
    const { PixelData: pixels } = dataset;
    if (Array.isArray(pixels) && DECODED_SYNTAXES.includes(syntax)) {
      dataset.PixelData = await decodedFrames(syntax, dataset);
    }
    return accept({ ...dataset, TransferSyntaxUID: [syntax] });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return refuse(
      'dicomDamaged',
      `A DICOM file of ${bytes.length} bytes is damaged or cut off: ${reason}`,
      {
        bytes: bytes.length,
        reason,
      },
    );
  }
}
