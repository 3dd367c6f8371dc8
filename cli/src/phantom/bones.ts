import {
  coverage,
  createTexture,
  ellipsoid,
  mix,
  smoothstep,
  superellipse,
  tubeDistance,
  type Tube,
} from './fields';
import type { Thorax } from './thorax';

// Bound once: a test runner's sandbox makes every look-up of a global dear.
const { PI, abs, exp, floor, max, min, round, sin, sqrt } = Math;

/** Paints bone over `hu` at an anatomical point; `half` is half the width of an edge, mm. */
export interface Skeleton {
  /** Ribs, scapulae and sternum; `c` is the distance to the rib cage, `s` the girth (see Thorax). */
  cage(hu: number, x: number, y: number, z: number, c: number, s: number, half: number): number;
  spine(hu: number, x: number, y: number, z: number, half: number): number;
  shoulder(hu: number, x: number, y: number, z: number, half: number): number;
}

const CORTEX = 750;
const MARROW = 190;
const RIB_SPACING = 22.5;
const VERTEBRA = 24;

export function createSkeleton(thorax: Thorax, seed: number): Skeleton {
  const grain = createTexture(seed, 'marrow');

  /** Bone of signed distance d: a cortex of thickness `t` around spongy bone. */
  const bone = (hu: number, d: number, t: number, marrow: number, half: number): number => {
    const outer = coverage(d, half);
    return outer <= 0 ? hu : mix(hu, mix(CORTEX, marrow, coverage(d + t, half)), outer);
  };

  const cage: Skeleton['cage'] = (hu, x, y, z, c, s, half) => {
    let v = hu;
    if (c > 0 && c < 13 && s > 0.085) {
      // Height of the rib along its course: down and forward, then its cartilage up to the sternum.
      const drop = 46 + 50 * smoothstep(92, 10, z);
      const course = smoothstep(0, 0.76, s) - 0.34 * smoothstep(0.74, 1, s);
      const n = (90 - (z + drop * course)) / RIB_SPACING;
      const rib = round(n);
      const end = rib >= 11 ? 0.32 : rib >= 10 ? 0.45 : rib >= 8 ? 0.7 : 0.74;
      if (rib >= 0 && rib <= 11 && s < (rib > 8 ? end + 0.05 : 0.97)) {
        const dz = (n - rib) * RIB_SPACING * 0.86;
        const dr = c - 6;
        const wide = s < 0.2 ? 4.8 : 5.6;
        const d = (sqrt((dz / wide) ** 2 + (dr / 3.3) ** 2) - 1) * 4;
        if (d < 2) {
          const cartilage = smoothstep(end - 0.005, end + 0.015, s);
          const bony = bone(v, d, 1.3, 170 + 60 * grain(x / 3, y / 3, z / 3), half);
          v = cartilage <= 0 ? bony : mix(bony, mix(v, 95, coverage(d, half)), cartilage);
        }
      }
    }
    const ax = abs(x);
    if (c > 15 && c < 52 && z > -48 && z < 96 && s > 0.1 && s < 0.62) {
      // The blade of the scapula lies on the cage; its spine stands out behind.
      const up = (z + 45) / 135;
      const inner = 0.24 - 0.04 * up;
      const outer = inner + 0.08 + 0.23 * up;
      const edge = max((inner - s) * 330, (s - outer) * 330, -45 - z, z - 90);
      const depth = 21 + 5 * up + 6 * sin(PI * min(max((s - inner) / (outer - inner), 0), 1));
      const rim = 1.6 + 2.8 * exp(-((edge + 4) ** 2) / 20);
      let d = max(edge, abs(c - depth) - rim);
      const ridge = max(
        abs(z - 52 - 60 * (s - inner)) - 2.6,
        depth - c,
        c - depth - 20 * smoothstep(inner, outer, s),
        edge,
      );
      d = min(d, ridge);
      if (d < 2) {
        v = bone(v, d, 1.1, 200, half);
      }
    }
    if (s > 0.86 && c > -2 && c < 22 && z > -112 && z < 54) {
      const half0 =
        z > 8
          ? 15 + 15 * smoothstep(8, 48, z)
          : 15 + 4 * smoothstep(-30, -80, z) - 11 * smoothstep(-86, -108, z);
      const d = (sqrt((ax / half0) ** 4 + ((c - 8) / 5.2) ** 4) ** 0.5 - 1) * 5;
      const seam = abs(z - 5) < 1.6;
      const ends = max(d, z - 50, -110 - z);
      if (ends < 2 && !seam) {
        v = bone(v, ends, 1.2, 110 + 60 * grain(x / 3, y / 3, z / 3), half);
      }
    }
    return v;
  };

  const spine: Skeleton['spine'] = (hu, x, y, z, half) => {
    const ys = thorax.spineY(z);
    const yr = y - ys;
    const ax = abs(x);
    if (ax > 48 || yr < -24 || yr > 64) {
      return hu;
    }
    const level = (z + 360) / VERTEBRA;
    const phase = (level - floor(level)) * VERTEBRA;
    const size = mix(0.82, 1.12, smoothstep(110, -200, z));
    let v = hu;
    // Vertebral body, waisted, and the disc between two.
    const waist = 1.6 * sin((PI * min(phase, 19)) / 19);
    const outline = superellipse(x, yr, 16.5 * size - waist, 13.5 * size - waist, 1.5);
    const body = max(outline, phase > 19 ? 3 - abs(phase - 21.5) : -min(phase, 19 - phase));
    if (phase > 18 || phase < 1) {
      v = mix(v, 80, coverage(superellipse(x, yr, 17 * size, 14 * size, 1.5), half));
    }
    v = bone(v, body, 1.2, MARROW + 70 * grain(x / 2.5, y / 2.5, z / 2.5), half);
    // Canal: fat, theca, cord.
    const canalY = yr - 13.5 * size - 9.5;
    const canal = superellipse(x, canalY, 10.5, 9, 1.8);
    const arch = phase < 15;
    const ring = max(superellipse(x, canalY, 17, 14.5, 1.8), -canal);
    if (arch) {
      v = bone(v, ring, 1.5, 260, half);
      // Transverse processes at the height of the pedicles, spinous process sloping down.
      const tz = phase - 10;
      const out = min(max((ax - 12) / 22, 0), 1);
      const transverse = sqrt((yr - 24 - 12 * out) ** 2 + (tz * 0.8) ** 2) - 5.2;
      v = bone(v, max(transverse, ax - 36, 10 - ax), 1.3, 220, half);
    }
    const sp = yr - 36;
    const slope = ((phase + 10 + 0.9 * sp) % VERTEBRA) - 12;
    const spinous = max(ax - 2.6 - 0.08 * max(sp, 0), -sp - 4, sp - 24, abs(slope) - 5);
    v = bone(v, spinous, 1.2, 240, half);
    const inside = coverage(canal, half);
    if (inside > 0) {
      const cord = mix(
        mix(-60, 12, coverage(canal + 1.6, half)),
        40,
        coverage(ellipsoid(x, canalY, 0, 6, 5, 9), half),
      );
      v = mix(v, cord, inside);
    }
    return v;
  };

  const clavicle: Tube[] = [
    { ax: 16, ay: -52, az: 52, bx: 58, by: -46, bz: 74, ra: 7.5, rb: 5.5 },
    { ax: 58, ay: -46, az: 74, bx: 122, by: -6, bz: 104, ra: 5.5, rb: 6 },
    { ax: 122, ay: -6, az: 104, bx: 150, by: 22, bz: 118, ra: 6, rb: 7 },
  ];
  const shoulder: Skeleton['shoulder'] = (hu, x, y, z, half) => {
    let v = hu;
    const ax = abs(x);
    for (const t of clavicle) {
      const d = tubeDistance(t, ax, y, z);
      if (d < 2) {
        v = bone(v, d, 1.8, 220, half);
      }
    }
    const glenoid = ellipsoid(ax - 131, y - 26, z - 92, 12, 15, 20);
    const humerus = ellipsoid(ax - 154, y - 20, z - 112, 18, 21, 22);
    if (glenoid < 2) {
      v = bone(v, glenoid, 1.4, 200, half);
    }
    if (humerus < 2) {
      v = bone(v, humerus, 1.3, 190 + 50 * grain(x / 3, y / 3, z / 3), half);
    }
    return v;
  };

  return { cage, spine, shoulder };
}
