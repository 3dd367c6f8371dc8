import type { Direction, Vec3, VolumeGeometry } from '../geometry/types';
import { axisOfCode, nearestAxes } from '../geometry/axes';
import { indexToWorld } from '../geometry/transform';
import { scale } from '../geometry/vector';
import type { PreprocessingStep } from '../model/manifest';
import { compose, IDENTITY, type Intensity } from './intensity';

const hasBounds = ({ low, high }: Intensity): boolean => low > -Infinity || high < Infinity;

/** One axis of the output: which source axis feeds it, and at which source indices. */
export interface PassAxis {
  sourceAxis: 0 | 1 | 2;
  count: number;
  /** Source index of output index 0, and the step per output index; negative when flipped. */
  first: number;
  step: number;
}

/**
 * One walk over the voxels: reorder, flip, resample and scale together. The grid is always aligned
 * with the source's axes, so coordinates are one small table an axis.
 */
export interface Pass {
  axes: [PassAxis, PassAxis, PassAxis];
  /** Grid of the output. */
  geometry: VolumeGeometry;
  mode: 'bilinear' | 'nearest';
  paddingMode: 'border' | 'zeros';
  isResampled: boolean;
  /** Bounds on source values before they are interpolated (a clip that came before the spacing). */
  low: number;
  high: number;
  /** On interpolated values. */
  intensity: Intensity;
}

/** Every voxel as it is: what a plan starts from. */
export function wholePass(geometry: VolumeGeometry): Pass {
  const axis = (sourceAxis: 0 | 1 | 2): PassAxis => ({
    sourceAxis,
    count: geometry.dimensions[sourceAxis],
    first: 0,
    step: 1,
  });
  return {
    axes: [axis(0), axis(1), axis(2)],
    geometry,
    mode: 'bilinear',
    paddingMode: 'border',
    isResampled: false,
    low: -Infinity,
    high: Infinity,
    intensity: IDENTITY,
  };
}

const map3 = <T>(f: (axis: 0 | 1 | 2) => T): [T, T, T] => [f(0), f(1), f(2)];

/**
 * MONAI's `Orientation`: axes are exchanged and flipped so that each index grows in the direction
 * its letter names (closest, for oblique volumes); nothing is interpolated.
 */
function addOrientation(pass: Pass, axcodes: string): Pass {
  const { geometry } = pass;
  const nearest = nearestAxes(geometry.direction);
  const plan = map3(target => {
    const wanted = axisOfCode(axcodes[target]);
    const from = nearest.findIndex(({ axis }) => axis === wanted?.axis) as 0 | 1 | 2;
    if (!wanted || from < 0) {
      throw new Error(`"${axcodes}" does not name three patient axes`);
    }
    return { from, isFlipped: nearest[from].sign !== wanted.sign };
  });
  if (new Set(plan.map(({ from }) => from)).size !== 3) {
    throw new Error(`"${axcodes}" names a patient axis twice`);
  }
  const corner: [number, number, number] = [0, 0, 0];
  for (const { from, isFlipped } of plan) {
    corner[from] = isFlipped ? geometry.dimensions[from] - 1 : 0;
  }
  const direction: Direction = map3(target => {
    const { from, isFlipped } = plan[target];
    return isFlipped ? scale(geometry.direction[from], -1) : geometry.direction[from];
  });
  return {
    ...pass,
    axes: map3(target => {
      const { from, isFlipped } = plan[target];
      const axis = pass.axes[from];
      return isFlipped
        ? { ...axis, first: axis.first + (axis.count - 1) * axis.step, step: -axis.step }
        : axis;
    }),
    geometry: {
      dimensions: map3(target => geometry.dimensions[plan[target].from]),
      spacing: map3(target => geometry.spacing[plan[target].from]),
      origin: indexToWorld(geometry, corner),
      direction,
    },
  };
}

/** Half to even, as numpy and torch round. */
export function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest === 0.5) {
    return floor % 2 === 0 ? floor : floor + 1;
  }
  return Math.round(x);
}

