import type { Vec3, VolumeGeometry } from '../geometry/types';
import { indexToWorld, worldToIndex } from '../geometry/transform';
import { preprocessingSchema } from '../model/manifest';
import { refuse } from '../outcome';
import { preprocess, type PreprocessedVolume, type SourceVolume } from './preprocess';
import { preprocessedGeometry } from './preprocessedGeometry.testing';

/** Steps as a manifest has them, with its defaults. */
type Written = { transform: string } & Record<string, unknown>;
const parse = (steps: Written[]) => preprocessingSchema.array().parse(steps);

const geometry: VolumeGeometry = {
  dimensions: [8, 7, 6],
  spacing: [1.5, 1.2, 2],
  origin: [10, -20, 30],
  direction: [
    [0.8, 0.6, 0],
    [-0.6, 0.8, 0],
    [0, 0, 1],
  ],
};
const SIZE = 8 * 7 * 6;
/** Every voxel its own value, none of them 0. */
const numbered: SourceVolume = {
  voxels: Int16Array.from({ length: SIZE }, (_, index) => index + 1),
  geometry,
};

const attempt = (volumes: SourceVolume[], steps: Written[]) =>
  preprocess(
    volumes,
    ['ct', 'pet', 'flair'].slice(0, volumes.length).map(key => ({ key, modality: 'CT' })),
    parse(steps),
  );
const run = (volumes: SourceVolume[], steps: Written[]): PreprocessedVolume => {
  const outcome = attempt(volumes, steps);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value;
};
const codeOf = (volumes: SourceVolume[], steps: Written[]) => {
  const outcome = attempt(volumes, steps);
  return outcome.ok ? undefined : outcome.refusal.code;
};
const indexOf = (grid: VolumeGeometry, at: number): Vec3 => {
  const [ni, nj] = grid.dimensions;
  return [at % ni, Math.floor(at / ni) % nj, Math.floor(at / (ni * nj))];
};

describe('steps on the grid', () => {
  const crop = { transform: 'centerSpatialCrop', roiSize: [5, 4, 3] };
  const pad = { transform: 'spatialPad', spatialSize: [9, 9, 9] };
  it.each<[string, Written[], number]>([
    ['a crop', [crop], 60],
    ['a pad', [pad], SIZE],
    ['a crop that is padded again', [crop, pad], 60],
    ['a crop of turned axes', [{ transform: 'orientation', axcodes: 'SRP' }, crop, pad], 60],
    ['a pad at the end', [{ ...pad, method: 'end' }], SIZE],
    ['a pad to a multiple', [{ transform: 'divisiblePad', k: [5, 4, 4] }], SIZE],
    ['both', [{ transform: 'resizeWithPadOrCrop', spatialSize: [4, 9, 6] }], 4 * 7 * 6],
    [
      'nearest neighbours twice as many',
      [{ transform: 'resize', spatialSize: [16, 14, 12], mode: 'nearest' }],
      SIZE * 8,
    ],
  ])('keep every voxel where it is in the patient: %s', (_, steps, kept) => {
    const { data, geometry: grid } = run([numbered], steps);
    let met = 0;
    data.forEach((value, at) => {
      if (value === 0) return;
      met++;
      const there = worldToIndex(geometry, indexToWorld(grid, indexOf(grid, at))).map(Math.round);
      expect(value).toBe(1 + there[0] + 8 * (there[1] + 7 * there[2]));
    });
    expect(met).toBe(kept);
    expect(preprocessedGeometry(geometry, parse(steps))).toEqual(grid);
  });

  it('say which voxels of the series were cropped away, even where they are padded again', () => {
    for (const before of [[], [{ transform: 'orientation', axcodes: 'SRP' }]]) {
      const { data, seen } = run([numbered], [...before, crop, pad]);
      for (let at = 0; at < SIZE; at++) {
        const isSeen = indexOf(geometry, at).every(
          (x, axis) => x >= seen.from[axis] && x < seen.to[axis],
        );
        expect(isSeen).toBe(data.includes(at + 1));
      }
    }
    expect(run([numbered], [pad]).seen).toEqual({ from: [0, 0, 0], to: [8, 7, 6] });
  });

  it('do nothing, without a copy, where sizes are right already', () => {
    const volume = { ...numbered, voxels: Float32Array.from(numbered.voxels) };
    const whole = { transform: 'resize', spatialSize: [8, 7, 6], antiAliasing: true };
    expect(run([volume], [whole, { ...pad, spatialSize: [3, 3, 3] }]).data).toEqual(volume.voxels);
  });

  it('fits a film into its frame by the longer side', () => {
    const film: SourceVolume = {
      voxels: new Uint16Array(40 * 30).fill(5),
      geometry: { ...geometry, dimensions: [40, 30, 1] },
    };
    const box = { transform: 'letterbox', spatialSize: [20, 20, 1], value: -1 };
    const { data, geometry: grid } = run([film], [box]);
    expect(grid.dimensions).toEqual([20, 20, 1]);
    expect(grid.spacing).toEqual([3, 2.4, 2]);
    const rows = Array.from({ length: 20 }, (_, j) => data[j * 20]);
    expect(rows).toEqual([-1, -1, ...Array<number>(15).fill(5), -1, -1, -1]);
    const wide = run([film], [{ ...box, spatialSize: [32, 64, 1] }]);
    expect(wide.data.filter(value => value === 5)).toHaveLength(32 * 24);
  });

  it('refuse to keep a foreground that is not there', () => {
    const empty = { ...numbered, voxels: new Int16Array(SIZE).fill(-5) };
    expect(attempt([empty], [{ transform: 'cropForeground' }])).toMatchObject({
      ok: false,
      refusal: { code: 'foregroundEmpty', values: { met: -5, allowed: 0 } },
    });
    expect(() => preprocessedGeometry(geometry, parse([{ transform: 'cropForeground' }]))).toThrow(
      'depends on the voxels',
    );
  });
});

