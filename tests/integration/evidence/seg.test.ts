import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { SegmentationRun } from '../../../extension/src/core/findings/segmentationRun';
import type { SourceMetadata } from '../../../extension/src/core/reading/ports';
import { SOP_CLASS } from '../../../extension/src/dicom/common/dictionary';
import { RLE_LOSSLESS } from '../../../extension/src/dicom/common/encapsulated';
import { parsePart10 } from '../../../extension/src/dicom/common/parse';
import { sourceAttributes } from '../../../extension/src/dicom/common/source';
import { readSegmentation } from '../../../extension/src/dicom/seg/readSegmentation';
import { cielabValue, writeSegmentation } from '../../../extension/src/dicom/seg/writeSegmentation';
import {
  boxes,
  geometryOf,
  metadataOf,
  runOn,
  slicesOf,
} from '../../../extension/src/dicom/testing/runs';
import { needs } from '../../support/needs';
import { keptByOrthanc } from './support/archive';
import { metadataOfPerson, PEOPLE, plainName, realSeries } from './support/sources';
import {
  bytesOf,
  dciodvfy,
  outputOf,
  pythonSays,
  savedAs,
  temporaryFolder,
  testWith,
} from './support/tools';

/** Segmentations of both kinds as others read them: pixels, segments, codes and names. */
const KINDS = ['binary', 'labelmap', 'labelmap without RLE'] as const;
type Kind = (typeof KINDS)[number];

interface Case {
  run: SegmentationRun;
  metadata: SourceMetadata;
  patient: string;
}

const of = (run: SegmentationRun, person?: Record<string, string>): Case => ({
  run,
  metadata: person ? metadataOfPerson(run, person) : metadataOf(run),
  patient: plainName(person ?? { Alphabetic: 'Phantom^Chest' }),
});

const axial = slicesOf({ columns: 20, rows: 12, slices: 6 });
const odd = slicesOf({ columns: 7, rows: 5, slices: 5 });

/** One slice makes no grid, so the label map brings that of several. */
const onOneSlice = (): SegmentationRun =>
  runOn(
    slicesOf({ columns: 33, rows: 21, slices: 1 }),
    2,
    boxes({ ...geometryOf(axial), dimensions: [33, 21, 1] }, [1, 3]),
  );

/** As many segments as a byte tells apart, some voxels of each. */
const everyValue = (): SegmentationRun => {
  const run = runOn(slicesOf({ columns: 32, rows: 16, slices: 2 }), 1);
  const findings = Array.from({ length: 255 }, (_, index) => ({
    ...run.findings[0],
    id: `2.25.${index + 1}`,
    segment: { ...run.findings[0].segment, segmentNumber: index + 1, key: `part-${index + 1}` },
  }));
  const voxels = run.labelMap.voxels.map((_, index) => (index * 7) % 256);
  return { ...run, findings, labelMap: { ...run.labelMap, voxels } };
};

const CASES: Array<[string, () => Case]> = [
  ['two lungs', () => of(runOn(axial, 2))],
  [
    'oblique, four segments',
    () => of(runOn(slicesOf({ columns: 24, rows: 16, slices: 7, tilted: true }), 4)),
  ],
  ['slices of 35 pixels', () => of(runOn(odd, 3))],
  ['one slice', () => of(onOneSlice())],
  [
    'a multi-frame source',
    () => of(runOn(slicesOf({ columns: 16, rows: 16, slices: 5, multiFrame: true }), 2)),
  ],
  ['an empty segment', () => of(runOn(axial, 2, boxes(geometryOf(axial), [1])))],
  ['255 segments', () => of(everyValue())],
  ...Object.entries(PEOPLE).map(([name, person]): [string, () => Case] => [
    `${name} name`,
    () => of(runOn(axial, 2), person),
  ]),
];
const REAL = 'chest_ct_nlst';

interface Said {
  sopClass: string;
  type: string;
  syntax: string;
  charset: string;
  patient: string;
  modelHash: string;
  frames: number;
  bits: number[];
  padding: number | null;
  background: string[];
  dimensions: number[];
  identified: number;
  segments: Array<Record<string, unknown>>;
  spacing: number[] | null;
}

const inOrder = (run: SegmentationRun) =>
  [...run.findings].sort((a, b) => a.segment.segmentNumber - b.segment.segmentNumber);

/** The label map with Segment Numbers for its values. */
const numbered = (run: SegmentationRun): Uint8Array => {
  const numbers = new Map(inOrder(run).map(({ segment }, n) => [segment.segmentNumber, n + 1]));
  return run.labelMap.voxels.map(value => numbers.get(value) ?? 0);
};

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const meantSegments = (run: SegmentationRun) =>
  inOrder(run).map(({ id, trackingIdentifier, segment }, index) => ({
    number: index + 1,
    label: segment.label.en,
    trackingIdentifier,
    id,
    category: segment.category,
    type: segment.type,
    modifier: segment.modifier?.value ?? null,
    algorithm: [
      'AUTOMATIC',
      run.provenance.modelName,
      run.provenance.modelVersion,
      '123110',
      segment.segmentNumber,
    ],
    colour: cielabValue(segment.recommendedDisplayCIELab),
  }));

