import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import type { JsonDataSet } from '../part10/dicomJson';
import type { PixelDescription } from '../part10/frames';
import type { Raster } from './raster';
import { applyWindow, grayscaleTransformOf, type Window } from './voi';

/** One native frame with what is needed to show it. */
export interface NativeFrame {
  bytes: Buffer;
  pixels: PixelDescription;
  metadata: JsonDataSet;
  /** From 1. */
  number: number;
  /** Float Pixel Data or Double Float Pixel Data. */
  float: boolean;
}

type Sampler = (index: number) => number;

function samplerOf({ bytes, pixels, float }: NativeFrame): Sampler | undefined {
  const { bitsAllocated, bitsStored, pixelRepresentation } = pixels;
  if (float) {
    return bitsAllocated === 64 ? i => bytes.readDoubleLE(i * 8) : i => bytes.readFloatLE(i * 4);
  }
  const shift = 32 - Math.min(32, bitsStored);
  const stored: (raw: number) => number = pixelRepresentation
    ? raw => (raw << shift) >> shift
    : raw => (raw << shift) >>> shift;
  switch (bitsAllocated) {
    case 1:
      return i => (bytes[i >> 3] >> (i & 7)) & 1;
    case 8:
      return i => stored(bytes[i]);
    case 16:
      return i => stored(bytes.readUInt16LE(i * 2));
    case 32:
      return i => stored(bytes.readUInt32LE(i * 4));
    default:
      return undefined;
  }
}

const clamp = (value: number): number => Math.min(255, Math.max(0, Math.round(value)));

/** PS3.3 C.7.6.3.1.2, YBR_FULL. */
function rgbOfYbr(y: number, cb: number, cr: number): [number, number, number] {
  return [
    clamp(y + 1.402 * (cr - 128)),
    clamp(y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128)),
    clamp(y + 1.772 * (cb - 128)),
  ];
}

function paintGrayscale(
  frame: NativeFrame,
  sample: Sampler,
  window: Window | undefined,
  out: Raster,
) {
  const { slope, intercept, window: tagged } = grayscaleTransformOf(frame.metadata, frame.number);
  const count = out.width * out.height;
  let voi = window ?? tagged;
  if (!voi) {
    let low = Infinity;
    let high = -Infinity;
    for (let i = 0; i < count; i++) {
      const value = sample(i) * slope + intercept;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    voi = { center: (low + high) / 2, width: Math.max(1e-6, high - low), shape: 'LINEAR_EXACT' };
  }
  const inverted = frame.pixels.photometricInterpretation === 'MONOCHROME1';
  const shown = voi;
  const grayOf = (stored: number): number => {
    const gray = Math.round(applyWindow(shown, stored * slope + intercept));
    return inverted ? 255 - gray : gray;
  };
  const { data } = out;
  const gray = frame.float || frame.pixels.bitsAllocated > 16 ? grayOf : tabulated(grayOf);
  for (let i = 0; i < count; i++) {
    const value = gray(sample(i));
    const at = i * 4;
    data[at] = value;
    data[at + 1] = value;
    data[at + 2] = value;
    data[at + 3] = 255;
  }
}

/** A function of 16-bit integers, signed or not, each computed once. */
function tabulated(compute: (stored: number) => number): (stored: number) => number {
  const table = new Int16Array(3 * 32768).fill(-1);
  return stored => {
    const at = stored + 32768;
    if (table[at] < 0) table[at] = compute(stored);
    return table[at];
  };
}

function paintColour(frame: NativeFrame, sample: Sampler, out: Raster) {
  const { pixels } = frame;
  const count = out.width * out.height;
  const planar = pixels.planarConfiguration === 1;
  const ybr = pixels.photometricInterpretation.startsWith('YBR_FULL');
  const subsampled = pixels.photometricInterpretation === 'YBR_FULL_422';
  const down = Math.max(0, pixels.bitsStored - 8);
  const at = (index: number, component: number): number => {
    if (subsampled) {
      // Y1 Y2 Cb Cr for each pair of pixels.
      const pair = (index >> 1) * 4;
      return sample(component === 0 ? pair + (index & 1) : pair + 1 + component);
    }
    return sample(planar ? component * count + index : index * 3 + component) >> down;
  };
  for (let i = 0; i < count; i++) {
    const [a, b, c] = [at(i, 0), at(i, 1), at(i, 2)];
    out.data.set(ybr ? rgbOfYbr(a, b, c) : [a, b, c], i * 4);
    out.data[i * 4 + 3] = 255;
  }
}

/** One palette of PALETTE COLOR (PS3.3 C.7.6.3.1.5, .6): first mapped value and 8-bit entries. */
function paletteOf(metadata: JsonDataSet, palettes: Map<string, Buffer>, component: number) {
  const descriptor = metadata[`0028110${component}`]?.Value?.map(Number);
  const data = palettes.get(`0028120${component}`);
  if (!descriptor || !data) return undefined;
  const entries = descriptor[0] || 65536;
  const wide = descriptor[2] === 16 && data.length >= entries * 2;
  const value = (index: number) => (wide ? data.readUInt16LE(index * 2) >> 8 : data[index]);
  return (stored: number) => value(Math.min(entries - 1, Math.max(0, stored - descriptor[1])));
}

/**
 * A native frame as RGBA. `palettes` holds the palette data by tag. Refuses with `cannotRender`.
 */
export function paintFrame(
  frame: NativeFrame,
  palettes: Map<string, Buffer>,
  window?: Window,
): Outcome<Raster> {
  const { pixels } = frame;
  const out: Raster = {
    width: pixels.columns,
    height: pixels.rows,
    data: new Uint8Array(pixels.columns * pixels.rows * 4),
  };
  const sample = samplerOf(frame);
  if (!sample) {
    return refuse(
      'cannotRender',
      `Bits Allocated ${pixels.bitsAllocated} is not one of 1, 8, 16, 32.`,
      {
        bitsAllocated: pixels.bitsAllocated,
      },
    );
  }
  try {
    if (pixels.photometricInterpretation === 'PALETTE COLOR') {
      const maps = [1, 2, 3].map(component => paletteOf(frame.metadata, palettes, component));
      const [red, green, blue] = maps;
      if (!red || !green || !blue) {
        return refuse(
          'cannotRender',
          'This PALETTE COLOR image has no plain palettes (segmented ones are not rendered).',
        );
      }
      for (let i = 0; i < out.width * out.height; i++) {
        const stored = sample(i);
        out.data.set([red(stored), green(stored), blue(stored), 255], i * 4);
      }
    } else if (pixels.samplesPerPixel >= 3) {
      paintColour(frame, sample, out);
    } else {
      paintGrayscale(frame, sample, window, out);
    }
  } catch (error) {
    if ((error as Error).name !== 'RangeError') throw error;
    return refuse('cannotRender', 'The frame has fewer pixels than Rows and Columns say.');
  }
  return accept(out);
}
