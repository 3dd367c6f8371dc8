import type { ParsedDataset } from '../common/parse';
import { parsePart10 } from '../common/parse';
import { writeEvidence } from '../evidence';
import { metadataOf, runOfKind, runOn, slicesOf } from '../testing/runs';
import { asOthers, shownOf } from './testing/others';

const slices = slicesOf({ columns: 20, rows: 12, slices: 6 });
const run = runOn(slices);
const { source } = run;

let segmentation: ParsedDataset;
let report: ParsedDataset;
beforeAll(async () => {
  [segmentation] = await asOthers(run, ['segmentation']);
  [report] = await asOthers(runOfKind('detection', slices), ['report']);
});

const codesOf = (dataset: ParsedDataset) => {
  const { runs, codes } = shownOf([dataset], [source]);
  return { shown: runs.length, codes };
};

describe('a SEG', () => {
  const changed = (change: Partial<ParsedDataset>): ParsedDataset =>
    ({ ...segmentation, ...change }) as ParsedDataset;

  test.each([
    ['without pixels', { PixelData: new Uint8Array(3) }, 'evidencePixelsMissing'],
    ['without segments', { SegmentSequence: [] }, 'foreignUnreadable'],
    ['of an unknown type', { SegmentationType: ['OTHER'] }, 'segmentationTypeUnknown'],
    ['with more frames than it describes', { NumberOfFrames: [99] }, 'evidenceFramesDiffer'],
    ['without rows', { Rows: [] }, 'evidenceUnreadable'],
    ['in fragments', { PixelData: [{ Fragment: new Uint8Array(2) }] }, 'foreignCompressed'],
    ['of tiles', { DimensionOrganizationType: ['TILED_FULL'] }, 'foreignTiled'],
  ])('%s is refused', (_what, change, code) => {
    expect(codesOf(changed(change as Partial<ParsedDataset>))).toEqual({ shown: 0, codes: [code] });
  });

  test('without any reference lies by its frame of reference', () => {
    const frames = segmentation.PerFrameFunctionalGroupsSequence as ParsedDataset[];
    const alone = changed({
      ReferencedSeriesSequence: [],
      PerFrameFunctionalGroupsSequence: frames.map(
        ({ DerivationImageSequence: _, ...rest }) => rest,
      ),
    });
    expect(codesOf(alone)).toEqual({ shown: 1, codes: [] });
    const elsewhere = { ...alone, FrameOfReferenceUID: ['1.2.3'] };
    expect(codesOf(elsewhere)).toEqual({ shown: 0, codes: ['foreignSourceAbsent'] });
  });

  test('beside the images is refused, partly beside is cut and says so', () => {
    const moved = (by: number, count: number): ParsedDataset => {
      const frames = segmentation.PerFrameFunctionalGroupsSequence as ParsedDataset[];
      return changed({
        PerFrameFunctionalGroupsSequence: frames.map((frame, index) => {
          const [plane] = frame.PlanePositionSequence as ParsedDataset[];
          const [x, y, z] = plane.ImagePositionPatient as number[];
          const position = index < count ? [x, y, z + by] : [x, y, z];
          return { ...frame, PlanePositionSequence: [{ ImagePositionPatient: position }] };
        }),
      });
    };
    expect(codesOf(moved(1.5 * 100, Infinity))).toEqual({ shown: 0, codes: ['foreignOutside'] });
    const { runs } = shownOf([moved(-1.5 * 100, 1)], [source]);
    expect(runs[0].foreign?.remarks).toMatchObject([
      { code: 'foreignCropped', values: { met: 1 } },
    ]);
  });

  test('on a series that is no volume is refused with the reason', () => {
    const gap = { ...source, slices: source.slices.filter((_, k) => k !== 2) };
    expect(shownOf([segmentation], [gap]).codes).toEqual(['missingSlices']);
  });

  test('with empty, odd and multiple values is read as far as they make sense', () => {
    const [first, ...others] = segmentation.SegmentSequence as ParsedDataset[];
    const odd = changed({
      Manufacturer: [],
      ContentDate: ['2026-13-77'],
      SoftwareVersions: ['1', '', '2'],
      SegmentSequence: [
        {
          SegmentNumber: first.SegmentNumber,
          SegmentLabel: ['', 'Left'],
          SegmentedPropertyTypeCodeSequence: [],
          RecommendedDisplayCIELabValue: [1],
          TrackingUID: ['not a UID'],
        },
        ...others,
      ],
    });
    const { runs, codes } = shownOf([odd], [source]);
    expect(codes).toEqual([]);
    expect(runs[0].findings[0]).toMatchObject({
      kind: 'segment',
      segment: { label: { en: 'Left' }, type: { value: '121071', scheme: 'DCM' } },
    });
    expect(runs[0].findings[0].id).toMatch(/^2\.25\./);
  });
});

