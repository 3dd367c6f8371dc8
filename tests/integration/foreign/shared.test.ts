import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type {
  RunResult,
  SegmentFinding,
  SourceSeries,
} from '../../../extension/src/core/findings/types';
import type { ParsedDataset } from '../../../extension/src/dicom/common/parse';
import { DATA, needs, python } from '../../support/needs';
import { objectsIn, parsed, seriesIn, seriesOfFrames, shown } from './support';

/**
 * Real objects of dcmqi, highdicom, dcmtk and RT programs. Numbers of voxels and of measurements
 * were read by pydicom 3.0.2 (`make_objects.py frames`) and by DCMTK's dsrdump; where there is a
 * Python with pydicom, it reads them again, frame by frame.
 */
const dcmqi = objectsIn('objects_dcmqi');
const highdicom = objectsIn('objects_highdicom');
const rt = objectsIn('objects_rt');
const acrin = objectsIn('chest_petct_acrin_nsclc');

/** Voxels by the label that the object gives the segment, over all runs. */
const voxelsOf = (runs: readonly RunResult[]): Record<string, number> =>
  Object.fromEntries(
    runs.flatMap(({ labelMap, findings }) =>
      findings
        .filter((each): each is SegmentFinding => each.kind === 'segment')
        .map(({ segment }) => [
          segment.label.en,
          labelMap!.voxels.reduce(
            (sum, value) => sum + (value === segment.segmentNumber ? 1 : 0),
            0,
          ),
        ]),
    ),
  );

interface Case {
  file: string;
  /** Images, or how far apart those are that its frames refer to. */
  source: string[] | number;
  voxels: Record<string, number>;
  runs?: number;
  remarks?: string[];
}

const inDcmqi = (name: string): string => path.join(dcmqi, 'segmentations', name);
const inHighdicom = (name: string): string => path.join(highdicom, name);
const inAcrin = (name: string): string => path.join(acrin, name);

const CASES: Record<string, Case> = {
  'dcmqi 23x38x3': {
    file: inDcmqi('23x38x3/label_seg.dcm'),
    source: [inDcmqi('23x38x3/image')],
    voxels: { Liver: 322 },
  },
  'dcmqi 24x38x3': {
    file: inDcmqi('24x38x3/label_seg.dcm'),
    source: [inDcmqi('24x38x3/image')],
    voxels: { Liver: 315 },
  },
  'dcmqi liver': {
    file: inDcmqi('liver.dcm'),
    source: [inDcmqi('ct-3slice')],
    voxels: { Liver: 107098 },
  },
  'dcmqi partial_overlaps': {
    file: inDcmqi('partial_overlaps.dcm'),
    source: [inDcmqi('ct-3slice')],
    voxels: { GREEN: 9602, ORANGE: 11888, PURPLE: 10743, LIGHT_BLUE: 6693, DARK_BLUE: 4713 },
    runs: 3,
  },
  'dcmqi sparse LABELMAP without padding value': {
    file: inDcmqi('sparse-labelmap-noppv.dcm'),
    source: [inDcmqi('24x38x3/image')],
    voxels: { Liver: 630 },
  },
  'dcmqi sparse LABELMAP with padding value 5': {
    file: inDcmqi('sparse-labelmap-ppv5.dcm'),
    source: [inDcmqi('24x38x3/image')],
    voxels: { Liver: 630 },
  },
  'dcmqi SR example': {
    file: path.join(dcmqi, 'sr-example/seg.dcm'),
    source: 3.375,
    voxels: { 'Neoplasm, Primary': 795 },
  },
  'highdicom CR without a frame of reference': {
    file: inHighdicom('seg_image_cr_binary.dcm'),
    source: 1,
    voxels: { 'first segment': 151 },
  },
  'highdicom CT BINARY': {
    file: inHighdicom('seg_image_ct_binary.dcm'),
    source: 1.25,
    voxels: { 'first segment': 638 },
  },
  'highdicom CT FRACTIONAL of a BINARY': {
    file: inHighdicom('seg_image_ct_binary_fractional.dcm'),
    source: 1.25,
    voxels: { 'first segment': 638 },
    remarks: ['foreignThresholded'],
  },
  'highdicom CT true FRACTIONAL': {
    file: inHighdicom('seg_image_ct_true_fractional.dcm'),
    source: 1.25,
    voxels: { 'first segment': 638 },
    remarks: ['foreignThresholded'],
  },
  'highdicom CT overlap': {
    file: inHighdicom('seg_image_ct_binary_overlap.dcm'),
    source: 1.25,
    voxels: { 'first segment': 64, 'second segment': 16 },
    runs: 2,
  },
  'highdicom CT single frame': {
    file: inHighdicom('seg_image_ct_binary_single_frame.dcm'),
    source: [inHighdicom('ct_image.dcm')],
    voxels: { 'first segment': 1832 },
  },
  'ACRIN a, on CT': {
    file: inAcrin('seg/a.dcm'),
    source: [inAcrin('ct')],
    voxels: { Segment_1: 602948, Segment_2: 576543 },
  },
  'ACRIN b, on PET': {
    file: inAcrin('seg/b.dcm'),
    source: [inAcrin('pet_ac')],
    voxels: { pt_segment_1: 2548, Segment_2: 23730 },
  },
  'ACRIN c, on PET': {
    file: inAcrin('seg/c.dcm'),
    source: [inAcrin('pet_ac')],
    voxels: { Segment_1: 118130 },
  },
};

