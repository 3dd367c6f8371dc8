import { z } from 'zod';
import {
  fillHoles,
  keepLargestConnectedComponent,
  removeSmallObjects,
} from '@second-reader/core/postprocessing/labelMapSteps';
import {
  casesOf,
  differingVoxels,
  gridOf,
  packed,
  printReport,
  recordLabels,
  triple,
} from '../golden/golden';

/** Our steps on label maps against MONAI's, on the arrays that tests/golden/make_golden.py made. */
afterAll(printReport);

test('keepLargestConnectedComponent', () => {
  const cases = casesOf('keepLargestConnectedComponent', {
    input: packed,
    appliedLabels: z.array(z.number()),
    independent: z.boolean(),
    connectivity: z.union([z.literal(1), z.literal(2), z.literal(3)]),
    numComponents: z.number(),
    expected: packed,
  });
  let differing = 0;
  for (const item of cases) {
    const voxels = Uint8Array.from(item.input.values);
    keepLargestConnectedComponent({ voxels, geometry: gridOf(item.input.shape) }, item);
    differing += differingVoxels(voxels, item.expected.values);
  }
  recordLabels('keepLargestConnectedComponent', cases.length, differing);
});

test('fillHoles', () => {
  const cases = casesOf('fillHoles', {
    input: packed,
    appliedLabels: z.array(z.number()),
    expected: packed,
  });
  let differing = 0;
  let filled = 0;
  for (const item of cases) {
    const voxels = Uint8Array.from(item.input.values);
    fillHoles({ voxels, geometry: gridOf(item.input.shape) }, item);
    differing += differingVoxels(voxels, item.expected.values);
    filled += differingVoxels(item.input.values, item.expected.values);
  }
  expect(filled).toBeGreaterThan(100);
  recordLabels('fillHoles', cases.length, differing);
});

test('removeSmallObjects', () => {
  const cases = casesOf('removeSmallObjects', {
    input: packed,
    spacing: triple,
    appliedLabels: z.array(z.number()),
    minSizeMm3: z.number(),
    expected: packed,
  });
  let differing = 0;
  for (const item of cases) {
    const voxels = Uint8Array.from(item.input.values);
    const geometry = gridOf(item.input.shape, item.spacing);
    removeSmallObjects({ voxels, geometry }, item);
    differing += differingVoxels(voxels, item.expected.values);
  }
  recordLabels('removeSmallObjects', cases.length, differing);
});