describe('an SR', () => {
  const item = (type: string, value: string, more: ParsedDataset = {}): ParsedDataset => ({
    RelationshipType: ['CONTAINS'],
    ValueType: [type],
    ConceptNameCodeSequence: [
      { CodeValue: [value], CodingSchemeDesignator: ['DCM'], CodeMeaning: [`code ${value}`] },
    ],
    ...more,
  });
  const imageOf = (uid: string): ParsedDataset => ({
    RelationshipType: ['SELECTED FROM'],
    ValueType: ['IMAGE'],
    ReferencedSOPSequence: [{ ReferencedSOPInstanceUID: [uid] }],
  });
  const documentOf = (...content: ParsedDataset[]): ParsedDataset => ({
    SOPClassUID: ['1.2.840.10008.5.1.4.1.1.88.33'],
    SOPInstanceUID: ['1.2.3.7'],
    SeriesInstanceUID: ['1.2.3.8'],
    ...item('CONTAINER', '126000'),
    ContentSequence: content,
  });
  const group = (...content: ParsedDataset[]): ParsedDataset =>
    item('CONTAINER', '126010', {
      ContentSequence: [item('CONTAINER', '125007', { ContentSequence: content })],
    });
  const drawing = (type: string, data: number[], uid = slices[2].sopInstanceUID): ParsedDataset =>
    item('SCOORD', '111030', {
      GraphicType: [type],
      GraphicData: data,
      ContentSequence: [imageOf(uid)],
    });

  test.each([
    ['nothing', documentOf(), 'foreignNothingToShow'],
    ['an empty group', documentOf(group()), 'foreignSourceAbsent'],
    [
      'an odd number of coordinates',
      documentOf(group(drawing('POLYLINE', [1, 2, 3]))),
      'foreignUnreadable',
    ],
    ['too few points', documentOf(group(drawing('ELLIPSE', [1, 2, 3, 4]))), 'foreignUnreadable'],
    ['an unknown graphic', documentOf(group(drawing('SPLINE', [1, 2]))), 'foreignUnreadable'],
    [
      'an image that is not open',
      documentOf(group(drawing('POINT', [1, 2], '9.9'))),
      'foreignSourceAbsent',
    ],
    [
      'points of another frame of reference',
      documentOf(
        group(
          item('SCOORD3D', '111030', {
            GraphicType: ['POINT'],
            GraphicData: [1, 2, 3],
            ReferencedFrameOfReferenceUID: ['9.9.9'],
          }),
        ),
      ),
      'foreignFrameOfReferenceUnknown',
    ],
  ])('with %s is refused', (_what, dataset, code) => {
    expect(codesOf(dataset)).toEqual({ shown: 0, codes: [code] });
  });

  test('that refers to an image that its open series does not have is broken', () => {
    const evidence: ParsedDataset = {
      ReferencedSeriesSequence: [
        {
          SeriesInstanceUID: [source.seriesInstanceUID],
          ReferencedSOPSequence: [{ ReferencedSOPInstanceUID: ['9.9'] }],
        },
      ],
    };
    const dataset = {
      ...documentOf(group(drawing('POINT', [1, 2], '9.9'))),
      CurrentRequestedProcedureEvidenceSequence: [evidence],
    };
    expect(codesOf(dataset)).toEqual({ shown: 0, codes: ['foreignImageUnknown'] });
  });

  test('shows what can be shown of it', () => {
    const dataset = documentOf(
      group(item('CODE', '121071', { ConceptCodeSequence: [] }), drawing('POINT', [1, 2], '9.9')),
      group(drawing('POINT', [0.5, 0.5]), item('NUM', '81827009', { MeasuredValueSequence: [] })),
    );
    const { runs, codes } = shownOf([dataset], [source]);
    expect(codes).toEqual(['foreignSourceAbsent']);
    expect(runs[0].findings).toMatchObject([
      {
        kind: 'annotation',
        middleSlice: 2,
        measurements: [],
        // The middle of the first pixel is 0.5, 0.5.
        centroid: slices[2].imagePositionPatient,
      },
    ]);
  });

  test('that refers to itself in a circle ends', () => {
    const circle = item('CODE', '111059', {
      ConceptCodeSequence: [{ CodeValue: ['1'], CodingSchemeDesignator: ['DCM'] }],
      ContentSequence: [
        { RelationshipType: ['INFERRED FROM'], ReferencedContentItemIdentifier: [1, 1] },
        { RelationshipType: ['INFERRED FROM'], ReferencedContentItemIdentifier: [1] },
        { RelationshipType: ['INFERRED FROM'], ReferencedContentItemIdentifier: [1, 9, 9] },
      ],
    });
    expect(codesOf(documentOf(circle)).codes).toEqual(['foreignNothingToShow']);
  });

  test('of CAD: its marks, with images by reference, but not what must not be shown', () => {
    const mark = (intent: string, value: string): ParsedDataset =>
      item('CODE', '111059', {
        ConceptCodeSequence: [
          { CodeValue: [value], CodingSchemeDesignator: ['SRT'], CodeMeaning: [`mark ${value}`] },
        ],
        ContentSequence: [
          item('CODE', '111056', {
            ConceptCodeSequence: [{ CodeValue: [intent], CodingSchemeDesignator: ['DCM'] }],
          }),
          item('NUM', '111012', {
            MeasuredValueSequence: [
              {
                NumericValue: [87],
                MeasurementUnitsCodeSequence: [
                  { CodeValue: ['%'], CodingSchemeDesignator: ['UCUM'] },
                ],
              },
            ],
          }),
          item('SCOORD', '111010', {
            GraphicType: ['POINT'],
            GraphicData: [10, 6],
            ContentSequence: [
              { RelationshipType: ['SELECTED FROM'], ReferencedContentItemIdentifier: [1, 1, 1] },
            ],
          }),
        ],
      });
    const library = item('CONTAINER', '111028', {
      ContentSequence: [imageOf(slices[4].sopInstanceUID)],
    });
    const summary = item('CODE', '111017', {
      ContentSequence: [mark('111150', 'F-01796'), mark('111152', 'F-01775')],
    });
    const dataset = {
      ...documentOf(library, summary),
      SOPClassUID: ['1.2.840.10008.5.1.4.1.1.88.65'],
    };
    const { runs, codes } = shownOf([dataset], [source]);
    expect(codes).toEqual([]);
    expect(runs[0].findings).toMatchObject([
      {
        kind: 'annotation',
        score: 0.87,
        middleSlice: 4,
        concept: { type: { value: 'F-01796' } },
        shapes: [{ graphicType: 'POINT' }],
      },
    ]);
    expect(runs[0].findings).toHaveLength(1);
  });

  test('whose Tracking UIDs are empty has UIDs of its own', () => {
    const stripped = JSON.parse(
      JSON.stringify(report, (key, value: unknown) => (key === 'UID' ? [] : value)),
    ) as ParsedDataset;
    const { runs } = shownOf([stripped], [source]);
    runs[0].findings.forEach(({ id }) => expect(id).toMatch(/^2\.25\./));
  });
});

