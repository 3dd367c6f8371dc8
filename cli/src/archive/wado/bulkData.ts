import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import type { DataSet, Part10File } from '../part10/dataSet';
import { isPixelData } from '../part10/dataSet';
import { littleEndianBytes, valueBytes } from '../part10/values';

/** A value that metadata point at: one buffer, or one a frame of encapsulated pixel data. */
export interface BulkData {
  tag: string;
  bytes: Buffer;
}

/**
 * The value at a path of a BulkDataURI: tags and item numbers by turns, "52009230/0/00289110". Refuses
 * with `noBulkData`.
 */
export function bulkDataAt(file: Part10File, path: string[]): Outcome<BulkData> {
  let dataSet: DataSet | undefined = file.dataSet;
  for (let i = 0; i < path.length && dataSet; i += 2) {
    const element = dataSet.get(path[i].toUpperCase());
    if (!element) break;
    if (i === path.length - 1) {
      if (element.items || (element.fragments && !isPixelData(element.tag))) break;
      if (element.fragments) {
        const fragments = element.fragments.slice(1);
        const bytes = Buffer.concat(
          fragments.map(({ offset, length }) => file.bytes.subarray(offset, offset + length)),
        );
        return accept({ tag: element.tag, bytes });
      }
      return accept({
        tag: element.tag,
        bytes: littleEndianBytes(file, element.vr, valueBytes(file, element)),
      });
    }
    dataSet = element.items?.[Number(path[i + 1])];
  }
  return refuse('noBulkData', `The instance has no value at ${path.join('/')}.`, {
    path: path.join('/'),
  });
}

const ENCAPSULATED_DOCUMENT = '00420011';

/** Media type of a value: an encapsulated document's own (0042,0012), else bytes. */
export function bulkDataType(file: Part10File, tag: string): string {
  const element = tag === ENCAPSULATED_DOCUMENT ? file.dataSet.get('00420012') : undefined;
  const named = element
    ? valueBytes(file, element)
        .toString('latin1')
        .replace(/[\0 ]+$/, '')
    : '';
  // Nothing a document claims to be is let run as a page of ours.
  return /^(application\/pdf|model\/stl|model\/obj)$/.test(named)
    ? named
    : 'application/octet-stream';
}
