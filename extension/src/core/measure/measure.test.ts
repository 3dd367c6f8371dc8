import type { VolumeGeometry } from '../geometry/types';
import type { SegmentLabel } from '../model/manifest';
import { measureSegments } from './measure';

const concept = { value: '39607008', scheme: 'SCT', meaning: 'Lung' };
const label = (value: number, key: string): SegmentLabel => ({
  value,
  key,
  name: { en: key },
  category: concept,
  type: concept,
  recommendedDisplayCIELab: [60, 20, -20],
});
const geometry: VolumeGeometry = {
  dimensions: [10, 8, 6],
  spacing: [0.5, 2, 4],
  origin: [100, 200, 300],
  direction: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
};
const NAMES = ['volume', 'meanIntensity', 'standardDeviation'] as const;
const at = (i: number, j: number, k: number) => i + 10 * (j + 8 * k);

describe('measureSegments', () => {
  it('gives the same as reckoning voxel by voxel', () => {
    const labels = new Uint8Array(480).map((_, index) => ((index * 7919) % 11 < 4 ? index % 3 : 0));
    const voxels = new Int16Array(480).map((_, index) => ((index * 104729) % 3000) - 1000);
    const labelMap = { geometry, voxels: labels };
    const measured = measureSegments(
      labelMap,
      { voxels, modality: 'CT' },
      [label(1, 'one'), label(2, 'two')],
      NAMES,
    );
    for (const segment of measured) {
      const values = [...voxels].filter((_, index) => labels[index] === segment.segmentNumber);
      const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
      const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
      expect(segment.voxelCount).toBe(values.length);
      expect(segment.measurements.map(({ value }) => value)).toEqual([
        expect.closeTo((values.length * 4) / 1000, 9),
        expect.closeTo(mean, 6),
        expect.closeTo(Math.sqrt(variance), 6),
      ]);
    }
  });

  it('codes what was measured', () => {
    const labelMap = { geometry, voxels: new Uint8Array(480).fill(1) };
    const measure = (modality: string) =>
      measureSegments(
        labelMap,
        { voxels: new Int16Array(480), modality },
        [label(1, 'a')],
        NAMES,
      )[0].measurements;
    const [volume, mean, deviation] = measure('CT');
    expect(volume).toMatchObject({ concept: { value: '118565006' }, unit: { value: 'mL' } });
    expect(mean).toMatchObject({
      concept: { value: '112031', scheme: 'DCM' },
      derivation: { value: '373098007' },
      unit: { value: "[hnsf'U]", scheme: 'UCUM' },
    });
    expect(deviation.derivation?.value).toBe('386136009');
    expect(measure('MR')[1]).toMatchObject({ concept: { value: '110852' }, unit: { value: '1' } });
    expect(measure('PT')[1].concept.value).toBe('373098007');
    expect(measure('PT')[1].derivation).toBeUndefined();
  });

  it('finds a middle slice that holds the segment, and its centre on it', () => {
    const voxels = new Uint8Array(480);
    // Two parts with nothing between: the centre along k, 2.6, lies in the gap.
    voxels[at(2, 3, 1)] = 1;
    voxels[at(4, 3, 1)] = 1;
    for (const i of [5, 6, 7]) {
      voxels[at(i, 6, 4)] = 1;
    }
    const [segment] = measureSegments(
      { geometry, voxels },
      { voxels: new Int16Array(480), modality: 'CT' },
      [label(1, 'a')],
      ['volume'],
    );
    expect(segment.middleSlice).toBe(4);
    expect(segment.centroid).toEqual([100 + 6 * 0.5, 200 + 6 * 2, 300 + 4 * 4]);
  });

  it('reports a segment without voxels', () => {
    const [segment] = measureSegments(
      { geometry, voxels: new Uint8Array(480) },
      { voxels: new Int16Array(480), modality: 'CT' },
      [label(1, 'a')],
      NAMES,
    );
    expect(segment).toMatchObject({ voxelCount: 0, middleSlice: 2 });
    expect(segment.measurements).toMatchObject([{ name: 'volume', value: 0 }]);
  });
});
