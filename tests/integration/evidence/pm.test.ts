import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { RunResult, ScalarMap } from '../../../extension/src/core/findings/types';
import type { VolumeGeometry } from '../../../extension/src/core/geometry/types';
import type { SourceMetadata } from '../../../extension/src/core/reading/ports';
import { parsePart10 } from '../../../extension/src/dicom/common/parse';
import { sourceAttributes } from '../../../extension/src/dicom/common/source';
import { framePosition } from '../../../extension/src/dicom/parametricMap/frames';
import { readParametricMap } from '../../../extension/src/dicom/parametricMap/readParametricMap';
import {
  finiteRange,
  writeParametricMap,
} from '../../../extension/src/dicom/parametricMap/writeParametricMap';
import { gridOf } from '../../../extension/src/dicom/presentation/markers';
import { mapOn, networkGrid, withMaps } from '../../../extension/src/dicom/testing/maps';
import { metadataOf, runOfKind, slicesOf } from '../../../extension/src/dicom/testing/runs';
import { needs } from '../../support/needs';
import { radiograph } from './support/image';
import { metadataOfPerson, PEOPLE, plainName, realSeries } from './support/sources';
import {
  bytesOf,
  dcmdumpReadsEach,
  dciodvfy,
  pythonSays,
  savedAs,
  temporaryFolder,
  testWith,
} from './support/tools';

interface Case {
  run: RunResult;
  map: ScalarMap;
  metadata: SourceMetadata;
  patient: string;
}
const small = { columns: 20, rows: 12, slices: 6 };
const caseOf = (
  run: RunResult,
  geometry: VolumeGeometry = gridOf(run),
  change: (values: Float32Array) => void = () => undefined,
): Case => {
  const map = mapOn(geometry);
  change(map.values);
  return {
    run: withMaps(run, map),
    map,
    metadata: metadataOf(run),
    patient: plainName({ Alphabetic: 'Phantom^Chest' }),
  };
};
const axial = runOfKind('classification', slicesOf(small));
const ofShape = (shape: Parameters<typeof slicesOf>[0]) =>
  caseOf(runOfKind('classification', slicesOf(shape)));
const cases: Array<[string, Case]> = [
  ['on its source', caseOf(axial)],
  ['on a tilted source', ofShape({ ...small, tilted: true })],
  ['of a multi-frame instance', ofShape({ ...small, multiFrame: true })],
  ["on the network's own grid", caseOf(axial, networkGrid(gridOf(axial)))],
  [
    'with NaN and infinities',
    caseOf(axial, undefined, values => values.set([NaN, Infinity, -Infinity, 7.5])),
  ],
  ['of a radiograph', caseOf(runOfKind('classification', [radiograph()]))],
  ...Object.entries(PEOPLE).map(([language, person]): [string, Case] => [
    `with a ${language} name`,
    { ...caseOf(axial), metadata: metadataOfPerson(axial, person), patient: plainName(person) },
  ]),
];

const written = ({ run, map, metadata }: Case): ArrayBuffer => {
  const source = sourceAttributes(run, metadata);
  if (!source.ok) throw new Error(source.refusal.message);
  return writeParametricMap(run, source.value, map).part10;
};

interface Told {
  patient: string;
  positions: number[][];
  spacing: number[] | null;
  range: number[];
}

describe('a parametric map as others read it', () => {
  const folder = temporaryFolder();
  const files: string[] = [];
  const values: string[] = [];
  beforeAll(() => {
    cases.forEach(([, each], index) => {
      files.push(savedAs(folder, `${index}.dcm`, written(each)));
      values.push(path.join(folder, `${index}.bin`));
      writeFileSync(values[index], each.map.values);
    });
  });
  cases.forEach(([name], index) => {
    testWith('dciodvfy', `clean: ${name}`, () => {
      expect(dciodvfy(files[index])).toMatchObject({ errors: [], iod: 'ParametricMap' });
    });
  });
  dcmdumpReadsEach(() => files);
  testWith(
    'highdicom',
    'and pydicom read values to the last bit, codes, places and names as meant',
    () => {
      const script = path.join(__dirname, 'support/read_pm.py');
      const said = pythonSays<Told[]>(
        script,
        files.flatMap((file, index) => [file, values[index]]),
      );
      cases.forEach(([name, { map, patient }], index) => {
        const { positions, spacing, range, ...told } = said[index];
        const { low, high } = finiteRange(map.values);
        expect({ name, ...told }).toMatchObject({
          name,
          patient,
          dtype: 'float32',
          sameByPydicom: true,
          sameByHighdicom: true,
          nanByHighdicom: map.values.filter(Number.isNaN).length,
          unit: [map.unit.value, map.unit.scheme, map.unit.meaning],
          quantity: [map.concept.value, map.concept.scheme, map.concept.meaning],
        });
        expect(range).toEqual([low, high]);
        expect(positions).toHaveLength(map.geometry.dimensions[2]);
        positions.forEach((position, k) => {
          const meant = framePosition(map.geometry, k);
          position.forEach((each, axis) => expect(each).toBeCloseTo(meant[axis], 9));
        });
        if (positions.length > 1) {
          const [x, y, z] = map.geometry.spacing;
          // highdicom counts slices, rows, columns.
          spacing!.forEach((each, axis) => expect(each).toBeCloseTo([z, y, x][axis], 6));
        }
      });
    },
    120000,
  );
  test('our own reader gives each map back to the last bit', async () => {
    for (const [index, [, { run, map }]] of cases.entries()) {
      const dataset = await parsePart10(bytesOf(files[index]));
      const read = dataset.ok && readParametricMap(dataset.value, [run.source]);
      const back = read && read.ok ? read.value!.map.values : new Float32Array();
      expect(Buffer.from(back.buffer).equals(Buffer.from(map.values.buffer))).toBe(true);
    }
  });
});

describe('a parametric map on a real series', () => {
  const series = 'chest_ct_nlst';
  const real = needs({ tool: 'dciodvfy', data: `dicom/${series}` });
  real.it(`dciodvfy: clean: ${series}`, () => {
    const { source, metadata } = realSeries(series, 6);
    const run = { ...runOfKind('classification', source.slices), source };
    const file = savedAs(temporaryFolder(), 'pm.dcm', written({ ...caseOf(run), metadata }));
    expect(dciodvfy(file).errors).toEqual([]);
  });
});
