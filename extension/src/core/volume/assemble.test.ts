import { planImage, planSlices, planVolume } from './assemble';
import type { SliceHeader } from './types';

/** Axial slices 2.5 mm apart, feet to head. */
function slice(k: number, changes: Partial<SliceHeader> = {}): SliceHeader {
  return {
    sopInstanceUID: `1.2.${k}`,
    sopClassUID: '1.2.840.10008.5.1.4.1.1.2',
    instanceNumber: k + 1,
    rows: 6,
    columns: 8,
    pixelSpacing: [0.8, 0.7],
    imagePositionPatient: [-100, -120, 40 + 2.5 * k],
    imageOrientationPatient: [1, 0, 0, 0, 1, 0],
    photometricInterpretation: 'MONOCHROME2',
    samplesPerPixel: 1,
    rescaleSlope: 1,
    rescaleIntercept: -1024,
    modality: 'CT',
    ...changes,
  };
}
const stack = (count: number, changes: (k: number) => Partial<SliceHeader> = () => ({})) =>
  Array.from({ length: count }, (_, k) => slice(k, changes(k)));
const at = (z: number): Partial<SliceHeader> => ({ imagePositionPatient: [-100, -120, z] });

function planned(slices: SliceHeader[]) {
  const outcome = planVolume(slices);
  if (!outcome.ok) {
    throw new Error(outcome.refusal.message);
  }
  return outcome.value;
}
function refused(slices: SliceHeader[]) {
  const outcome = planVolume(slices);
  if (outcome.ok) {
    throw new Error('planned');
  }
  return outcome.refusal;
}

