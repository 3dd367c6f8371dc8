import {
  createProfile,
  createTexture,
  ellipsoid,
  smoothIntersection,
  smoothstep,
  smoothUnion,
  superellipse,
  tubeDistance,
} from './fields';
import { AIRWAY, MEDIASTINAL_TUBES, type Vessel } from './vasculature';
import type { PhantomOptions } from './options';

// Bound once: a test runner's sandbox makes every look-up of a global dear.
const { PI, abs, atan2, exp, floor, max, min, sqrt } = Math;

/**
 * The surfaces that bound the lungs, as signed distances (mm, negative inside) in anatomical
 * coordinates: LPS axes, carina at z = 0, midline x = 0. Organs that move with the breath take `zi`,
 * the height in the reference breath-hold (`breath.toReference(z)`); the cage takes z itself.
 */
export interface Thorax {
  skin(x: number, y: number, z: number): number;
  /** The inner surface of the rib cage. */
  cavity(x: number, y: number, z: number): number;
  /** 0 at the back's midline to 1 at the sternum, along the rib cage. */
  girth(x: number, y: number, z: number): number;
  spineY(z: number): number;
  heart(x: number, y: number, zi: number): number;
  /** Diaphragm of the side of x, negative under the dome. */
  dome(x: number, y: number, zi: number): number;
  mediastinum(x: number, y: number, z: number, zi: number): number;
  /** Both lungs; the patient's left is x > 0. Positive in a pleural effusion. */
  lung(x: number, y: number, z: number, zi: number): number;
  /** The pleural cavities: lungs and effusion. */
  pleura(x: number, y: number, z: number, zi: number): number;
  /** Signed distances to the fissures: `[oblique, horizontal]`, positive above. */
  oblique(x: number, y: number, zi: number): number;
  horizontal(x: number, y: number, zi: number): number;
  /** Lumen of trachea and main bronchi. */
  airway(x: number, y: number, zi: number): number;
  /** Mediastinal vessels near a height. */
  vesselsAt(zi: number): readonly Vessel[];
  breath: Breath;
}

/**
 * The breath-hold: what is at height `zr` in the reference lies at
 * `zr - inspiration·s(zr)` now, where s rises smoothly from 0 at z = 40 to 1 at z = -110.
 */
export interface Breath {
  fromReference(zr: number): number;
  toReference(z: number): number;
}

export const BREATH_TOP = 40;
export const BREATH_BOTTOM = -110;

export function createBreath(inspiration: number): Breath {
  const fromReference = (zr: number) =>
    zr - inspiration * (1 - smoothstep(BREATH_BOTTOM, BREATH_TOP, zr));
  const low = -330;
  const table = new Float64Array(2400);
  for (let i = 0; i < table.length; i++) {
    const z = low + i * 0.25;
    let zr = z;
    for (let n = 0; n < 40; n++) {
      zr += 0.7 * (z - fromReference(zr));
    }
    table[i] = zr;
  }
  return {
    fromReference,
    toReference: z => {
      const s = min(max((z - low) * 4, 0), table.length - 2);
      const i = s | 0;
      return table[i] + (s - i) * (table[i + 1] - table[i]);
    },
  };
}

const CAVITY_A = [
  [-330, 128],
  [-200, 136],
  [-150, 139],
  [-100, 137],
  [-50, 131],
  [0, 121],
  [40, 104],
  [68, 84],
  [85, 64],
  [97, 38],
  [104, 8],
] as const;
const CAVITY_B = [
  [-330, 84],
  [-200, 88],
  [-150, 91],
  [-100, 91],
  [-50, 87],
  [0, 79],
  [40, 66],
  [68, 52],
  [85, 40],
  [97, 25],
  [104, 6],
] as const;
const CAVITY_Y = [
  [-330, 5],
  [-200, 5],
  [-150, 5],
  [-100, 3],
  [-50, 2],
  [0, 4],
  [40, 10],
  [68, 17],
  [85, 22],
  [97, 25],
  [104, 26],
] as const;
const SKIN_A = [
  [-330, 158],
  [-200, 163],
  [-150, 166],
  [-100, 165],
  [-50, 163],
  [0, 162],
  [40, 166],
  [70, 172],
  [95, 172],
  [125, 158],
] as const;
const SKIN_FRONT = [
  [-330, -106],
  [-200, -110],
  [-150, -111],
  [-100, -112],
  [-50, -110],
  [0, -99],
  [40, -80],
  [70, -62],
  [95, -50],
  [125, -44],
] as const;
const SKIN_BACK = [
  [-330, 104],
  [-200, 108],
  [-150, 111],
  [-100, 113],
  [-50, 113],
  [0, 110],
  [40, 106],
  [70, 104],
  [95, 102],
  [125, 94],
] as const;
const SPINE_Y = [
  [-330, 36],
  [-200, 43],
  [-150, 48],
  [-100, 50],
  [-50, 48],
  [0, 43],
  [50, 37],
  [90, 30],
  [125, 22],
] as const;

