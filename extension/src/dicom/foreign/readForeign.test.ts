import type {
  AnnotationFinding,
  Finding,
  RunResult,
  SegmentFinding,
} from '../../core/findings/types';
import { conceptOf } from '../../core/findings/types';
import type { ParsedDataset } from '../common/parse';
import { mapOn, withMaps } from '../testing/maps';
import { geometryOf, runOfKind, runOn, slicesOf } from '../testing/runs';
import { asOthers, shownOf } from './testing/others';

const slices = slicesOf({ columns: 20, rows: 12, slices: 6 });
const tilted = slicesOf({ columns: 20, rows: 12, slices: 6, tilted: true });

const said = (finding: Finding) => ({
  id: finding.id,
  type: conceptOf(finding).type,
  measurements: finding.measurements.map(({ concept, derivation, value, unit }) => ({
    concept,
    ...(derivation && { derivation }),
    value,
    unit,
  })),
});

describe.each(['binary', 'labelmap'] as const)('a SEG (%s) with its SR', type => {
  test.each([
    ['upright', slices],
    ['oblique', tilted],
  ])('is the run that it was, on %s images', async (_name, on) => {
    const run = runOn(on, 3);
    const { runs, refusals } = shownOf(await asOthers(run, ['segmentation', 'report'], type), [
      run.source,
    ]);
    expect(refusals).toEqual([]);
    expect(runs).toHaveLength(1);
    const [shown] = runs;
    expect(shown.labelMap!.geometry).toEqual(run.labelMap.geometry);
    // Segments are numbered as the object numbers them; what belongs to which is the same.
    const labels = (each: RunResult) =>
      new Map(
        each.findings.map(finding => [
          (finding as SegmentFinding).segment.segmentNumber,
          finding.id,
        ]),
      );
    const [before, after] = [labels(run), labels(shown)];
    const ids = (each: RunResult, names: Map<number, string>) =>
      Array.from(each.labelMap!.voxels, value => names.get(value) ?? '');
    expect(ids(shown, after)).toEqual(ids(run, before));
    expect(shown.findings.map(said)).toEqual(run.findings.map(said));
    expect(shown.foreign).toMatchObject({
      manufacturer: 'Other Vendor',
      algorithmType: 'automatic',
    });
    expect(shown.foreign?.instances).toHaveLength(2);
    expect(shown.provenance).toMatchObject({ modelSha256: '', timing: {} });
    expect(shown.runId).not.toBe(run.runId);
  });
});

test('the same objects give the same runs, in whatever order they come', async () => {
  const run = runOn(slices, 3);
  const datasets = await asOthers(run, ['segmentation', 'report', 'presentationState']);
  const once = shownOf(datasets, [run.source]).runs;
  const again = shownOf([...datasets].reverse(), [run.source]).runs;
  expect(again).toEqual(once);
});

test('detections of an SR and a GSPS are drawn where they were', async () => {
  const run = runOfKind('detection', slices);
  const { runs, refusals } = shownOf(await asOthers(run, ['presentationState', 'report']), [
    run.source,
  ]);
  expect(refusals).toEqual([]);
  // The state marks what the report tells of: one finding each, not two.
  expect(runs).toHaveLength(1);
  const [report] = runs;
  expect(report.foreign?.instances).toHaveLength(2);
  expect(report.findings.map(said)).toEqual(run.findings.map(said));
  report.findings.forEach((finding, index) => {
    expect(finding.kind).toBe('annotation');
    const centroid = run.findings[index].centroid;
    expect(finding.centroid).toEqual(centroid.map(value => expect.closeTo(value, 3) as number));
    expect(finding).toMatchObject({ score: expect.closeTo([0.9312, 0.4001][index], 4) as number });
  });
});

test('the outline of a box is not drawn beside the region itself', async () => {
  const run = runOfKind('detection', slices);
  const { runs } = shownOf(await asOthers(run, ['report']), [run.source]);
  const drawn = runs[0].findings.map(each =>
    (each as AnnotationFinding).shapes.map(({ graphicType }) => graphicType),
  );
  expect(drawn).toEqual([['ELLIPSOID'], ['ELLIPSOID']]);
});

test('of a segment whose SEG is not there the outline is a place to jump to', async () => {
  const run = runOn(slices, 2);
  const datasets = await asOthers(run, ['segmentation', 'report']);
  const { runs, refusals } = shownOf(
    datasets.filter(({ Modality }) => (Modality as string[])[0] === 'SR'),
    [run.source],
  );
  expect(refusals).toEqual([]);
  expect(runs[0].findings.map(said)).toEqual(run.findings.map(said));
  for (const [index, finding] of runs[0].findings.entries()) {
    const { shapes, middleSlice } = finding as AnnotationFinding;
    expect(shapes.map(({ graphicType }) => graphicType)).toEqual(['POLYLINE']);
    expect(middleSlice).toBe(run.findings[index].middleSlice);
  }
  expect(runs[0].foreign?.remarks?.map(({ code }) => code)).toEqual(['foreignSegmentMissing']);
});

