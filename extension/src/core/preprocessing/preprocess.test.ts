import type { VolumeGeometry } from '../geometry/types';
import { indexToWorld, worldToIndex } from '../geometry/transform';
import type { PreprocessingStep } from '../model/manifest';
import { compose, linearIntensity, scaleIntensityRangeOf } from './intensity';
import { planPasses, roundHalfToEven, wholePass, type FusedStep } from './pass';
import { preprocess, type PreprocessedVolume, type SourceVolume } from './preprocess';
import { preprocessedGeometry } from './preprocessedGeometry.testing';

const [c, s] = [Math.cos(0.2), Math.sin(0.2)];
const geometry: VolumeGeometry = {
  dimensions: [9, 8, 7],
  spacing: [0.7, 0.9, 2],
  origin: [10, 20, 30],
  direction: [
    [c, s, 0],
    [-s, c, 0],
    [0, 0, 1],
  ],
};
const voxels = Int16Array.from({ length: 504 }, (_, index) => ((index * 7919) % 2000) - 1000);

const spacing = (
  pixdim: [number, number, number],
  paddingMode: 'border' | 'zeros' = 'border',
): PreprocessingStep => ({
  transform: 'spacing',
  pixdim,
  mode: 'bilinear',
  paddingMode,
  antiAliasing: false,
});
const scale = (clip: boolean, bMin = 0): PreprocessingStep => ({
  transform: 'scaleIntensityRange',
  aMin: -500,
  aMax: 500,
  bMin,
  bMax: 1,
  clip,
});

const run = (volume: SourceVolume, steps: PreprocessingStep[]): PreprocessedVolume => {
  const outcome = preprocess([volume], [{ key: 'image' }], steps);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value;
};

const fused = (step: PreprocessingStep): FusedStep => {
  if (step.transform === 'orientation' || step.transform === 'spacing') return step;
  const intensity = linearIntensity(step, {});
  if (!intensity) throw new Error(`${step.transform} is no straight line`);
  return { transform: 'intensity', intensity };
};

/** Each step on its own, every result in memory: what the fused walk must give. */
function oneByOne(steps: PreprocessingStep[]) {
  return steps.reduce<{ voxels: Int16Array | Float32Array; geometry: VolumeGeometry }>(
    (volume, step) => {
      const { data, geometry: grid } = run(volume as SourceVolume, [step]);
      return { voxels: data, geometry: grid };
    },
    { voxels, geometry },
  );
}

describe('preprocess', () => {
  const orientation: PreprocessingStep = { transform: 'orientation', axcodes: 'SRP' };
  it.each<[string, PreprocessingStep[], number]>([
    ['orientation after spacing', [spacing([1, 1, 1.5]), orientation, scale(true)], 1],
    ['a clip before spacing', [scale(true), orientation, spacing([1.3, 1, 1.5])], 1],
    ['a range turned over', [scale(true, 2), scale(false), spacing([1.3, 1, 1.5])], 1],
    ['several ranges', [scale(true), scale(true, -3), spacing([1, 1, 1]), scale(false)], 1],
    ['two spacings', [spacing([1, 1, 1.5]), scale(true), spacing([2, 2, 2])], 2],
    ['zeros around shifted intensities', [scale(true), spacing([0.8, 1, 3.9], 'zeros')], 2],
    ['zeros around intensities as they are', [spacing([0.8, 1, 3.9], 'zeros'), scale(false)], 1],
    ['nothing at all', [], 1],
  ])('fuses %s', (_, steps, walks) => {
    expect(planPasses(wholePass(geometry), steps.map(fused))).toHaveLength(walks);
    const met = run({ voxels, geometry }, steps);
    const expected = oneByOne(steps);
    expect(met.geometry).toEqual(expected.geometry);
    expect(preprocessedGeometry(geometry, steps)).toEqual(met.geometry);
    expect(met.data.length).toBe(expected.voxels.length);
    met.data.forEach((value, index) => expect(value).toBeCloseTo(expected.voxels[index], 2));
  });

  it('keeps every voxel where it is in the patient', () => {
    const { data, geometry: turned } = run({ voxels, geometry }, [orientation]);
    for (const index of [0, 7, 100, 503]) {
      const ijk = [index % 9, Math.floor(index / 9) % 8, Math.floor(index / 72)] as const;
      const there = worldToIndex(turned, indexToWorld(geometry, ijk)).map(Math.round);
      const [nx, ny] = turned.dimensions;
      expect(data[there[0] + nx * (there[1] + ny * there[2])]).toBe(voxels[index]);
    }
  });

  it('rounds half to even, as numpy does', () => {
    expect([0.5, 1.5, 2.5, 2.4999, -0.5].map(roundHalfToEven)).toEqual([0, 2, 2, 2, 0]);
  });

  it('composes intensity chains', () => {
    const first = scaleIntensityRangeOf({ aMin: 0, aMax: 10, bMin: 0, bMax: 1, clip: true });
    const second = scaleIntensityRangeOf({ aMin: 0, aMax: 1, bMin: 5, bMax: -5, clip: false });
    const both = compose(second, first);
    const apply = (x: number) =>
      Math.min(Math.max(x * both.factor + both.offset, both.low), both.high);
    expect([-10, 0, 5, 10, 99].map(apply)).toEqual([5, 5, 0, -5, -5].map(x => expect.closeTo(x)));
  });
});
