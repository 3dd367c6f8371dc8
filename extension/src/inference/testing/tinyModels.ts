import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { manifestSchema, type ModelManifest } from '../../core/model/manifest';
import type { ModelPackage } from '../../core/reading/ports';
import type { Volume } from '../../core/volume/types';

/** The networks that tests/fixtures/onnx/make_tiny_models.py makes. */
export type TinyNetwork = 'tiny' | 'threshold' | 'nan' | 'half';

export const TINY_FOLDER = path.resolve(__dirname, '../../../../tests/fixtures/onnx');

export const tinyBytes = (network: TinyNetwork): Buffer =>
  readFileSync(path.join(TINY_FOLDER, `${network}.onnx`));

const code = (value: string, meaning: string) => ({ value, scheme: 'SCT', meaning });

const label = (value: number) => ({
  value,
  key: `class-${value}`,
  name: { en: `Class ${value}` },
  category: code('123037004', 'Anatomical Structure'),
  type: code('39607008', 'Lung'),
  recommendedDisplayCIELab: [60, 10 * value, 0],
});

/** A package around one of the tiny networks, on a grid of 2 mm with windows of 8×8×8. */
export const tinyPackage = (
  network: TinyNetwork,
  over: Partial<Record<keyof ModelManifest, unknown>> = {},
): ModelPackage => {
  const bytes = tinyBytes(network);
  const manifest = manifestSchema.parse({
    schemaVersion: 1,
    id: `test-${network}`,
    version: '1.0.0',
    name: { en: 'Test' },
    task: 'segmentation',
    files: [
      {
        role: 'network',
        path: `${network}.onnx`,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        bytes: bytes.byteLength,
      },
    ],
    inputs: [{ name: 'image', spatialAxes: 'zyx', channels: [{ modality: 'CT' }] }],
    gates: [],
    preprocessing: [
      { transform: 'orientation', axcodes: 'LPS' },
      { transform: 'spacing', pixdim: [2, 2, 2] },
      { transform: 'scaleIntensityRange', aMin: 0, aMax: 100, bMin: 0, bMax: 1 },
    ],
    inference: { inferer: 'slidingWindow', roiSize: [8, 8, 8], overlap: 0.5 },
    outputs: [
      {
        type: 'labelMap',
        name: 'logits',
        activation: 'none',
        classes: 3,
        labels: [label(1), label(2)],
      },
    ],
    postprocessing: [{ transform: 'invert', resample: 'labels' }],
    facts: {
      intendedUse: { en: 'Tests' },
      limitations: [{ en: 'Not a model of anything' }],
      licence: 'MIT',
      trainingData: { en: 'None' },
      manufacturer: 'Second Reader',
      algorithmFamily: { value: '123110', scheme: 'DCM', meaning: 'Artificial Intelligence' },
    },
    ...over,
  });
  return { manifest, baseUrl: `${TINY_FOLDER}/` };
};

/**
 * 24×20×16 voxels of 2 mm: −50 outside, a box of 80 (class 1) and within it one of 180 (class 2),
 * so that `threshold` after the scaling to hundredths gives a label map known beforehand.
 */
export const boxesVolume = (): { volume: Volume; expected: Uint8Array } => {
  const [columns, rows, slices] = [24, 20, 16];
  const voxels = new Int16Array(columns * rows * slices).fill(-50);
  const expected = new Uint8Array(voxels.length);
  for (let k = 3; k < 13; k++) {
    for (let j = 4; j < 15; j++) {
      for (let i = 5; i < 21; i++) {
        const inner = k >= 6 && k < 9 && j >= 7 && j < 12 && i >= 8 && i < 14;
        const at = i + columns * (j + rows * k);
        voxels[at] = inner ? 180 : 80;
        expected[at] = inner ? 2 : 1;
      }
    }
  }
  const volume: Volume = {
    geometry: {
      dimensions: [columns, rows, slices],
      spacing: [2, 2, 2],
      origin: [-10, 20, 30],
      direction: [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
    },
    voxels,
    modality: 'CT',
    slices: [],
  };
  return { volume, expected };
};
