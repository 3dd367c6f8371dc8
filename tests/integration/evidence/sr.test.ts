import path from 'node:path';
import { conceptOf, type RunResult } from '../../../extension/src/core/findings/types';
import type { SourceMetadata } from '../../../extension/src/core/reading/ports';
import type { Review } from '../../../extension/src/core/review/types';
import { sourceAttributes } from '../../../extension/src/dicom/common/source';
import { writeParametricMap } from '../../../extension/src/dicom/parametricMap/writeParametricMap';
import { writeSegmentation } from '../../../extension/src/dicom/seg/writeSegmentation';
import { writeReport, type ReportRequest } from '../../../extension/src/dicom/sr/writeReport';
import {
  annotationRun,
  FOREIGN,
  foreignRun,
  keyImageRun,
  mapRun,
  radiograph,
  SHAPES,
} from '../../../extension/src/dicom/testing/drawings';
import { mapOn } from '../../../extension/src/dicom/testing/maps';
import {
  geometryOf,
  metadataOf,
  reviewsOf,
  runOfKind,
  runOn,
  slicesOf,
} from '../../../extension/src/dicom/testing/runs';
import { keptByOrthanc } from './support/archive';
import { metadataOfPerson, PEOPLE, plainName, type JsonDataset } from './support/sources';
import {
  dciodvfy,
  dsrdump,
  isPresent,
  pythonSays,
  savedAs,
  temporaryFolder,
  testWith,
} from './support/tools';

/**
 * Reports that evidence-outside.test.ts, which reads those of segments and boxes, does not have:
 * every kind of place a group can have, reports beside each kind of Segmentation, corrections, and
 * reviews of another program's findings.
 */
const small = { columns: 20, rows: 12, slices: 6 };

interface Meant {
  run: RunResult;
  request: Partial<ReportRequest>;
  metadata: SourceMetadata;
  reviews: Review[];
  /** Of each group: its template, and value type and name of what says where it is. */
  places: string[];
}

const meant = (
  run: RunResult,
  places: string[],
  {
    request = {},
    reviews = reviewsOf(run),
    metadata = metadataOf(run),
  }: Partial<Pick<Meant, 'request' | 'reviews' | 'metadata'>> = {},
): Meant => ({ run, request, metadata, reviews, places });

const attributes = (run: RunResult, metadata = metadataOf(run)) => {
  const outcome = sourceAttributes(run, metadata);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value;
};

const DRAWN: Record<string, string> = {
  point: '1410 SCOORD3D Image Region POINT',
  'line with words': '1410 SCOORD3D Image Region POLYLINE',
  polygon: '1410 SCOORD3D Image Region POLYGON',
  ellipse: '1410 SCOORD3D Image Region ELLIPSE',
  circle: '1410 SCOORD3D Image Region ELLIPSE',
  ellipsoid: '1411 SCOORD3D Volume Surface ELLIPSOID',
  'several polygons': '1411 SCOORD3D Volume Surface POLYGON, SCOORD3D Volume Surface POLYGON',
};

const box = (): RunResult => {
  const run = runOfKind('detection', radiograph());
  run.findings = run.findings.slice(0, 1).map(finding => ({
    ...finding,
    centroid: [5, 6, 0],
    ...(finding.kind === 'detection' && { size: [2, 4, 1] as const }),
  }));
  return run;
};

const withMap = (): Meant => {
  const slices = slicesOf(small);
  const run = mapRun(slices);
  const map = mapOn(geometryOf(slices));
  const object = writeParametricMap(run, attributes(run), map);
  return meant(run, [`1501 IMAGE Source ${object.sopInstanceUID}`], {
    request: { beside: [object] },
  });
};

const besideLabelMap = (): Meant => {
  const run = runOn(slicesOf(small));
  const segmentation = writeSegmentation(run, attributes(run), { type: 'labelmap' });
  return meant(
    run,
    run.findings.map(
      () => `1411 SCOORD Outline POLYLINE, IMAGE Referenced Segment ${segmentation.sopInstanceUID}`,
    ),
    { request: { beside: [segmentation] } },
  );
};

const withoutSegmentation = (): Meant => {
  const run = runOn(slicesOf(small));
  return meant(
    run,
    run.findings.map(each => `1501 IMAGE Source ${each.referencedSOPInstanceUID}`),
    { request: { beside: [] } },
  );
};

const ofOthers = (person?: Record<string, string>): Meant => {
  const run = foreignRun(slicesOf(small));
  return meant(
    run,
    [
      `1501 COMPOSITE Source ${FOREIGN.instances[0].sopInstanceUID}, ` +
        `IMAGE Source ${FOREIGN.instances[1].sopInstanceUID}`,
    ],
    {
      reviews: reviewsOf(run, 1),
      metadata: person ? metadataOfPerson(run, person) : metadataOf(run),
    },
  );
};