/**
 * MONAI's `Spacing` (diagonal=False, scale_extent=False): the first voxel keeps its centre, and the
 * output has round((n − 1) · spacing / pixdim + 1) voxels (`compute_shape_offset`).
 */
function addSpacing(pass: Pass, step: Extract<PreprocessingStep, { transform: 'spacing' }>): Pass {
  const { geometry } = pass;
  const ratio = map3(axis => step.pixdim[axis] / geometry.spacing[axis]);
  const count = map3(axis =>
    Math.max(1, roundHalfToEven((geometry.dimensions[axis] - 1) / ratio[axis] + 1)),
  );
  return {
    ...pass,
    axes: map3(axis => ({
      ...pass.axes[axis],
      count: count[axis],
      step: pass.axes[axis].step * ratio[axis],
    })),
    geometry: { ...geometry, dimensions: count, spacing: [...step.pixdim] as unknown as Vec3 },
    mode: step.mode,
    paddingMode: step.paddingMode,
    isResampled: true,
  };
}

/**
 * A clip before the interpolation is moved onto source values, so that the rest of the intensity
 * chain (a straight line, which commutes with interpolation) can follow it. Undefined when the two
 * do not commute: zeros outside the volume are zeros after the chain, not before it.
 */
function moveClipToSource(
  pass: Pass,
  paddingMode: 'border' | 'zeros',
): Pick<Pass, 'low' | 'high' | 'intensity'> | undefined {
  const { intensity } = pass;
  if (paddingMode === 'zeros' && intensity.offset !== 0) {
    return undefined;
  }
  if (!hasBounds(intensity)) {
    return { low: -Infinity, high: Infinity, intensity };
  }
  if (intensity.factor === 0) {
    return undefined;
  }
  const ends = [intensity.low, intensity.high].map(y => (y - intensity.offset) / intensity.factor);
  return {
    low: Math.min(...ends),
    high: Math.max(...ends),
    intensity: { ...intensity, low: -Infinity, high: Infinity },
  };
}

/** The steps that one walk can do together; `intensity` stands for any straight line on values. */
export type FusedStep =
  | Extract<PreprocessingStep, { transform: 'orientation' | 'spacing' }>
  | { transform: 'intensity'; intensity: Intensity };

/**
 * Fuses a chain of steps into as few walks over the voxels as they allow: one, unless a chain
 * resamples twice or pads with zeros after shifting intensities.
 *
 * @param start what the walk begins with: `wholePass`, or `matchPass` of another grid
 */
export function planPasses(start: Pass, steps: readonly FusedStep[]): Pass[] {
  const finished: Pass[] = [];
  let pass = start;
  for (const step of steps) {
    switch (step.transform) {
      case 'orientation':
        pass = addOrientation(pass, step.axcodes);
        break;
      case 'spacing': {
        const moved = pass.isResampled ? undefined : moveClipToSource(pass, step.paddingMode);
        if (moved) {
          pass = { ...pass, ...moved };
        } else {
          finished.push(pass);
          pass = wholePass(pass.geometry);
        }
        pass = addSpacing(pass, step);
        break;
      }
      case 'intensity':
        pass = { ...pass, intensity: compose(step.intensity, pass.intensity) };
        break;
    }
  }
  return [...finished, pass];
}

/** Whether a pass leaves every voxel where it is, so that it can be done in place. */
export const isInPlace = ({ axes, isResampled }: Pass): boolean =>
  !isResampled &&
  axes.every(
    ({ sourceAxis, first, step }, axis) => sourceAxis === axis && first === 0 && step === 1,
  );

/** The grid that orientation and spacing lead to; other steps are passed over. */
export const gridAfterFused = (
  geometry: VolumeGeometry,
  steps: readonly PreprocessingStep[],
): VolumeGeometry => {
  const spatial = steps.filter(
    step => step.transform === 'orientation' || step.transform === 'spacing',
  );
  const passes = planPasses(wholePass(geometry), spatial);
  return passes[passes.length - 1].geometry;
};
