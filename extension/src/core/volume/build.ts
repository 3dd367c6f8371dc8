import { accept, refuse, type Outcome } from '../outcome';
import type { VolumePlan } from './assemble';
import type { SliceHeader, Volume, VoiWindow, VoxelArray } from './types';
import { mirroredVoi } from './voi';

export type VoxelType = 'int16' | 'float32';

export interface CreateVolumeOptions {
  /** The first choice; left out, `chooseVoxelType` decides. Widened to Float32 when a value needs it. */
  type?: VoxelType;
  /**
   * Real-world values are kept as they are for MONOCHROME1 by default (its inversion is a matter of
   * display, PS3.3 C.7.6.3.1.2). `invert` mirrors each stored value within the stored range, as
   * models of projection radiographs expect; slices then need `bitsStored`.
   */
  monochrome1?: 'keep' | 'invert';
}

/**
 * Int16 where every slice's rescale maps integers to integers (CT), else Float32 (PET, where each
 * slice has a fractional slope). Values that leave Int16's range are met while filling.
 */
export function chooseVoxelType(slices: readonly SliceHeader[]): VoxelType {
  const isWhole = slices.every(
    ({ rescaleSlope, rescaleIntercept }) =>
      Number.isInteger(rescaleSlope) && Number.isInteger(rescaleIntercept),
  );
  return isWhole ? 'int16' : 'float32';
}

/** Unsigned v → max − v; signed (two's complement) v → −1 − v: both mirror the stored range. */
const storedMirror = ({ pixelRepresentation, bitsStored = 0 }: SliceHeader): number =>
  pixelRepresentation === 1 ? -1 : 2 ** bitsStored - 1;

/** A slice's pixels as a decoder gives them: row by row, `rows × columns`. */
export type SlicePixels = VoxelArray | Uint32Array | Float64Array | Uint8ClampedArray;

/**
 * Fills a volume slice by slice in place, so that there is never a second copy of the voxels: the
 * exception is the one widening from Int16 to Float32 when a value is met that Int16 cannot hold.
 */
export class VolumeBuilder {
  private voxels: Int16Array | Float32Array;
  private readonly kOfInput: Int32Array;
  private readonly filled: Uint8Array;
  private readonly sliceSize: number;
  private readonly monochrome1: 'keep' | 'invert';

  constructor(
    private readonly plan: VolumePlan,
    private readonly slices: readonly SliceHeader[],
    options: CreateVolumeOptions = {},
  ) {
    const [columns, rows, count] = plan.geometry.dimensions;
    this.sliceSize = columns * rows;
    const size = this.sliceSize * count;
    const type = options.type ?? chooseVoxelType(slices);
    this.voxels = type === 'int16' ? new Int16Array(size) : new Float32Array(size);
    this.monochrome1 = options.monochrome1 ?? 'keep';
    this.filled = new Uint8Array(count);
    this.kOfInput = new Int32Array(slices.length).fill(-1);
    plan.order.forEach((input, k) => (this.kOfInput[input] = k));
  }

  /**
   * Fills one slice, applying that slice's own rescale.
   *
   * @param input index of the slice in the list that was planned
   * @param pixels stored values (`scaled: false`) or real-world values, when the host's decoder has
   *   applied the rescale already (`scaled: true`)
   *
   * Refuses `pixelCountWrong` and `storedRangeUnknown` (inversion asked, no BitsStored).
   */
  setSlice(input: number, pixels: SlicePixels, { scaled = false } = {}): Outcome<void> {
    const k = this.kOfInput[input];
    if (k === undefined || k < 0) {
      throw new Error(`slice ${input} is not part of this volume's plan`);
    }
    const header = this.slices[input];
    const slice = header.instanceNumber ?? `#${input + 1}`;
    if (pixels.length !== this.sliceSize) {
      return refuse(
        'pixelCountWrong',
        `Slice ${slice} has ${pixels.length} pixels; ${this.sliceSize} are needed (its file may be cut short).`,
        { slice, met: pixels.length, allowed: this.sliceSize },
      );
    }
    let slope = header.rescaleSlope;
    let intercept = header.rescaleIntercept;
    if (this.isInverted(header)) {
      if (header.bitsStored === undefined) {
        return refuse(
          'storedRangeUnknown',
          `Slice ${slice} is MONOCHROME1 without BitsStored; it cannot be inverted.`,
          { slice },
        );
      }
      const mirror = storedMirror(header);
      if (scaled) {
        intercept = 2 * intercept + slope * mirror;
        slope = -1;
      } else {
        intercept += slope * mirror;
        slope = -slope;
      }
    } else if (scaled) {
      slope = 1;
      intercept = 0;
    }
    this.fill(k, pixels, slope, intercept);
    this.filled[k] = 1;
    return accept(undefined);
  }

  /** The volume, with the window of its middle slice. Refuses `voxelsMissing` (a slice never filled). */
  finish(): Outcome<Volume> {
    const missing = this.filled.reduce((sum, isFilled) => sum + (isFilled ? 0 : 1), 0);
    if (missing > 0) {
      return refuse(
        'voxelsMissing',
        `${missing} of ${this.filled.length} slices have no voxels; all are needed.`,
        { met: this.filled.length - missing, allowed: this.filled.length, missing },
      );
    }
    const slices = this.plan.order.map(input => this.slices[input]);
    return accept({
      geometry: this.plan.geometry,
      voxels: this.voxels,
      modality: slices[0].modality,
      slices,
      ...(this.plan.spacingAssumed ? { spacingAssumed: true } : {}),
      ...voiPart(this.voiOf(slices[slices.length >> 1])),
    });
  }

  private isInverted({ photometricInterpretation }: SliceHeader): boolean {
    return this.monochrome1 === 'invert' && photometricInterpretation === 'MONOCHROME1';
  }

  /** The slice's window in the values that the volume holds. */
  private voiOf(header: SliceHeader): VoiWindow | undefined {
    if (!header.voi || !this.isInverted(header)) return header.voi;
    const { rescaleSlope, rescaleIntercept } = header;
    return mirroredVoi(header.voi, rescaleSlope * storedMirror(header) + 2 * rescaleIntercept);
  }

  private fill(k: number, pixels: SlicePixels, slope: number, intercept: number): void {
    const { sliceSize } = this;
    const base = k * sliceSize;
    if (this.voxels instanceof Int16Array) {
      const out = this.voxels;
      let index = 0;
      for (; index < sliceSize; index++) {
        const value = pixels[index] * slope + intercept;
        const whole = value | 0;
        if (whole !== value || (whole + 32768) >>> 16 !== 0) {
          break;
        }
        out[base + index] = whole;
      }
      if (index === sliceSize) {
        return;
      }
      this.voxels = new Float32Array(out);
    }
    const out = this.voxels;
    for (let index = 0; index < sliceSize; index++) {
      out[base + index] = pixels[index] * slope + intercept;
    }
  }
}

const voiPart = (voi: VoiWindow | undefined): Pick<Volume, 'voi'> => (voi ? { voi } : {});

/** A builder for the volume that `planVolume(slices)` planned. */
export const createVolume = (
  plan: VolumePlan,
  slices: readonly SliceHeader[],
  options: CreateVolumeOptions = {},
): VolumeBuilder => new VolumeBuilder(plan, slices, options);
