import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { conceptOf, type RunResult } from '../../extension/src/core/findings/types';
import type { SegmentationRun } from '../../extension/src/core/findings/segmentationRun';
import type { SourceMetadata } from '../../extension/src/core/reading/ports';
import type { Review } from '../../extension/src/core/review/types';
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
import { needs, python, root } from '../support/needs';
import {
  metadataOfPerson,
  PEOPLE,
  plainName,
  realSeries,
  type JsonDataset,
} from './evidence/support/sources';
import {
  bytesOf,
  dciodvfy,
  dsrdump,
  outputOf,
  savedAs,
  temporaryFolder,
} from './evidence/support/tools';

/** Our evidence as others read it; see evidence/support/tools. */
const tools = needs({ tool: ['dciodvfy', 'dsrdump', 'dcmdump'] });

interface Case {
  name: string;
  run: SegmentationRun;
  source: SourceMetadata;
  reviews: Review[];
  includeReviews: boolean;
}

/** A run of two boxes on the first `count` slices of a real series, with its real metadata. */
function realCase(folder: string, count: number): Case {
  const { source, metadata } = realSeries(folder, count);
  const run = { ...runOn(source.slices, 2), source };
  return { name: folder, run, source: metadata, reviews: reviewsOf(run, 1), includeReviews: true };
}

const personCase = (name: string, person: Record<string, string>): Case => {
  const run = runOn(slicesOf({ columns: 20, rows: 12, slices: 6 }), 2);
  return {
    name: `${name} name`,
    run,
    source: metadataOfPerson(run, person),
    reviews: reviewsOf(run),
    includeReviews: true,
  };
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
    ...Object.entries(PEOPLE).map(([name, person]) => personCase(name, person)),
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
        plainName(metadata[tag]?.Value?.[0]),
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

function written(each: Case): string {
  const outcome = writeEvidence({ ...each, reviewer: 'Коваленко^Олена' });
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  const folder = temporaryFolder();
  folders.push(folder);
  const [segmentation, report] = outcome.value;
  savedAs(folder, 'seg.dcm', segmentation.part10);
  savedAs(folder, 'sr.dcm', report.part10);
  writeFileSync(path.join(folder, 'labels.bin'), each.run.labelMap.voxels);
  writeFileSync(path.join(folder, 'expected.json'), JSON.stringify(expectedOf(each)));
  return folder;
}

function readByOthers(makeCase: () => Case): void {
  let folder: string;
  let made: Case;
  beforeAll(() => {
    made = makeCase();
    folder = written(made);
  });

  tools.each([['seg.dcm'], ['sr.dcm']])('dciodvfy finds no error in %s', name => {
    const { errors, iod } = dciodvfy(path.join(folder, name));
    expect(errors).toEqual([]);
    expect(iod).toBe(name === 'seg.dcm' ? 'Segmentation' : 'Comprehensive3DSR');
  });
  tools.it('dcmdump reads both, dsrdump prints the report', () => {
    for (const name of ['seg.dcm', 'sr.dcm']) {
      const dumped = outputOf('dcmdump', [path.join(folder, name)]);
      expect(dumped.status).toBe(0);
      expect(dumped.text).not.toMatch(/^E:/m);
    }
    const report = dsrdump(path.join(folder, 'sr.dcm'));
    expect(report.status).toBe(0);
    expect(report.complaints).toEqual([]);
    for (const { id } of made.run.findings) expect(report.text).toContain(id);
  });

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

const REAL_SERIES: Array<[string, number]> = [
  ['chest_ct_nlst', 40],
  ['chest_ct_cptac_lscc', 30],
];
describe.each(REAL_SERIES)('evidence on a real header: %s', (folder, count) => {
  needs({ data: `dicom/${folder}` }).describe('as others read it', () =>
    readByOthers(() => realCase(folder, count)),
  );
});

/** A result without segments is a report alone. */
function writtenReport(kind: (typeof OTHER_KINDS)[number]): { folder: string; run: RunResult } {
  const run = runOfKind(kind, slicesOf({ columns: 20, rows: 12, slices: 6, tilted: true }));
  const reviews = reviewsOf(run, 1);
  const source = metadataOf(run);
  const request = { run, source, reviews, includeReviews: true, reviewer: 'Коваленко^Олена' };
  const outcome = writeEvidence(request);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  // Detections have their markers beside the report, which comes first.
  expect(outcome.value).toHaveLength(kind === 'detection' ? 2 : 1);
  const folder = temporaryFolder();
  folders.push(folder);
  savedAs(folder, 'sr.dcm', outcome.value[0].part10);
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
  tools.it('dciodvfy finds no error', () => {
    const { errors, iod } = dciodvfy(path.join(folder, 'sr.dcm'));
    expect({ errors, iod }).toEqual({ errors: [], iod: 'Comprehensive3DSR' });
  });
  tools.it('dsrdump prints it', () => {
    const report = dsrdump(path.join(folder, 'sr.dcm'));
    expect(report.status).toBe(0);
    expect(report.complaints).toEqual([]);
    for (const { id } of run.findings) expect(report.text).toContain(id);
    if (run.findings.length === 0) expect(report.text).toContain('Nothing found by AI model');
  });
});

// Last, and once for all of them: Python takes seconds to load highdicom.
describe('evidence: pydicom and highdicom', () => {
  needs({ tool: 'highdicom' }).it(
    'read what was meant',
    () => {
      const script = path.join(root, 'tests/evidence/check.py');
      const args = ['-W', 'ignore', script, ...folders];
      const { text, status } = outputOf(python, args);
      const lines = folders.map(folder => `${path.basename(folder)}: as meant`);
      expect({ status, text: text.trim().split('\n') }).toEqual({ status: 0, text: lines });
    },
    300000,
  );
});
