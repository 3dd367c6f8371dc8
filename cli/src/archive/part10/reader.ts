import { inflateRawSync } from 'node:zlib';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import { isPixelData, type DataElement, type DataSet, type Part10File } from './dataSet';
import { tagOf, vrOf } from './dictionary';
import { IMPLICIT_VR_LITTLE_ENDIAN, transferSyntaxOf } from './transferSyntax';

const UNDEFINED_LENGTH = 0xffffffff;
const MAXIMUM_DEPTH = 64;
const ITEM = 'FFFEE000';
const ITEM_DELIMITATION = 'FFFEE00D';
const SEQUENCE_DELIMITATION = 'FFFEE0DD';

/** VRs whose explicit form has two reserved bytes and a 32-bit length (PS3.5 7.1.2). */
const LONG_FORM = new Set([
  'OB',
  'OD',
  'OF',
  'OL',
  'OV',
  'OW',
  'SQ',
  'SV',
  'UC',
  'UN',
  'UR',
  'UT',
  'UV',
]);
const KNOWN_VR = new Set([
  ...LONG_FORM,
  ...['AE', 'AS', 'AT', 'CS', 'DA', 'DS', 'DT', 'FL', 'FD', 'IS', 'LO', 'LT', 'PN', 'SH', 'SL'],
  ...['SS', 'ST', 'TM', 'UI', 'UL', 'US'],
]);

/** Ends the reading of one file; never leaves this module. */
class Unreadable extends Error {}

interface Encoding {
  explicitVR: boolean;
  littleEndian: boolean;
}

class Cursor {
  position = 0;
  readonly warnings: string[] = [];
  /** Pixel Representation (0028,0103) is 1; it stands before the elements that depend on it. */
  signedPixels = false;
  constructor(
    readonly bytes: Buffer,
    /** True where `bytes` is the beginning of a longer file. */
    readonly partial: boolean,
  ) {}

  need(count: number, what: string): void {
    if (this.position + count > this.bytes.length) {
      throw new Unreadable(
        `the file ends at byte ${this.bytes.length}, in the middle of ${what} (needs ${this.position + count})`,
      );
    }
  }

  uint16(littleEndian: boolean, what: string): number {
    this.need(2, what);
    const value = littleEndian
      ? this.bytes.readUInt16LE(this.position)
      : this.bytes.readUInt16BE(this.position);
    this.position += 2;
    return value;
  }

  uint32(littleEndian: boolean, what: string): number {
    this.need(4, what);
    const value = littleEndian
      ? this.bytes.readUInt32LE(this.position)
      : this.bytes.readUInt32BE(this.position);
    this.position += 4;
    return value;
  }

  tag(littleEndian: boolean, what: string): string {
    const group = this.uint16(littleEndian, what);
    return tagOf(group, this.uint16(littleEndian, what));
  }
}

/** Tag, VR and length. Falls back to implicit VR for an element whose VR is not letters. */
function readHeader(
  cursor: Cursor,
  encoding: Encoding,
): { tag: string; vr: string; length: number } {
  const { littleEndian } = encoding;
  const tag = cursor.tag(littleEndian, 'a data element');
  if (tag.startsWith('FFFE')) {
    return { tag, vr: '', length: cursor.uint32(littleEndian, tag) };
  }
  if (!encoding.explicitVR) {
    return { tag, vr: vrOf(tag, cursor.signedPixels), length: cursor.uint32(littleEndian, tag) };
  }
  cursor.need(4, tag);
  const vr = cursor.bytes.toString('latin1', cursor.position, cursor.position + 2);
  if (KNOWN_VR.has(vr)) {
    cursor.position += 2;
    if (!LONG_FORM.has(vr)) {
      return { tag, vr, length: cursor.uint16(littleEndian, tag) };
    }
    cursor.position += 2;
    return { tag, vr, length: cursor.uint32(littleEndian, tag) };
  }
  if (/^[A-Z]{2}$/.test(vr)) {
    // A VR newer than this reader: PS3.5 6.2 gives all future VRs the long form.
    cursor.position += 4;
    return { tag, vr: 'UN', length: cursor.uint32(littleEndian, tag) };
  }
  cursor.warnings.push(`${tag} has no VR where one is required; read as implicit VR`);
  return { tag, vr: vrOf(tag, cursor.signedPixels), length: cursor.uint32(littleEndian, tag) };
}

