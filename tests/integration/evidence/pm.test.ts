import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { MapGrid } from '../../../extension/src/core/evidence/table';
import type { RunResult, ScalarMap } from '../../../extension/src/core/findings/types';
import type { VolumeGeometry } from '../../../extension/src/core/geometry/types';
import type { SourceMetadata } from '../../../extension/src/core/reading/ports';
import { parsePart10 } from '../../../extension/src/dicom/common/parse';
import { sourceAttributes } from '../../../extension/src/dicom/common/source';
import { framePosition } from '../../../extension/src/dicom/parametricMap/frames';
import { readParametricMap } from '../../../extension/src/dicom/parametricMap/readParametricMap';
import { pixelsOnModel, pixelsOnSource } from '../../../extension/src/dicom/parametricMap/grid';
import { writeParametricMap } from '../../../extension/src/dicom/parametricMap/writeParametricMap';
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
  /** The network's own without it. */
  grid?: MapGrid;
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
/** A map of half as many pixels, as a network has it, of one image. */
const halfOf = (image: ReturnType<typeof radiograph>): Case => {
  const run = runOfKind('classification', [image]);
  const { dimensions, spacing, ...grid } = gridOf(run);
  return caseOf(run, {
    ...grid,
    dimensions: [Math.ceil(dimensions[0] / 2), Math.ceil(dimensions[1] / 2), 1],
    spacing: [spacing[0] * 2, spacing[1] * 2, spacing[2]],
  });
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
  ...(['axial', 'tilted'] as const).map((plane): [string, Case] => {
    const slices = slicesOf({ ...small, tilted: plane === 'tilted' });
    const run = runOfKind('classification', slices);
    // Coarser, and past the images on one side only.
    const { spacing, origin, direction } = gridOf(run);
    const network: VolumeGeometry = {
      dimensions: [9, 5, 4],
      spacing: [spacing[0] * 2.5, spacing[1] * 2, spacing[2] * 1.7],
      origin: [origin[0] + 3, origin[1] + 2, origin[2] - 1],
      direction,
    };
    return [`brought onto its ${plane} source`, { ...caseOf(run, network), grid: 'source' }];
  }),
  ['brought onto its radiograph', { ...halfOf(radiograph()), grid: 'source' }],
  ['of a radiograph', caseOf(runOfKind('classification', [radiograph()]))],
  ...Object.entries(PEOPLE).map(([language, person]): [string, Case] => [
    `with a ${language} name`,
    { ...caseOf(axial), metadata: metadataOfPerson(axial, person), patient: plainName(person) },
  ]),
];

/** The grid and every value of the file. */
const meantOf = ({ run, map, grid }: Case) => {
  const { frame, ...told } = grid === 'source' ? pixelsOnSource(run, map) : pixelsOnModel(map);
  const [columns, rows, frames] = told.geometry.dimensions;
  const values = new Float32Array(columns * rows * frames);
  for (let k = 0; k < frames; k++) {
    const pixels = new Float32Array(columns * rows);
    frame(k, pixels);
    values.set(pixels, k * pixels.length);
  }
  return { ...told, values };
};

const written = ({ run, map, metadata, grid }: Case): ArrayBuffer => {
  const source = sourceAttributes(run, metadata);
  if (!source.ok) throw new Error(source.refusal.message);
  return writeParametricMap(run, source.value, map, { grid }).part10;
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
      writeFileSync(values[index], meantOf(each).values);
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
      cases.forEach(([name, each], index) => {
        const { map, patient } = each;
        const meant = meantOf(each);
        const { positions, spacing, range, ...told } = said[index];
        const { low, high } = meant.range;
        expect({ name, ...told }).toMatchObject({
          name,
          patient,
          dtype: 'float32',
          sameByPydicom: true,
          sameByHighdicom: true,
          nanByHighdicom: meant.values.filter(Number.isNaN).length,
          padding: meant.padding ?? null,
          unit: [map.unit.value, map.unit.scheme, map.unit.meaning],
          quantity: [map.concept.value, map.concept.scheme, map.concept.meaning],
        });
        expect(range).toEqual([low, high]);
        expect(positions).toHaveLength(meant.geometry.dimensions[2]);
        positions.forEach((position, k) => {
          const place = framePosition(meant.geometry, k);
          position.forEach((each, axis) => expect(each).toBeCloseTo(place[axis], 9));
        });
        if (positions.length > 1) {
          const [x, y, z] = meant.geometry.spacing;
          // highdicom counts slices, rows, columns.
          spacing!.forEach((each, axis) => expect(each).toBeCloseTo([z, y, x][axis], 6));
        }
      });
    },
    120000,
  );
  test('our own reader gives each map back to the last bit', async () => {
    for (const [index, [, each]] of cases.entries()) {
      const { run } = each;
      const { values: meant, padding } = meantOf(each);
      const values = meant.map(value => (value === padding ? NaN : value));
      const dataset = await parsePart10(bytesOf(files[index]));
      const read = dataset.ok && readParametricMap(dataset.value, [run.source]);
      const back = read && read.ok ? read.value!.map.values : new Float32Array();
      expect(Buffer.from(back.buffer).equals(Buffer.from(values.buffer))).toBe(true);
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
