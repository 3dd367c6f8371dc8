import type { Vec3, VolumeGeometry } from '../geometry/types';
import type {
  DetectionFinding,
  Finding,
  RunResult,
  SegmentFinding,
  Shape,
} from '../findings/types';
import { compareAtOnce, compareRuns } from './compareRuns';

const SIZE = 20;
const geometry = (changes: Partial<VolumeGeometry> = {}): VolumeGeometry => ({
  dimensions: [SIZE, SIZE, SIZE],
  spacing: [1, 1, 2],
  origin: [0, 0, 0],
  direction: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  ...changes,
});

type Box = readonly [number, number];
/** Voxels whose three indices lie in a range each, all ends included. */
const fill = (voxels: Uint8Array, label: number, [low, high]: Box, i: Box = [low, high]) => {
  for (let z = low; z <= high; z++)
    for (let y = low; y <= high; y++)
      for (let x = i[0]; x <= i[1]; x++) voxels[x + SIZE * (y + SIZE * z)] = label;
};

const concept = (key: string, code = key) => ({
  key,
  label: { en: key },
  type: { value: code, scheme: '99T', meaning: key },
});
const base = (id: string, centroid: Vec3 = [0, 0, 0]) => ({
  id,
  trackingIdentifier: id,
  runId: 'run',
  measurements: [],
  middleSlice: 0,
  centroid,
  referencedSOPInstanceUID: '1.2.3',
});
const segment = (id: string, segmentNumber: number, key: string, code = key): SegmentFinding => ({
  ...base(id, [segmentNumber, 0, 0]),
  kind: 'segment',
  segment: {
    ...concept(key, code),
    segmentNumber,
    category: { value: 'T', scheme: '99T', meaning: 'Tissue' },
    recommendedDisplayCIELab: [50, 0, 0],
  },
});
const detection = (id: string, centroid: Vec3, edge: number): DetectionFinding => ({
  ...base(id, centroid),
  kind: 'detection',
  concept: concept('nodule'),
  score: 0.9,
  size: [edge, edge, edge],
});
const annotation = (id: string, shape: Omit<Shape, 'referencedSOPInstanceUID'>): Finding => ({
  ...base(id),
  kind: 'annotation',
  concept: concept('mark'),
  shapes: [shape],
});

const run = (findings: Finding[], changes: Partial<RunResult> = {}): RunResult => ({
  runId: 'run',
  source: {
    studyInstanceUID: '1',
    seriesInstanceUID: '1.1',
    frameOfReferenceUID: '1.9',
    slices: [],
  },
  provenance: {
    modelId: 'm',
    modelVersion: '1',
    modelName: 'M',
    modelSha256: '',
    licence: '',
    startedAt: '',
    timing: {},
    softwareVersion: '',
  },
  findings,
  ...changes,
});
const mapped = (findings: Finding[], draw: (voxels: Uint8Array) => void, grid = geometry()) => {
  const voxels = new Uint8Array(SIZE ** 3);
  draw(voxels);
  return run(findings, { labelMap: { geometry: grid, voxels } });
};

describe('segments', () => {
  // 10³ and 10³ voxels that share 5·10·10: Dice 2·500 / 2000.
  const a = mapped([segment('a1', 1, 'liver'), segment('a2', 2, 'spleen')], voxels => {
    fill(voxels, 1, [0, 9]);
    fill(voxels, 2, [10, 19]);
  });
  const b = mapped([segment('b7', 7, 'Leber', 'liver'), segment('b3', 3, 'kidney')], voxels => {
    fill(voxels, 7, [0, 9], [5, 14]);
    voxels[SIZE ** 3 - 1] = 3;
  });

  it('are paired by code, with Dice and both volumes', () => {
    const { pairs, refusals } = compareAtOnce(a, b);
    expect(refusals).toEqual([]);
    expect(pairs).toEqual([
      { kind: 'segment', a: 'a1', b: 'b7', dice: 0.5, volume: { a: 2, b: 2 }, distance: 6 },
      { kind: 'segment', a: 'a2', volume: { a: 2 } },
      { kind: 'segment', b: 'b3', volume: { b: 0.002 } },
    ]);
  });

  it('are the other way round from the other side', () => {
    const [pair] = compareAtOnce(b, a).pairs;
    expect(pair).toMatchObject({ a: 'b7', b: 'a1', dice: 0.5 });
  });

  it('of other names are one where they cover each other', () => {
    const renamed = mapped([segment('c1', 1, 'organ')], voxels => fill(voxels, 1, [0, 9], [0, 8]));
    expect(compareAtOnce(a, renamed).pairs[0]).toMatchObject({
      a: 'a1',
      b: 'c1',
      dice: 1800 / 1900,
    });
    const apart = mapped([segment('c1', 1, 'organ')], voxels => fill(voxels, 1, [0, 9], [8, 17]));
    expect(compareAtOnce(a, apart).pairs.map(({ a: one, b: other }) => [one, other])).toEqual([
      ['a1', undefined],
      ['a2', undefined],
      [undefined, 'c1'],
    ]);
  });

  it('of one concept are paired by what they cover, not by their order', () => {
    const twice = mapped([segment('d1', 1, 'lesion'), segment('d2', 2, 'lesion')], voxels => {
      fill(voxels, 1, [0, 4]);
      fill(voxels, 2, [10, 14]);
    });
    const swapped = mapped([segment('e1', 1, 'lesion'), segment('e2', 2, 'lesion')], voxels => {
      fill(voxels, 1, [10, 14]);
      fill(voxels, 2, [0, 4]);
    });
    expect(compareAtOnce(twice, swapped).pairs.map(pair => [pair.a, pair.b, pair.dice])).toEqual([
      ['d1', 'e2', 1],
      ['d2', 'e1', 1],
    ]);
  });

  it('on different grids have no Dice, and it is said why', () => {
    const shifted = geometry({ origin: [0.5, 0, 0] });
    const other = mapped([segment('b1', 1, 'liver')], voxels => fill(voxels, 1, [0, 9]), shifted);
    const { pairs, refusals } = compareAtOnce(a, other);
    expect(refusals.map(({ code }) => code)).toEqual(['compareGridsDiffer']);
    expect(pairs[0]).toMatchObject({ a: 'a1', b: 'b1', dice: undefined });
  });
});

