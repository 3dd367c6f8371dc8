import {
  segmentationPixels,
  unpackFractions,
  unpackSegments,
  type FramePlace,
  type SegmentationPixels,
} from './decode';

/** Numbers in an order that repeats from run to run. */
const random = (seed: number) => {
  let state = seed;
  return (below: number): number =>
    ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8) % below;
};

const bitsOf = (frames: readonly Uint8Array[]): Uint8Array => {
  const all = frames.flatMap(frame => Array.from(frame));
  const packed = new Uint8Array(Math.ceil(all.length / 8));
  all.forEach((bit, at) => (packed[at >>> 3] |= bit << (at & 7)));
  return packed;
};

const pixelsOf = (given: Partial<SegmentationPixels>): SegmentationPixels => ({
  type: 'BINARY',
  columns: 5,
  rows: 3,
  frames: 1,
  bitsAllocated: 1,
  data: new Uint8Array(0),
  maximumFractionalValue: 255,
  ...given,
});

const SIZE = 15;
const unpacked = (...given: Parameters<typeof unpackSegments>) => {
  const outcome = unpackSegments(...given);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value;
};

test('BINARY frames lie in any order and at any bit; the last of two has a voxel', () => {
  const next = random(7);
  const frames = Array.from({ length: 9 }, () =>
    Uint8Array.from({ length: SIZE }, () => (next(3) === 0 ? 1 : 0)),
  );
  const places: FramePlace[] = [3, 0, -1, 2, 1, 0, 3, 1, 2].map((slice, index) => ({
    slice,
    label: 10 + index,
  }));
  const meant = new Uint8Array(SIZE * 4);
  let overlapping = 0;
  frames.forEach((frame, index) => {
    const { slice, label } = places[index];
    if (slice < 0) return;
    frame.forEach((bit, at) => {
      if (bit === 0) return;
      if (meant[slice * SIZE + at] !== 0) overlapping++;
      meant[slice * SIZE + at] = label;
    });
  });
  const pixels = pixelsOf({ frames: frames.length, data: bitsOf(frames) });
  expect(overlapping).toBeGreaterThan(0);
  expect(unpacked(pixels, places, 4)).toEqual({ voxels: meant, overlapping });
});

test('FRACTIONAL counts from the threshold on, and gives its parts', () => {
  const data = Uint8Array.from({ length: SIZE }, (_, index) => index * 10);
  const pixels = pixelsOf({
    type: 'FRACTIONAL',
    bitsAllocated: 8,
    data,
    maximumFractionalValue: 100,
  });
  const places = [{ slice: 1, label: 4 }];
  const label = (from: number) => Array.from(data, value => (value >= from ? 4 : 0));
  const empty = new Array<number>(SIZE).fill(0);
  expect(Array.from(unpacked(pixels, places, 2).voxels)).toEqual([...empty, ...label(50)]);
  const low = unpacked(pixels, places, 2, { threshold: 0 }).voxels;
  expect(Array.from(low)).toEqual([...empty, ...label(1)]);
  expect(Array.from(unpackFractions(pixels, places, 2))).toEqual([
    ...empty,
    ...Array.from(data, value => Math.min(1, Math.fround(value / 100))),
  ]);
});

test('the parts of BINARY are 0 and 1', () => {
  const frames = [1, 2].map(step =>
    Uint8Array.from({ length: SIZE }, (_, index) => (index % (step + 1) === 0 ? 1 : 0)),
  );
  const pixels = pixelsOf({ frames: 2, data: bitsOf(frames) });
  const places = [
    { slice: 1, label: 1 },
    { slice: 0, label: 1 },
  ];
  expect(Array.from(unpackFractions(pixels, places, 2))).toEqual([...frames[1], ...frames[0]]);
});

