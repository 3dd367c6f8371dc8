import { ctSlice, element, part10, rawPart10, text, uid } from '../../testing/dicom';
import { metadataOf } from './dicomJson';
import { frameOf, frameRanges, frameTableOf } from './frames';
import { readPart10, readPart10Head } from './reader';

const uint16 = (value: number, bigEndian = false): Buffer => {
  const bytes = Buffer.alloc(2);
  if (bigEndian) bytes.writeUInt16BE(value);
  else bytes.writeUInt16LE(value);
  return bytes;
};

function read(file: Buffer) {
  const result = readPart10(file);
  if (!result.ok) throw new Error(result.refusal.message);
  return result.value;
}

function frame(file: Buffer, number: number): Buffer {
  const part = read(file);
  const table = frameTableOf(part);
  if (!table.ok) throw new Error(table.refusal.message);
  const ranges = frameRanges(table.value, number);
  return frameOf(
    table.value,
    number,
    ranges.map(({ offset, length }) => part.bytes.subarray(offset, offset + length)),
  );
}

/** Rows, Columns, … and pixel data, in one encoding. */
function image(pixelData: Buffer, numberOfFrames: number, bits: number, bigEndian = false): Buffer {
  const us = (tag: string, value: number) =>
    element(tag, 'US', uint16(value, bigEndian), bigEndian);
  return Buffer.concat([
    us('00280002', 1),
    element('00280008', 'IS', text(String(numberOfFrames)), bigEndian),
    us('00280010', 3),
    us('00280011', 3),
    us('00280100', bits),
    pixelData,
  ]);
}

const item = (bytes: Buffer): Buffer => {
  const header = Buffer.from('feff00e000000000', 'hex');
  header.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
};
const encapsulated = (table: Buffer, fragments: Buffer[], delimiter = true): Buffer =>
  Buffer.concat([
    Buffer.from('e07f1000', 'hex'),
    Buffer.from('OB\0\0', 'latin1'),
    Buffer.from('ffffffff', 'hex'),
    item(table),
    ...fragments.map(item),
    ...(delimiter ? [Buffer.from('feffdde000000000', 'hex')] : []),
  ]);
const JPEG_LS = '1.2.840.10008.1.2.4.80';

