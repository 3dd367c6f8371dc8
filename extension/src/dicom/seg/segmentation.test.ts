import type { SegmentationRun } from '../../core/findings/segmentationRun';
import { parsePart10, type ParsedDataset } from '../common/parse';
import { sourceAttributes } from '../common/source';
import { boxes, geometryOf, metadataOf, runOn, slicesOf } from '../testing/runs';
import { readSegmentation } from './readSegmentation';
import { writeSegmentation } from './writeSegmentation';

const KINDS = ['binary', 'labelmap', 'labelmap as it stands'] as const;
type Kind = (typeof KINDS)[number];

const written = (run: SegmentationRun, kind: Kind) => {
  const source = sourceAttributes(run, metadataOf(run));
  if (!source.ok) throw new Error(source.refusal.message);
  const type = kind === 'binary' ? 'binary' : 'labelmap';
  return writeSegmentation(run, source.value, { type, compressed: kind === 'labelmap' });
};
const parsed = async (file: ArrayBuffer): Promise<ParsedDataset> => {
  const outcome = await parsePart10(file);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value;
};
const datasetOf = async (run: SegmentationRun, type: Kind) => parsed(written(run, type).part10);

const axial = slicesOf({ columns: 20, rows: 12, slices: 6 });
const odd = slicesOf({ columns: 7, rows: 5, slices: 5, tilted: true });
const cases: Array<[string, SegmentationRun]> = [
  ['two lungs', runOn(axial, 2)],
  ['frames that end within a byte', runOn(odd, 3)],
  [
    'one slice of a multi-frame image',
    runOn(slicesOf({ columns: 16, rows: 16, slices: 5, multiFrame: true }), 1),
  ],
  ['an empty segment', runOn(axial, 2, boxes(geometryOf(axial), [1]))],
  ['nothing at all', runOn(axial, 2, boxes(geometryOf(axial), []))],
  ['values without a segment', runOn(axial, 2, boxes(geometryOf(axial), [1, 3, 200]))],
];

describe.each(KINDS)('a %s segmentation', type => {
  test.each(cases)('comes back as it was written: %s', async (_name, run) => {
    const outcome = readSegmentation(await datasetOf(run, type), [run.source]);
    if (!outcome.ok) throw new Error(outcome.refusal.message);
    const { labelMap, findings, ...told } = outcome.value!.run;
    const { labelMap: meant, findings: meantFindings, ...rest } = run;
    expect(told).toEqual(rest);
    expect(findings).toEqual(meantFindings.map(finding => ({ ...finding, measurements: [] })));
    expect(labelMap.geometry).toEqual(meant.geometry);
    const labels = new Set(meantFindings.map(({ segment }) => segment.segmentNumber));
    const kept = meant.voxels.map(value => (labels.has(value) ? value : 0));
    expect(Buffer.compare(labelMap.voxels, kept)).toBe(0);
  });

  test('is the same bytes for the same run', () => {
    const [, run] = cases[0];
    const [first, second] = [written(run, type), written(structuredClone(run), type)];
    expect(Buffer.compare(Buffer.from(first.part10), Buffer.from(second.part10))).toBe(0);
  });

  test('has as many segments as a byte tells apart', async () => {
    const slices = slicesOf({ columns: 32, rows: 16, slices: 3 });
    const run = runOn(slices, 1);
    const voxels = run.labelMap.voxels.map((_, index) => index % 256);
    const findings = Array.from({ length: 255 }, (_, index) => ({
      ...run.findings[0],
      id: `2.25.${index + 1}`,
      segment: { ...run.findings[0].segment, segmentNumber: index + 1, key: `part-${index + 1}` },
    }));
    const many = { ...run, labelMap: { ...run.labelMap, voxels }, findings };
    const outcome = readSegmentation(await datasetOf(many, type), [many.source]);
    if (!outcome.ok) throw new Error(outcome.refusal.message);
    expect(outcome.value!.run.findings).toHaveLength(255);
    expect(Buffer.compare(outcome.value!.run.labelMap.voxels, voxels)).toBe(0);
  });

  test.each([
    [256, 'Segment number 256 is not one of 1 to 255'],
    [1, 'Segment numbers 1, 1 are not each of one segment'],
  ])('is not written with a second segment %d', (segmentNumber, message) => {
    const run = runOn(axial, 2);
    run.findings[1].segment.segmentNumber = segmentNumber;
    expect(() => written(run, type)).toThrow(message);
  });
});

