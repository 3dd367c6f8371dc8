import { sliceHeaderOf } from './sliceHeader';

const instance = {
  SOPInstanceUID: '1.2.3',
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
  InstanceNumber: '12',
  Rows: 512,
  Columns: 256,
  PixelSpacing: ['0.7', 0.5],
  ImagePositionPatient: [-150.5, -160, 928],
  ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
  PhotometricInterpretation: 'MONOCHROME2',
  RescaleSlope: [1],
  RescaleIntercept: -1024,
  Modality: 'CT',
};

describe('the header of a slice', () => {
  it('is read from the host’s attributes, lists or single values, numbers or text', () => {
    expect(sliceHeaderOf(instance)).toMatchObject({
      sopInstanceUID: '1.2.3',
      instanceNumber: 12,
      rows: 512,
      columns: 256,
      pixelSpacing: [0.7, 0.5],
      imagePositionPatient: [-150.5, -160, 928],
      rescaleSlope: 1,
      rescaleIntercept: -1024,
      samplesPerPixel: 1,
    });
  });

  it('reads attributes that the host inherits from the whole instance to a frame', () => {
    const frame = Object.create(instance) as Record<string, unknown>;
    frame.ImagePositionPatient = [0, 0, 7.5];
    expect(sliceHeaderOf(frame, 3)).toMatchObject({ frameNumber: 3, rows: 512, modality: 'CT' });
  });

  it('means stored values by missing Rescale attributes', () => {
    const without = { ...instance, RescaleSlope: undefined, RescaleIntercept: undefined };
    expect(sliceHeaderOf(without)).toMatchObject({ rescaleSlope: 1, rescaleIntercept: 0 });
  });

  it('leaves out geometry that is missing or no numbers, and the position a host makes up', () => {
    expect(sliceHeaderOf({ ...instance, PixelSpacing: ['a', 'b'] })?.pixelSpacing).toBeUndefined();
    expect(
      sliceHeaderOf({ ...instance, ImageOrientationPatient: [1, 0, 0] })?.imageOrientationPatient,
    ).toBeUndefined();
    const madeUp = { ...instance, ImagePositionPatient: [0, 0, 4] };
    expect(sliceHeaderOf(madeUp, 4)?.imagePositionPatient).toBeUndefined();
    expect(sliceHeaderOf(madeUp)?.imagePositionPatient).toEqual([0, 0, 4]);
  });

  it('is none where there is no image', () => {
    expect(sliceHeaderOf(undefined)).toBeUndefined();
    expect(sliceHeaderOf({ SOPInstanceUID: '1.2.3' })).toBeUndefined();
  });
});