describe('readPart10', () => {
  it('reads what dcmjs writes, nested sequences and all', () => {
    const file = part10({
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
      SOPInstanceUID: uid(),
      PatientName: 'Ångström^Åke',
      SpecificCharacterSet: 'ISO_IR 192',
      ReferencedSeriesSequence: [
        {
          SeriesInstanceUID: '1.2.3',
          ReferencedInstanceSequence: [{ ReferencedSOPInstanceUID: '1.2.4' }],
        },
      ],
      ImagePositionPatient: [-1.5, 2, 3.25],
    });
    const json = metadataOf(read(file));
    expect(json['00100010'].Value).toEqual([{ Alphabetic: 'Ångström^Åke' }]);
    expect(json['00200032'].Value).toEqual([-1.5, 2, 3.25]);
    const [series] = json['00081115'].Value as Array<Record<string, { Value: unknown[] }>>;
    const [instance] = series['0008114A'].Value as Array<Record<string, { Value: unknown[] }>>;
    expect(instance['00081155'].Value).toEqual(['1.2.4']);
  });

  it('refuses every way of cutting a file short, and never throws', () => {
    const file = ctSlice({ size: 4 });
    for (let length = 0; length < file.length; length++) {
      const result = readPart10(file.subarray(0, length));
      const complete = result.ok && frameTableOf(result.value).ok;
      expect(complete).toBe(false);
    }
    expect(readPart10(file.subarray(0, file.length - 2))).toMatchObject({
      ok: false,
      refusal: { code: 'truncatedDicom' },
    });
    expect(readPart10(Buffer.from('<html></html>'))).toMatchObject({
      ok: false,
      refusal: { code: 'notDicom' },
    });
  });

  it('never throws on damaged bytes', () => {
    const file = ctSlice({ size: 4 });
    let seed = 7;
    for (let round = 0; round < 2000; round++) {
      const damaged = Buffer.from(file);
      for (let n = 0; n < 4; n++) {
        seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
        damaged[132 + (seed % (damaged.length - 132))] = seed >>> 24;
      }
      const result = readPart10(damaged);
      if (result.ok) expect(() => metadataOf(result.value)).not.toThrow();
    }
  });

  it('reads a header without the pixels behind it', () => {
    const file = ctSlice({ size: 64 });
    const head = readPart10Head(file.subarray(0, 2000));
    expect(head.ok && metadataOf(head.value)['00280010'].Value).toEqual([64]);
    expect(readPart10Head(file.subarray(0, 300)).ok).toBe(false);
  });

  it('swaps big endian words', () => {
    const pixels = Buffer.concat([...Array(18).keys()].map(i => uint16(i * 257 + 1, true)));
    const file = rawPart10(
      '1.2.840.10008.1.2.2',
      image(element('7FE00010', 'OW', pixels, true), 2, 16, true),
    );
    expect(metadataOf(read(file))['00280010'].Value).toEqual([3]);
    expect(frame(file, 2).readUInt16LE(0)).toBe(9 * 257 + 1);
  });

  it('reads what depends on Pixel Representation as signed in implicit VR', () => {
    const implicit = (tag: string, value: number) => {
      const bytes = Buffer.alloc(10);
      bytes.writeUInt16LE(Number.parseInt(tag.slice(0, 4), 16), 0);
      bytes.writeUInt16LE(Number.parseInt(tag.slice(4), 16), 2);
      bytes.writeUInt32LE(2, 4);
      bytes.writeInt16LE(value, 8);
      return bytes;
    };
    const padding = (pixelRepresentation: number) => {
      const dataSet = Buffer.concat([
        implicit('00280103', pixelRepresentation),
        implicit('00280120', -2000),
      ]);
      return metadataOf(read(rawPart10('1.2.840.10008.1.2', dataSet)))['00280120'];
    };
    expect(padding(1)).toEqual({ vr: 'SS', Value: [-2000] });
    expect(padding(0)).toEqual({ vr: 'US', Value: [63536] });
  });

  it('inflates deflated data sets', () => {
    const pixels = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 0]);
    const file = rawPart10(
      '1.2.840.10008.1.2.1.99',
      image(element('7FE00010', 'OW', pixels), 1, 8),
    );
    expect(frame(file, 1)).toEqual(pixels.subarray(0, 9));
  });

  it('cuts 1-bit frames that begin within a byte', () => {
    // Frames of 9 bits: 1 0000 0000 | 0 1111 1111 | 1 0101 0101, the first pixel lowest.
    const bits = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0, 1, 0, 1];
    const bytes = Buffer.alloc(4);
    bits.forEach((bit, i) => (bytes[i >> 3] |= bit << (i & 7)));
    const file = rawPart10('1.2.840.10008.1.2.1', image(element('7FE00010', 'OB', bytes), 3, 1));
    const unpack = (frameBytes: Buffer) =>
      [...Array(9).keys()].map(i => (frameBytes[i >> 3] >> (i & 7)) & 1);
    [0, 1, 2].forEach(i =>
      expect(unpack(frame(file, i + 1))).toEqual(bits.slice(i * 9, i * 9 + 9)),
    );
  });

  const codeStream = (...bytes: number[]) => Buffer.from([0xff, 0xd8, ...bytes, 0xff, 0xd9]);
  const [a, b] = [codeStream(1, 2, 3, 4), codeStream(5, 6)];

  it.each([
    ['an empty offset table, a fragment a frame', Buffer.alloc(0), [a, b]],
    [
      'an empty offset table, frames in several fragments',
      Buffer.alloc(0),
      [a.subarray(0, 4), a.subarray(4), b],
    ],
    ['a wrong offset table', Buffer.from('00000000ffff0000', 'hex'), [a, b]],
    [
      'an offset table',
      Buffer.from('000000001c000000', 'hex'),
      [a.subarray(0, 6), a.subarray(6), b],
    ],
  ])('finds frames with %s', (_, table, fragments) => {
    if (table.length === 8 && table[4] === 0x1c) table.writeUInt32LE(a.length + 16, 4);
    const file = rawPart10(JPEG_LS, image(encapsulated(table, fragments), 2, 8));
    expect(frame(file, 1)).toEqual(a);
    expect(frame(file, 2)).toEqual(b);
  });

  it('refuses frames that are not there', () => {
    const file = rawPart10(JPEG_LS, image(encapsulated(Buffer.alloc(0), [a], false), 2, 8));
    const part = read(file);
    expect(frameTableOf(part)).toMatchObject({ ok: false, refusal: { code: 'pixelDataTooShort' } });
  });
});
