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

  it('holds what channels are chosen by, and what gates look at', () => {
    expect(
      sliceHeaderOf({
        ...instance,
        SeriesDescription: 'T1 post',
        ProtocolName: 'Brain',
        ImageType: ['ORIGINAL', 'PRIMARY', 'M'],
        ContrastBolusAgent: 'Gadovist',
        ConvolutionKernel: ['B30f', 'B30f'],
      }),
    ).toMatchObject({
      seriesDescription: 'T1 post',
      protocolName: 'Brain',
      imageType: ['ORIGINAL', 'PRIMARY', 'M'],
      contrastBolusAgent: 'Gadovist',
      convolutionKernel: 'B30f',
    });
    expect(sliceHeaderOf({ ...instance, ImageType: 'DERIVED\\SECONDARY' })?.imageType).toEqual([
      'DERIVED',
      'SECONDARY',
    ]);
  });

  it.each([
    ['045Y', 45],
    ['018M', 1.5],
    ['010D', 10 / 365.25],
    ['026W', 182 / 365.25],
    ['45', undefined],
    ['', undefined],
  ])('has the age of %p in years', (PatientAge, years) => {
    const age = sliceHeaderOf({ ...instance, PatientAge })?.patientAge;
    if (years === undefined) expect(age).toBeUndefined();
    else expect(age).toBeCloseTo(years, 10);
  });

  it('has the first window, where it is one', () => {
    const windows = { WindowCenter: ['40', '-600'], WindowWidth: ['400', '1500'] };
    expect(sliceHeaderOf({ ...instance, ...windows })?.voi).toEqual({
      center: 40,
      width: 400,
      function: 'LINEAR',
    });
    const sigmoid = { WindowCenter: 0.5, WindowWidth: 0.5, VOILUTFunction: 'SIGMOID' };
    expect(sliceHeaderOf({ ...instance, ...sigmoid })?.voi).toEqual({
      center: 0.5,
      width: 0.5,
      function: 'SIGMOID',
    });
    expect(sliceHeaderOf({ ...instance, WindowCenter: 40, WindowWidth: 0 })?.voi).toBeUndefined();
    expect(sliceHeaderOf({ ...instance, WindowCenter: 40 })?.voi).toBeUndefined();
    expect(
      sliceHeaderOf({ ...instance, ...windows, VOILUTFunction: 'CUBIC' })?.voi,
    ).toBeUndefined();
  });

  it('has what uptake values are reckoned from, of PET only', () => {
    const pet = {
      ...instance,
      Units: 'BQML',
      PatientWeight: '70.5',
      CorrectedImage: ['DECY', 'ATTN'],
      DecayCorrection: 'START',
      SeriesDate: '20200102',
      SeriesTime: '101500.00',
      AcquisitionDate: '20200102',
      AcquisitionTime: '101612',
      RadiopharmaceuticalInformationSequence: [
        {
          RadionuclideTotalDose: '370000000',
          RadionuclideHalfLife: 6586.2,
          RadiopharmaceuticalStartTime: '091500',
        },
      ],
    };
    expect(sliceHeaderOf(pet)?.pet).toBeUndefined();
    const expected = {
      units: 'BQML',
      patientWeight: 70.5,
      radionuclideTotalDose: 370_000_000,
      radionuclideHalfLife: 6586.2,
      radiopharmaceuticalStartTime: '091500',
      seriesDate: '20200102',
      seriesTime: '101500.00',
      acquisitionDate: '20200102',
      acquisitionTime: '101612',
      decayCorrection: 'START',
      correctedImage: ['DECY', 'ATTN'],
    };
    expect(sliceHeaderOf({ ...pet, Modality: 'PT' })?.pet).toEqual(expected);
    // A sequence of one item may be the item itself.
    const [item] = pet.RadiopharmaceuticalInformationSequence;
    const bare = { ...pet, Modality: 'PT', RadiopharmaceuticalInformationSequence: item };
    expect(sliceHeaderOf(bare)?.pet).toEqual(expected);
  });

  it('is none where there is no image', () => {
    expect(sliceHeaderOf(undefined)).toBeUndefined();
    expect(sliceHeaderOf({ SOPInstanceUID: '1.2.3' })).toBeUndefined();
  });
});
