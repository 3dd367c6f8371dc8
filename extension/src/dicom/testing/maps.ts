import type { Finding, RunResult, ScalarMap } from '../../core/findings/types';
import type { VolumeGeometry } from '../../core/geometry/types';
import { voxelCount } from '../../core/geometry/transform';
import { uidFrom } from '../../core/model/identity';

/** A map of values that differ everywhere, some of which no decimal string holds. */
export const mapOn = (geometry: VolumeGeometry, key = 'saliency'): ScalarMap => ({
  key,
  label: { en: `Map of ${key}`, uk: `Карта ${key}` },
  concept: { value: '113063', scheme: 'DCM', meaning: 'Probability' },
  unit: { value: '1', scheme: 'UCUM', meaning: 'no units' },
  geometry,
  values: Float32Array.from({ length: voxelCount(geometry) }, (_, at) => Math.sin(at) / 3),
});

/** A run with maps beside its result, each of them a finding. */
export const withMaps = (run: RunResult, ...maps: ScalarMap[]): RunResult => ({
  ...run,
  maps,
  findings: [
    ...run.findings,
    ...maps.map((map): Finding => {
      const middleSlice = Math.floor(run.source.slices.length / 2);
      return {
        id: uidFrom('finding', run.runId, `map-${map.key}`),
        trackingIdentifier: `${run.provenance.modelId}/map-${map.key}`,
        runId: run.runId,
        kind: 'map',
        concept: { key: map.key, label: map.label, type: map.concept },
        mapKey: map.key,
        measurements: [],
        middleSlice,
        centroid: map.geometry.origin,
        referencedSOPInstanceUID: run.source.slices[middleSlice].sopInstanceUID,
        referencedFrameNumber: run.source.slices[middleSlice].frameNumber,
      };
    }),
  ],
});

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
