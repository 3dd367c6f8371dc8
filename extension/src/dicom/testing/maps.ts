import type { RunResult, ScalarMap } from '../../core/findings/types';
import type { VolumeGeometry } from '../../core/geometry/types';
import { voxelCount } from '../../core/geometry/transform';

/** A map of values that differ everywhere, some of which no decimal string holds. */
export const mapOn = (geometry: VolumeGeometry, key = 'saliency'): ScalarMap => ({
  key,
  label: { en: `Map of ${key}`, uk: `Карта ${key}` },
  concept: { value: '113063', scheme: 'DCM', meaning: 'Probability' },
  unit: { value: '1', scheme: 'UCUM', meaning: 'no units' },
  geometry,
  values: Float32Array.from({ length: voxelCount(geometry) }, (_, at) => Math.sin(at) / 3),
});

export const withMaps = (run: RunResult, ...maps: ScalarMap[]): RunResult => ({ ...run, maps });

/** A grid as a network has it: coarser, turned to RAS, and not beginning where the source does. */
export const networkGrid = ({ origin }: VolumeGeometry): VolumeGeometry => ({
  dimensions: [5, 4, 3],
  spacing: [2, 2.5, 10 / 3],
  origin: [origin[0] + 12.1, origin[1] + 7.3, origin[2] + 0.7],
  direction: [
    [-1, 0, 0],
    [0, -1, 0],
    [0, 0, 1],
  ],
});