const keyImages = (): Meant => {
  const run = keyImageRun(slicesOf(small));
  const images = [1, 2].map(k => `IMAGE Source ${run.source.slices[k].sopInstanceUID}`);
  return meant(run, [`1501 ${images.join(', ')}`]);
};

const correction = (): Meant =>
  meant(runOfKind('classification', slicesOf(small)), ['1501'], {
    request: { predecessors: ['2.25.11', '2.25.12', '2.25.13'] },
  });

/** Label Map Segmentation Storage is newer than dicom3tools and DCMTK 3.6.7, and unknown to both. */
const LABELMAP = 'segments of a LABELMAP Segmentation';

const CASES: Array<[string, () => Meant]> = [
  ...Object.entries(DRAWN).map(([key, place]): [string, () => Meant] => [
    `a drawn ${key}`,
    () => meant(annotationRun(slicesOf({ ...small, tilted: true }), key, SHAPES[key]), [place]),
  ]),
  ['a box on a radiograph', () => meant(box(), ['1410 SCOORD Image Region POLYLINE'])],
  ['key images', keyImages],
  ['a map', withMap],
  [LABELMAP, besideLabelMap],
  ['segments without a Segmentation', withoutSegmentation],
  ['a classification, corrected twice', correction],
  ['a number', () => meant(runOfKind('regression', slicesOf(small)), ['1501'])],
  ['reviews of another program’s findings', () => ofOthers()],
  ...Object.entries(PEOPLE).map(([name, person]): [string, () => Meant] => [
    `reviews of another program’s findings, ${name} name`,
    () => ofOthers(person),
  ]),
];

type Place = [string, string, string, number[]?];
interface Group {
  trackingUID: string;
  trackingIdentifier: string;
  finding: string[];
  category: string[] | null;
  certainty: number[];
  measurements: Array<[string[], number, string[]]>;
  evaluations: Record<string, string>;
  template: string;
  places: Place[];
  texts: Record<string, string>;
}
interface Said {
  patient: string;
  title: string;
  completion: string;
  verification: string;
  observers: string[];
  authors: string[];
  evidence: string[];
  predecessors: string[];
  library: { descriptors: string[]; positions: number[][] };
  groups: Group[];
  rawGroups: number;
  readGroups: number;
}

const made = CASES.map(([name, make]) => {
  const each = make();
  const report = writeReport({
    run: each.run,
    source: attributes(each.run, each.metadata),
    reviews: each.reviews,
    predecessors: [],
    ...each.request,
  });
  return { name, ...each, report, file: savedAs(temporaryFolder(), 'sr.dcm', report.part10) };
});

const VERDICTS = {
  accepted: 'Accepted by reader',
  rejected: 'Rejected by reader',
  notReviewed: 'Not reviewed',
};

const coded = ({ value, scheme, meaning }: { value: string; scheme: string; meaning: string }) => [
  value,
  scheme,
  meaning,
];

/** What highdicom is to read of each group. */
function expectedGroups({ run, reviews }: Meant) {
  const reported = run.foreign
    ? run.findings.filter(({ id }) => reviews.some(({ findingId }) => findingId === id))
    : run.findings;
  return reported.map(finding => {
    const { category, type } = conceptOf(finding);
    const score = 'score' in finding ? finding.score : undefined;
    const verdict = reviews.find(({ findingId }) => findingId === finding.id)?.verdict;
    return {
      trackingUID: finding.id,
      trackingIdentifier: finding.trackingIdentifier,
      finding: coded(type),
      category: category ? coded(category) : null,
      certainty: score === undefined ? [] : [expect.closeTo(score * 100, 2)],
      measurements: (run.foreign ? [] : finding.measurements).map(({ concept, value, unit }) => [
        coded(concept),
        expect.closeTo(value, 6),
        coded(unit),
      ]),
      evaluations: expect.objectContaining({
        'AI finding review': VERDICTS[verdict ?? 'notReviewed'],
        ...(finding.kind === 'classification' && { [type.meaning]: 'Present' }),
        ...(finding.kind === 'annotation' && { 'Overall Impression': 'Probable diagnosis' }),
      }) as unknown,
    };
  });
}

const placeText = ({ template, places }: Group): string =>
  [template, places.map(place => place.slice(0, 3).join(' ')).join(', ')].join(' ').trim();

