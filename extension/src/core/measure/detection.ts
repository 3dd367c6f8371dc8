import type { Vec3 } from '../geometry/types';
import type { Measurement } from '../findings/types';
import type { MeasurementName } from '../model/manifest';
import { LONG_AXIS, MILLIMETRE, SHORT_AXIS } from './concepts';

/**
 * What a detection's box says of it: its longer and shorter edge in the source's plane (i, j), as a
 * long and a short axis are measured. The other measurements need a segment.
 *
 * @param size edges along the source's i, j and k, millimetres
 */
export function measureBox(size: Vec3, names: readonly MeasurementName[]): Measurement[] {
  const [i, j] = size;
  const all: Measurement[] = [
    { name: 'longAxis', concept: LONG_AXIS, value: Math.max(i, j), unit: MILLIMETRE },
    { name: 'shortAxis', concept: SHORT_AXIS, value: Math.min(i, j), unit: MILLIMETRE },
  ];
  return all.filter(({ name }) => names.some(wanted => wanted === name));
}
