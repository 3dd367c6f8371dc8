import { planVolume } from './assemble';
import { chooseVoxelType, createVolume } from './build';
import type { SliceHeader } from './types';
import { voiValue } from './voi';

const slice = (k: number, changes: Partial<SliceHeader> = {}): SliceHeader => ({
  sopInstanceUID: `1.2.${k}`,
  sopClassUID: '1.2.840.10008.5.1.4.1.1.2',
  instanceNumber: k + 1,
  rows: 1,
  columns: 2,
  pixelSpacing: [1, 1],
  imagePositionPatient: [0, 0, k],
  imageOrientationPatient: [1, 0, 0, 0, 1, 0],
  photometricInterpretation: 'MONOCHROME2',
  samplesPerPixel: 1,
  rescaleSlope: 1,
  rescaleIntercept: -1024,
  modality: 'CT',
  ...changes,
});
function builderOf(slices: SliceHeader[], options = {}) {
  const plan = planVolume(slices);
  if (!plan.ok) {
    throw new Error(plan.refusal.message);
  }
  return createVolume(plan.value, slices, options);
}
function voxelsOf(builder: ReturnType<typeof builderOf>) {
  const outcome = builder.finish();
  if (!outcome.ok) {
    throw new Error(outcome.refusal.message);
  }
  return outcome.value.voxels;
}

describe('createVolume', () => {
  it('fills slices in k order with each one’s own rescale', () => {
    const builder = builderOf([slice(1, { rescaleIntercept: 0, rescaleSlope: 2 }), slice(0)]);
    builder.setSlice(0, Uint16Array.of(10, 20));
    builder.setSlice(1, Uint16Array.of(1024, 0));
    expect(voxelsOf(builder)).toEqual(Int16Array.of(0, -1024, 20, 40));
  });

  it('uses Float32 for fractional slopes, and keeps values a decoder has scaled already', () => {
    const slices = [slice(0, { rescaleSlope: 0.5 }), slice(1, { rescaleSlope: 0.25 })];
    expect(chooseVoxelType(slices)).toBe('float32');
    const builder = builderOf(slices);
    builder.setSlice(0, Uint16Array.of(1, 3));
    builder.setSlice(1, Float32Array.of(7.5, -2), { scaled: true });
    expect(voxelsOf(builder)).toEqual(Float32Array.of(-1023.5, -1022.5, 7.5, -2));
  });

  it.each([Uint16Array.of(5, 65535), Float32Array.of(5, 0.5)])(
    'widens to Float32 when a value needs it',
    pixels => {
      const builder = builderOf([slice(0), slice(1)]);
      builder.setSlice(0, Uint16Array.of(1024, 1025));
      builder.setSlice(1, pixels);
      const voxels = voxelsOf(builder);
      expect(voxels).toBeInstanceOf(Float32Array);
      expect([...voxels]).toEqual([0, 1, pixels[0] - 1024, pixels[1] - 1024]);
    },
  );

  it('inverts MONOCHROME1 when asked, the same for stored and for scaled values', () => {
    const slices = [0, 1].map(k =>
      slice(k, {
        photometricInterpretation: 'MONOCHROME1',
        bitsStored: 12,
        rescaleSlope: 2,
        rescaleIntercept: 100,
      }),
    );
    const inverted = builderOf(slices, { monochrome1: 'invert' });
    inverted.setSlice(0, Uint16Array.of(0, 4095));
    inverted.setSlice(1, Int16Array.of(100, 8290), { scaled: true });
    expect([...voxelsOf(inverted)]).toEqual([8290, 100, 8290, 100]);
    const kept = builderOf(slices);
    kept.setSlice(0, Uint16Array.of(0, 4095));
    kept.setSlice(1, Uint16Array.of(0, 4095));
    expect([...voxelsOf(kept)]).toEqual([100, 8290, 100, 8290]);
  });

  it('refuses slices cut short, slices never filled and an unknown stored range', () => {
    const builder = builderOf([slice(0), slice(1)]);
    expect(builder.setSlice(0, Uint16Array.of(1))).toMatchObject({
      ok: false,
      refusal: { code: 'pixelCountWrong', values: { slice: 1, met: 1, allowed: 2 } },
    });
    builder.setSlice(1, Uint16Array.of(1, 2));
    expect(builder.finish()).toMatchObject({
      ok: false,
      refusal: { code: 'voxelsMissing', values: { met: 1, allowed: 2 } },
    });
    const negative = [0, 1].map(k => slice(k, { photometricInterpretation: 'MONOCHROME1' }));
    expect(
      builderOf(negative, { monochrome1: 'invert' }).setSlice(0, Uint16Array.of(1, 2)),
    ).toMatchObject({ ok: false, refusal: { code: 'storedRangeUnknown' } });
  });

  it('has the window of its middle slice, turned over with its voxels', () => {
    const header = (k: number) =>
      slice(k, {
        photometricInterpretation: 'MONOCHROME1',
        bitsStored: 12,
        pixelRepresentation: 0,
        rescaleIntercept: 0,
        voi: { center: 1000 + k, width: 400, function: 'LINEAR' },
      });
    const finished = (options: object) => {
      const builder = builderOf([header(0), header(1), header(2)], options);
      [0, 1, 2].forEach(input => builder.setSlice(input, Uint16Array.of(95, 4000)));
      const outcome = builder.finish();
      if (!outcome.ok) throw new Error(outcome.refusal.message);
      return outcome.value;
    };
    const kept = finished({});
    const inverted = finished({ monochrome1: 'invert' });
    expect(kept.voi).toEqual({ center: 1001, width: 400, function: 'LINEAR' });
    expect(inverted.voxels[0]).toBe(4000);
    // What is shown of a value and of its mirror image add up to white.
    const values = [700, 900, 1001, 1150, 1300];
    values.forEach(value =>
      expect(voiValue(kept.voi!, value) + voiValue(inverted.voi!, 4095 - value)).toBeCloseTo(1),
    );
  });
});