test('what is no DICOM object of a kind is told by its kind, or by what it lacks', () => {
  expect(codesOf({})).toEqual({ shown: 0, codes: ['foreignUnreadable'] });
  const unknown: ParsedDataset = {
    SOPClassUID: ['1.2.840.10008.5.1.4.1.1.88.67'],
    SOPInstanceUID: ['1.2.3'],
    SeriesInstanceUID: ['1.2.4'],
  };
  expect(codesOf(unknown)).toEqual({ shown: 0, codes: ['foreignKindNotShown'] });
});

test('a file cut anywhere is refused or read, and never throws', async () => {
  const written = writeEvidence({
    run,
    reviews: [],
    source: metadataOf(run),
    includeReviews: false,
    reviewer: '',
  });
  if (!written.ok) throw new Error(written.refusal.message);
  for (const { part10 } of written.value) {
    const step = Math.max(1, Math.floor(part10.byteLength / 60));
    for (let length = 0; length < part10.byteLength; length += step) {
      const parsed = await parsePart10(part10.slice(0, length));
      if (parsed.ok) expect(() => shownOf([parsed.value], [source])).not.toThrow();
      else
        expect(['notDicom', 'dicomDamaged', 'transferSyntaxNotRead']).toContain(
          parsed.refusal.code,
        );
    }
  }
});
