import type { RunResult, ScalarMap } from '../../core/findings/types';
import { DEFAULT_EVIDENCE, type MapGrid } from '../../core/evidence/table';
import { SOP_CLASS } from '../common/dictionary';
import { parsePart10, type ParsedDataset } from '../common/parse';
import { writeEvidence } from '../evidence';
import { mapOn, networkGrid, withMaps } from '../testing/maps';
import { geometryOf, metadataOf, runOfKind, slicesOf } from '../testing/runs';
import {
  LARGEST_ON_SOURCE,
  mapGridFor,
  paddingBelow,
  parametricMapUIDOf,
  parametricMapUIDs,
} from './grid';
import { readParametricMap } from './readParametricMap';

const slices = slicesOf({ columns: 20, rows: 12, slices: 6 });
const geometry = geometryOf(slices);
const base = runOfKind('classification', slices);
const coarse = mapOn(networkGrid(geometry));
const run = withMaps(base, coarse);

/** What a site's whole evidence of a run has for its map. */
const writtenOf = (given: RunResult, mapGrid?: MapGrid, predecessors: string[] = []) => {
  const outcome = writeEvidence({
    run: given,
    source: metadataOf(given),
    reviews: [],
    includeReviews: false,
    reviewer: '',
    predecessors,
    ...(mapGrid && { table: { ...DEFAULT_EVIDENCE, mapGrid } }),
  });
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  const [map] = outcome.value.filter(each => each.sopClassUID === SOP_CLASS.parametricMap);
  return map;
};
const parsed = async (part10: ArrayBuffer): Promise<ParsedDataset> => {
  const outcome = await parsePart10(part10);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value;
};
const readBack = async (part10: ArrayBuffer): Promise<ScalarMap> => {
  const outcome = readParametricMap(await parsed(part10), [run.source]);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value!.map;
};

describe('a map on the grid of its source', () => {
  it('is what a table that says nothing writes: a frame a slice, each of the pixels of its slice', async () => {
    const object = writtenOf(run);
    expect(object.sopInstanceUID).toBe(parametricMapUIDOf(run.runId, coarse.key, 'source'));
    const dataset = await parsed(object.part10);
    expect(dataset).toMatchObject({ Rows: [12], Columns: [20], NumberOfFrames: [6] });
    const frames = dataset.PerFrameFunctionalGroupsSequence as ParsedDataset[];
    frames.forEach((frame, k) =>
      expect(frame).toMatchObject({
        PlanePositionSequence: [{ ImagePositionPatient: [...slices[k].imagePositionPatient!] }],
        DerivationImageSequence: [
          {
            SourceImageSequence: [
              {
                ReferencedSOPInstanceUID: [slices[k].sopInstanceUID],
                SpatialLocationsPreserved: ['YES'],
              },
            ],
          },
        ],
      }),
    );
  });

  it('comes back there, NaN where the network saw nothing, and is then written as it was', async () => {
    const object = writtenOf(run);
    const dataset = await parsed(object.part10);
    const [padding] = dataset.FloatPixelPaddingValue as number[];
    const map = await readBack(object.part10);
    expect(map.geometry).toEqual(geometry);
    const stored = new Float32Array((dataset.FloatPixelData as Uint8Array).slice().buffer);
    const nowhere = map.values.filter(Number.isNaN).length;
    expect(nowhere).toBeGreaterThan(100);
    expect(nowhere).toBeLessThan(map.values.length);
    expect(stored.filter(each => each === padding)).toHaveLength(nowhere);
    expect(stored.every(Number.isFinite)).toBe(true);
    const again = writtenOf(withMaps(base, map));
    expect(Buffer.from(again.part10).equals(Buffer.from(object.part10))).toBe(true);
  });

  it('holds no NaN and no infinity for a viewer to fall over', async () => {
    const map = mapOn(geometry);
    map.values.set([NaN, Infinity, -Infinity, 0.5]);
    const back = await readBack(writtenOf(withMaps(base, map)).part10);
    expect(Array.from(back.values.subarray(0, 4))).toEqual([NaN, NaN, NaN, 0.5]);
    expect(back.values.subarray(4)).toEqual(map.values.subarray(4));
  });
});

describe("a map on the network's grid", () => {
  it('is written where the table says so, value by value', async () => {
    const object = writtenOf(run, 'model');
    expect(object.sopInstanceUID).toBe(parametricMapUIDOf(run.runId, coarse.key, 'model'));
    const map = await readBack(object.part10);
    expect(map.geometry).toEqual(coarse.geometry);
    expect(map.values).toEqual(coarse.values);
  });

  it('stays there where it is stored so, whatever the site says now, and the other way round', () => {
    const [onSource, onModel] = parametricMapUIDs(run.runId, coarse.key);
    expect(writtenOf(run, 'source', [onModel]).sopInstanceUID).toBe(onModel);
    expect(writtenOf(run, 'model', [onSource]).sopInstanceUID).toBe(onSource);
  });

  it("stays there where the images' is too large, or runs across it", () => {
    const of = (shape: Parameters<typeof slicesOf>[0]) =>
      mapGridFor(runOfKind('classification', slicesOf(shape)), coarse, 'source');
    expect(4 * 512 * 512 * 256).toBe(LARGEST_ON_SOURCE);
    expect(of({ columns: 512, rows: 512, slices: 256 })).toBe('source');
    expect(of({ columns: 512, rows: 512, slices: 257 })).toBe('model');
    expect(of({ columns: 20, rows: 12, slices: 6, tilted: true })).toBe('model');
  });
});

describe('what stands for no value', () => {
  const bits = (value: number) => Math.fround(value);
  it.each([
    [{ low: 0, high: 1 }, -(2 ** -126)],
    [{ low: 0.02, high: 1 }, -(2 ** -126)],
    [{ low: -3, high: 2 }, -(2 ** -126)],
  ])('looks as 0 does, and is not 0: %j', (range, meant) => {
    expect(paddingBelow(range)).toBe(meant);
    expect(bits(meant)).toBe(meant);
  });

  it('is the next below the least where all are below 0', () => {
    expect(paddingBelow({ low: -1000, high: -500 })).toBe(-1000.00006103515625);
    expect(paddingBelow({ low: -1, high: 0 })).toBe(bits(-1 - 2 ** -23));
  });
});
