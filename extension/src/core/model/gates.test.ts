import type { SliceHeader } from '../volume/types';
import { checkGates, failedGates } from './gates';
import { gateSchema, type Gate, type ModelManifest } from './manifest';

const stack = (count: number, gap: number, changes: Partial<SliceHeader> = {}): SliceHeader[] =>
  Array.from({ length: count }, (_, k) => ({
    sopInstanceUID: `1.2.${k}`,
    sopClassUID: '1.2.840.10008.5.1.4.1.1.2',
    instanceNumber: k + 1,
    rows: 100,
    columns: 120,
    pixelSpacing: [0.8, 0.7],
    imagePositionPatient: [0, 0, k * gap],
    imageOrientationPatient: [1, 0, 0, 0, 1, 0],
    sliceThickness: gap,
    photometricInterpretation: 'MONOCHROME2',
    samplesPerPixel: 1,
    rescaleSlope: 1,
    rescaleIntercept: 0,
    modality: 'CT',
    bodyPartExamined: 'CHEST',
    ...changes,
  }));

/** The part of a manifest that gates look at. */
const manifestOf = (...gates: unknown[]): ModelManifest =>
  ({
    gates: gates.map(gate => gateSchema.parse(gate)) as Gate[],
    inputs: [{ name: 'x', spatialAxes: 'zyx', channels: [{ modality: 'CT' }] }],
  }) as unknown as ModelManifest;

const chest = { modality: 'CT', slices: stack(40, 2.5) };

describe('checkGates', () => {
  it('admits what every gate admits', () => {
    const manifest = manifestOf(
      { gate: 'modality', allowed: ['CT'] },
      { gate: 'bodyPart', allowed: ['chest', 'THORAX'] },
      { gate: 'orientation', allowed: ['axial'] },
      { gate: 'sliceCount', min: 40, max: 40 },
      { gate: 'sliceSpacing', min: 2.5, max: 2.5 },
      { gate: 'sliceThickness', max: 2.5 },
      { gate: 'pixelSpacing', min: 0.7, max: 0.8 },
      { gate: 'fieldOfView', axis: 'inferiorSuperior', min: 100, max: 100 },
      { gate: 'manufacturer', allowed: ['ge medical'] },
      { gate: 'convolutionKernel', allowed: ['standard'] },
      { gate: 'patientAge', min: 18, max: 90 },
    );
    const slices = stack(40, 2.5, {
      manufacturer: 'GE MEDICAL SYSTEMS',
      convolutionKernel: 'STANDARD',
      patientAge: 45,
    });
    expect(checkGates(manifest, { modality: 'CT', slices })).toEqual({
      ok: true,
      value: undefined,
    });
  });

  it.each<[string, unknown, object, Record<string, unknown>]>([
    ['gateModality', { gate: 'modality', allowed: ['MR'] }, {}, { met: 'CT', allowed: 'MR' }],
    [
      'gateBodyPart',
      { gate: 'bodyPart', allowed: ['HEAD'] },
      {},
      { met: 'CHEST', allowed: 'HEAD' },
    ],
    [
      'gateBodyPart',
      { gate: 'bodyPart', allowed: ['HEAD'] },
      { slices: stack(3, 2, { bodyPartExamined: undefined }) },
      { met: 'absent' },
    ],
    [
      'gateOrientation',
      { gate: 'orientation', allowed: ['coronal', 'sagittal'] },
      {},
      { met: 'axial', allowed: 'coronal, sagittal' },
    ],
    ['gateSliceCount', { gate: 'sliceCount', min: 50 }, {}, { met: 40, allowed: 'at least 50' }],
    [
      'gateSliceSpacing',
      { gate: 'sliceSpacing', min: 0.5, max: 2 },
      {},
      { met: 2.5, allowed: '0.5 to 2' },
    ],
    [
      'gateSliceThickness',
      { gate: 'sliceThickness', max: 2 },
      {},
      { met: 2.5, allowed: 'at most 2' },
    ],
    [
      'gateSliceThickness',
      { gate: 'sliceThickness', max: 2 },
      { slices: stack(3, 2, { sliceThickness: undefined }) },
      { met: 'absent' },
    ],
    [
      'gatePixelSpacing',
      { gate: 'pixelSpacing', max: 0.75 },
      {},
      { met: 0.8, allowed: 'at most 0.75' },
    ],
    [
      'gateFieldOfView',
      { gate: 'fieldOfView', axis: 'leftRight', min: 200 },
      {},
      { met: 84, axis: 'leftRight', allowed: 'at least 200' },
    ],
    [
      'gateManufacturer',
      { gate: 'manufacturer', allowed: ['Siemens', 'GE'] },
      { slices: stack(3, 2, { manufacturer: 'Philips' }) },
      { met: 'Philips', allowed: 'Siemens, GE' },
    ],
    ['gateManufacturer', { gate: 'manufacturer', allowed: ['GE'] }, {}, { met: 'absent' }],
    [
      'gateConvolutionKernel',
      { gate: 'convolutionKernel', allowed: ['B30f', 'STANDARD'] },
      { slices: stack(3, 2, { convolutionKernel: 'B70f' }) },
      { met: 'B70f', allowed: 'B30f, STANDARD' },
    ],
    [
      'gatePatientAge',
      { gate: 'patientAge', min: 18 },
      { slices: stack(3, 2, { patientAge: 1.5 }) },
      { met: 1.5, allowed: 'at least 18' },
    ],
    ['gatePatientAge', { gate: 'patientAge', max: 90 }, {}, { met: 'absent' }],
  ])('refuses with %s', (code, gate, changes, values) => {
    const outcome = checkGates(manifestOf(gate), { ...chest, ...changes });
    expect(outcome).toMatchObject({ ok: false, refusal: { code, values } });
  });

  it('uses the manifest’s own message, in every language it has', () => {
    const gate = {
      gate: 'sliceCount',
      min: 50,
      message: { en: 'Needs the whole chest.', uk: 'Потрібна вся грудна клітка.' },
    };
    expect(checkGates(manifestOf(gate), chest)).toMatchObject({
      ok: false,
      refusal: {
        code: 'gateSliceCount',
        message: 'Needs the whole chest.',
        values: { met: 40, 'message.uk': 'Потрібна вся грудна клітка.' },
      },
    });
  });

  it('holds a channel’s modality to be a gate, and slices that make no volume to be refused', () => {
    const slices = stack(40, 2.5);
    expect(checkGates(manifestOf(), { ...chest, modality: 'PT' })).toMatchObject({
      ok: false,
      refusal: { code: 'gateModality', values: { met: 'PT', allowed: 'CT' } },
    });
    slices.splice(7, 1);
    expect(checkGates(manifestOf(), { modality: 'CT', slices })).toMatchObject({
      ok: false,
      refusal: { code: 'missingSlices', values: { after: '7', before: '9' } },
    });
  });

  it('looks at the modality before the geometry: one X-ray is refused as an X-ray', () => {
    expect(checkGates(manifestOf(), { modality: 'CR', slices: stack(1, 1) })).toMatchObject({
      ok: false,
      refusal: { code: 'gateModality' },
    });
  });

  it('admits by a modality gate what the channel alone would not', () => {
    const manifest = manifestOf({ gate: 'modality', allowed: ['CT', 'CR'] });
    expect(failedGates(manifest, { modality: 'CR', slices: stack(3, 2) })).toEqual([]);
  });
});

