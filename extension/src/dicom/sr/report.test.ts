import type { RunResult } from '../../core/findings/types';
import type { EvidenceObject } from '../../core/reading/ports';
import type { Review } from '../../core/review/types';
import { SOP_CLASS } from '../common/dictionary';
import { segmentationUIDOf, seriesUIDOf } from '../common/identity';
import { parsePart10, type ParsedDataset } from '../common/parse';
import { sourceAttributes } from '../common/source';
import { keyImagesOf, writeKeyObjects } from '../keyObject/writeKeyObjects';
import { parametricMapUIDOf } from '../parametricMap/writeParametricMap';
import { presentationStateUIDOf } from '../presentation/writePresentationState';
import { writeSegmentation } from '../seg/writeSegmentation';
import {
  annotationRun,
  FOREIGN,
  foreignRun,
  keyImageRun,
  mapRun,
  radiograph,
  SHAPES,
} from '../testing/drawings';
import { metadataOf, reviewsOf, runOfKind, runOn, slicesOf } from '../testing/runs';
import { withReviews } from './othersReviews';
import { inOrder, readReport } from './readReport';
import { hasReport, writeReport, type ReportRequest } from './writeReport';

const small = { columns: 20, rows: 12, slices: 6 };

const requestOf = (run: RunResult, more: Partial<ReportRequest> = {}): ReportRequest => {
  const source = sourceAttributes(run, metadataOf(run));
  if (!source.ok) throw new Error(source.refusal.message);
  return { run, source: source.value, reviews: [], predecessors: [], ...more };
};
const reportOf = (run: RunResult, more: Partial<ReportRequest> = {}) =>
  writeReport(requestOf(run, more));

const parsed = async ({ part10 }: EvidenceObject): Promise<ParsedDataset> => {
  const outcome = await parsePart10(part10);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value;
};
const readBack = async (object: EvidenceObject, run: RunResult) => {
  const outcome = readReport(await parsed(object), [run.source]);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value;
};
const hex = ({ part10 }: EvidenceObject) => Buffer.from(part10).toString('hex');

type Items = ParsedDataset[];
const itemsOf = (dataset: ParsedDataset): Items => (dataset.ContentSequence ?? []) as Items;
const meaningOf = (item: ParsedDataset): string =>
  ((item.ConceptNameCodeSequence as Items | undefined)?.[0].CodeMeaning as string[])?.[0] ?? '';
const named = (dataset: ParsedDataset, meaning: string): Items =>
  itemsOf(dataset).filter(item => meaningOf(item) === meaning);
const groupsIn = (dataset: ParsedDataset): Items =>
  named(dataset, 'Imaging Measurements').flatMap(itemsOf);
const templateIn = (item: ParsedDataset): string =>
  ((item.ContentTemplateSequence as Items)[0].TemplateIdentifier as string[])[0];
const referencesIn = (dataset: ParsedDataset): string[] =>
  (dataset.CurrentRequestedProcedureEvidenceSequence as Items)
    .flatMap(study => study.ReferencedSeriesSequence as Items)
    .flatMap(series => series.ReferencedSOPSequence as Items)
    .flatMap(each => each.ReferencedSOPInstanceUID as string[]);

/** Template, then name and value type of what says where it is. */
const placeOf = (dataset: ParsedDataset): string[] => {
  const [group] = groupsIn(dataset);
  const spatial = itemsOf(group).filter(item =>
    ['SCOORD', 'SCOORD3D', 'IMAGE', 'COMPOSITE'].includes((item.ValueType as string[])[0]),
  );
  return [
    templateIn(group),
    ...spatial.map(item =>
      [
        meaningOf(item),
        (item.ValueType as string[])[0],
        ...((item.GraphicType as string[] | undefined) ?? []),
      ].join(' '),
    ),
  ];
};