describe.each([8, 16] as const)('LABELMAP of %d bits', bitsAllocated => {
  const high = bitsAllocated === 16 ? 40_000 : 250;
  const values = [0, 3, high, 3, 0, high, high, 0, 3, 3, 3, 0, 0, 0, high];
  const second = [3, 0, 0, high, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0];
  const bytes = (pixels: readonly number[]): Uint8Array =>
    bitsAllocated === 8
      ? Uint8Array.from(pixels)
      : new Uint8Array(Uint16Array.from(pixels).buffer.slice(0));
  const framesOf = (...frames: number[][]): SegmentationPixels => {
    // At an odd place in memory, as in a file.
    const data = bytes(frames.flat());
    const held = new Uint8Array(data.length + 1);
    held.set(data, 1);
    return pixelsOf({
      type: 'LABELMAP',
      bitsAllocated,
      frames: frames.length,
      data: held.subarray(1),
    });
  };
  const labels = new Map([
    [3, 1],
    [high, 2],
  ]);
  const mapped = (pixels: readonly number[]): number[] =>
    pixels.map(value => labels.get(value) ?? 0);
  const at = (slice: number): FramePlace => ({ slice, label: 0 });

  test('has the labels of its values', () => {
    const { voxels, overlapping } = unpacked(framesOf(values, second), [at(1), at(0)], 2, {
      labels,
    });
    expect(Array.from(voxels)).toEqual([...mapped(second), ...mapped(values)]);
    expect(overlapping).toBe(0);
  });
  test('has its values where these are the labels', () => {
    const same = new Map([3, 5].map(value => [value, value]));
    const { voxels } = unpacked(framesOf(values.map(v => (v === high ? 5 : v))), [at(0)], 1, {
      labels: same,
    });
    expect(Array.from(voxels)).toEqual(values.map(v => (v === high ? 5 : v)));
  });
  test('may have another background', () => {
    const inverted = values.map(value => (value === 0 ? 9 : value));
    const { voxels } = unpacked(framesOf(inverted), [at(0)], 1, { labels, background: 9 });
    expect(Array.from(voxels)).toEqual(mapped(values));
  });
  test('two frames on one slice are laid over each other', () => {
    const { voxels, overlapping } = unpacked(framesOf(values, second), [at(0), at(0)], 1, {
      labels,
    });
    expect(Array.from(voxels)).toEqual(
      values.map((value, index) => mapped([second[index] || value])[0]),
    );
    expect(overlapping).toBe(values.filter((value, index) => value && second[index]).length);
  });
  test('a value of no segment is refused', () => {
    const outcome = unpackSegments(framesOf(values), [at(0)], 1, { labels: new Map([[3, 1]]) });
    expect(outcome).toMatchObject({
      ok: false,
      refusal: { code: 'segmentationValueUnknown', values: { value: high, frame: 1 } },
    });
  });
});

describe('the pixels of a data set', () => {
  const dataset = {
    SegmentationType: ['BINARY'],
    Rows: [3],
    Columns: [5],
    NumberOfFrames: [2],
    BitsAllocated: [1],
    PerFrameFunctionalGroupsSequence: [{}, {}],
    PixelData: new Uint8Array(4),
  };
  const code = (given: object): string => {
    const outcome = segmentationPixels({ ...dataset, ...given });
    return outcome.ok ? 'read' : outcome.refusal.code;
  };
  test('are read', () => {
    expect(segmentationPixels(dataset)).toEqual({
      ok: true,
      value: pixelsOf({ frames: 2, data: dataset.PixelData }),
    });
  });
  test.each([
    [{ SegmentationType: ['OTHER'] }, 'segmentationTypeUnknown'],
    [{ SegmentationType: ['toString'] }, 'segmentationTypeUnknown'],
    [{ BitsAllocated: [8] }, 'segmentationTypeUnknown'],
    [{ NumberOfFrames: [3] }, 'evidenceFramesDiffer'],
    [{ PixelData: new Uint8Array(3) }, 'evidencePixelsMissing'],
    [{ Rows: [] }, 'evidenceUnreadable'],
  ])('are refused: %j', (given, expected) => expect(code(given)).toBe(expected));
});