function readItems(cursor: Cursor, encoding: Encoding, end: number, tag: string, depth: number) {
  if (depth > MAXIMUM_DEPTH) {
    throw new Unreadable(`sequences are nested deeper than ${MAXIMUM_DEPTH}`);
  }
  const items: DataSet[] = [];
  while (cursor.position < end) {
    const header = readHeader(cursor, encoding);
    if (header.tag === SEQUENCE_DELIMITATION) {
      return items;
    }
    if (header.tag !== ITEM) {
      throw new Unreadable(`${header.tag} stands where an item of ${tag} is expected`);
    }
    const itemEnd =
      header.length === UNDEFINED_LENGTH ? end : Math.min(end, cursor.position + header.length);
    const undefinedLength = header.length === UNDEFINED_LENGTH;
    if (!undefinedLength) {
      cursor.need(header.length, `an item of ${tag}`);
    }
    items.push(readElements(cursor, encoding, itemEnd, undefinedLength, depth + 1));
    if (!undefinedLength) {
      cursor.position = itemEnd;
    }
  }
  return items;
}

function readFragments(cursor: Cursor, encoding: Encoding, tag: string) {
  const fragments: Array<{ offset: number; length: number }> = [];
  for (;;) {
    if (cursor.position === cursor.bytes.length && fragments.length > 1) {
      cursor.warnings.push(`${tag} has no sequence delimiter`);
      return fragments;
    }
    const header = readHeader(cursor, encoding);
    if (header.tag === SEQUENCE_DELIMITATION) {
      return fragments;
    }
    if (header.tag !== ITEM) {
      throw new Unreadable(`${header.tag} stands where a fragment of ${tag} is expected`);
    }
    cursor.need(header.length, `a fragment of ${tag}`);
    fragments.push({ offset: cursor.position, length: header.length });
    cursor.position += header.length;
  }
}

/** UN with a length that looks like a sequence is one in implicit VR little endian (PS3.5 6.2.2). */
const IMPLICIT: Encoding = { explicitVR: false, littleEndian: true };

function readElements(
  cursor: Cursor,
  encoding: Encoding,
  end: number,
  delimited: boolean,
  depth: number,
  inMeta = false,
): DataSet {
  const dataSet: DataSet = new Map();
  while (cursor.position < end) {
    const start = cursor.position;
    if (depth === 0 && !inMeta && end - start < 8) {
      cursor.warnings.push(`${end - start} stray bytes at the end`);
      break;
    }
    if (inMeta) {
      cursor.need(2, 'the meta header');
      if (cursor.bytes.readUInt16LE(start) !== 0x0002) break;
    }
    const header = readHeader(cursor, encoding);
    if (header.tag === ITEM_DELIMITATION) {
      if (delimited) return dataSet;
      continue;
    }
    if (header.tag.startsWith('FFFE')) {
      if (depth > 0) {
        throw new Unreadable(`${header.tag} stands where a data element is expected`);
      }
      cursor.warnings.push(`a stray delimiter ${header.tag}`);
      continue;
    }
    if (depth === 0 && !inMeta && start === 0 && header.tag === '00000000') {
      throw new Unreadable('the data set is empty');
    }
    const element: DataElement = { ...header, offset: cursor.position };
    if (depth === 0 && isPixelData(header.tag) && cursor.partial) {
      dataSet.set(header.tag, element);
      break;
    }
    readValue(cursor, encoding, element, end, depth);
    dataSet.set(header.tag, element);
  }
  return dataSet;
}