describe('a drawing', () => {
  it.each([
    ['point', ['1410', 'Image Region SCOORD3D POINT']],
    ['line with words', ['1410', 'Image Region SCOORD3D POLYLINE']],
    ['polygon', ['1410', 'Image Region SCOORD3D POLYGON']],
    ['ellipse', ['1410', 'Image Region SCOORD3D ELLIPSE']],
    ['circle', ['1410', 'Image Region SCOORD3D ELLIPSE']],
    ['ellipsoid', ['1411', 'Volume Surface SCOORD3D ELLIPSOID']],
    [
      'several polygons',
      ['1411', 'Volume Surface SCOORD3D POLYGON', 'Volume Surface SCOORD3D POLYGON'],
    ],
    ['two lines', ['1501', 'Image Region SCOORD3D POLYLINE', 'Image Region SCOORD3D POLYLINE']],
    ['many points', ['1501', 'Image Region SCOORD3D MULTIPOINT']],
  ])('%s has the region that its template allows, and is read back', async (key, place) => {
    const run = annotationRun(slicesOf(small), key, SHAPES[key]);
    const report = reportOf(run, { reviews: reviewsOf(run) });
    expect(placeOf(await parsed(report))).toEqual(place);
    const read = await readBack(report, run);
    expect(read.run).toEqual(run);
    expect([...read.findings.values()].map(({ review }) => review)).toEqual(reviewsOf(run));
  });

  it('closes a polygon and keeps a long line within what one item holds', async () => {
    const points = Array.from({ length: 12000 }, (_, k) => [k / 100, 0, 0] as const);
    const coordinatesOf = async (key: string, shape: (typeof SHAPES)[string]) => {
      const dataset = await parsed(reportOf(annotationRun(slicesOf(small), key, shape)));
      const [region] = named(groupsIn(dataset)[0], 'Image Region');
      return region.GraphicData as number[];
    };
    const polygon = await coordinatesOf('polygon', SHAPES.polygon);
    expect(polygon).toHaveLength(12);
    expect(polygon.slice(0, 3)).toEqual(polygon.slice(9));
    const long = await coordinatesOf('long', [{ graphicType: 'POLYLINE', points }]);
    expect(long.length).toBeLessThanOrEqual(5461 * 3);
    expect(long[long.length - 3]).toBeCloseTo(119.99, 4);
  });

  it('makes of a circle two perpendicular diameters', async () => {
    const run = annotationRun(slicesOf(small), 'circle', SHAPES.circle);
    const [region] = named(groupsIn(await parsed(reportOf(run)))[0], 'Image Region');
    const [x1, y1, , x2, y2, , x3, y3, , x4, y4] = region.GraphicData as number[];
    expect([x1, x2, y1 - y2]).toEqual([-178, -174, 0]);
    expect([y3, y4].sort((a, b) => a - b)).toEqual([-170, -166]);
    expect(x3 - x4).toBe(0);
  });
});

describe('a radiograph, which says nothing of its place', () => {
  it('has the box of a detection in pixels of the image', async () => {
    const run = runOfKind('detection', radiograph());
    run.findings = run.findings.slice(0, 1).map(finding => ({
      ...finding,
      centroid: [5, 6, 0],
      ...(finding.kind === 'detection' && { size: [2, 4, 1] as const }),
    }));
    const dataset = await parsed(reportOf(run));
    expect(placeOf(dataset)).toEqual(['1410', 'Image Region SCOORD POLYLINE']);
    const [region] = named(groupsIn(dataset)[0], 'Image Region');
    // Columns are 0.25 mm apart and rows 0.5 mm; the first pixel's centre is at 0.5.
    expect(region.GraphicData).toEqual([16.5, 8.5, 24.5, 8.5, 24.5, 16.5, 16.5, 16.5, 16.5, 8.5]);
    const [selected] = itemsOf(region);
    expect(selected.RelationshipType).toEqual(['SELECTED FROM']);
    expect((await readBack(reportOf(run), run)).run).toEqual(run);
  });

  it('is described as a projection, with its orientation', async () => {
    const run = runOfKind('classification', radiograph());
    const metadata = metadataOf(run, { '00200020': { vr: 'CS', Value: ['L', 'F'] } });
    const source = sourceAttributes(run, metadata);
    if (!source.ok) throw new Error(source.refusal.message);
    const dataset = await parsed(reportOf(run, { source: source.value }));
    const [group] = named(dataset, 'Image Library').flatMap(itemsOf);
    const texts = itemsOf(group).flatMap(item => (item.TextValue as string[] | undefined) ?? []);
    expect(texts).toEqual(['L', 'F']);
    expect(named(group, 'Slice Thickness')).toEqual([]);
    expect(named(group, 'Vertical Pixel Spacing')).toHaveLength(1);
  });
});

