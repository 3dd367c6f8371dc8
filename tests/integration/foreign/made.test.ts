import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type {
  AnnotationFinding,
  Finding,
  RunResult,
  SegmentFinding,
  SourceSeries,
} from '../../../extension/src/core/findings/types';
import { createEvidenceReader } from '../../../extension/src/dicom/evidence';
import { needs, python } from '../../support/needs';
import { bytesOf, seriesIn, shown, type Shown } from './support';

/**
 * Objects that highdicom makes when the test runs, on an oblique series of images: what we show is
 * what highdicom and numpy say that they hold.
 */
const { it, each } = needs({ tool: 'highdicom' });
const ROWS = 20;
const COLUMNS = 28;

interface Truth {
  [segmentation: `seg_${string}`]: number[][];
  sr: Record<string, number[][]> & { slice: number; middle: number[] };
  pr: Record<string, number[][]> & { slice: number };
  pm: { first: number; sum: number; integerFirst: number; integerSum: number };
}

describe('highdicom: objects that it makes', () => {
  let folder: string;
  const file = (name: string): string => path.join(folder, `${name}.dcm`);
  let truth: Truth;
  let source: SourceSeries[];

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'foreign-'));
    const script = path.join(__dirname, 'make_objects.py');
    const made = spawnSync(python, [script, 'make', folder], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(made.stderr);
    truth = JSON.parse(readFileSync(path.join(folder, 'truth.json'), 'utf8')) as Truth;
    source = seriesIn(path.join(folder, 'images'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Voxels of a segment on each slice, wherever its label map is. */
  const countsOf = (runs: readonly RunResult[], label: string): number[] => {
    for (const { labelMap, findings } of runs) {
      const finding = findings.find(
        (each): each is SegmentFinding =>
          each.kind === 'segment' && each.segment.label.en === label,
      );
      if (!finding || !labelMap) continue;
      const counts = new Array<number>(labelMap.geometry.dimensions[2]).fill(0);
      labelMap.voxels.forEach((value, at) => {
        if (value === finding.segment.segmentNumber) counts[Math.floor(at / (ROWS * COLUMNS))]++;
      });
      return counts;
    }
    return [];
  };

  each([
    ['binary', 1, []],
    ['labelmap', 1, []],
    ['labelmap_rle', 1, []],
    ['labelmap_wide', 1, []],
    ['overlapping', 2, []],
    ['fractional', 1, ['foreignThresholded']],
    ['part', 1, []],
    ['flipped', 1, []],
    ['axial', 1, ['foreignResampled']],
  ])('SEG %s has the voxels that numpy says, in %i run(s)', async (name, count, said) => {
    const { runs, refusals } = await shown([file(`seg_${name}`)], source);
    expect(refusals).toEqual([]);
    expect(runs).toHaveLength(count);
    const labels = name === 'axial' ? ['Cubes'] : ['First', 'Second', 'Third'];
    truth[`seg_${name}`].forEach((counts, index) => {
      expect([labels[index], countsOf(runs, labels[index])]).toEqual([labels[index], counts]);
    });
    expect(runs[0].foreign?.remarks?.map(({ code }) => code) ?? []).toEqual(said);
    expect(runs[0].provenance).toMatchObject({
      modelId: 'NoduleNet',
      modelVersion: '2.1',
      manufacturer: 'Vendor AI',
      modelSha256: '',
    });
    expect(runs[0].provenance.engine).toBeUndefined();
    expect(runs[0].foreign).toMatchObject({
      algorithmType: 'automatic',
      manufacturer: 'Vendor AI',
      manufacturerModelName: 'Nodule Server',
      softwareVersions: '4.2',
    });
  });

  it('a segment without a Tracking UID has one that derives from its object', async () => {
    const ids = async (): Promise<string[]> =>
      (await shown([file('seg_overlapping')], source)).runs.flatMap(({ findings }) =>
        findings.map(({ id }) => id),
      );
    const [first, second, third] = await ids();
    expect([first, second].every(id => id.startsWith('1.2.826.0.1.3680043.8.498.'))).toBe(true);
    expect(third).toMatch(/^2\.25\.\d+$/);
    expect(await ids()).toEqual([first, second, third]);
  });

  it('a SEG in JPEG-LS is refused with its transfer syntax', async () => {
    const { runs, refusals } = await shown([file('seg_labelmap_jpegls')], source);
    expect(runs).toEqual([]);
    expect(refusals).toMatchObject([
      { code: 'foreignCompressed', values: { syntax: '1.2.840.10008.1.2.4.80' } },
    ]);
  });

  const named = (result: Shown, name: string): Finding => {
    const found = result.runs
      .flatMap(({ findings }) => findings)
      .find(({ trackingIdentifier }) => trackingIdentifier === name);
    if (!found) throw new Error(`${name} is not among the findings`);
    return found;
  };
  const closeTo = (points: ReadonlyArray<readonly number[]>): unknown[] =>
    points.map(point => point.map(value => expect.closeTo(value, 3) as number));

  describe('SR TID 1500', () => {
    let result: Shown;
    beforeAll(async () => {
      result = await shown([file('sr_planar'), file('seg_binary')], source);
    });

    each([
      ['box', 'POLYLINE', true],
      ['ellipse', 'ELLIPSE', true],
      ['line', 'POLYLINE', true],
      ['circle', 'CIRCLE', true],
      ['polygon', 'POLYGON', false],
      ['ellipsoid', 'ELLIPSOID', false],
    ])('%s lies where highdicom puts it', (name, graphicType, onImage) => {
      const finding = named(result, name) as AnnotationFinding;
      expect(finding.kind).toBe('annotation');
      expect(finding.shapes).toHaveLength(1);
      const [shape] = finding.shapes;
      expect(shape.graphicType).toBe(graphicType);
      expect(shape.points).toEqual(closeTo(truth.sr[name]));
      const { slices } = source[0];
      const expected = slices[onImage ? truth.sr.slice : 3].sopInstanceUID;
      expect(shape.referencedSOPInstanceUID).toBe(onImage ? expected : undefined);
      expect(finding.referencedSOPInstanceUID).toBe(expected);
    });

    it('an ellipsoid is shown at its middle', () => {
      const { centroid, middleSlice } = named(result, 'ellipsoid');
      expect([centroid]).toEqual(closeTo([truth.sr.middle]));
      expect(middleSlice).toBe(3);
    });

    it('measurements, sites and evaluations come with their codes', () => {
      const box = named(result, 'box') as AnnotationFinding;
      expect(box.concept.type).toMatchObject({ value: '27925004', scheme: 'SCT' });
      expect(box.concept.modifier).toMatchObject({ value: '7771000', meaning: 'Left' });
      expect(box.measurements).toMatchObject([
        {
          value: 7.25,
          concept: { value: '81827009', scheme: 'SCT' },
          derivation: { value: '373098007', scheme: 'SCT' },
          unit: { value: 'mm', scheme: 'UCUM' },
        },
      ]);
      expect(box.evaluations).toMatchObject([
        { concept: { value: '363698007' }, value: { meaning: 'Lung' } },
        { concept: { meaning: 'Malignancy' }, value: { meaning: 'Probable' } },
      ]);
      expect(named(result, 'ellipsoid').measurements).toMatchObject([
        { name: 'volume', value: 0.625, unit: { value: 'cm3' }, method: { value: '126030' } },
      ]);
    });

    it('what it says of a segment is said of the segment', () => {
      const segment = result.runs
        .flatMap(({ findings }) => findings)
        .find(
          (each): each is SegmentFinding =>
            each.kind === 'segment' && each.segment.label.en === 'Second',
        );
      expect(segment?.measurements).toMatchObject([{ name: 'volume', value: 0.625 }]);
      expect(segment?.evaluations).toMatchObject([
        { value: { meaning: 'Lung' } },
        { value: { meaning: 'Probable' } },
      ]);
      const run = result.runs.find(({ findings }) => findings.includes(segment!));
      expect(run?.foreign?.instances).toHaveLength(2);
      expect(() => named(result, 'segment')).toThrow();
    });

    it('each algorithm of a report is a result of its own', () => {
      const names = result.runs.map(({ provenance }) => provenance.modelId);
      expect(names).toEqual(['NoduleNet', 'NoduleNet', 'EmphysemaNet']);
      const whole = named(result, 'whole');
      expect(whole).toMatchObject({ kind: 'annotation', shapes: [], middleSlice: 4 });
      expect(whole.evaluations).toMatchObject([{ value: { meaning: 'Mild' } }]);
    });

    it('without the SEG the numbers are shown, and why only these', async () => {
      const alone = await shown([file('sr_planar')], source);
      expect(named(alone, 'segment')).toMatchObject({
        kind: 'regression',
        measurements: [{ name: 'volume', value: 0.625 }],
      });
      expect(alone.runs[0].foreign?.remarks).toMatchObject([{ code: 'foreignSegmentMissing' }]);
    });
  });

  it('GSPS: markers and words in pixels, lines in parts of the display', async () => {
    const { runs, refusals } = await shown([file('pr_markers')], source);
    expect(refusals).toEqual([]);
    const [marker, line] = runs[0].findings as AnnotationFinding[];
    expect(runs[0].findings).toHaveLength(2);
    expect(marker.concept.label.en).toBe('Nodule 0.93');
    expect(marker.middleSlice).toBe(truth.pr.slice);
    expect(marker.shapes.map(({ graphicType }) => graphicType)).toEqual(['CIRCLE', 'TEXT']);
    expect(marker.shapes[0].points).toEqual(closeTo(truth.pr.circle));
    expect(marker.shapes[1]).toMatchObject({ text: 'Nodule 0.93' });
    expect(marker.shapes[1].points).toEqual(closeTo(truth.pr.text));
    expect(marker.centroid).toEqual(marker.shapes[0].points[0]);
    expect(line.concept.label.en).toBe('Nodule candidates');
    expect(line.shapes[0].points).toEqual(closeTo(truth.pr.line));
    expect(runs[0].foreign?.author).toBe('Doe^Jane');
  });

  each([['float'], ['double'], ['integer']])('Parametric Map of %s', async kind => {
    const { runs, refusals } = await shown([file(`pm_${kind}`)], source);
    expect(refusals).toEqual([]);
    const [map] = runs[0].maps!;
    expect(map.geometry.dimensions).toEqual([COLUMNS, ROWS, 6]);
    expect(map.geometry.origin).toEqual([-12.5, -40.25, 101].map(at => expect.closeTo(at, 4)));
    const first = kind === 'integer' ? truth.pm.integerFirst : truth.pm.first;
    const sum = kind === 'integer' ? truth.pm.integerSum : truth.pm.sum;
    expect(map.values[3 + COLUMNS * (2 + ROWS)]).toBeCloseTo(first, 5);
    expect(map.values.reduce((total, value) => total + value, 0)).toBeCloseTo(sum, 1);
    expect(map).toMatchObject({
      key: 'prob',
      label: { en: 'Probability of nodule' },
      unit: { value: '1', scheme: 'UCUM' },
    });
    expect(map.concept.meaning).toBe('Probability');
    expect(runs[0].findings).toMatchObject([{ kind: 'map', mapKey: 'prob' }]);
  });

  it('Key Object Selection: its images, title and description', async () => {
    const { runs } = await shown([file('ko')], source);
    const { slices } = source[0];
    expect(runs[0].findings).toMatchObject([
      {
        kind: 'keyImage',
        concept: { label: { en: 'For Referring Provider' } },
        text: 'Largest diameter',
        images: [1, 4].map(k => ({ sopInstanceUID: slices[k].sopInstanceUID })),
        middleSlice: 1,
      },
    ]);
  });

  it('Secondary Capture: of an image it is a key image, alone it is no result', async () => {
    const [of, alone] = await Promise.all(
      ['sc_of_image', 'sc_alone'].map(name => shown([file(name)], source)),
    );
    expect(of.runs[0].findings).toMatchObject([
      { kind: 'keyImage', concept: { label: { en: 'AI summary' } }, middleSlice: 2 },
    ]);
    expect(alone.runs).toEqual([]);
    expect(alone.refusals).toMatchObject([{ code: 'foreignNothingToShow' }]);
  });

  it('the evidence reader gives them all, and what is not shown with its reason', async () => {
    const names = ['sr_planar', 'seg_binary', 'pr_markers', 'pm_float', 'ko', 'sc_of_image'];
    const refused: string[] = [];
    const read = await createEvidenceReader().read(
      [...names, 'seg_labelmap_jpegls'].map(name => bytesOf(file(name))),
      source,
      ({ code }) => refused.push(code),
    );
    if (!read.ok) throw new Error(read.refusal.message);
    expect(refused).toEqual(['foreignCompressed']);
    expect(read.value.map(({ run }) => run.foreign?.manufacturer)).toEqual(
      Array.from({ length: 7 }, () => 'Vendor AI'),
    );
    const ids = read.value.flatMap(({ run }) => run.findings.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('other images are not taken for those that were meant', async () => {
    const other = source.map(series => ({
      ...series,
      seriesInstanceUID: '1.2.3.4',
      frameOfReferenceUID: '1.2.3.5',
      slices: series.slices.map((slice, k) => ({ ...slice, sopInstanceUID: `1.2.3.6.${k}` })),
    }));
    const names = ['seg_binary', 'pr_markers', 'pm_float', 'ko', 'sc_of_image', 'sr_planar'];
    const { runs, refusals } = await shown(names.map(file), other);
    expect(runs).toEqual([]);
    const codes = new Set(refusals.map(({ code }) => code));
    expect([...codes].sort()).toEqual(['foreignFrameOfReferenceUnknown', 'foreignSourceAbsent']);
  });
});