describe('channels', () => {
  const double: SourceVolume = { ...numbered, voxels: numbered.voxels.map(x => 2 * x) };
  const channel = ({ data, channels }: PreprocessedVolume, index: number) =>
    Array.from(
      data.subarray((index * data.length) / channels, ((index + 1) * data.length) / channels),
    );

  it('are changed by the steps that name them', () => {
    const range = { aMin: 0, aMax: 10, bMin: 0, bMax: 1 };
    const met = run(
      [numbered, double],
      [
        { transform: 'scaleIntensityRange', ...range, keys: ['pet'] },
        { transform: 'thresholdIntensity', threshold: 5, cval: -1, keys: ['pet'] },
        { transform: 'scaleIntensityRange', ...range, keys: ['ct'] },
      ],
    );
    expect(channel(met, 0)[99]).toBeCloseTo(10, 5);
    expect(channel(met, 1)[99]).toBeCloseTo(20, 5);
    expect(channel(met, 1)[9]).toBe(-1);
  });

  it('repeat in a row and keep their names', () => {
    const met = run(
      [numbered, double],
      [
        { transform: 'repeatChannel', repeats: 2 },
        { transform: 'normalizeIntensity', subtrahend: [1, 2], divisor: 1, keys: ['pet'] },
      ],
    );
    expect(met.channels).toBe(4);
    expect([0, 1, 2, 3].map(index => channel(met, index)[0])).toEqual([1, 1, 1, 0]);
  });

  it('leave the series as they were', () => {
    const voxels = Float32Array.from(numbered.voxels);
    run(
      [{ voxels, geometry }, numbered],
      [{ transform: 'scaleIntensity' }, { transform: 'normalizeIntensity', channelWise: false }],
    );
    expect(voxels).toEqual(Float32Array.from(numbered.voxels));
  });

  it('come onto the grid of the first, turned or not', () => {
    // A slope across the patient, sampled by other grids, is the same slope.
    const slope = (grid: VolumeGeometry): SourceVolume => ({
      geometry: grid,
      voxels: Float32Array.from({ length: grid.dimensions[0] ** 3 }, (_, at) => {
        const [x, y, z] = indexToWorld(grid, indexOf(grid, at));
        return 2 * x - 3 * y + z;
      }),
    });
    const cube = (direction: VolumeGeometry['direction'], n: number, origin: Vec3) =>
      slope({ dimensions: [n, n, n], spacing: [1.3, 1.7, 1.1], origin, direction });
    const straight = [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ] as const;
    const reference = cube(straight, 5, [0, 0, 0]);
    const turned = cube(
      [
        [0, 0, -1],
        [1, 0, 0],
        [0, -1, 0],
      ],
      14,
      [-6, 10, 8],
    );
    const oblique = cube(
      [
        [0.8, 0.6, 0],
        [-0.6, 0.8, 0],
        [0, 0, 1],
      ],
      16,
      [-3, -9, -4],
    );
    const met = run([reference, turned, oblique], []);
    expect(met.geometry).toEqual(reference.geometry);
    channel(met, 0).forEach((value, at) => {
      expect(channel(met, 1)[at]).toBeCloseTo(value, 4);
      expect(channel(met, 2)[at]).toBeCloseTo(value, 4);
    });
  });
});

