import type { EvidenceObject } from '../../core/reading/ports';
import type { Review } from '../../core/review/types';
import { segmentationUIDOf } from '../common/identity';
import { parsePart10, type ParsedDataset } from '../common/parse';
import { keyImagesOf, writeKeyObjects } from '../keyObject/writeKeyObjects';
import { presentationStateUIDOf } from '../presentation/writePresentationState';
import { FOREIGN, foreignRun } from '../testing/drawings';
import { reviewsOf, runOfKind, runOn, slicesOf } from '../testing/runs';
import { withReviews } from './othersReviews';
import { inOrder, readReport } from './readReport';
import { hasReport } from './writeReport';
import {
  small,
  requestOf,
  reportOf,
  parsed,
  readBack,
  hex,
  type Items,
  itemsOf,
  named,
  groupsIn,
  referencesIn,
  placeOf,
} from '../testing/reports';

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
