import type { Dataset } from './dataset';
import { DICTIONARY, SOP_CLASS } from './dictionary';
import { encodePart10 } from './encode';
import { parsePart10 } from './parse';
import { READ_DICTIONARY } from './readDictionary';
import { clipped, decimalString, dicomMoment, isoOfDateTime } from './text';

type Elements = Record<string, { vr: string; Value?: unknown[] }>;
const { DicomMessage, DicomMetaDictionary } = jest.requireActual<{
  data: {
    DicomMessage: { readFile(file: ArrayBuffer): { dict: Elements; meta: Elements } };
    DicomMetaDictionary: { nameMap: Record<string, { tag: string; vr: string } | undefined> };
  };
}>('dcmjs').data;

const identity = { sopClassUID: SOP_CLASS.segmentation, sopInstanceUID: '1.2.3' };
const encoded = (dataset: Dataset): ArrayBuffer => encodePart10(identity, dataset);

test.each(Object.entries({ ...READ_DICTIONARY, ...DICTIONARY }))(
  '%s is in the dictionary of DICOM',
  (keyword, [tag, vr]) => {
    const hex = tag.toString(16).padStart(8, '0').toUpperCase();
    // Newer than the dictionary of dcmjs 0.52 (PS3.6 2023c).
    if (keyword === 'SegmentsOverlap') {
      expect([hex, vr]).toEqual(['00620013', 'CS']);
      return;
    }
    const known = DicomMetaDictionary.nameMap[keyword];
    expect(known?.tag.replace(/[(),]/g, '').toUpperCase()).toBe(hex);
    // Where the VR depends on other attributes dcmjs has a letter for those it can be.
    const choices: Record<string, string[]> = { ox: ['OB', 'OW'], xs: ['US', 'SS'] };
    expect(choices[known?.vr ?? ''] ?? [known?.vr]).toContain(vr);
  },
);

describe('a Part 10 file', () => {
  const dataset: Dataset = {
    SegmentLabel: 'Легеня',
    ImageType: ['DERIVED', 'PRIMARY'],
    Rows: 512,
    PixelSpacing: [0.703125, 1 / 3],
    DimensionIndexPointer: 0x00200032,
    DimensionIndexValues: [1, 70000],
    ContentCreatorName: '',
    SegmentSequence: [{ SegmentNumber: 1, SegmentSequence: [] }, { FloatingPointValue: Math.PI }],
    copied: {
      '00100010': { vr: 'PN', Value: [{ Alphabetic: 'A^B', Phonetic: 'さ' }] },
      '00081032': { vr: 'SQ', Value: [{ '00080100': { vr: 'SH', Value: ['77477000'] } }] },
      '00280010': { vr: 'US', Value: [1] },
    },
  };

  test('is read by dcmjs as it was meant', () => {
    const { dict, meta } = DicomMessage.readFile(encoded(dataset));
    expect(meta['00020010'].Value).toEqual(['1.2.840.10008.1.2.1']);
    expect(dict['00080005'].Value).toEqual(['ISO_IR 192']);
    expect(dict['00080018'].Value).toEqual(['1.2.3']);
    expect(dict['00620005'].Value).toEqual(['Легеня']);
    expect(dict['00080008'].Value).toEqual(['DERIVED', 'PRIMARY']);
    expect(dict['00280010'].Value).toEqual([512]);
    expect(dict['00280030'].Value).toEqual([0.703125, 0.33333333333333]);
    expect(dict['00209157'].Value).toEqual([1, 70000]);
    expect(JSON.stringify(dict['00100010'].Value)).toContain('"Phonetic":"さ"');
    expect(dict['00081032'].Value).toMatchObject([
      { '00080100': { vr: 'SH', Value: ['77477000'] } },
    ]);
    expect(dict['00620002'].Value).toHaveLength(2);
  });

  test('is read by our own parser, also with implicit VR and undefined lengths', async () => {
    const outcome = await parsePart10(encoded(dataset));
    expect(outcome).toMatchObject({
      ok: true,
      value: {
        SegmentLabel: ['Легеня'],
        DimensionIndexPointer: [0x00200032],
        SegmentSequence: [
          { SegmentNumber: [1], SegmentSequence: [] },
          { FloatingPointValue: [Math.PI] },
        ],
        ContentCreatorName: [],
      },
    });
    const meta = Buffer.from(encoded({})).subarray(0, 132);
    const syntax = Buffer.from(
      '02001000554912 00312e322e3834302e31303030382e312e32 00'.replace(/ /g, ''),
      'hex',
    );
    const body = Buffer.from(
      '62000200ffffffff' + // Segment Sequence of undefined length
        'feff00e0ffffffff' +
        '62000400020000000700' + // Segment Number 7
        'feff0de000000000' +
        'feffdde000000000',
      'hex',
    );
    const file = new Uint8Array(Buffer.concat([meta, syntax, body]));
    expect(await parsePart10(file.buffer)).toEqual({
      ok: true,
      value: {
        TransferSyntaxUID: ['1.2.840.10008.1.2'],
        SegmentSequence: [{ SegmentNumber: [7] }],
      },
    });
  });

  test('in a big-endian transfer syntax is refused by its name', async () => {
    const bytes = new Uint8Array(encoded({}));
    const at = Buffer.from(bytes).indexOf('1.2.840.10008.1.2.1\0');
    bytes[at + 18] = '2'.charCodeAt(0);
    const outcome = await parsePart10(bytes.buffer);
    expect(outcome.ok ? '' : outcome.refusal).toMatchObject({
      code: 'transferSyntaxNotRead',
      values: { met: '1.2.840.10008.1.2.2' },
    });
  });
});

test.each([
  [0, '0'],
  [-812.25, '-812.25'],
  [1 / 3, '0.33333333333333'],
  [-2345.678901234567, '-2345.6789012346'],
  [-1.2345678901234567e-12, '-1.234567890e-12'],
])('%d as a decimal string is %s', (value, text) => {
  expect(decimalString(value).length).toBeLessThanOrEqual(16);
  expect(Number(decimalString(value))).toBeCloseTo(Number(text), 14);
});

test('moments keep their instant across offsets', () => {
  expect(dicomMoment('2026-03-01T23:30:15.250Z', '+0200')).toEqual({
    date: '20260302',
    time: '013015.250',
    dateTime: '20260302013015.250+0200',
  });
  expect(isoOfDateTime('20260302013015.250+0200')).toBe('2026-03-01T23:30:15.250Z');
  expect(isoOfDateTime('20260301123000-0430')).toBe('2026-03-01T17:00:00.000Z');
  expect(isoOfDateTime('20260301')).toBeUndefined();
});

test('text for LO is cut by characters and holds no backslash', () => {
  expect(clipped('a\\b\n c', 64)).toBe('a/b  c');
  expect(Array.from(clipped('😀'.repeat(70), 64))).toHaveLength(64);
});
