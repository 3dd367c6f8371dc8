import type { RunResult, ScalarMap } from '../../core/findings/types';
import type { VolumeGeometry } from '../../core/geometry/types';
import { planSlices } from '../../core/volume/assemble';
import { parsePart10, type ParsedDataset } from '../common/parse';
import { sourceAttributes } from '../common/source';
import { mapOn, networkGrid, withMaps } from '../testing/maps';
import { geometryOf, metadataOf, runOfKind, slicesOf } from '../testing/runs';
import { readParametricMap } from './readParametricMap';
import { finiteRange } from './grid';
import { writeParametricMap } from './writeParametricMap';

const small = { columns: 20, rows: 12, slices: 6 };

const written = (run: RunResult, map: ScalarMap) => {
  const source = sourceAttributes(run, metadataOf(run));
  if (!source.ok) throw new Error(source.refusal.message);
  return writeParametricMap(run, source.value, map);
};
const parsed = async (part10: ArrayBuffer): Promise<ParsedDataset> => {
  const outcome = await parsePart10(part10);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value;
};
const bitsOf = ({ values }: ScalarMap) =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength);

const readBack = async (run: RunResult, map: ScalarMap): Promise<ScalarMap> => {
  const outcome = readParametricMap(await parsed(written(run, map).part10), [run.source]);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  expect(outcome.value).toMatchObject({ runId: run.runId, source: run.source });
  return outcome.value!.map;
};

const oneImage = slicesOf({ columns: 9, rows: 7, slices: 1 }).map(
  ({ imagePositionPatient: _p, imageOrientationPatient: _o, ...rest }) => rest,
);
const gridOf = (run: RunResult): VolumeGeometry => {
  const plan = planSlices(run.source.slices);
  if (!plan.ok) throw new Error(plan.refusal.message);
  return plan.value.geometry;
};

describe('a map', () => {
  const onSource = (shape: Parameters<typeof slicesOf>[0]) => {
    const run = runOfKind('classification', slicesOf(shape));
    return [run, mapOn(gridOf(run))] as const;
  };
  const axial = runOfKind('classification', slicesOf(small));
  const picture = runOfKind('classification', oneImage);
  const leftHanded: VolumeGeometry = {
    ...geometryOf(slicesOf(small)),
    direction: [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, -1],
    ],
  };

  it.each([
    ['on its source', ...onSource(small)],
    ['on a tilted source', ...onSource({ ...small, tilted: true })],
    ['of a multi-frame instance', ...onSource({ ...small, multiFrame: true })],
    ["on the network's own grid", axial, mapOn(networkGrid(gridOf(axial)))],
    ['on a left-handed grid', axial, mapOn(leftHanded)],
    ['of a picture', picture, mapOn(gridOf(picture))],
  ])('comes back to the last bit: %s', async (_name, run, map) => {
    const read = await readBack(run, map);
    const { values: _values, ...told } = read;
    const { values: _meant, ...meant } = map;
    // JSON has no −0, which a direction may have.
    expect(told).toEqual(JSON.parse(JSON.stringify(meant)));
    expect(bitsOf(read).equals(bitsOf(map))).toBe(true);
  });

  it('keeps NaN, infinities and −0, which are out of the range it tells', async () => {
    const [run, map] = onSource(small);
    map.values.set([NaN, Infinity, -Infinity, -0, 2.5]);
    expect(finiteRange(map.values)).toEqual({ low: expect.closeTo(-1 / 3), high: 2.5 });
    expect(bitsOf(await readBack(run, map)).equals(bitsOf(map))).toBe(true);
    expect(finiteRange(Float32Array.of(NaN, Infinity))).toEqual({ low: 0, high: 0 });
    map.values.fill(NaN);
    expect(bitsOf(await readBack(run, map)).equals(bitsOf(map))).toBe(true);
  });

  it('is the same instance of the same bytes for the same run, and another for another key', () => {
    const [run, map] = onSource(small);
    const both = withMaps(run, map, { ...map, key: 'uncertainty' });
    const [first, again] = [written(both, map), written(both, map)];
    expect(Buffer.from(first.part10).equals(Buffer.from(again.part10))).toBe(true);
    expect(written(both, both.maps![1]).sopInstanceUID).not.toBe(first.sopInstanceUID);
  });
});

