import { isPixelData, type DataElement, type DataSet, type Part10File } from './dataSet';
import type { Tag } from './dictionary';
import { servedSyntaxOf, transferSyntaxOf } from './transferSyntax';
import {
  attributeTags,
  binaryNumbers,
  decoderOf,
  isText,
  littleEndianBytes,
  textValues,
  valueBytes,
} from './values';

/** One attribute in the DICOM JSON model (PS3.18 F.2.2). */
export interface JsonAttribute {
  vr: string;
  Value?: unknown[];
  InlineBinary?: string;
  BulkDataURI?: string;
}
export type JsonDataSet = Record<Tag, JsonAttribute>;

/** Binary values up to this many bytes are written into the metadata, longer ones are fetched. */
const INLINE_LIMIT = 1024;

/** Stands in BulkDataURIs for the instance's URL, which is known when a request is answered. */
export const INSTANCE_URL = '{instance}';

const PERSON_NAME_GROUPS = ['Alphabetic', 'Ideographic', 'Phonetic'] as const;

function personName(text: string): Record<string, string> | null {
  const groups = text.split('=');
  const name: Record<string, string> = {};
  PERSON_NAME_GROUPS.forEach((key, i) => {
    if (groups[i]) name[key] = groups[i];
  });
  return Object.keys(name).length > 0 ? name : null;
}

/** IS and DS as numbers; what is not one (odd writers) stays text, so that nothing is invented. */
function numberOrText(text: string): number | string {
  const value = Number(text);
  return Number.isFinite(value) ? value : text;
}

function jsonNumber(value: number | string): number | string {
  if (typeof value === 'string' || Number.isFinite(value)) {
    return value;
  }
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'inf' : '-inf';
}

function textValue(vr: string, text: string): unknown {
  if (text === '') return null;
  if (vr === 'PN') return personName(text);
  return vr === 'IS' || vr === 'DS' ? numberOrText(text) : text;
}

function attribute(
  file: Part10File,
  element: DataElement,
  path: string,
  decode: (bytes: Uint8Array) => string,
): JsonAttribute {
  const { vr } = element;
  if (element.items) {
    const Value = element.items.map((item, i) => dataSetJson(file, item, `${path}/${i}/`, decode));
    return Value.length > 0 ? { vr: 'SQ', Value } : { vr: 'SQ' };
  }
  if (isPixelData(element.tag) && !path.includes('/')) {
    return { vr, BulkDataURI: `${INSTANCE_URL}/bulkdata/${path}` };
  }
  if (element.length === 0) {
    return { vr };
  }
  const numbers = binaryNumbers(file, element);
  if (numbers) {
    return { vr, Value: numbers.map(jsonNumber) };
  }
  if (vr === 'AT') {
    return { vr, Value: attributeTags(file, element) };
  }
  if (isText(vr)) {
    const values = textValues(file, element, decode).map(text => textValue(vr, text));
    return values.every(value => value === null) ? { vr } : { vr, Value: values };
  }
  if (element.length > INLINE_LIMIT || element.fragments) {
    return { vr, BulkDataURI: `${INSTANCE_URL}/bulkdata/${path}` };
  }
  const bytes = littleEndianBytes(file, vr, valueBytes(file, element));
  return { vr, InlineBinary: bytes.toString('base64') };
}

function dataSetJson(
  file: Part10File,
  dataSet: DataSet,
  prefix: string,
  inherited?: (bytes: Uint8Array) => string,
): JsonDataSet {
  const decode = decoderOf(file, dataSet, inherited);
  const json: JsonDataSet = {};
  for (const element of [...dataSet.values()].sort((a, b) => (a.tag < b.tag ? -1 : 1))) {
    if (element.tag.endsWith('0000') || element.tag.startsWith('0000')) {
      continue;
    }
    json[element.tag] = attribute(file, element, prefix + element.tag, decode);
  }
  if (json['00080005']) {
    // JSON text is UTF-8 whatever the file was (PS3.18 F.2).
    json['00080005'] = { vr: 'CS', Value: ['ISO_IR 192'] };
  }
  return json;
}

/**
 * Metadata of an instance in the DICOM JSON model. Pixel data and long binary values are
 * BulkDataURIs that begin with `INSTANCE_URL`; Available Transfer Syntax UID (0008,3002) names what
 * the archive hands out for the frames.
 */
export function metadataOf(file: Part10File): JsonDataSet {
  const json = dataSetJson(file, file.dataSet, '');
  json['00083002'] = {
    vr: 'UI',
    Value: [servedSyntaxOf(transferSyntaxOf(file.transferSyntaxUID))],
  };
  return json;
}
