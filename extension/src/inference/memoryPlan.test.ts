import type { VolumeGeometry } from '../core/geometry/types';
import { planCalls } from './calls';
import { checkMemory, GIB, GPU_BUFFER, planMemory, WASM_HEAP } from './memoryPlan';
import { tinyPackage } from './testing/tinyModels';

const MIB = 1024 ** 2;

/** A CT of 512×512×600 at 1.5 mm, 24 classes, windows of 128³; no voxel of it is allocated. */
const large = () => {
  const { manifest } = tinyPackage('tiny');
  const [output] = manifest.outputs;
  const geometry: VolumeGeometry = {
    dimensions: [256, 256, 400],
    spacing: [1.5, 1.5, 1.5],
    origin: [0, 0, 0],
    direction: [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
  };
  const model = {
    ...manifest,
    inference: { ...manifest.inference, roiSize: [128, 128, 128] },
    outputs: [{ ...output, classes: 24 }],
  } as typeof manifest;
  const seen = { from: [0, 0, 0], to: [512, 512, 600] } as const;
  const prepared = { data: new Float32Array(0), channels: 1, geometry, seen };
  const planned = planCalls(model, prepared);
  if (!planned.ok) throw new Error(planned.refusal.message);
  const source = {
    geometry: { ...geometry, dimensions: [512, 512, 600] as const },
    voxels: { byteLength: 512 * 512 * 600 * 2 } as Int16Array,
  };
  return planMemory(model, [source, source], prepared, planned.value.calls);
};

it('holds a large CT with many classes to a ring of layers, not to all logits', () => {
  const plan = large();
  expect(plan.source).toBe(512 * 512 * 600 * 2);
  expect(plan.preprocessed).toBe(256 * 256 * 400 * 4);
  // 24 classes and their weights on 128 layers, and two layers with the inversion.
  expect(plan.scores).toBe((25 * 128 * 4 + 2 * 5 * 24) * 256 * 256);
  expect(plan.largestTensor).toBe(24 * 128 ** 3 * 4);
  expect(plan.peak).toBeLessThan(2 * GIB);
  expect(plan.scores).toBeLessThan((24 * 256 * 256 * 400 * 4) / 2);
});

it('fits a heap of 4 GiB and buffers of 1 GiB, and refuses less with numbers', () => {
  const plan = large();
  const limits = { maxBufferSize: GIB, maxStorageBufferBindingSize: GIB, heap: WASM_HEAP };
  expect(checkMemory('m', plan, limits).ok).toBe(true);
  expect(
    checkMemory('m', plan, { ...limits, maxStorageBufferBindingSize: 128 * MIB }),
  ).toMatchObject({
    refusal: {
      code: 'memoryTooLarge',
      values: { what: GPU_BUFFER, needed: '0.19', allowed: '0.13' },
    },
  });
  expect(checkMemory('m', plan, { heap: 128 * MIB }).ok).toBe(false);
  expect(checkMemory('m', plan, { deviceMemory: GIB })).toMatchObject({
    refusal: { values: { needed: (plan.peak / GIB).toFixed(2), allowed: '1.00' } },
  });
  // Browsers say 8 GiB of any machine that has more.
  expect(checkMemory('m', { ...plan, peak: 12 * GIB }, { deviceMemory: 8 * GIB }).ok).toBe(true);
});