const has = ({ file }: Case) => needs({ data: path.relative(DATA, file) });

const seriesCache = new Map<string, SourceSeries[]>();
async function sourceOf({ file, source }: Case): Promise<SourceSeries[]> {
  if (typeof source === 'number') return seriesOfFrames(await parsed(file), source);
  const key = source.join();
  const known = seriesCache.get(key) ?? seriesIn(...source);
  seriesCache.set(key, known);
  return known;
}

/** By pydicom: [Segment Number, SOP Instance UID of the image, pixels] of each frame. */
type Frames = Array<[number, string, number]>;
let counted: Record<string, Frames> | undefined;
function framesByPydicom(file: string): Frames {
  if (!counted) {
    const script = path.join(__dirname, 'make_objects.py');
    const files = Object.values(CASES).filter(each => has(each).areMet);
    const { stdout, stderr, status } = spawnSync(
      python,
      [script, 'frames', ...files.map(each => each.file)],
      { encoding: 'utf8', maxBuffer: 1 << 26 },
    );
    if (status !== 0) throw new Error(stderr);
    counted = JSON.parse(stdout) as Record<string, Frames>;
  }
  return counted[file];
}

const numberOf = (dataset: ParsedDataset, label: string): number =>
  (dataset.SegmentSequence as ParsedDataset[])
    .filter(each => (each.SegmentLabel as string[] | undefined)?.[0] === label)
    .map(each => (each.SegmentNumber as number[])[0])[0];