describe('planVolume', () => {
  it('orders slices along the normal, whatever order they come in', () => {
    const { geometry, order } = planned([slice(2), slice(0), slice(3), slice(1)]);
    expect(order).toEqual([1, 3, 0, 2]);
    expect(geometry).toEqual({
      dimensions: [8, 6, 4],
      spacing: [0.7, 0.8, 2.5],
      origin: [-100, -120, 40],
      direction: [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
    });
  });

  it('lets k grow along row × column, so that the direction is right-handed', () => {
    // Columns run to the Right: the normal points to the feet.
    const feetFirst = stack(4, () => ({ imageOrientationPatient: [-1, 0, 0, 0, 1, 0] }));
    const { geometry, order } = planned(feetFirst);
    expect(order).toEqual([3, 2, 1, 0]);
    expect(geometry.direction[2]).toEqual([0, -0, -1].map(x => expect.closeTo(x)));
    expect(geometry.origin).toEqual([-100, -120, 47.5]);
  });

  it('places oblique slices', () => {
    const [c, s] = [Math.cos(0.3), Math.sin(0.3)];
    const oblique = stack(5, k => ({
      imageOrientationPatient: [1, 0, 0, 0, c, s],
      imagePositionPatient: [10, 20 - s * 3 * k, 30 + c * 3 * k],
    }));
    const { geometry } = planned(oblique);
    expect(geometry.spacing[2]).toBeCloseTo(3);
    expect(geometry.direction[2]).toEqual([0, -s, c].map(x => expect.closeTo(x)));
  });

  it('takes frames of one instance as slices', () => {
    const frames = stack(3, k => ({
      sopInstanceUID: '1.2.3',
      instanceNumber: 1,
      frameNumber: k + 1,
    }));
    expect(planned(frames.reverse()).order).toEqual([2, 1, 0]);
  });

  it('accepts positions rounded to a tenth of a millimetre', () => {
    const slices = stack(40, k => at(Math.round(k * 6.25) / 10));
    expect(planned(slices).geometry.spacing[2]).toBeCloseTo(0.625, 2);
  });

  it.each<[string, SliceHeader[], Record<string, unknown>]>([
    ['tooFewSlices', stack(1), { met: 1, allowed: 2 }],
    ['tooFewSlices', [], { met: 0, allowed: 2 }],
    [
      'notGreyscale',
      stack(3, k => (k === 1 ? { samplesPerPixel: 3 } : {})),
      { slice: '2', met: 3 },
    ],
    [
      'missingPosition',
      stack(3, k => (k === 2 ? { imagePositionPatient: undefined } : {})),
      { slice: '3' },
    ],
    [
      'missingOrientation',
      stack(3, () => ({ imageOrientationPatient: undefined })),
      { slice: '1' },
    ],
    ['missingPixelSpacing', stack(3, () => ({ pixelSpacing: undefined })), { slice: '1' }],
    ['missingPixelSpacing', stack(3, () => ({ pixelSpacing: [NaN, 1] })), { slice: '1' }],
    ['pixelSpacingInvalid', stack(3, () => ({ pixelSpacing: [0, 0] })), { met: 0, min: 0.01 }],
    ['pixelSpacingInvalid', stack(3, () => ({ pixelSpacing: [0.7, 143] })), { met: 143, max: 20 }],
    [
      'orientationInvalid',
      stack(3, () => ({ imageOrientationPatient: [1, 0, 0, 1, 0, 0] })),
      { met: '1\\0\\0\\1\\0\\0' },
    ],
    [
      'mixedMatrix',
      stack(3, k => (k ? { rows: 512, columns: 512 } : {})),
      { met: '512×512', allowed: '8×6' },
    ],
    [
      'mixedPixelSpacing',
      stack(3, k => (k === 2 ? { pixelSpacing: [0.8, 0.71] } : {})),
      { slice: '3', met: '0.8\\0.71', allowed: '0.8\\0.7' },
    ],
    [
      'mixedOrientation',
      stack(3, k => (k === 1 ? { imageOrientationPatient: [1, 0, 0, 0, 0, -1] } : {})),
      { slice: '2', met: 90, allowed: 0.1 },
    ],
    [
      'duplicatePosition',
      [...stack(4), slice(2, { instanceNumber: 9 })],
      { first: '3', second: '9', met: 0 },
    ],
    [
      'gantryTilt',
      stack(20, k => ({
        imagePositionPatient: [0, Math.tan((18.5 * Math.PI) / 180) * 2.5 * k, 2.5 * k],
      })),
      { met: 18.5 },
    ],
    [
      'sliceShifted',
      stack(5, k => ({ imagePositionPatient: [k === 2 ? 3 : 0, 0, 2.5 * k] })),
      { slice: '3', met: 3, allowed: 0.35 },
    ],
    [
      'missingSlices',
      stack(10).filter((_, k) => k !== 4 && k !== 5),
      { missing: 2, after: '4', before: '7', met: 7.5, usual: 2.5 },
    ],
    [
      'unevenSpacing',
      stack(10, k => at(k < 5 ? 2.5 * k : 2.5 * k + 0.9)),
      { after: '5', before: '6', met: 3.4, usual: 2.5 },
    ],
    ['spacingDrifts', stack(80, k => at(k < 40 ? 2 * k : 78 + 2.09 * (k - 39))), { slice: '40' }],
  ])('refuses %s', (code, slices, values) => {
    const refusal = refused(slices);
    expect(refusal.code).toBe(code);
    expect(refusal.values).toMatchObject(values);
    for (const value of Object.values(refusal.values)) {
      expect(refusal.message).toContain(String(value));
    }
  });
});

describe('planImage', () => {
  const film = (changes: Partial<SliceHeader> = {}) =>
    slice(0, {
      modality: 'DX',
      pixelSpacing: undefined,
      imagePositionPatient: undefined,
      imageOrientationPatient: undefined,
      ...changes,
    });
  const planOf = (header: SliceHeader) => {
    const outcome = planImage(header);
    if (!outcome.ok) throw new Error(outcome.refusal.message);
    return outcome.value;
  };

  it('makes a volume of one slice of a film that says nothing of the patient', () => {
    expect(planOf(film({ imagerPixelSpacing: [0.2, 0.1] }))).toEqual({
      geometry: {
        dimensions: [8, 6, 1],
        spacing: [0.1, 0.2, 1],
        origin: [0, 0, 0],
        direction: [
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ],
      },
      order: [0],
      spacingAssumed: false,
    });
  });

  it('takes PixelSpacing before ImagerPixelSpacing, and neither where it is absurd', () => {
    const imagerPixelSpacing = [0.2, 0.2] as const;
    const spacing = (changes: Partial<SliceHeader>) => planOf(film(changes)).geometry.spacing;
    expect(spacing({ pixelSpacing: [0.15, 0.15], imagerPixelSpacing })).toEqual([0.15, 0.15, 1]);
    expect(spacing({ pixelSpacing: [0, 0], imagerPixelSpacing })).toEqual([0.2, 0.2, 1]);
    expect(planOf(film({ pixelSpacing: [0, 0] }))).toMatchObject({
      geometry: { spacing: [1, 1, 1] },
      spacingAssumed: true,
    });
  });

  it('keeps the place of a single slice that has one', () => {
    const { geometry } = planOf(
      slice(0, {
        imagePositionPatient: [5, 6, 7],
        imageOrientationPatient: [0, 1, 0, 0, 0, -1],
        sliceThickness: 3,
      }),
    );
    expect(geometry).toMatchObject({
      origin: [5, 6, 7],
      spacing: [0.7, 0.8, 3],
      direction: [
        [0, 1, 0],
        [0, 0, -1],
        [-1, 0, 0],
      ],
    });
  });

  it('refuses colour', () => {
    expect(planImage(film({ samplesPerPixel: 3 }))).toMatchObject({
      ok: false,
      refusal: { code: 'notGreyscale', values: { met: 3 } },
    });
  });

  it('is what a display set of one image makes; several make a volume', () => {
    expect(planSlices([film()])).toMatchObject({ ok: true });
    expect(planSlices(stack(3))).toEqual(planVolume(stack(3)));
  });
});