describe('the frames of a map', () => {
  interface Told {
    slices: string[];
    preserved: string;
  }
  const derivations = async (run: RunResult, map: ScalarMap): Promise<(Told | undefined)[]> => {
    const dataset = await parsed(written(run, map).part10);
    const items = [
      ...(dataset.PerFrameFunctionalGroupsSequence as ParsedDataset[]),
      ...(dataset.SharedFunctionalGroupsSequence as ParsedDataset[]),
    ];
    return items.map(item => {
      const [derivation] = (item.DerivationImageSequence ?? []) as ParsedDataset[];
      const images = derivation?.SourceImageSequence as ParsedDataset[] | undefined;
      return (
        images && {
          slices: images.map(image => String((image.ReferencedSOPInstanceUID as string[])[0])),
          preserved: String((images[0].SpatialLocationsPreserved as string[])[0]),
        }
      );
    });
  };
  const run = runOfKind('classification', slicesOf(small));
  const uids = run.source.slices.map(({ sopInstanceUID }) => sopInstanceUID);
  const grid = gridOf(run);

  it('are each of the slice that they lie on', async () => {
    expect(await derivations(run, mapOn(grid))).toEqual([
      ...uids.map(uid => ({ slices: [uid], preserved: 'YES' })),
      undefined,
    ]);
  });

  it('of a coarser grid are of the slices within their thickness', async () => {
    const coarse: VolumeGeometry = {
      ...grid,
      dimensions: [10, 6, 3],
      spacing: [grid.spacing[0] * 2, grid.spacing[1] * 2, grid.spacing[2] * 2],
      origin: [grid.origin[0], grid.origin[1], grid.origin[2] + grid.spacing[2] / 2],
    };
    expect(await derivations(run, mapOn(coarse))).toEqual([
      { slices: [uids[0], uids[1]], preserved: 'NO' },
      { slices: [uids[2], uids[3]], preserved: 'NO' },
      { slices: [uids[4], uids[5]], preserved: 'NO' },
      undefined,
    ]);
  });

  it('that run across the slices are of all of them', async () => {
    const sagittal: VolumeGeometry = {
      ...grid,
      dimensions: [12, 6, 20],
      direction: [grid.direction[1], grid.direction[2], grid.direction[0]],
    };
    const told = await derivations(run, mapOn(sagittal));
    expect(told.slice(0, 20)).toEqual(Array(20).fill(undefined));
    expect(told[20]).toEqual({ slices: uids, preserved: 'NO' });
  });
});

describe('a map that cannot be read', () => {
  const run = runOfKind('classification', slicesOf(small));
  const map = mapOn(gridOf(run));
  const readWith = async (change: (dataset: ParsedDataset) => void, sources = [run.source]) => {
    const dataset = await parsed(written(run, map).part10);
    change(dataset);
    const outcome = readParametricMap(dataset, sources);
    return outcome.ok ? outcome.value : outcome.refusal.code;
  };

  it('is of another series, and passed over', async () => {
    const elsewhere = { ...run.source, seriesInstanceUID: '1.2.3' };
    expect(await readWith(() => undefined, [elsewhere])).toBeUndefined();
  });

  it.each<[string, (dataset: ParsedDataset) => void]>([
    ['evidencePixelsMissing', d => (d.FloatPixelData = (d.FloatPixelData as Uint8Array).slice(4))],
    ['evidenceMatrixDiffers', d => (d.Rows = [13])],
    ['evidenceUnreadable', d => (d.BitsAllocated = [64])],
    ['evidenceUnreadable', d => delete d.FloatPixelData],
  ])('is refused by name: %s', async (code, change) => {
    expect(await readWith(change)).toBe(code);
  });
});