describe.each(Object.entries(CASES))('SEG of %s', (_name, each) => {
  has(each).it('has the voxels that pydicom counts', async () => {
    const { runs, refusals } = await shown([each.file], await sourceOf(each));
    expect(refusals).toEqual([]);
    expect(runs).toHaveLength(each.runs ?? 1);
    expect(voxelsOf(runs)).toEqual(each.voxels);
    expect(runs[0].foreign?.remarks?.map(({ code }) => code) ?? []).toEqual(each.remarks ?? []);
    for (const { findings, foreign } of runs) {
      expect(foreign?.instances).toHaveLength(1);
      findings.forEach(({ id, measurements }) => {
        expect(id).toMatch(/^[0-9.]+$/);
        expect(measurements).toEqual([]);
      });
    }
  });

  const counts = needs({ tool: 'highdicom', data: path.relative(DATA, each.file) });
  counts.it('highdicom: its voxels are on the images that pydicom finds them on', async () => {
    const { runs } = await shown([each.file], await sourceOf(each));
    const dataset = await parsed(each.file);
    const found: Frames = [];
    for (const { labelMap, findings, source } of runs) {
      const [columns, rows] = labelMap!.geometry.dimensions;
      const size = columns * rows;
      for (const finding of findings as SegmentFinding[]) {
        source.slices.forEach(({ sopInstanceUID }, k) => {
          const slice = labelMap!.voxels.subarray(k * size, (k + 1) * size);
          const count = slice.filter(value => value === finding.segment.segmentNumber).length;
          const number = numberOf(dataset, finding.segment.label.en);
          if (count > 0) found.push([number, sopInstanceUID, count]);
        });
      }
    }
    const sorted = (frames: Frames): string[] => frames.map(frame => frame.join(' ')).sort();
    const expected = framesByPydicom(each.file).filter(([, , count]) => count > 0);
    expect(sorted(found)).toEqual(sorted(expected));
  });
});

describe('SR of dcmqi, with its SEG', () => {
  const { it } = needs({ data: 'dicom/objects_dcmqi' });
  const at = (name: string): string => path.join(dcmqi, 'sr-example', name);

  it('the segment has the measurements of the report', async () => {
    const source = seriesOfFrames(await parsed(at('seg.dcm')), 3.375);
    const { runs, refusals } = await shown(['sr.dcm', 'seg.dcm', 'rwvm.dcm'].map(at), source);
    expect(refusals).toMatchObject([
      { code: 'foreignKindNotShown', values: { kind: 'Real World Value Mapping' } },
    ]);
    expect(runs).toHaveLength(1);
    const [finding] = runs[0].findings;
    // The SEG has no Tracking UID: the report's is the finding's.
    expect(finding).toMatchObject({
      kind: 'segment',
      id: '2.25.318774060119084600392715520575818119084',
      trackingIdentifier: 'primary tumor',
      evaluations: [
        { concept: { meaning: 'Finding Site' }, value: { meaning: 'pharyngeal tonsil (adenoid)' } },
      ],
    });
    const said = finding.measurements.map(({ concept, derivation, value, unit }) =>
      [concept.value, derivation?.value ?? '-', value, unit.value].join(' '),
    );
    expect(said).toEqual([
      '126401 R-00317 6.01529 {SUVbw}g/ml',
      '126401 R-404FB 2.91136 {SUVbw}g/ml',
      '126401 G-A437 10.3814 {SUVbw}g/ml',
      '126401 126031 9.45534 {SUVbw}g/ml',
      'G-D705 - 33.5824 ml',
      '126033 - 202.008 g',
      '126401 R-10047 1.62653 {SUVbw}g/ml',
      '126401 250137 4.59051 {SUVbw}g/ml',
      '126401 R-00319 5.71824 {SUVbw}g/ml',
      '126401 250138 7.28462 {SUVbw}g/ml',
      '126401 250139 10.3814 {SUVbw}g/ml',
      '126401 C2347976 6.23131 {SUVbw}g/ml',
      '250145 - 41.9512 g',
      '250146 - 68.7033 g',
      '250147 - 65.0814 g',
      '250148 - 26.272 g',
      '250140 - 29.434 %',
      '250141 - 36.3522 %',
      '250142 - 25.6604 %',
      '250143 - 8.55346 %',
      '126037 - 107.283 g',
      '126038 - 2.82066 {SUVbw}g/ml',
    ]);
    const volume = finding.measurements[4];
    expect(volume).toMatchObject({
      name: 'volume',
      method: { meaning: 'Sum of segmented voxel volumes' },
    });
    // The report's own method is kept where the group names another for all.
    expect(finding.measurements[0].method?.value).toBe('126410');
    expect(runs[0].foreign?.instances).toHaveLength(2);
  });

  it('alone, it is shown by its numbers on the images that it names', async () => {
    const source = seriesOfFrames(await parsed(at('seg.dcm')), 3.375);
    const { runs } = await shown([at('sr.dcm')], source);
    expect(runs[0].findings).toMatchObject([{ kind: 'regression' }]);
    expect(runs[0].findings[0].measurements).toHaveLength(22);
    expect(runs[0].foreign).toMatchObject({
      author: 'User2',
      algorithmType: 'manual',
      remarks: [{ code: 'foreignSegmentMissing' }],
    });
  });
});

