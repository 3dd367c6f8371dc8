import { createRequire } from 'node:module';
import { deflateRawSync } from 'node:zlib';

/** dcmjs writes the files of these tests, so that what is read was not written by the same code. */
const { data } = createRequire(__filename)('dcmjs') as {
  data: {
    DicomDict: new (meta: object) => { dict: object; write(options?: object): ArrayBuffer };
    DicomMetaDictionary: {
      denaturalizeDataset(dataset: object): object;
      uid(): string;
    };
  };
};

export const uid = (): string => data.DicomMetaDictionary.uid();

/** A Part 10 file, explicit VR little endian, of a data set by keywords. */
export function part10(
  dataset: Record<string, unknown>,
  meta: Record<string, unknown> = {},
): Buffer {
  const { denaturalizeDataset } = data.DicomMetaDictionary;
  const file = new data.DicomDict(
    denaturalizeDataset({
      FileMetaInformationVersion: new Uint8Array([0, 1]).buffer,
      MediaStorageSOPClassUID: dataset.SOPClassUID,
      MediaStorageSOPInstanceUID: dataset.SOPInstanceUID,
      TransferSyntaxUID: '1.2.840.10008.1.2.1',
      ImplementationClassUID: '2.25.80302813137786398554742050926734630921603366648225212145404',
      ...meta,
    }),
  );
  file.dict = denaturalizeDataset(dataset);
  return Buffer.from(file.write());
}

export interface SliceOptions {
  studyInstanceUID?: string;
  seriesInstanceUID?: string;
  sopInstanceUID?: string;
  number?: number;
  size?: number;
  attributes?: Record<string, unknown>;
}

/** A small CT slice with a ramp of 16-bit pixels. */
export function ctSlice(options: SliceOptions = {}): Buffer {
  const { number = 1, size = 16 } = options;
  const pixels = new Uint16Array(size * size).map((_, i) => (i + number) % 4096);
  return part10({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    SOPInstanceUID: options.sopInstanceUID ?? uid(),
    StudyInstanceUID: options.studyInstanceUID ?? uid(),
    SeriesInstanceUID: options.seriesInstanceUID ?? uid(),
    PatientName: 'Archive^Test',
    PatientID: 'T1',
    StudyDate: '20240305',
    StudyTime: '101112',
    Modality: 'CT',
    SeriesNumber: 2,
    InstanceNumber: number,
    Rows: size,
    Columns: size,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
    RescaleSlope: 1,
    RescaleIntercept: -1024,
    WindowCenter: 40,
    WindowWidth: 400,
    _vrMap: { PixelData: 'OW' },
    PixelData: pixels.buffer,
    ...options.attributes,
  });
}

/** One element in explicit VR, for files that no writer makes. */
export function element(tag: string, vr: string, value: Buffer, bigEndian = false): Buffer {
  const group = Number.parseInt(tag.slice(0, 4), 16);
  const number = Number.parseInt(tag.slice(4), 16);
  const long = ['OB', 'OW', 'SQ', 'UN', 'UT', 'OF'].includes(vr);
  const header = Buffer.alloc(long ? 12 : 8);
  const write16 = (v: number, at: number) =>
    bigEndian ? header.writeUInt16BE(v, at) : header.writeUInt16LE(v, at);
  write16(group, 0);
  write16(number, 2);
  header.write(vr, 4, 'latin1');
  if (!long) write16(value.length, 6);
  else if (bigEndian) header.writeUInt32BE(value.length, 8);
  else header.writeUInt32LE(value.length, 8);
  return Buffer.concat([header, value]);
}

export const text = (value: string): Buffer =>
  Buffer.from(value.length % 2 ? `${value} ` : value, 'latin1');

/** A preamble, a meta header and a data set that is given as bytes. */
export function rawPart10(transferSyntaxUID: string, dataSet: Buffer): Buffer {
  const pad = transferSyntaxUID.length % 2 ? `${transferSyntaxUID}\0` : transferSyntaxUID;
  const meta = element('00020010', 'UI', Buffer.from(pad, 'latin1'));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(meta.length);
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    element('00020000', 'UL', length),
    meta,
    transferSyntaxUID === '1.2.840.10008.1.2.1.99' ? deflateRawSync(dataSet) : dataSet,
  ]);
}

/** A multipart/related body as a STOW-RS client sends it. */
export function stowBody(files: Uint8Array[], boundary = 'test-boundary') {
  const chunks = files.flatMap(file => [
    Buffer.from(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`),
    Buffer.from(file),
    Buffer.from('\r\n'),
  ]);
  return {
    body: Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)]),
    headers: {
      'Content-Type': `multipart/related; type="application/dicom"; boundary=${boundary}`,
      Accept: 'application/dicom+json',
    },
  };
}
