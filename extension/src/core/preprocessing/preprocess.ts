import type { Affine } from '../geometry/affine';
import type { Vec3, VolumeGeometry } from '../geometry/types';
import type { PreprocessingStep } from '../model/manifest';
import { accept, type Outcome } from '../outcome';
import type { Volume, VoxelArray } from '../volume/types';
import {
  boxAround,
  boxGeometry,
  boxOf,
  cropPad,
  extentOfRegion,
  foregroundBox,
  isWholeBox,
  paddedBox,
  rangeAfter,
  spatialBox,
  type Box,
  type IndexRange,
} from './box';
import { antiAliased, filterAxes, tapFilter } from './filter';
import { flipped } from './flip';
import {
  applyIntensity,
  applyValueStep,
  checkFacts,
  linearIntensity,
  type ValueStep,
} from './intensity';
import { matchPass, resampleOblique } from './match';
import { fillWithNoise } from './noise';
import {
  gridAfterFused,
  isInPlace,
  planPasses,
  wholePass,
  type FusedStep,
  type Pass,
} from './pass';
import { runPass, tapsOf } from './resample';
import { letterboxSize, resize, resizedGeometry } from './resize';
import { resampleToTemplate, templateGeometry } from './template';

/** What steps read of a volume. Voxels are in real-world values. */
export type SourceVolume = Pick<Volume, 'voxels' | 'geometry' | 'voi' | 'suvbwFactor'>;

/** What the network sees: Float32 voxels on the network's grid. */
export interface PreprocessedVolume {
  /** [channel][k][j][i], i fastest. */
  data: Float32Array;
  channels: number;
  /** Where that grid lies in the patient: enough to bring a result back (`invert`). */
  geometry: VolumeGeometry;
  /**
   * Voxels of the first channel's series that no crop has taken away. A result has nothing to say of
   * the others, not even where padding covers their place again (MONAI's `Invertd` fills them with
   * background).
   */
  seen: IndexRange;
  /**
   * `geometry` is of a template's space: its millimetres → LPS+ millimetres of the patient. Then
   * `seen` is all of the source.
   */
  template?: Affine;
}

/** What earlier networks of a chain found, for the steps that ask for it. */
export interface EarlierStages {
  /** The voxels around all labels of a stage's label map, and the grid they are counted on. */
  region(stage: string): { grid: VolumeGeometry; box: IndexRange };
  /** Its registration: template millimetres → LPS+ millimetres of the patient. */
  registration(stage: string): Affine;
}

const notRun = (stage: string): never => {
  throw new Error(`no stage "${stage}" has run: the manifest was not validated`);
};

const NO_STAGES: EarlierStages = { region: notRun, registration: notRun };

/** One channel: what the steps call it, and the series that its values came from. */
interface Lane {
  key: string;
  volume: SourceVolume;
}

const takes = (step: PreprocessingStep, { key }: Lane): boolean =>
  !('keys' in step) || step.keys === undefined || step.keys.includes(key);

/** One channel of `data`, a view. */
const channelOf = ({ data, channels }: PreprocessedVolume, channel: number) => {
  const size = data.length / channels;
  return data.subarray(channel * size, (channel + 1) * size);
};

/**
 * Steps that are not done in the walk: they must see values, fill in new ones or change the number
 * of channels. The others wait until such a one comes, and are then done together.
 */
function isFused(step: PreprocessingStep, lanes: readonly Lane[]): boolean {
  switch (step.transform) {
    case 'orientation':
      return true;
    case 'spacing':
      return !step.antiAliasing;
    default:
      return lanes.every(
        lane => !takes(step, lane) || linearIntensity(step, lane.volume) !== undefined,
      );
  }
}

const fusedSteps = (steps: readonly PreprocessingStep[], lane: Lane): FusedStep[] =>
  steps.flatMap((step): FusedStep[] => {
    if (step.transform === 'orientation' || step.transform === 'spacing') return [step];
    const intensity = takes(step, lane) ? linearIntensity(step, lane.volume) : undefined;
    return intensity ? [{ transform: 'intensity', intensity }] : [];
  });

/** Walks over one channel, the last of them into `out`. */
function runPasses(
  voxels: VoxelArray,
  dimensions: Vec3,
  passes: readonly Pass[],
  out: Float32Array<ArrayBuffer>,
): void {
  let source = voxels;
  let size = dimensions;
  passes.forEach((pass, at) => {
    source = runPass(source, size, pass, at === passes.length - 1 ? out : undefined);
    size = pass.geometry.dimensions;
  });
}

const sizeOf = ([ni, nj, nk]: Vec3): number => ni * nj * nk;