describe('the image library', () => {
  it('has the position of every slice and what they share', async () => {
    const run = runOn(slicesOf({ ...small, tilted: true }));
    const [group] = named(await parsed(reportOf(run)), 'Image Library').flatMap(itemsOf);
    const images = itemsOf(group).filter(item => (item.ValueType as string[])[0] === 'IMAGE');
    const valueOf = (item: ParsedDataset) =>
      ((item.MeasuredValueSequence as Items)[0].NumericValue as number[])[0];
    expect(images.map(image => itemsOf(image).map(valueOf))).toEqual(
      run.source.slices.map(({ imagePositionPatient }) => [...imagePositionPatient!]),
    );
    const cosines = itemsOf(group).filter(item => meaningOf(item).includes('Orientation'));
    expect(cosines.map(valueOf)).toEqual([0.96, 0.28, 0, -0.28, 0.96, 0]);
    expect(named(group, 'Slice Thickness').map(valueOf)).toEqual([2]);
    expect(named(group, 'Study Date').map(each => each.Date)).toEqual([['20260301']]);
  });
});

describe('images, maps and segments', () => {
  it('a key image is a group of its images', async () => {
    const run = keyImageRun(slicesOf({ ...small, multiFrame: true }));
    const report = reportOf(run);
    expect(placeOf(await parsed(report))).toEqual(['1501', 'Source IMAGE', 'Source IMAGE']);
    expect((await readBack(report, run)).run).toEqual(run);
  });

  it('a map refers to the Parametric Map beside it', async () => {
    const run = mapRun(slicesOf(small));
    const uid = parametricMapUIDOf(run.runId, 'saliency');
    const map = {
      sopClassUID: SOP_CLASS.parametricMap,
      sopInstanceUID: uid,
      seriesInstanceUID: seriesUIDOf(uid),
    };
    const report = reportOf(run, { beside: [map] });
    const dataset = await parsed(report);
    expect(placeOf(dataset)).toEqual(['1501', 'Source IMAGE']);
    expect(referencesIn(dataset)).toContain(uid);
    expect((await readBack(report, run)).run).toEqual(run);
    expect(referencesIn(await parsed(reportOf(run)))).not.toContain(uid);
  });

  it('segments refer to the kind of Segmentation that is written, and to none where none is', async () => {
    const run = runOn(slicesOf(small));
    const { source } = requestOf(run);
    const binary = writeSegmentation(run, source);
    const labelmap = writeSegmentation(run, source, { type: 'labelmap' });
    const usual = reportOf(run);
    expect(hex(reportOf(run, { beside: [binary] }))).toBe(hex(usual));
    const other = reportOf(run, { beside: [labelmap] });
    expect(other.sopInstanceUID).not.toBe(usual.sopInstanceUID);
    expect(await readBack(other, run)).toMatchObject({ segmentationUID: labelmap.sopInstanceUID });
    const alone = reportOf(run, { beside: [] });
    expect(placeOf(await parsed(alone))).toEqual(['1501', 'Source IMAGE']);
    const { labelMap: _labelMap, ...rest } = run;
    expect((await readBack(alone, run)).run).toEqual(rest);
  });

  it('a map beside segments is a group of its own, and is read back beside them', async () => {
    const run = runOn(slicesOf(small), 3);
    const [map] = mapRun(run.source.slices).findings;
    const mixed = { ...run, findings: [map, ...run.findings] };
    const report = reportOf(mixed, { reviews: reviewsOf(mixed, 1) });
    const dataset = await parsed(report);
    expect(groupsIn(dataset).map(templateIn)).toEqual(['1411', '1411', '1411', '1501']);
    const numbers = groupsIn(dataset)
      .flatMap(group => named(group, 'Referenced Segment'))
      .flatMap(item => item.ReferencedSOPSequence as Items)
      .map(each => each.ReferencedSegmentNumber);
    expect(numbers).toEqual([[1], [2], [3]]);
    const read = await readBack(report, run);
    expect(read.beside).toEqual([{ ...map, runId: run.runId }]);
    expect(read.findings.get(map.id)?.review).toEqual(reviewsOf(mixed, 1)[0]);
  });

  it('a class that was found is a question answered with Present, and its probability', async () => {
    const run = runOfKind('classification', slicesOf(small));
    const [group] = groupsIn(await parsed(reportOf(run)));
    const [answer] = named(group, 'Pleural effusion');
    expect((answer.ConceptCodeSequence as Items)[0].CodeMeaning).toEqual(['Present']);
    expect(named(group, 'Certainty of Finding')).toHaveLength(1);
    expect((await readBack(reportOf(run), run)).run).toEqual(run);
  });
});