describe('what headers must say', () => {
  const voi = { transform: 'voiLut', keys: ['pet'] };
  const suv = { transform: 'suvbw', keys: ['pet'] };
  const plain = numbered;

  it('is asked for before a voxel is touched, of the channels that are named', () => {
    expect(codeOf([plain, plain], [voi])).toBe('voiMissing');
    expect(codeOf([plain, plain], [suv])).toBe('suvbwNotPet');
    const pet = { ...plain, suvbwFactor: refuse('suvbwUnits', 'CNTS', { met: 'CNTS' }) };
    expect(codeOf([plain, pet], [suv])).toBe('suvbwUnits');
    expect(codeOf([pet, plain], [{ ...suv, keys: ['ct'] }])).toBe('suvbwUnits');
  });

  it('is used in its place in the chain', () => {
    const pet: SourceVolume = {
      ...plain,
      suvbwFactor: { ok: true, value: 0.5 },
      voi: { center: 100, width: 40, function: 'SIGMOID' },
    };
    const met = run([pet], [{ transform: 'suvbw' }, { transform: 'voiLut' }]);
    expect(met.data[0]).toBeCloseTo(1 / (1 + Math.exp((-4 * (0.5 - 100)) / 40)), 6);
    expect(met.data[219]).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
  });

  it('counts the numbers of normalizeIntensity', () => {
    const step = { transform: 'normalizeIntensity', subtrahend: [1, 2, 3] };
    expect(attempt([plain, plain], [step])).toMatchObject({
      ok: false,
      refusal: { code: 'normalizeCountDiffers', values: { met: 3, allowed: 2 } },
    });
  });
});

describe('steps of chains', () => {
  it('resizes from centre to centre with alignCorners, as torch does', () => {
    const ramp: SourceVolume = {
      voxels: Float32Array.from({ length: SIZE }, (_, at) => {
        const [i, j, k] = indexOf(geometry, at);
        return 2 * i - 3 * j + 5 * k;
      }),
      geometry,
    };
    const step = {
      transform: 'resize',
      spatialSize: [15, 3, 16],
      mode: 'bilinear',
      alignCorners: true,
    };
    const { data, geometry: grid } = run([ramp], [step]);
    expect(grid.origin).toEqual(geometry.origin);
    const last = indexToWorld(grid, [14, 2, 15]);
    indexToWorld(geometry, [7, 6, 5]).forEach((x, axis) => expect(last[axis]).toBeCloseTo(x, 9));
    data.forEach((value, at) => {
      const [i, j, k] = indexOf(grid, at);
      expect(value).toBeCloseTo(2 * (i / 2) - 3 * (3 * j) + 5 * (k / 3), 4);
    });
  });

  it.each([0, 1, 2])('turns axis %i round and leaves each voxel in its place', spatialAxis => {
    const { data, geometry: grid } = run([numbered], [{ transform: 'flip', spatialAxis }]);
    expect(data[0]).not.toBe(1);
    data.forEach((value, at) => {
      const there = worldToIndex(geometry, indexToWorld(grid, indexOf(grid, at))).map(Math.round);
      expect(value).toBe(1 + there[0] + 8 * (there[1] + 7 * there[2]));
    });
  });

  it('crops from a voxel to before another, inside the volume', () => {
    const step = { transform: 'spatialCrop', roiStart: [2, 0, 5], roiEnd: [4, 99, 6] };
    const { data, geometry: grid } = run([numbered], [step]);
    expect(grid.dimensions).toEqual([2, 7, 1]);
    expect([data[0], data[13]]).toEqual([1 + 2 + 56 * 5, 1 + 3 + 8 * 6 + 56 * 5]);
  });
});
