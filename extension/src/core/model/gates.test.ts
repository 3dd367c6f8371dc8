import type { SliceHeader } from '../volume/types';
import { checkGates } from './gates';
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
    );
    expect(checkGates(manifest, chest)).toEqual({ ok: true, value: undefined });
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
});