function readValue(
  cursor: Cursor,
  encoding: Encoding,
  element: DataElement,
  end: number,
  depth: number,
): void {
  const { tag, vr, length } = element;
  if (length === UNDEFINED_LENGTH) {
    if (vr === 'SQ') {
      element.items = readItems(cursor, encoding, end, tag, depth);
    } else if (isPixelData(tag)) {
      element.fragments = readFragments(cursor, encoding, tag);
    } else {
      element.items = readItems(cursor, vr === 'UN' ? IMPLICIT : encoding, end, tag, depth);
      element.vr = 'SQ';
    }
    element.length = cursor.position - element.offset;
    return;
  }
  cursor.need(length, tag);
  if (vr === 'SQ') {
    element.items = readItems(cursor, encoding, cursor.position + length, tag, depth);
  }
  if (tag === '00280103' && length === 2) {
    const at = element.offset + (encoding.littleEndian ? 0 : 1);
    cursor.signedPixels = cursor.bytes[at] === 1;
  }
  cursor.position = element.offset + length;
}

/** Some writers name one encoding in the meta header and write another; the first bytes tell. */
function settleEncoding(bytes: Buffer, start: number, declared: Encoding): Encoding {
  if (start + 8 > bytes.length || !declared.littleEndian) {
    return declared;
  }
  const looksExplicit = KNOWN_VR.has(bytes.toString('latin1', start + 4, start + 6));
  return looksExplicit === declared.explicitVR
    ? declared
    : { ...declared, explicitVR: looksExplicit };
}

function read(file: Buffer, partial: boolean): Part10File {
  if (file.length < 132 || file.toString('latin1', 128, 132) !== 'DICM') {
    throw new Unreadable('it has no DICM prefix at byte 128');
  }
  const metaCursor = new Cursor(file, partial);
  metaCursor.position = 132;
  const meta = readElements(
    metaCursor,
    { explicitVR: true, littleEndian: true },
    file.length,
    false,
    0,
    true,
  );
  const uidElement = meta.get('00020010');
  const transferSyntaxUID = uidElement
    ? file
        .toString('latin1', uidElement.offset, uidElement.offset + uidElement.length)
        .replace(/[\0 ]+$/, '')
    : IMPLICIT_VR_LITTLE_ENDIAN;
  const syntax = transferSyntaxOf(transferSyntaxUID);

  let bytes = file;
  let start = metaCursor.position;
  if (syntax.deflated) {
    try {
      bytes = inflateRawSync(file.subarray(start));
    } catch (error) {
      throw new Unreadable(
        `its deflated data set cannot be inflated (${(error as Error).message})`,
      );
    }
    start = 0;
  }
  const headOnly = partial && !syntax.deflated;
  const cursor = new Cursor(bytes, headOnly);
  cursor.position = start;
  cursor.warnings.push(...metaCursor.warnings);
  const encoding = settleEncoding(bytes, start, syntax);
  const dataSet = readElements(cursor, encoding, bytes.length, false, 0);
  if (headOnly && ![...dataSet.keys()].some(isPixelData)) {
    throw new Unreadable('no pixel data in the beginning of the file');
  }
  return {
    bytes,
    littleEndian: syntax.littleEndian,
    transferSyntaxUID,
    meta,
    dataSet,
    warnings: cursor.warnings,
    headOnly,
  };
}

/**
 * Reads a DICOM Part 10 file (PS3.10 7): every transfer syntax, undefined lengths, nested sequences,
 * fragments. Values are not copied or decoded. Never throws: refuses with `notDicom` or
 * `truncatedDicom`, naming where it stopped.
 */
export function readPart10(file: Buffer): Outcome<Part10File> {
  return attempt(file, false);
}

/**
 * As `readPart10`, of the beginning of a file: stops at the pixel data, whose value need not be in
 * `head`. Refuses where the beginning is too short for that; then read the whole file.
 */
export function readPart10Head(head: Buffer): Outcome<Part10File> {
  return attempt(head, true);
}

function attempt(bytes: Buffer, partial: boolean): Outcome<Part10File> {
  try {
    return accept(read(bytes, partial));
  } catch (error) {
    if (!(error instanceof Unreadable) && (error as Error).name !== 'RangeError') {
      throw error;
    }
    const reason = error instanceof Unreadable ? error.message : 'a length points outside the file';
    return bytes.length < 132 || bytes.toString('latin1', 128, 132) !== 'DICM'
      ? refuse('notDicom', `Not a DICOM Part 10 file: ${reason}.`, { reason })
      : refuse('truncatedDicom', `The DICOM file is damaged or cut short: ${reason}.`, { reason });
  }
}