test('the two kinds of one run are two instances with the same segment numbers', async () => {
  const [, run] = cases[0];
  const [binary, labelMap, asItStands] = KINDS.map(type => written(run, type));
  expect(asItStands.sopInstanceUID).toBe(labelMap.sopInstanceUID);
  expect(labelMap.part10.byteLength).toBeLessThan(asItStands.part10.byteLength);
  expect(binary.sopInstanceUID).not.toBe(labelMap.sopInstanceUID);
  expect(binary.seriesInstanceUID).not.toBe(labelMap.seriesInstanceUID);
  const numbers = (dataset: ParsedDataset): unknown[] =>
    (dataset.SegmentSequence as ParsedDataset[]).map(item => (item.SegmentNumber as number[])[0]);
  expect(numbers(await parsed(binary.part10))).toEqual([1, 2]);
  // Item i is Segment i + 1 in both, whatever a reader counts by.
  expect(numbers(await parsed(labelMap.part10))).toEqual([1, 2, 0]);
});

describe('a damaged segmentation is refused', () => {
  const [, run] = cases[0];
  const [, bits] = cases[1];
  const code = (dataset: ParsedDataset, of = run): string => {
    const outcome = readSegmentation(dataset, [of.source]);
    return outcome.ok ? 'read' : outcome.refusal.code;
  };
  const groups = (dataset: ParsedDataset): ParsedDataset[] =>
    dataset.PerFrameFunctionalGroupsSequence as ParsedDataset[];

  test.each(KINDS)('%s: pixels cut off', async type => {
    const dataset = await datasetOf(bits, type);
    dataset.PixelData = (dataset.PixelData as Uint8Array).subarray(0, -3);
    expect(code(dataset, bits)).toBe('evidencePixelsMissing');
  });
  test.each(KINDS)('%s: a file cut off', async type => {
    const { part10 } = written(run, type);
    const outcome = await parsePart10(part10.slice(0, part10.byteLength - 40));
    expect(outcome.ok ? 'read' : outcome.refusal.code).toBe('dicomDamaged');
  });
  test.each(KINDS)('%s: more frames than are described', async type => {
    const dataset = await datasetOf(run, type);
    dataset.NumberOfFrames = [groups(dataset).length + 1];
    expect(code(dataset)).toBe('evidenceFramesDiffer');
    dataset.NumberOfFrames = [0];
    expect(code(dataset)).toBe('evidenceFramesDiffer');
  });
  test('binary: a frame of a segment that is not described', async () => {
    const dataset = await datasetOf(run, 'binary');
    groups(dataset)[1].SegmentIdentificationSequence = [{ ReferencedSegmentNumber: [9] }];
    expect(code(dataset)).toBe('evidenceFrameUnplaced');
  });
  test('binary: a frame of no segment', async () => {
    const dataset = await datasetOf(run, 'binary');
    delete groups(dataset)[1].SegmentIdentificationSequence;
    expect(code(dataset)).toBe('evidenceFrameUnplaced');
  });
  test('labelmap: a value that is not described', async () => {
    const dataset = await datasetOf(run, 'labelmap');
    (dataset.PixelData as Uint8Array)[5] = 77;
    expect(code(dataset)).toBe('segmentationValueUnknown');
  });
  test.each(KINDS)('%s: a frame of another image', async type => {
    const dataset = await datasetOf(run, type);
    const [derivation] = groups(dataset)[0].DerivationImageSequence as ParsedDataset[];
    (derivation.SourceImageSequence as ParsedDataset[])[0].ReferencedSOPInstanceUID = ['1.2.3'];
    expect(code(dataset)).toBe('evidenceFrameUnplaced');
  });
  test.each(KINDS)('%s: no functional groups, or without the source', async type => {
    const without = await datasetOf(run, type);
    delete groups(without)[0].DerivationImageSequence;
    expect(code(without)).toBe('evidenceUnreadable');
    delete without.PerFrameFunctionalGroupsSequence;
    expect(code(without)).toBe('evidenceUnreadable');
  });
  test.each(KINDS)('%s: only the background', async type => {
    const dataset = await datasetOf(run, type);
    dataset.SegmentSequence = [{ SegmentNumber: [0] }];
    expect(code(dataset)).toBe('evidenceUnreadable');
  });
  test.each(KINDS)('%s: bits that its kind does not have', async type => {
    const dataset = await datasetOf(run, type);
    dataset.BitsAllocated = [32];
    expect(code(dataset)).toBe('segmentationTypeUnknown');
  });
});
