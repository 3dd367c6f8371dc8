import path from 'node:path';
import type { DetectionFinding, RunResult } from '../../../extension/src/core/findings/types';
import { indexToWorld } from '../../../extension/src/core/geometry/transform';
import type { SourceMetadata } from '../../../extension/src/core/reading/ports';
import type { Volume } from '../../../extension/src/core/volume/types';
import { sourceAttributes } from '../../../extension/src/dicom/common/source';
import { gridOf } from '../../../extension/src/dicom/presentation/markers';
import { colourOf } from '../../../extension/src/dicom/secondaryCapture/legend';
import { writeSecondaryCapture } from '../../../extension/src/dicom/secondaryCapture/writeSecondaryCapture';
import { mapOn, withMaps } from '../../../extension/src/dicom/testing/maps';
import { metadataOf, runOfKind, runOn, slicesOf } from '../../../extension/src/dicom/testing/runs';
import { needs } from '../../support/needs';
import { radiograph } from './support/image';
import { metadataOfPerson, PEOPLE, plainName, realSeries } from './support/sources';
import {
  dcmdumpReadsEach,
  dciodvfy,
  pythonSays,
  savedAs,
  temporaryFolder,
  testWith,
} from './support/tools';

const slices = slicesOf({ columns: 64, rows: 64, slices: 7 });
/** Grey of 0 HU everywhere in a window of 400 around 40. */
const volumeOf = (run: RunResult): Volume => {
  const geometry = gridOf(run);
  const [columns, rows, count] = geometry.dimensions;
  return {
    geometry,
    voxels: new Int16Array(columns * rows * count),
    modality: run.source.slices[0].modality,
    slices: run.source.slices,
    voi: { center: 40, width: 400, function: 'LINEAR' },
  };
};
/** Two detections in slices 2 and 4, 16 pixels large. */
const detections = (given = slices): RunResult => {
  const run = runOfKind('detection', given);
  const geometry = gridOf(run);
  const last = given.length - 1;
  const places = [
    [20, 30, Math.min(2, last)],
    [44, 30, Math.min(4, last)],
  ] as const;
  return {
    ...run,
    findings: places.map((place, index): DetectionFinding => ({
      ...(run.findings[index] as DetectionFinding),
      centroid: indexToWorld(geometry, place),
      size: [16 * geometry.spacing[0], 16 * geometry.spacing[1], 1],
      middleSlice: place[2],
    })),
  };
};

interface Case {
  run: RunResult;
  frames: number;
  metadata: SourceMetadata;
  patient: string;
}
const caseOf = (run: RunResult, frames: number): Case => ({
  run,
  frames,
  metadata: metadataOf(run),
  patient: plainName({ Alphabetic: 'Phantom^Chest' }),
});
const segments = runOn(slices, 2);
const cases: Array<[string, Case]> = [
  ['detections', caseOf(detections(), 2)],
  ['segments', caseOf(segments, 1)],
  ['segments with a map', caseOf(withMaps(segments, mapOn(gridOf(segments))), 2)],
  ['a class', caseOf(runOfKind('classification', slices), 1)],
  ['nothing found', caseOf(runOfKind('nothing', slices), 1)],
  ['a radiograph', caseOf(detections([radiograph()]), 1)],
  [
    'a multi-frame instance',
    caseOf(detections(slicesOf({ columns: 64, rows: 64, slices: 7, multiFrame: true })), 2),
  ],
  ...Object.entries(PEOPLE).map(([language, person]): [string, Case] => [
    `a ${language} name`,
    {
      ...caseOf(detections(), 2),
      metadata: metadataOfPerson(detections(), person),
      patient: plainName(person),
    },
  ]),
];
const written = ({ run, metadata }: Case): ArrayBuffer => {
  const source = sourceAttributes(run, metadata);
  if (!source.ok) throw new Error(source.refusal.message);
  const capture = writeSecondaryCapture(run, source.value, volumeOf(run));
  if (!capture.ok) throw new Error(capture.refusal.message);
  return capture.value.part10;
};

interface Told {
  frames: number;
  rows: number;
  columns: number;
  places: number[][];
}

describe('a secondary capture as others read it', () => {
  const folder = temporaryFolder();
  const files: string[] = [];
  beforeAll(() => {
    cases.forEach(([, each], index) => files.push(savedAs(folder, `${index}.dcm`, written(each))));
  });
  cases.forEach(([name], index) => {
    testWith('dciodvfy', `clean: ${name}`, () => {
      const { errors, iod } = dciodvfy(files[index]);
      expect({ errors, iod }).toEqual({ errors: [], iod: 'MultiframeTrueColorSCImage' });
    });
  });
  dcmdumpReadsEach(() => files);
  testWith(
    'highdicom',
    'and pydicom read frames, names and references as meant',
    () => {
      const script = path.join(__dirname, 'support/read_sc.py');
      const all = pythonSays<Array<Told & Record<string, unknown>>>(script, files);
      cases.forEach(([name, { run, frames, patient }], index) => {
        const said = all[index];
        expect({ name, ...said }).toMatchObject({
          name,
          patient,
          frames,
          photometric: 'RGB',
          burnedIn: 'YES',
          conversion: 'WSD',
          derivation: expect.stringMatching(/^AI result – not reviewed: .*ct-lungs 1\.0\.0/),
          same: true,
        });
        const known = new Set(run.source.slices.map(({ sopInstanceUID }) => sopInstanceUID));
        const sources = said.sources as string[];
        expect(sources.length).toBeGreaterThan(0);
        expect(sources.filter(uid => !known.has(uid))).toEqual([]);
      });
    },
    300000,
  );
  testWith(
    'highdicom',
    "and pydicom see each detection's box on its own slice, its voxels free, words above",
    () => {
      const script = path.join(__dirname, 'support/read_sc.py');
      const run = detections();
      // 64 pixels are shown eight times as large, below the banner.
      // Below the slice: one line of legend and one of the place, 22 pixels each, and a margin.
      const banner = 632 - 512 - (2 * 22 + 16);
      const at = (frame: number, i: number, j: number) =>
        `${frame},${Math.round(8 * i)},${banner + Math.round(8 * j)}`;
      // The box is drawn around 16 × 16 pixels, four canvas pixels outside.
      const left = (i: number) => i + 0.5 - 8 - 0.5;
      const [said] = pythonSays<Told[]>(script, [
        files[0],
        at(0, left(20), 30),
        at(1, left(44), 30),
        at(0, left(44), 30),
        at(0, 20.5, 30.5),
      ]);
      expect([said.rows, said.columns]).toEqual([632, 512]);
      const grey = Math.round(255 * ((0 - 39.5) / 399 + 0.5));
      expect(said.places).toEqual([
        [...colourOf(run.findings[0])],
        [...colourOf(run.findings[1])],
        [grey, grey, grey],
        [grey, grey, grey],
      ]);
    },
    120000,
  );
});
describe('a secondary capture of a real series', () => {
  const series = 'chest_ct_nlst';
  const real = needs({ tool: 'dciodvfy', data: `dicom/${series}` });
  real.it(`dciodvfy: clean: ${series}`, () => {
    const { source, metadata } = realSeries(series, 12);
    const run = { ...detections(source.slices), source };
    const file = savedAs(temporaryFolder(), 'sc.dcm', written({ ...caseOf(run, 2), metadata }));
    expect(dciodvfy(file).errors).toEqual([]);
  });
});