const BUCKET_LOW = -360;

export function createThorax(options: PhantomOptions): Thorax {
  const breath = createBreath(options.inspiration);
  const cavityA = createProfile(CAVITY_A);
  const cavityB = createProfile(CAVITY_B);
  const cavityY = createProfile(CAVITY_Y);
  const skinA = createProfile(SKIN_A);
  const skinFront = createProfile(SKIN_FRONT);
  const skinBack = createProfile(SKIN_BACK);
  const spineY = createProfile(SPINE_Y);
  const ripple = createTexture(options.seed, 'surfaces');
  const { fat, breasts } = options;

  const buckets: Vessel[][] = Array.from({ length: 560 }, (_, i) => {
    const z = BUCKET_LOW + i;
    return MEDIASTINAL_TUBES.filter(
      ({ tube: t }) =>
        z > min(t.az, t.bz) - max(t.ra, t.rb) - 14 && z < max(t.az, t.bz) + max(t.ra, t.rb) + 14,
    );
  });
  const vesselsAt = (zi: number) =>
    buckets[min(max(floor(zi) - BUCKET_LOW, 0), buckets.length - 1)];

  const skin = (x: number, y: number, z: number): number => {
    const front = skinFront(z) - 0.7 * fat;
    const back = skinBack(z) + 0.35 * fat;
    const b = (back - front) / 2;
    const yc = (back + front) / 2;
    let d = superellipse(x, y - yc, skinA(z) + fat, b, 1.3);
    // The furrow over the spine, and a back that the table flattens.
    if (y > 60) {
      d += 5 * exp(-((x / 22) ** 2)) * smoothstep(60, 95, y);
      d = smoothIntersection(d, y - back + 5, 10);
    } else if (breasts > 0 && y < 0) {
      const side = abs(x) - 78;
      const e = ellipsoid(side, y - front - 12, z + 48, 62, 18 + 34 * breasts, 60);
      d = smoothUnion(d, e, 22);
    }
    return d;
  };

  const cavity = (x: number, y: number, z: number): number =>
    superellipse(x, y - cavityY(z), cavityA(z), cavityB(z), 1.25) +
    1.2 * ripple(x / 30, y / 30, z / 22);

  const girth = (x: number, y: number, z: number): number =>
    atan2(abs(x) / cavityA(z), (y - cavityY(z)) / cavityB(z)) / PI;

  const heart = (x: number, y: number, zi: number): number => {
    const dx = x - 40;
    const dy = y + 26;
    const lv = ellipsoid(0.77 * dx - 0.64 * dy, 0.64 * dx + 0.77 * dy, zi + 84, 45, 34, 42);
    const rv = ellipsoid(x - 10, y + 46, zi + 84, 44, 29, 36);
    const ra = ellipsoid(x + 27, y + 20, zi + 64, 27, 32, 37);
    const la = ellipsoid(x - 4, y + 4, zi + 44, 35, 20, 24);
    return smoothUnion(smoothUnion(lv, rv, 12), smoothUnion(ra, la, 12), 12);
  };

  /** One dome: an ellipsoid that goes on below its base as the cylinder apposed to the wall. */
  const cupola = (
    x: number,
    y: number,
    above: number,
    rx: number,
    ry: number,
    height: number,
  ): number => {
    const uu = (x / rx) ** 2;
    const vv = (y / ry) ** 2;
    const w = above > 0 ? above / height : 0;
    const rho = sqrt(sqrt(uu * uu + vv * vv + 1.3 * uu * vv) + w * w);
    if (rho < 0.05) {
      return -60;
    }
    const g = sqrt(uu / (rx * rx) + vv / (ry * ry) + (w * w) / (height * height));
    return ((rho - 1) * rho) / (g + 1e-6);
  };

  const dome = (x: number, y: number, zi: number): number => {
    const right = x < 45 ? cupola(x + 67, y - 5, zi + 172, 72, 90, 79) : 60;
    const left = x > -45 ? cupola(x - 70, y - 5, zi + 174, 69, 89, 69) : 60;
    // The central tendon carries the heart.
    const tendon = ellipsoid(x, y + 22, zi + 172, 66, 62, 52);
    const d = smoothUnion(smoothUnion(right, left, 14), tendon, 14);
    return d + 1.5 * ripple(x / 26 + 9, y / 26, 3);
  };

  const mediastinum = (x: number, y: number, z: number, zi: number): number => {
    const ys = spineY(z);
    // Spine with the tissue before it; it makes the paravertebral gutters.
    const column = superellipse(x, y - ys - 8, 25, 34, 1.6);
    const behind = exp(-(((y - 14) / 26) ** 2));
    const inlet = smoothstep(36, 84, z);
    const low = smoothstep(-60, -110, zi);
    const slab = abs(x - 3) - (2.5 + 15 * behind + 22 * inlet + 8 * low);
    let d = smoothUnion(column, slab, 14);
    if (zi < 4 && zi > -140 && abs(x - 18) < 84) {
      d = smoothUnion(d, heart(x, y, zi) - 2.6 - 1.6 * ripple(x / 24, y / 24, zi / 24), 8);
    }
    for (const vessel of vesselsAt(zi)) {
      const t = tubeDistance(vessel.tube, x, y, zi) - vessel.cuff;
      if (t < d + 12) {
        d = smoothUnion(d, t, 10);
      }
    }
    return d;
  };

  const pleura = (x: number, y: number, z: number, zi: number): number => {
    let d = cavity(x, y, z) + 0.8;
    if (d > 12) {
      return d;
    }
    // The costophrenic recess ends lower behind than in front.
    const recess = -118 - 52 * smoothstep(-75, 80, y) - zi;
    d = smoothIntersection(d, recess, 6);
    if (zi < -75) {
      d = smoothIntersection(d, 2.5 - dome(x, y, zi), 4);
    }
    // Nothing of the mediastinum reaches further than this to the sides.
    return d > 12 || abs(x) > 112 ? d : smoothIntersection(d, -mediastinum(x, y, z, zi), 4);
  };

  const { effusion } = options;
  const lung = (x: number, y: number, z: number, zi: number): number => {
    const d = pleura(x, y, z, zi);
    const depth = x < 2 ? effusion.right : effusion.left;
    if (depth <= 0 || d > 12) {
      return d;
    }
    // Fluid gathers behind and below; its inner surface climbs the lateral wall as a meniscus.
    const level = cavityY(z) + cavityB(z) - depth * smoothstep(60, -120, z);
    const meniscus = 0.12 * depth * smoothstep(60, 135, abs(x));
    return smoothIntersection(d, y - level + meniscus, 8);
  };

  return {
    skin,
    cavity,
    girth,
    spineY,
    heart,
    dome,
    mediastinum,
    pleura,
    lung,
    oblique: (x, y, zi) =>
      0.58 * (zi - (38 - 1.4 * (58 - y)) - 7 * ripple(x / 45, y / 45, 11) - 0.12 * abs(x)),
    horizontal: (x, y, zi) => zi + 32 + 0.1 * y - 6 * ripple(x / 40, y / 40, 21),
    airway: (x, y, zi) => {
      let d = 1e9;
      if (zi > -48 && abs(x) < 64) {
        for (const t of AIRWAY) {
          d = min(d, tubeDistance(t, x, y, zi));
        }
      }
      return d;
    },
    vesselsAt,
    breath,
  };
}