describe.each(made)('SR: $name', each => {
  testWith('dciodvfy', each.name === LABELMAP ? 'clean but for the class' : 'clean', () => {
    const { errors, iod } = dciodvfy(each.file);
    const unknown = /Referenced SOP Class that is not segmentation/;
    const counted = each.name === LABELMAP ? errors.filter(line => !unknown.test(line)) : errors;
    expect({ errors: counted, iod }).toEqual({ errors: [], iod: 'Comprehensive3DSR' });
  });

  if (each.name === LABELMAP) {
    const why = 'DCMTK 3.6.7 does not know Label Map Segmentation Storage';
    test.skip(`dsrdump: prints it (skipped: ${why})`, () => undefined);
    return;
  }
  testWith('dsrdump', 'prints it', () => {
    const { status, complaints, text } = dsrdump(each.file);
    expect({ status, complaints }).toEqual({ status: 0, complaints: [] });
    for (const { findingId } of each.reviews) expect(text).toContain(findingId);
  });
});

describe('SR: content', () => {
  // Once for all of them: Python takes seconds to load highdicom.
  let said: Record<string, Said> = {};
  beforeAll(() => {
    if (!isPresent('highdicom')) return;
    said = pythonSays(
      path.join(__dirname, 'support/read_sr.py'),
      made.map(({ file }) => file),
    );
  }, 300000);

  describe.each(made)('$name', each => {
    testWith('highdicom', 'reads groups, codes and values as meant', () => {
      const report = said[each.file];
      expect(report.groups).toMatchObject(expectedGroups(each));
      expect(report.groups.map(placeText)).toEqual(each.places);
      // None that it takes for no group of any template.
      expect([report.rawGroups, report.readGroups]).toEqual([
        report.groups.length,
        report.groups.length,
      ]);
      expect(report.observers).toEqual(each.run.foreign ? ['Person'] : ['Device', 'Person']);
    });

    testWith('pydicom', 'reads the patient, the state and the references as meant', () => {
      const report = said[each.file];
      const [slice] = each.run.source.slices;
      const source = each.metadata.get(slice.sopInstanceUID) as JsonDataset;
      const all = each.reviews.length === each.run.findings.length;
      expect(report).toMatchObject({
        patient: plainName(source['00100010'].Value?.[0]),
        title: 'Imaging Measurement Report',
        predecessors: each.request.predecessors ?? [],
        completion: all ? 'COMPLETE' : 'PARTIAL',
        verification: all ? 'VERIFIED' : 'UNVERIFIED',
        authors: each.run.foreign ? ['PSN'] : ['DEV'],
      });
      for (const { places } of report.groups) {
        const referenced = places.filter(([type]) => type === 'IMAGE' || type === 'COMPOSITE');
        for (const [, , uid] of referenced) expect(report.evidence).toContain(uid);
      }
      expect(report.library.positions).toEqual(
        each.run.source.slices.map(({ imagePositionPatient = [] }) =>
          imagePositionPatient.map(value => expect.closeTo(value, 6) as number),
        ),
      );
    });
  });

  testWith('highdicom', 'reads the coordinates that were drawn', () => {
    const drawn = made.filter(({ run }) => run.findings[0]?.kind === 'annotation');
    expect(drawn.length).toBeGreaterThan(0);
    for (const { name, run, file } of drawn) {
      const [finding] = run.findings;
      const shapes = finding.kind === 'annotation' ? finding.shapes : [];
      const met = said[file].groups[0].places.map(place => place[3] ?? []);
      shapes.forEach(({ graphicType, points }, index) => {
        // A circle becomes an ellipse, and a polygon ends where it began.
        const compared = graphicType === 'CIRCLE' ? met[index].slice(3, 6) : met[index];
        const rim = graphicType === 'CIRCLE' ? points.slice(1) : points;
        rim.flat().forEach((value, at) => {
          expect({ name, at, value: compared[at] }).toEqual({
            name,
            at,
            value: expect.closeTo(value, 3) as number,
          });
        });
      });
    }
  });
});

describe('SR: archive', () => {
  testWith(
    'Orthanc',
    'stores and returns every report as it was',
    async () => {
      // Of the same report for patients of several names an archive keeps the first.
      const reports = [
        ...new Map(
          made.map(({ report }) => [report.sopInstanceUID, report] as const).reverse(),
        ).values(),
      ];
      const kept = await keptByOrthanc(reports.map(({ part10 }) => part10));
      reports.forEach(({ sopInstanceUID, part10 }, index) => {
        expect(kept[index].sopInstanceUID).toBe(sopInstanceUID);
        expect(Buffer.from(kept[index].returned).equals(Buffer.from(part10))).toBe(true);
      });
    },
    120000,
  );
});
