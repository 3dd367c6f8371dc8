import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { conceptOf, type RunResult } from '../../extension/src/core/findings/types';
import type { SegmentationRun } from '../../extension/src/core/findings/segmentationRun';
import type { SourceMetadata } from '../../extension/src/core/reading/ports';
import type { Review } from '../../extension/src/core/review/types';
import { planVolume } from '../../extension/src/core/volume/assemble';
import type { SliceHeader } from '../../extension/src/core/volume/types';
import { createEvidenceReader, writeEvidence } from '../../extension/src/dicom/evidence';
import {
  boxes,
  geometryOf,
  metadataOf,
  OTHER_KINDS,
  reviewsOf,
  runOfKind,
  runOn,
  slicesOf,
} from '../../extension/src/dicom/testing/runs';

/**
 * Our evidence as others read it: dciodvfy, dsrdump and dcmdump where they are installed, pydicom
 * and highdicom where tests/evidence/setup.sh was run (or SECOND_READER_PYTHON names a Python).
 */
const root = path.resolve(__dirname, '../..');
const data = process.env.SECOND_READER_DATA ?? path.resolve(root, '../shared/data');
const python =
  process.env.SECOND_READER_PYTHON ?? path.join(root, '.cache/evidence-venv/bin/python');

const works = (command: string, args: string[]): boolean =>
  spawnSync(command, args, { input: '', encoding: 'utf8' }).error === undefined;
const toolsPresent = works('dciodvfy', ['-version']) && works('dsrdump', ['--version']);
const pythonPresent =
  existsSync(python) && spawnSync(python, ['-c', 'import highdicom']).status === 0;

const skipped = (what: string): void => test.skip(what, () => undefined) as unknown as void;

interface Case {
  name: string;
  run: SegmentationRun;
  source: SourceMetadata;
  reviews: Review[];
  includeReviews: boolean;
}

type JsonDataset = Record<string, { vr: string; Value?: unknown[] }>;
const { DicomMessage } = jest.requireActual<{
  data: {
    DicomMessage: {
      readFile(file: ArrayBuffer, options?: object): { dict: JsonDataset };
    };
  };
}>('dcmjs').data;

const bytesOf = (file: string): ArrayBuffer => {
  const bytes = readFileSync(file);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
};

/** A run of two boxes on the first `count` slices of a real series, with its real metadata. */
function realCase(folder: string, count: number): Case {
  const directory = path.join(data, 'dicom', folder);
  const headers = readdirSync(directory)
    .filter(name => name.endsWith('.dcm'))
    .map(name => DicomMessage.readFile(bytesOf(path.join(directory, name))).dict);
  const series = headers[0]['0020000E'].Value![0];
  const ofSeries = headers.filter(header => header['0020000E'].Value![0] === series);
  const slices = ofSeries.map((header): SliceHeader => {
    const numbers = (tag: string): number[] => (header[tag]?.Value ?? []).map(Number);
    const text = (tag: string): string => String(header[tag]?.Value?.[0] ?? '');
    const [x, y, z] = numbers('00200032');
    return {
      sopInstanceUID: text('00080018'),
      sopClassUID: text('00080016'),
      rows: numbers('00280010')[0],
      columns: numbers('00280011')[0],
      pixelSpacing: numbers('00280030') as unknown as [number, number],
      imagePositionPatient: [x, y, z],
      imageOrientationPatient: numbers(
        '00200037',
      ) as unknown as SliceHeader['imageOrientationPatient'],
      sliceThickness: numbers('00180050')[0],
      photometricInterpretation: 'MONOCHROME2',
      samplesPerPixel: 1,
      rescaleSlope: 1,
      rescaleIntercept: 0,
      modality: text('00080060'),
    };
  });
  const plan = planVolume(slices);
  if (!plan.ok) throw new Error(plan.refusal.message);
  const ordered = plan.value.order.map(index => slices[index]).slice(0, count);
  const run = runOn(ordered, 2);
  const first = ofSeries[0];
  run.source = {
    studyInstanceUID: String(first['0020000D'].Value![0]),
    seriesInstanceUID: String(series),
    frameOfReferenceUID: String(first['00200052'].Value![0]),
    slices: ordered,
  };
  const source = new Map(
    ofSeries.map(header => [
      String(header['00080018'].Value![0]),
      header as Record<string, unknown>,
    ]),
  );
  return { name: folder, run, source, reviews: reviewsOf(run, 1), includeReviews: true };
}

