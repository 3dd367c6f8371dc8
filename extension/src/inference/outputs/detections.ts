import type { DetectionOutput } from '../../core/findings/types';
import type { Vec3, VolumeGeometry } from '../../core/geometry/types';
import { indexToWorld, worldToIndex } from '../../core/geometry/transform';
import { measureBox } from '../../core/measure/detection';
import type { MeasurementName, OutputOf } from '../../core/model/manifest';
import { inverseAxes } from '../../core/postprocessing/inverseGrid';
import { nonMaximumSuppression, type ScoredBox } from '../../core/postprocessing/nms';

type Detector = OutputOf<'boxes'> | OutputOf<'centerHeatmap'>;

/** Thresholds of detections without an operating point: everything is kept. */
export const KEEP_ALL = 0;

/**
 * Boxes on the network's grid → detections in the patient, strongest first: suppressed by class and
 * overlap, those whose middle lies outside the source volume dropped.
 *
 * @param boxes middle in (fractional) voxels of `network`, whole numbers being voxel centres; edges
 *   in millimetres along its axes
 */
export const detectionsOf = (
  boxes: readonly ScoredBox[],
  network: VolumeGeometry,
  source: VolumeGeometry,
  output: Detector,
  { threshold, names }: { threshold: number; names: readonly MeasurementName[] },
): DetectionOutput => {
  // Overlaps are reckoned in millimetres, as the network's voxels need not be cubes.
  const inMillimetres = boxes.map(box => ({
    ...box,
    index: box.center,
    center: [0, 1, 2].map(axis => box.center[axis] * network.spacing[axis]) as unknown as Vec3,
  }));
  const placed = inMillimetres
    .map(box => {
      const centroid = indexToWorld(network, box.index);
      return { box, centroid, at: worldToIndex(source, centroid) };
    })
    .filter(({ at }) =>
      at.every((index, axis) => index >= -0.5 && index <= source.dimensions[axis] - 0.5),
    );
  const kept = new Set(
    nonMaximumSuppression(
      placed.map(({ box }) => box),
      output,
    ),
  );
  const networkAxes = inverseAxes(source, network, 'nearest').map(({ networkAxis }) => networkAxis);
  const detections = placed
    .filter(({ box }) => kept.has(box))
    .sort((a, b) => b.box.score - a.box.score)
    .map(({ box, centroid, at }) => {
      const size = networkAxes.map(axis => box.size[axis]) as unknown as Vec3;
      const { value: _value, name: label, ...concept } = labelOf(output, box.classValue);
      return {
        ...concept,
        label,
        score: box.score,
        centroid,
        size,
        middleSlice: Math.min(Math.max(Math.round(at[2]), 0), source.dimensions[2] - 1),
        measurements: measureBox(size, names),
      };
    });
  return { kind: 'detection', threshold, detections };
};

const labelOf = (output: Detector, classValue: number) => {
  const label = output.labels.find(({ value }) => value === classValue);
  if (!label) throw new Error(`class ${classValue} has no label`);
  return label;
};