function written({ run, metadata }: Case, type: Kind): string {
  const source = sourceAttributes(run, metadata);
  if (!source.ok) throw new Error(source.refusal.message);
  const { part10 } = writeSegmentation(run, source.value, {
    type: type === 'binary' ? 'binary' : 'labelmap',
    compressed: type === 'labelmap',
  });
  const folder = temporaryFolder();
  savedAs(folder, 'seg.dcm', part10);
  const slices = run.source.slices.map(({ sopInstanceUID, frameNumber }) => ({
    instance: sopInstanceUID,
    frame: frameNumber,
  }));
  writeFileSync(path.join(folder, 'slices.json'), JSON.stringify(slices));
  return folder;
}

/** Every file made by a test, with what was meant: Python, which loads for seconds, reads all at once. */
const made: Array<{ name: string; folder: string; meant: Case; type: Kind }> = [];

/** Some slices of a real series under two boxes. */
const realCase = (): Case => {
  const { source, metadata } = realSeries(REAL, 8);
  const run = { ...runOn(source.slices, 2), source };
  const first = metadata.get(source.slices[0].sopInstanceUID) as Record<
    string,
    { Value?: unknown[] }
  >;
  return { run, metadata, patient: plainName(first['00100010']?.Value?.[0]) };
};

describe.each(KINDS)('SEG %s', type => {
  const name = type.toUpperCase();
  const read = (caseName: string, make: () => Case): void => {
    const meant = make();
    const folder = written(meant, type);
    const file = path.join(folder, 'seg.dcm');
    made.push({ name: `${name}, ${caseName}`, folder, meant, type });

    if (type === 'binary') {
      testWith('dciodvfy', 'clean', () => {
        const { errors, iod } = dciodvfy(file);
        expect({ errors, iod }).toEqual({ errors: [], iod: 'Segmentation' });
      });
    }

    testWith('dcmdump', 'reads it', () => {
      const { status, text } = outputOf('dcmdump', [file]);
      expect(status).toBe(0);
      expect(text).not.toMatch(/^E:/m);
    });

    // One slice has no grid of its own, and is laid on no series.
    if (meant.run.source.slices.length > 1) {
      test('our own reader gives it back', async () => {
        const parsed = await parsePart10(bytesOf(file));
        if (!parsed.ok) throw new Error(parsed.refusal.message);
        const read = readSegmentation(parsed.value, [meant.run.source]);
        if (!read.ok) throw new Error(read.refusal.message);
        const { labelMap, findings, ...told } = read.value!.run;
        const { labelMap: meantMap, findings: meantFindings, ...rest } = meant.run;
        expect(told).toEqual(rest);
        expect(findings).toEqual(meantFindings.map(each => ({ ...each, measurements: [] })));
        expect(labelMap.geometry).toEqual(meantMap.geometry);
        expect(Buffer.compare(labelMap.voxels, meantMap.voxels)).toBe(0);
      });
    }
  };

  describe.each(CASES)('%s', read);
  const real = `a real header, ${REAL}`;
  needs({ data: `dicom/${REAL}` }).describe(real, () => read(real, realCase));
});

describe('SEG: Python', () => {
  testWith(
    'highdicom',
    'reads pixels, segments, codes and names of both kinds as they were meant',
    () => {
      const said = pythonSays<Said[]>(
        path.join(__dirname, 'support/read_seg.py'),
        made.map(({ folder }) => folder),
      );
      const told = made.map(({ name, folder, type }, index) => {
        const pixels = (file: string) => digest(readFileSync(path.join(folder, file)));
        const { spacing, frames, ...rest } = said[index];
        return {
          name,
          ...rest,
          identified: rest.identified === (type === 'binary' ? frames : 0),
          spacing: spacing && spacing.map(each => Math.round(each * 1e4) / 1e4),
          highdicom: pixels('highdicom.bin'),
          pydicom: pixels('pydicom.bin'),
        };
      });
      const expected = made.map(({ name, meant: { run, patient }, type }, index) => {
        const binary = type === 'binary';
        const voxels = digest(numbered(run));
        const [i, j, k] = run.labelMap.geometry.spacing;
        return {
          name,
          sopClass: binary ? SOP_CLASS.segmentation : SOP_CLASS.labelMapSegmentation,
          type: binary ? 'BINARY' : 'LABELMAP',
          syntax: type === 'labelmap' ? RLE_LOSSLESS : '1.2.840.10008.1.2.1',
          charset: 'ISO_IR 192',
          patient,
          modelHash: run.provenance.modelSha256,
          bits: binary ? [1, 1, 0] : [8, 8, 7],
          padding: binary ? null : 0,
          background: binary ? [] : ['125040'],
          dimensions: binary ? [0x0062000b, 0x00200032] : [0x00200032],
          identified: true,
          segments: meantSegments(run),
          spacing: said[index].spacing && [k, j, i].map(each => Math.round(each * 1e4) / 1e4),
          highdicom: voxels,
          pydicom: voxels,
        };
      });
      expect(told).toEqual(expected);
    },
    300_000,
  );
});

describe('SEG: archive', () => {
  testWith(
    'Orthanc',
    'stores and returns segmentations of both kinds as they were',
    async () => {
      const files = KINDS.map(kind => {
        const { folder } = made.find(
          ({ type, name }) => type === kind && name.includes('oblique'),
        )!;
        return bytesOf(path.join(folder, 'seg.dcm'));
      });
      // Of the same label map with and without RLE an archive keeps the first: it is one instance.
      const stored = files.slice(0, 2);
      const kept = await keptByOrthanc(stored);
      expect(
        kept.map(({ returned }, n) => Buffer.from(returned).equals(Buffer.from(stored[n]))),
      ).toEqual([true, true]);
      expect(new Set(kept.map(({ sopInstanceUID }) => sopInstanceUID)).size).toBe(2);
    },
    120_000,
  );
});