const personCase = (name: string, group: Record<string, string>): Case => {
  const run = runOn(slicesOf({ columns: 20, rows: 12, slices: 6 }), 2);
  const source = metadataOf(run, {
    '00100010': { vr: 'PN', Value: [group] },
    '00081030': { vr: 'LO', Value: [Object.values(group).join(' ')] },
  });
  return { name, run, source, reviews: reviewsOf(run), includeReviews: true };
};

function syntheticCases(): Case[] {
  const of = (
    name: string,
    run: SegmentationRun,
    reviews: Review[],
    includeReviews = true,
  ): Case => ({
    name,
    run,
    source: metadataOf(run),
    reviews,
    includeReviews,
  });
  const axial = slicesOf({ columns: 20, rows: 12, slices: 6 });
  const whole = runOn(axial, 2);
  const oblique = runOn(slicesOf({ columns: 24, rows: 16, slices: 7, tilted: true }), 4);
  const bits = runOn(slicesOf({ columns: 7, rows: 5, slices: 5 }), 3);
  const multi = runOn(slicesOf({ columns: 16, rows: 16, slices: 5, multiFrame: true }), 2);
  const oneEmpty = runOn(axial, 2, boxes(geometryOf(axial), [1]));
  return [
    of('all reviewed', whole, reviewsOf(whole)),
    of('one of two reviewed', whole, reviewsOf(whole, 1)),
    of('maturity production', whole, reviewsOf(whole), false),
    of('oblique, four segments', oblique, reviewsOf(oblique)),
    of('frames that end within a byte', bits, []),
    of('multi-frame source', multi, reviewsOf(multi)),
    of('an empty segment', oneEmpty, []),
    personCase('Ukrainian name', { Alphabetic: 'Шевченко^Тарас^Григорович' }),
    personCase('Japanese name', {
      Alphabetic: 'Yamada^Tarou',
      Ideographic: '山田^太郎',
      Phonetic: 'やまだ^たろう',
    }),
    personCase('Arabic name', { Alphabetic: 'قباني^لنزار' }),
  ];
}

const KEYWORDS: Record<string, string> = {
  PatientName: '00100010',
  PatientID: '00100020',
  PatientBirthDate: '00100030',
  PatientSex: '00100040',
  StudyInstanceUID: '0020000D',
  StudyDate: '00080020',
  AccessionNumber: '00080050',
  StudyDescription: '00081030',
};

const plainText = (value: unknown): string => {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'object') return String(value);
  // dcmjs gives a PersonName as a list of component groups, JSON from an archive as one.
  const group = (Array.isArray(value) ? value[0] : value) as Record<string, string> | undefined;
  return ['Alphabetic', 'Ideographic', 'Phonetic']
    .map(each => group?.[each] ?? '')
    .join('=')
    .replace(/=+$/, '');
};

/** What was meant, for check.py. */
function expectedOf({ run, source, reviews, includeReviews }: Case): object {
  const written = includeReviews ? reviews : [];
  const metadata = source.get(run.source.slices[0].sopInstanceUID) as JsonDataset;
  const all = written.length === run.findings.length;
  const reviewers = [...new Set(written.map(({ reviewer }) => reviewer))];
  return {
    ...run.labelMap.geometry,
    multiFrame: run.source.slices[0].frameNumber !== undefined,
    slices: run.source.slices.map(s => ({ instance: s.sopInstanceUID, frame: s.frameNumber })),
    patientAndStudy: Object.fromEntries(
      Object.entries(KEYWORDS).map(([keyword, tag]) => [
        keyword,
        plainText(metadata[tag]?.Value?.[0]),
      ]),
    ),
    series: run.source.seriesInstanceUID,
    sha256: run.provenance.modelSha256,
    modelName: run.provenance.modelName,
    modelVersion: run.provenance.modelVersion,
    completion: all ? 'COMPLETE' : 'PARTIAL',
    verification: all ? 'VERIFIED' : 'UNVERIFIED',
    verifying: all ? reviewers : [],
    reviewers,
    findings: run.findings.map(({ id, trackingIdentifier, segment, measurements }) => {
      const review = written.find(({ findingId }) => findingId === id);
      return {
        id,
        trackingIdentifier,
        label: segment.label.en,
        value: segment.segmentNumber,
        category: segment.category,
        type: segment.type,
        modifier: segment.modifier,
        measurements,
        verdict: review?.verdict ?? 'notReviewed',
        review,
      };
    }),
  };
}