describe('failedGates', () => {
  const manifest = manifestOf(
    { gate: 'sliceSpacing', max: 2 },
    { gate: 'modality', allowed: ['CT'] },
    { gate: 'patientAge', min: 18 },
    { gate: 'fieldOfView', axis: 'leftRight', min: 200 },
  );

  it('names all that a series fails, each with the value met', () => {
    expect(
      failedGates(manifest, chest).map(({ code, values: { met, allowed } }) => [
        code,
        met,
        allowed,
      ]),
    ).toEqual([
      ['gatePatientAge', 'absent', 'at least 18'],
      ['gateSliceSpacing', 2.5, 'at most 2'],
      ['gateFieldOfView', 84, 'at least 200'],
    ]);
    expect(checkGates(manifest, chest)).toMatchObject({ refusal: { code: 'gatePatientAge' } });
  });

  it('names what is wrong with the slices in place of what their grid fails', () => {
    const slices = stack(40, 2.5, { patientAge: 30 });
    slices.splice(7, 1);
    expect(failedGates(manifest, { modality: 'CT', slices }).map(({ code }) => code)).toEqual([
      'missingSlices',
    ]);
  });
});

describe('a series of another modality', () => {
  it('is not told as well that it is no volume', () => {
    const manifest = manifestOf({ gate: 'sliceCount', min: 16 });
    expect(
      failedGates(manifest, { modality: 'CR', slices: stack(1, 1) }).map(({ message }) => message),
    ).toEqual([
      'The modality is CR; allowed: CT.',
      'The series has 1 slice; allowed: at least 16.',
    ]);
  });
});

describe('gates of a network of pictures', () => {
  const film = (...gates: unknown[]): ModelManifest => ({
    ...manifestOf({ gate: 'modality', allowed: ['CR', 'DX'] }, ...gates),
    inputs: [{ name: 'x', spatialAxes: 'yx', channels: [{ key: 'image', modality: 'DX' }] }],
    inference: { inferer: 'simple' },
  });
  const placeless = {
    modality: 'CR',
    pixelSpacing: undefined,
    imagePositionPatient: undefined,
    imageOrientationPatient: undefined,
    sliceThickness: undefined,
  };

  it('admit a single image without a place in the patient', () => {
    const slices = stack(1, 1, { ...placeless, imagerPixelSpacing: [0.14, 0.14] });
    const gates = { gate: 'pixelSpacing', max: 0.2 };
    expect(failedGates(film(gates), { modality: 'CR', slices })).toEqual([]);
  });

  it('do not take 1 mm a pixel for what the image says', () => {
    const slices = stack(1, 1, placeless);
    const facts = { modality: 'CR', slices };
    expect(failedGates(film(), facts)).toEqual([]);
    expect(
      failedGates(
        film({ gate: 'pixelSpacing', max: 2 }, { gate: 'fieldOfView', axis: 'leftRight', min: 20 }),
        facts,
      ),
    ).toMatchObject([
      { code: 'gatePixelSpacing', values: { met: 'absent' } },
      { code: 'gateFieldOfView', values: { met: 'absent' } },
    ]);
  });

  it('take one image, where the network is not led slice by slice', () => {
    const slices = stack(2, 1, { modality: 'CR' });
    expect(failedGates(film(), { modality: 'CR', slices })).toMatchObject([
      { code: 'gateSliceCount', values: { met: 2, allowed: '1' } },
    ]);
    const bySlices: ModelManifest = {
      ...film(),
      inference: { inferer: 'slice', spatialDim: 2, neighbours: 0 },
    };
    expect(failedGates(bySlices, { modality: 'CR', slices })).toEqual([]);
  });
});