describe('corrections', () => {
  const run = runOn(slicesOf(small));
  const on = (day: number, verdict: Review['verdict']): Review[] =>
    reviewsOf(run).map(review => ({
      ...review,
      verdict,
      reviewedAt: `2026-03-0${day}T08:00:00.000Z`,
    }));
  const chain = (): EvidenceObject[] => {
    const first = reportOf(run);
    const second = reportOf(run, {
      reviews: on(2, 'accepted'),
      predecessors: [first.sopInstanceUID],
    });
    const third = reportOf(run, {
      reviews: on(3, 'rejected'),
      predecessors: [first.sopInstanceUID, second.sopInstanceUID],
    });
    return [first, second, third];
  };

  it('refer to all reports before them, and the last one is shown', async () => {
    const reports = chain();
    const [first, second, third] = reports.map(({ sopInstanceUID }) => sopInstanceUID);
    const read = await Promise.all([2, 0, 1].map(index => readBack(reports[index], run)));
    expect(read[0].predecessors).toEqual([first, second]);
    expect(inOrder(read).map(({ sopInstanceUID }) => sopInstanceUID)).toEqual([
      first,
      second,
      third,
    ]);
    const shown = inOrder(read).at(-1)!;
    expect([...shown.findings.values()].map(({ review }) => review?.verdict)).toEqual([
      'rejected',
      'rejected',
    ]);
    // The one between may be missing, and the oldest still counts as replaced.
    expect(inOrder([read[1], read[0]]).at(-1)!.sopInstanceUID).toBe(third);
  });

  it('are the same instance again when nothing changed since', () => {
    const reports = chain();
    const predecessors = reports.map(({ sopInstanceUID }) => sopInstanceUID);
    const again = reportOf(run, { reviews: on(3, 'rejected'), predecessors });
    expect(hex(again)).toBe(hex(reports[2]));
  });

  it('take for predecessors only reports, whatever else is stored of the run', async () => {
    const { source } = requestOf(run);
    const report = reportOf(run);
    const others = [
      segmentationUIDOf(run.runId, 'binary'),
      segmentationUIDOf(run.runId, 'labelmap'),
      presentationStateUIDOf(run.runId),
      presentationStateUIDOf(run.runId, 1),
      writeKeyObjects(run, source, keyImagesOf(run))!.sopInstanceUID,
    ];
    const later = reportOf(run, {
      reviews: on(2, 'accepted'),
      predecessors: [...others, report.sopInstanceUID],
    });
    const { predecessors } = await readBack(later, run);
    expect(predecessors).toEqual([report.sopInstanceUID]);
  });
});

describe('reviews of another program’s findings', () => {
  const run = foreignRun(slicesOf(small));
  const reading = { run, reviews: [], instances: FOREIGN.instances.map(i => i.sopInstanceUID) };

  it('hold the reviewed ones alone, where they are, and nothing that was measured', async () => {
    const [review] = reviewsOf(run, 1);
    const dataset = await parsed(reportOf(run, { reviews: [review] }));
    const groups = groupsIn(dataset);
    expect(groups).toHaveLength(1);
    expect(named(groups[0], 'Tracking Unique Identifier')[0].UID).toEqual([run.findings[0].id]);
    expect(placeOf(dataset)).toEqual(['1501', 'Source COMPOSITE', 'Source IMAGE']);
    expect(itemsOf(groups[0]).filter(each => (each.ValueType as string[])[0] === 'NUM')).toEqual(
      [],
    );
    expect(referencesIn(dataset)).toEqual(
      expect.arrayContaining(FOREIGN.instances.map(each => each.sopInstanceUID)),
    );
    expect(dataset.Manufacturer).toEqual(['Second Reader']);
    expect(dataset.ContributingEquipmentSequence).toBeUndefined();
    const authors = dataset.AuthorObserverSequence as Items;
    expect(authors.map(each => [each.ObserverType, each.PersonName])).toEqual([
      [['PSN'], ['Коваленко^Олена']],
    ]);
  });

  it('come back to the findings by their ids, from the last report', async () => {
    const first = reportOf(run, { reviews: reviewsOf(run, 1) });
    const changed = reviewsOf(run).map(review => ({
      ...review,
      reviewedAt: '2026-03-04T00:00:00.000Z',
    }));
    const predecessors = [...reading.instances, first.sopInstanceUID];
    const second = reportOf(run, { reviews: changed, predecessors });
    const read = await Promise.all([second, first].map(each => readBack(each, run)));
    expect(read[0].run).toBeUndefined();
    expect(read[0]).toMatchObject({
      predecessors: [first.sopInstanceUID],
      reviewed: { runId: run.runId },
    });
    const [restored] = withReviews([reading], read);
    expect(restored.reviews).toEqual(changed);
    expect(restored.instances).toEqual([
      ...reading.instances,
      first.sopInstanceUID,
      second.sopInstanceUID,
    ]);
  });

  it('come back also where the result is called otherwise by now, by its objects', async () => {
    const report = await readBack(reportOf(run, { reviews: reviewsOf(run) }), run);
    const renamed = { ...reading, run: { ...run, runId: '2.25.1' } };
    expect(withReviews([renamed], [report])[0].reviews).toEqual(reviewsOf(run));
  });

  it('leave our own results and others’ that no one reviewed as they are', async () => {
    const report = await readBack(reportOf(run, { reviews: reviewsOf(run) }), run);
    const ours = { run: runOn(slicesOf(small)), reviews: [], instances: ['1.2.3'] };
    const unread = {
      ...reading,
      run: { ...run, runId: '2.25.2', foreign: { ...FOREIGN, instances: [] } },
    };
    expect(withReviews([ours, unread], [report])).toEqual([ours, unread]);
  });

  it('are no report where no one reviewed anything, and one that takes back what was said', async () => {
    expect(hasReport(requestOf(run, { predecessors: reading.instances }))).toBe(false);
    const first = reportOf(run, { reviews: reviewsOf(run) });
    const more = { predecessors: [...reading.instances, first.sopInstanceUID] };
    expect(hasReport(requestOf(run, more))).toBe(true);
    const back = reportOf(run, more);
    const read = await Promise.all([first, back].map(each => readBack(each, run)));
    expect(withReviews([reading], read)[0].reviews).toEqual([]);
    const dataset = await parsed(back);
    expect([dataset.CompletionFlag, dataset.VerificationFlag]).toEqual([
      ['PARTIAL'],
      ['UNVERIFIED'],
    ]);
  });

  it('are the same bytes for the same reviews', () => {
    const reviews = reviewsOf(run);
    expect(hex(reportOf(run, { reviews }))).toBe(
      hex(reportOf(run, { reviews: [...reviews].reverse() })),
    );
  });
});