test('that no one has reviewed a finding is no evaluation of it', async () => {
  for (const kind of ['classification', 'detection', 'regression'] as const) {
    const run = runOfKind(kind, slices);
    const { runs } = shownOf(await asOthers(run, ['report']), [run.source]);
    const asked = runs[0].findings.flatMap(({ evaluations = [] }) =>
      evaluations.map(({ concept }) => concept.meaning),
    );
    // The class itself is said to be there; nothing else is.
    expect(asked).toEqual(kind === 'classification' ? ['Pleural effusion'] : []);
  }
});

test('a GSPS alone marks each detection once, on all the slices that it reaches', async () => {
  const run = runOfKind('detection', slices);
  const datasets = await asOthers(run, ['presentationState']);
  const {
    runs: [state],
  } = shownOf(
    datasets.filter(({ Modality }) => (Modality as string[])[0] === 'PR'),
    [run.source],
  );
  expect(state.findings.map(({ id }) => id)).toEqual(run.findings.map(({ id }) => id));
  const [x, y] = run.findings[0].centroid;
  const [box] = (state.findings[0] as AnnotationFinding).shapes;
  expect(box.graphicType).toBe('POLYLINE');
  expect(Math.max(...box.points.map(point => point[0]))).toBeCloseTo(x + 8.25 / 2, 3);
  expect(Math.max(...box.points.map(point => point[1]))).toBeCloseTo(y + 7.5 / 2, 3);
});

test('classes have their probability, values their number', async () => {
  for (const kind of ['classification', 'regression'] as const) {
    const run = runOfKind(kind, slices);
    const { runs, refusals } = shownOf(await asOthers(run, ['report']), [run.source]);
    expect(refusals).toEqual([]);
    expect(runs[0].findings).toMatchObject([
      kind === 'classification'
        ? { kind, id: run.findings[0].id, score: expect.closeTo(0.8765, 6) as number }
        : { kind, id: run.findings[0].id, measurements: [{ value: 112.375 }, { value: 0.5 }] },
    ]);
  }
});

test('a parametric map has its values, unit and grid', async () => {
  const map = mapOn(geometryOf(slices));
  const run = withMaps(runOfKind('classification', slices), map);
  const datasets = (await asOthers(run, ['parametricMap'])).filter(
    ({ Modality }) => (Modality as string[])[0] !== 'SR',
  );
  const { runs, refusals } = shownOf(datasets, [run.source]);
  expect(refusals).toEqual([]);
  expect(runs[0].maps).toHaveLength(1);
  expect(Array.from(runs[0].maps![0].values)).toEqual(Array.from(map.values));
  expect(runs[0].maps![0]).toMatchObject({ concept: map.concept, unit: map.unit });
  expect(runs[0].maps![0].geometry.dimensions).toEqual(map.geometry.dimensions);
  expect(runs[0].findings).toMatchObject([{ kind: 'map', mapKey: runs[0].maps![0].key }]);
});

describe('what replaces and withdraws', () => {
  const uidOf = (dataset: ParsedDataset): string => (dataset.SOPInstanceUID as string[])[0];

  test('a report that a later one replaces is not shown', async () => {
    const run = runOfKind('regression', slices);
    const [report] = await asOthers(run, ['report']);
    const later: ParsedDataset = {
      ...report,
      SOPInstanceUID: ['1.2.3.4'],
      PredecessorDocumentsSequence: [
        {
          StudyInstanceUID: ['1.2'],
          ReferencedSeriesSequence: [
            {
              SeriesInstanceUID: ['1.2.3'],
              ReferencedSOPSequence: [{ ReferencedSOPInstanceUID: [uidOf(report)] }],
            },
          ],
        },
      ],
    };
    const { runs } = shownOf([report, later], [run.source]);
    expect(runs.map(({ foreign }) => foreign?.instances[0].sopInstanceUID)).toEqual(['1.2.3.4']);
  });

  test('what a rejection note lists is not shown, and neither is the note', async () => {
    const run = runOn(slices);
    const [segmentation] = await asOthers(run, ['segmentation']);
    const note: ParsedDataset = {
      SOPClassUID: ['1.2.840.10008.5.1.4.1.1.88.59'],
      SOPInstanceUID: ['1.2.3.5'],
      SeriesInstanceUID: ['1.2.3.6'],
      ValueType: ['CONTAINER'],
      ConceptNameCodeSequence: [
        {
          CodeValue: ['113037'],
          CodingSchemeDesignator: ['DCM'],
          CodeMeaning: ['Rejected for Patient Safety Reasons'],
        },
      ],
      ContentSequence: [
        {
          ValueType: ['COMPOSITE'],
          RelationshipType: ['CONTAINS'],
          ReferencedSOPSequence: [{ ReferencedSOPInstanceUID: [uidOf(segmentation)] }],
        },
      ],
    };
    expect(shownOf([segmentation, note], [run.source])).toMatchObject({ runs: [], refusals: [] });
    expect(shownOf([segmentation], [run.source]).runs).toHaveLength(1);
  });

  test('of two findings with one Tracking UID each has an id of its own', async () => {
    const run = runOfKind('regression', slices);
    const [report] = await asOthers(run, ['report']);
    const other: ParsedDataset = { ...report, SOPInstanceUID: ['1.2.3.9'] };
    const ids = shownOf([report, other], [run.source]).runs.flatMap(({ findings }) =>
      findings.map(({ id }) => id),
    );
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(2);
    expect(ids).toContain(run.findings[0].id);
  });
});