describe('places', () => {
  it('are one by their overlap, with IoU and the distance of their centres', () => {
    const a = run([detection('a1', [0, 0, 0], 10), detection('a2', [100, 0, 0], 10)]);
    const b = run([detection('b1', [5, 0, 0], 10), detection('b2', [50, 0, 0], 10)]);
    expect(compareAtOnce(a, b).pairs).toEqual([
      // 5·10·10 shared of 1500.
      { kind: 'detection', a: 'a1', b: 'b1', distance: 5, iou: 1 / 3 },
      { kind: 'detection', a: 'a2' },
      { kind: 'detection', b: 'b2' },
    ]);
  });

  it("of somebody's drawing are compared with a model's box", () => {
    const a = run([detection('a1', [10, 10, 4], 8)]);
    const b = run([
      annotation('point', { graphicType: 'POINT', points: [[12, 10, 4]] }),
      annotation('far', { graphicType: 'POINT', points: [[40, 10, 4]] }),
    ]);
    expect(compareAtOnce(a, b).pairs).toEqual([
      { kind: 'detection', a: 'a1', b: 'point', distance: 2, iou: 0 },
      { kind: 'annotation', b: 'far' },
    ]);
    const circle = run([
      annotation('circle', {
        graphicType: 'CIRCLE',
        points: [
          [10, 10, 4],
          [13, 10, 4],
        ],
      }),
    ]);
    expect(compareAtOnce(a, circle).pairs).toMatchObject([{ a: 'a1', b: 'circle', distance: 0 }]);
  });

  it('in different frames of reference are not compared, and it is said why', () => {
    const other = { studyInstanceUID: '1', seriesInstanceUID: '2', slices: [] };
    const { pairs, refusals } = compareAtOnce(
      run([detection('a1', [0, 0, 0], 10)]),
      run([detection('b1', [0, 0, 0], 10)], { source: { ...other, frameOfReferenceUID: '2.9' } }),
    );
    expect(refusals.map(({ code }) => code)).toEqual(['compareFramesDiffer']);
    expect(pairs).toHaveLength(2);
  });
});

it('pairs classes and values by their concept', () => {
  const said = (id: string, key: string, kind: 'classification' | 'regression'): Finding =>
    kind === 'classification'
      ? { ...base(id), kind, concept: concept(key), score: 0.5 }
      : { ...base(id), kind, concept: concept(key) };
  const a = run([said('a1', 'effusion', 'classification'), said('a2', 'age', 'regression')]);
  const b = run([said('b2', 'age', 'regression'), said('b1', 'oedema', 'classification')]);
  expect(compareAtOnce(a, b).pairs).toEqual([
    { kind: 'classification', a: 'a1' },
    { kind: 'regression', a: 'a2', b: 'b2' },
    { kind: 'classification', b: 'b1' },
  ]);
});

it('pauses often enough that no part of it lasts', () => {
  const grid = geometry({ dimensions: [512, 512, 40] });
  const map = () => ({ geometry: grid, voxels: new Uint8Array(512 * 512 * 40) });
  const [a, b] = [1, 2].map(() => run([segment('1', 1, 'liver')], { labelMap: map() }));
  expect([...compareRuns(a, b)].length).toBe(3);
});