describe('a report that cannot be read', () => {
  const run = runOfKind('detection', slicesOf(small));
  const cases: Array<[string, RegExp, (dataset: ParsedDataset) => void]> = [
    ['no template', /no template; 1500 is read/, each => delete each.ContentTemplateSequence],
    [
      'another template',
      /template 2000; 1500 is read/,
      each => {
        (each.ContentTemplateSequence as Items)[0].TemplateIdentifier = ['2000'];
      },
    ],
    [
      'a reference to what is not among its evidence',
      /refers to 1\.2\.3, which is not among its evidence/,
      each => {
        const [group] = named(each, 'Image Library').flatMap(itemsOf);
        const image = itemsOf(group).find(item => item.ReferencedSOPSequence)!;
        (image.ReferencedSOPSequence as Items)[0].ReferencedSOPInstanceUID = ['1.2.3'];
      },
    ],
    [
      'a measurement without a value',
      /Volume has no measured value/,
      each => {
        named(groupsIn(each)[0], 'Volume')[0].MeasuredValueSequence = [];
      },
    ],
    [
      'a measurement without a unit',
      /MeasurementUnitsCodeSequence/,
      each => {
        const [measured] = named(groupsIn(each)[0], 'Volume')[0].MeasuredValueSequence as Items;
        delete measured.MeasurementUnitsCodeSequence;
      },
    ],
    ['no content', /ContentSequence/, each => delete each.ContentSequence],
    [
      'no evidence',
      /CurrentRequestedProcedureEvidenceSequence/,
      each => delete each.CurrentRequestedProcedureEvidenceSequence,
    ],
    [
      'parameters of another program',
      /JSON/,
      each => {
        named(groupsIn(each)[0], 'Algorithm Parameters')[0].TextValue = ['threshold=0.5'];
      },
    ],
  ];
  it.each(cases)('is refused by name: %s', async (_what, message, change) => {
    const dataset = await parsed(reportOf(run));
    change(dataset);
    const outcome = readReport(dataset, [run.source]);
    const answer = outcome.ok ? 'read' : `${outcome.refusal.code}: ${outcome.refusal.message}`;
    expect(answer).toMatch(/^evidenceUnreadable/);
    expect(answer).toMatch(message);
  });

  it('is refused at every length that it can be cut off at', async () => {
    const { part10 } = reportOf(runOfKind('nothing', slicesOf({ columns: 4, rows: 4, slices: 3 })));
    for (let length = 0; length < part10.byteLength; length += 11) {
      const dataset = await parsePart10(part10.slice(0, length));
      const outcome = dataset.ok ? readReport(dataset.value, [run.source]) : dataset;
      expect({ length, ok: outcome.ok }).toEqual({ length, ok: false });
    }
  });
});