const folders: string[] = [];
afterAll(() => folders.forEach(folder => rmSync(folder, { recursive: true, force: true })));

function written(each: Case): string {
  const outcome = writeEvidence({ ...each, reviewer: 'Коваленко^Олена' });
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  const folder = mkdtempSync(path.join(tmpdir(), 'second-reader-evidence-'));
  folders.push(folder);
  const [segmentation, report] = outcome.value;
  writeFileSync(path.join(folder, 'seg.dcm'), Buffer.from(segmentation.part10));
  writeFileSync(path.join(folder, 'sr.dcm'), Buffer.from(report.part10));
  writeFileSync(path.join(folder, 'labels.bin'), each.run.labelMap.voxels);
  writeFileSync(path.join(folder, 'expected.json'), JSON.stringify(expectedOf(each)));
  return folder;
}

const outputOf = (command: string, args: string[]): { status: number | null; text: string } => {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return { status, text: `${stdout}${stderr}` };
};

function readByOthers(makeCase: () => Case): void {
  let folder: string;
  let made: Case;
  beforeAll(() => {
    made = makeCase();
    folder = written(made);
  });

  if (toolsPresent) {
    test.each(['seg.dcm', 'sr.dcm'])('dciodvfy finds no error in %s', name => {
      const { text } = outputOf('dciodvfy', [path.join(folder, name)]);
      expect(text.split('\n').filter(line => line.startsWith('Error'))).toEqual([]);
      expect(text).toMatch(name === 'seg.dcm' ? /^Segmentation$/m : /^Comprehensive3DSR$/m);
    });
    test('dcmdump reads both, dsrdump prints the report', () => {
      for (const name of ['seg.dcm', 'sr.dcm']) {
        const dumped = outputOf('dcmdump', [path.join(folder, name)]);
        expect(dumped.status).toBe(0);
        expect(dumped.text).not.toMatch(/^E:/m);
      }
      const report = outputOf('dsrdump', ['--print-long-values', path.join(folder, 'sr.dcm')]);
      expect(report.status).toBe(0);
      // DCMTK 3.6.7 checks no values in UTF-8, and takes the offset +0000 for no DT; it is one
      // (PS3.5 6.2).
      const known = /VR checker|DateTime .* violates VR/;
      const complaints = report.text.split('\n').filter(line => /^[EW]:/.test(line));
      expect(complaints.filter(line => !known.test(line))).toEqual([]);
      for (const { id } of made.run.findings) expect(report.text).toContain(id);
    });
  } else {
    skipped('dciodvfy, dsrdump and dcmdump are not installed (packages dicom3tools and dcmtk)');
  }

  test('our own reader gives the run and the reviews back', async () => {
    const files = ['seg.dcm', 'sr.dcm'].map(name => bytesOf(path.join(folder, name)));
    const outcome = await createEvidenceReader().read(files, [made.run.source]);
    if (!outcome.ok) throw new Error(outcome.refusal.message);
    const [reading] = outcome.value;
    // Jest compares a typed array element by element, which takes minutes for a volume.
    const { labelMap, ...told } = reading.run as SegmentationRun;
    const { labelMap: meant, ...rest } = made.run;
    expect(told).toEqual(rest);
    expect(labelMap.geometry).toEqual(meant.geometry);
    expect(Buffer.compare(labelMap.voxels, meant.voxels)).toBe(0);
    expect(reading.reviews).toEqual(made.includeReviews ? made.reviews : []);
  });
}