/** The first walk: out of the series' own voxels, onto the grid of the first channel's series. */
function runFirst(lanes: readonly Lane[], steps: readonly PreprocessingStep[]): PreprocessedVolume {
  const reference = lanes[0].volume.geometry;
  const geometry = gridAfterFused(reference, steps);
  const size = sizeOf(geometry.dimensions);
  const data = new Float32Array(size * lanes.length);
  lanes.forEach((lane, channel) => {
    const { voxels, geometry: own } = lane.volume;
    const out = data.subarray(channel * size, (channel + 1) * size);
    const fused = fusedSteps(steps, lane);
    const match = matchPass(own, reference);
    if (match) {
      runPasses(voxels, own.dimensions, planPasses(match, fused), out);
    } else {
      const matched = resampleOblique(voxels, own, reference);
      runPasses(matched, reference.dimensions, planPasses(wholePass(reference), fused), out);
    }
  });
  const seen: IndexRange = { from: [0, 0, 0], to: reference.dimensions };
  return { data, channels: lanes.length, geometry, seen };
}

/** Later walks: in place where only values change. */
function runFused(
  work: PreprocessedVolume,
  lanes: readonly Lane[],
  steps: readonly PreprocessingStep[],
): PreprocessedVolume {
  if (steps.length === 0) return work;
  const plans = lanes.map(lane => planPasses(wholePass(work.geometry), fusedSteps(steps, lane)));
  if (plans.every(passes => passes.length === 1 && isInPlace(passes[0]))) {
    plans.forEach(([pass], channel) => applyIntensity(channelOf(work, channel), pass.intensity));
    return work;
  }
  const geometry = gridAfterFused(work.geometry, steps);
  const size = sizeOf(geometry.dimensions);
  const data = new Float32Array(size * lanes.length);
  plans.forEach((passes, channel) =>
    runPasses(
      channelOf(work, channel),
      work.geometry.dimensions,
      passes,
      data.subarray(channel * size, (channel + 1) * size),
    ),
  );
  return { ...work, data, geometry };
}

function runBox(
  work: PreprocessedVolume,
  source: VolumeGeometry,
  box: Box,
  fill?: { mode: 'constant' | 'edge' | 'reflect'; value: number },
): PreprocessedVolume {
  const { data, channels, geometry, seen, template } = work;
  if (isWholeBox(geometry.dimensions, box)) return work;
  return {
    ...work,
    data: cropPad(data, channels, geometry.dimensions, box, fill),
    channels,
    geometry: boxGeometry(geometry, box),
    seen: template ? seen : rangeAfter(seen, source, geometry, box),
  };
}

function runResize(
  work: PreprocessedVolume,
  spatialSize: Vec3,
  options: Parameters<typeof resize>[3],
): PreprocessedVolume {
  const { data, geometry } = work;
  if (geometry.dimensions.every((n, axis) => n === spatialSize[axis])) return work;
  return {
    ...work,
    data: resize(data, geometry.dimensions, spatialSize, options),
    geometry: resizedGeometry(geometry, spatialSize, options.alignCorners),
  };
}

function runTemplate(
  work: PreprocessedVolume,
  step: Extract<PreprocessingStep, { transform: 'resampleToTemplate' }>,
  template: Affine,
): PreprocessedVolume {
  const geometry = templateGeometry(step);
  const data = resampleToTemplate(work.data, work.channels, work.geometry, geometry, template);
  return { ...work, data, geometry, template };
}

/** `spacing` with anti-aliasing; what stands beyond the volume is the same for both. */
function runSmoothSpacing(
  work: PreprocessedVolume,
  step: Extract<PreprocessingStep, { transform: 'spacing' }>,
): PreprocessedVolume {
  const { dimensions, spacing } = work.geometry;
  const geometry = gridAfterFused(work.geometry, [step]);
  const filterOf = (axis: 0 | 1 | 2) => {
    const size = dimensions[axis];
    const ratio = step.pixdim[axis] / spacing[axis];
    const places = { count: geometry.dimensions[axis], first: 0, step: ratio };
    const taps = tapFilter(tapsOf(places, size, step.mode, step.paddingMode));
    return antiAliased(taps, size, ratio, step.paddingMode);
  };
  const data = filterAxes(work.data, dimensions, [filterOf(0), filterOf(1), filterOf(2)]);
  return { ...work, data, geometry };
}

/** Steps that stand alone, each a walk of its own. */
type LoneStep = Exclude<
  PreprocessingStep,
  { transform: 'orientation' | 'scaleIntensityRange' | 'suvbw' | 'repeatChannel' }
>;

