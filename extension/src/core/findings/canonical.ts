import type { Vec3 } from '../geometry/types';
import type { Measurement, ModelResult } from './types';

/**
 * Engines differ in the last bits of a number, and a result must not be another one for that: what
 * is shown, stored and hashed is rounded to what a reader can use, and beyond what engines agree on.
 */
const rounded = (value: number, digits: number): number => Number(value.toFixed(digits)) + 0;

/** A probability to the hundredth of a percent. */
const canonicalScore = (score: number): number => rounded(score, 4);
/** Millimetres to the hundredth. */
const canonicalPoint = ([x, y, z]: Vec3): Vec3 => [rounded(x, 2), rounded(y, 2), rounded(z, 2)];
const canonicalMeasurement = (measurement: Measurement): Measurement => ({
  ...measurement,
  value: Number(measurement.value.toPrecision(5)) + 0,
});

/**
 * A result with its numbers rounded: probabilities to 0.0001, places and sizes to 0.01 mm, values
 * to five digits; detections strongest first, equal ones by their place. A segmentation's label map
 * is whole numbers already, and stays as it is.
 */
export function canonicalResult<T extends ModelResult>(result: T): T;
export function canonicalResult(result: ModelResult): ModelResult {
  switch (result.kind) {
    case 'segmentation':
      return result;
    case 'detection':
      return {
        ...result,
        detections: result.detections
          .map(detection => ({
            ...detection,
            score: canonicalScore(detection.score),
            centroid: canonicalPoint(detection.centroid),
            size: canonicalPoint(detection.size),
            measurements: detection.measurements.map(canonicalMeasurement),
          }))
          .sort(
            (a, b) =>
              b.score - a.score ||
              a.centroid[2] - b.centroid[2] ||
              a.centroid[1] - b.centroid[1] ||
              a.centroid[0] - b.centroid[0],
          ),
      };
    case 'classification':
      return {
        ...result,
        classes: result.classes.map(each => ({ ...each, score: canonicalScore(each.score) })),
      };
    case 'regression':
      return {
        ...result,
        values: result.values.map(each => ({
          ...each,
          measurement: canonicalMeasurement(each.measurement),
        })),
      };
  }
}

/**
 * The text that a result's id is made of; equal for equal results. For all kinds but segmentation,
 * whose label map is hashed by its bytes. Maps beside a result differ from engine to engine by
 * their last bits and are left out.
 */
export function canonicalText(result: Exclude<ModelResult, { kind: 'segmentation' }>): string {
  const valuesOf = (measurements: readonly Measurement[]) =>
    measurements.map(({ name, value }) => [name, value]);
  switch (result.kind) {
    case 'detection':
      return JSON.stringify(
        result.detections.map(({ key, score, centroid, size, measurements }) => [
          key,
          score,
          centroid,
          size,
          valuesOf(measurements),
        ]),
      );
    case 'classification':
      return JSON.stringify(
        result.classes.map(({ key, score, positive }) => [key, score, positive]),
      );
    case 'regression':
      return JSON.stringify(
        result.values.map(({ key, measurement }) => [key, valuesOf([measurement])]),
      );
  }
}