describe.each(syntheticCases())('evidence: $name', each => readByOthers(() => each));

const realSeries: Array<[string, number]> = [
  ['chest_ct_nlst', 40],
  ['chest_ct_cptac_lscc', 30],
];
describe.each(realSeries)('evidence on a real header: %s', (folder, count) => {
  if (existsSync(path.join(data, 'dicom', folder))) {
    readByOthers(() => realCase(folder, count));
  } else {
    skipped(`${folder} is not there: SECOND_READER_DATA names the folder with dicom/${folder}`);
  }
});

/** A result without segments is a report alone. */
function writtenReport(kind: (typeof OTHER_KINDS)[number]): { folder: string; run: RunResult } {
  const run = runOfKind(kind, slicesOf({ columns: 20, rows: 12, slices: 6, tilted: true }));
  const reviews = reviewsOf(run, 1);
  const source = metadataOf(run);
  const request = { run, source, reviews, includeReviews: true, reviewer: 'Коваленко^Олена' };
  const outcome = writeEvidence(request);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  expect(outcome.value).toHaveLength(1);
  const folder = mkdtempSync(path.join(tmpdir(), 'second-reader-evidence-'));
  folders.push(folder);
  writeFileSync(path.join(folder, 'sr.dcm'), Buffer.from(outcome.value[0].part10));
  const expected = {
    kind,
    frameOfReference: run.source.frameOfReferenceUID,
    findings: run.findings.map(finding => ({
      id: finding.id,
      trackingIdentifier: finding.trackingIdentifier,
      type: conceptOf(finding).type,
      certainty:
        'score' in finding && finding.score !== undefined ? finding.score * 100 : undefined,
      centre: finding.centroid,
      size: 'size' in finding ? finding.size : undefined,
      measurements: finding.measurements,
      verdict: reviews.find(({ findingId }) => findingId === finding.id)?.verdict ?? 'notReviewed',
    })),
  };
  writeFileSync(path.join(folder, 'expected.json'), JSON.stringify(expected));
  return { folder, run };
}

describe.each(OTHER_KINDS)('evidence without segments: %s', kind => {
  let folder: string;
  let run: RunResult;
  beforeAll(() => {
    ({ folder, run } = writtenReport(kind));
  });
  if (!toolsPresent) {
    skipped('dciodvfy and dsrdump are not installed (packages dicom3tools and dcmtk)');
    return;
  }
  test('dciodvfy finds no error', () => {
    const { text } = outputOf('dciodvfy', [path.join(folder, 'sr.dcm')]);
    expect(text.split('\n').filter(line => line.startsWith('Error'))).toEqual([]);
    expect(text).toMatch(/^Comprehensive3DSR$/m);
  });
  test('dsrdump prints it', () => {
    const report = outputOf('dsrdump', ['--print-long-values', path.join(folder, 'sr.dcm')]);
    const known = /VR checker|DateTime .* violates VR/;
    const complaints = report.text.split('\n').filter(line => /^[EW]:/.test(line));
    expect(report.status).toBe(0);
    expect(complaints.filter(line => !known.test(line))).toEqual([]);
    for (const { id } of run.findings) expect(report.text).toContain(id);
    if (run.findings.length === 0) expect(report.text).toContain('Nothing found by AI model');
  });
});

// Last, and once for all of them: Python takes seconds to load highdicom.
describe('evidence: pydicom and highdicom', () => {
  if (!pythonPresent) {
    skipped('highdicom is not there: run tests/evidence/setup.sh or set SECOND_READER_PYTHON');
    return;
  }
  test('read what was meant', () => {
    const script = path.join(root, 'tests/evidence/check.py');
    const args = ['-W', 'ignore', script, ...folders];
    const { text, status } = outputOf(python, args);
    const lines = folders.map(folder => `${path.basename(folder)}: as meant`);
    expect({ status, text: text.trim().split('\n') }).toEqual({ status: 0, text: lines });
  }, 300000);
});