function runLone(
  work: PreprocessedVolume,
  lanes: readonly Lane[],
  step: LoneStep,
  earlier: EarlierStages,
): Outcome<PreprocessedVolume> {
  const { dimensions } = work.geometry;
  /** Of the first channel's series, which results come back to. */
  const grid = lanes[0].volume.geometry;
  switch (step.transform) {
    case 'spacing':
      return accept(runSmoothSpacing(work, step));
    case 'cropForeground': {
      const { sourceKey, stage } = step;
      if (stage !== undefined) {
        const region = earlier.region(stage);
        const around = boxAround(extentOfRegion(region, work.geometry), dimensions, step);
        return accept(runBox(work, grid, around, step));
      }
      const source = sourceKey === undefined ? 0 : lanes.findIndex(({ key }) => key === sourceKey);
      if (source < 0) throw new Error(`no channel "${sourceKey}": the manifest was not validated`);
      const box = foregroundBox(channelOf(work, source), dimensions, step);
      return box.ok ? accept(runBox(work, grid, box.value, step)) : box;
    }
    case 'centerSpatialCrop':
      return accept(runBox(work, grid, boxOf(dimensions, step)));
    case 'spatialCrop':
      return accept(runBox(work, grid, spatialBox(dimensions, step)));
    case 'flip':
      return accept({ ...work, ...flipped(work, step.spatialAxis) });
    case 'resampleToTemplate':
      return accept(runTemplate(work, step, earlier.registration(step.stage)));
    case 'spatialPad':
    case 'divisiblePad':
    case 'resizeWithPadOrCrop':
      return accept(runBox(work, grid, boxOf(dimensions, step), step));
    case 'resize':
      return accept(runResize(work, step.spatialSize, step));
    case 'letterbox': {
      const size = letterboxSize(dimensions, step.spatialSize);
      const resized = runResize(work, size, { mode: step.mode, antiAliasing: false });
      const box = paddedBox(size, step.spatialSize, 'symmetric');
      return accept(runBox(resized, grid, box, { mode: 'constant', value: step.value }));
    }
    case 'fillWithNoise':
      lanes.forEach((lane, channel) => {
        if (takes(step, lane)) fillWithNoise(channelOf(work, channel), channel, step);
      });
      return accept(work);
    default: {
      const chosen = lanes.flatMap((lane, channel) =>
        takes(step, lane) ? [{ values: channelOf(work, channel), facts: lane.volume }] : [],
      );
      const done = applyValueStep(step satisfies ValueStep, chosen);
      return done.ok ? accept(work) : done;
    }
  }
}

/** MONAI's `RepeatChannel`: each channel so often in a row. */
function repeatChannel(work: PreprocessedVolume, repeats: number): PreprocessedVolume {
  const size = work.data.length / work.channels;
  const data = new Float32Array(work.data.length * repeats);
  for (let channel = 0; channel < work.channels * repeats; channel++) {
    data.set(channelOf(work, Math.floor(channel / repeats)), channel * size);
  }
  return { ...work, data, channels: work.channels * repeats };
}

/**
 * Runs a manifest's `preprocessing` steps in order. Orientation, spacing and straight-line steps on
 * values are fused (one walk, straight from the source's own voxel type); the others are walks of
 * their own over Float32. The sources are read, never changed.
 *
 * Channels of a series with another grid are first brought onto the first one's, as MONAI's
 * `ResampleToMatch` does by default: linear, and outside their field of view their outermost voxel.
 *
 * Agrees with MONAI on the golden arrays in tests/golden.
 *
 * @param volumes one a channel; two channels of one series are the same object
 * @param channels the network's channels in the same order; the first one's grid is the reference
 * @param earlier in a chain of networks, what those before have found
 *
 * Refuses `voiMissing`, `suvbwNotPet`, what `suvbwFactorOf` refused, `foregroundEmpty` and
 * `normalizeCountDiffers`.
 */
export function preprocess(
  volumes: readonly SourceVolume[],
  channels: ReadonlyArray<{ key: string }>,
  steps: readonly PreprocessingStep[],
  earlier = NO_STAGES,
): Outcome<PreprocessedVolume> {
  if (volumes.length !== channels.length || volumes.length === 0) {
    throw new Error(`${volumes.length} volumes for ${channels.length} channels`);
  }
  let lanes: Lane[] = channels.map(({ key }, index) => ({ key, volume: volumes[index] }));
  for (const step of steps) {
    for (const { key, volume } of lanes.filter(lane => takes(step, lane))) {
      const checked = checkFacts(key, step, volume);
      if (!checked.ok) return checked;
    }
  }

  let work: PreprocessedVolume | undefined;
  let waiting: PreprocessingStep[] = [];
  const caughtUp = (): PreprocessedVolume => {
    const done = work ? runFused(work, lanes, waiting) : runFirst(lanes, waiting);
    waiting = [];
    return done;
  };
  for (const step of steps) {
    if (isFused(step, lanes)) {
      waiting.push(step);
      continue;
    }
    const before = caughtUp();
    if (step.transform === 'repeatChannel') {
      work = repeatChannel(before, step.repeats);
      lanes = lanes.flatMap(lane => Array.from({ length: step.repeats }, () => lane));
      continue;
    }
    const after = runLone(before, lanes, step as LoneStep, earlier);
    if (!after.ok) return after;
    work = after.value;
  }
  return accept(caughtUp());
}
