import { coverage, ellipsoid, mix } from './fields';
import type { PhantomOptions } from './options';

// Bound once: a test runner's sandbox makes every look-up of a global dear.
const { abs, max } = Math;

/** Air, table and arms: what lies around the body. */
export interface Surroundings {
  /**
   * @param px, py LPS mm in the scanner (the table does not turn with the patient)
   * @param x, y, z the same point, anatomical mm
   */
  at(px: number, py: number, x: number, y: number, z: number, half: number): number;
}

const AIR = -1000;

export function createSurroundings(options: PhantomOptions): Surroundings {
  const { position, scale, fat, rotation, fieldOffset } = options;
  // The table is as low as the lowest point of the back, with a thin mattress upon it.
  const tilt = abs(rotation[0]) * 1.6 + abs(rotation[2]) * 0.4;
  const top = position[1] + scale[1] * (110 + 0.35 * fat) + tilt + 7;
  const middle = position[0] + 0.4 * fieldOffset[0];

  const table = (px: number, py: number): number => {
    const u = px - middle;
    if (abs(u) > 226 || py > top + 30) {
      return AIR;
    }
    const surface = top - 0.0007 * u * u;
    if (py < surface - 9) {
      return AIR;
    }
    const keel = top + 46 * (1 - (u / 222) ** 2) - 24;
    const d = max(surface - py, py - keel, abs(u) - 218);
    const mattress = max(surface - 6 - py, py - surface, abs(u) - 190);
    let v = mix(AIR, -905, coverage(mattress, 0.8));
    // A carbon-fibre shell that holds nothing but air.
    v = mix(v, -240, coverage(abs(d) - 0.9, 0.9));
    return v;
  };

  const arms = (hu: number, x: number, y: number, z: number, half: number): number => {
    const bend = 0.06 * (110 - z);
    const ax = abs(x) - 205 - fat * 0.8;
    const skin = ellipsoid(
      ax + 0.1 * bend,
      y - 18 - bend * 0.4,
      0,
      40 + fat * 0.2,
      46 + fat * 0.2,
      900,
    );
    if (skin > half) {
      return hu;
    }
    let v = mix(hu, -100, coverage(skin, half));
    v = mix(v, 54, coverage(skin + 8 + fat * 0.3, half));
    const bone = ellipsoid(ax, y - 20 - bend * 0.4, 0, 11, 11, 900);
    v = mix(v, 1100, coverage(bone, half));
    return mix(v, -20, coverage(bone + 4.5, half));
  };

  return {
    at: (px, py, x, y, z, half) => {
      const hu = options.table ? table(px, py) : AIR;
      return options.arms === 'down' ? arms(hu, x, y, z, half) : hu;
    },
  };
}