describe('SR of highdicom', () => {
  const { it } = needs({ data: 'dicom/objects_highdicom' });
  const source = (): SourceSeries[] => seriesIn(inHighdicom('ct_image.dcm'));

  it('a circle with its area', async () => {
    const { runs, refusals } = await shown([inHighdicom('sr_document.dcm')], source());
    expect(refusals).toEqual([]);
    expect(runs[0].foreign).toMatchObject({ author: 'Foo', manufacturer: 'Manufacturer' });
    expect(runs[0].findings).toMatchObject([
      {
        kind: 'annotation',
        id: '1.2.826.0.1.3680043.8.498.95005499519195632686309166061552196996',
        trackingIdentifier: 'Planar ROI Measurements',
        concept: { type: { value: 'T-A7010', meaning: 'Spinal cord' } },
        measurements: [{ value: 1.7, unit: { value: 'cm2' } }],
        shapes: [{ graphicType: 'CIRCLE' }],
      },
    ]);
  });

  it('groups with a circle, a polyline, a point in space and an image alone', async () => {
    const file = inHighdicom('sr_document_with_multiple_groups.dcm');
    const { runs, refusals } = await shown([file], source());
    expect(refusals).toEqual([]);
    const { findings } = runs[0];
    expect(
      findings.map(each => [each.trackingIdentifier, each.kind, each.measurements[0].value]),
    ).toEqual([
      ['Image0001', 'regression', -119.0738525390625],
      ['LungNodule0001', 'annotation', 10],
      ['Aorta0001', 'annotation', 20],
      ['Vertebra0001', 'annotation', 200],
    ]);
    expect(findings[3]).toMatchObject({
      shapes: [
        { graphicType: 'POINT', points: [[123.5, 234.10000610351562, -23.700000762939453]] },
      ],
    });
  });

  it('on images that are not open it is refused', async () => {
    const { runs, refusals } = await shown(
      [inHighdicom('sr_document.dcm')],
      seriesIn(inHighdicom('dx_image.dcm')),
    );
    expect(runs).toEqual([]);
    expect(refusals.map(({ code }) => code)).toEqual(['foreignSourceAbsent']);
  });

  it('what is of whole-slide images is refused as such', async () => {
    const names = readdirSync(highdicom).filter(name => /^seg_image_sm|^sm_annotations/.test(name));
    const { runs, refusals } = await shown(
      names.map(inHighdicom),
      seriesIn(inHighdicom('sm_image.dcm')),
    );
    expect(runs).toEqual([]);
    expect(refusals.map(({ code }) => code).sort()).toEqual([
      'foreignKindNotShown',
      ...names.slice(1).map(() => 'foreignTiled'),
    ]);
  });
});

needs({ data: 'dicom/objects_rt' }).it(
  'RT objects are named and not shown, broken references or not',
  async () => {
    const names = [
      'rtss.dcm',
      'rtplan.dcm',
      'rt_utils_phantom/rt.dcm',
      'rt_utils_phantom/invalid_reference_rt.dcm',
      'rt_utils_phantom/non_existent_reference_rt.dcm',
    ];
    const { runs, refusals } = await shown(
      names.map(name => path.join(rt, name)),
      seriesIn(path.join(rt, 'ct.0.dcm')),
    );
    expect(runs).toEqual([]);
    expect(refusals.map(({ values }) => values.kind)).toEqual([
      'RT Structure Set',
      'RT Plan',
      'RT Structure Set',
      'RT Structure Set',
      'RT Structure Set',
    ]);
  },
);
