import { createSkeleton } from './bones';
import {
  coverage,
  createTexture,
  ellipsoid,
  mix,
  smoothstep,
  tubeDistance,
  polyline,
} from './fields';
import { AIRWAY_WALL } from './vasculature';
import type { PhantomOptions } from './options';
import type { Thorax } from './thorax';

// Bound once: a test runner's sandbox makes every look-up of a global dear.
const { abs, max, min, sign, sin } = Math;

/** Density of everything in the body but the lungs' own content. */
export interface Tissue {
  /** HU at an anatomical point inside the skin; `skin` is its signed distance, `half` half an edge. */
  body(x: number, y: number, z: number, zi: number, skin: number, half: number): number;
  /** HU of aerated lung without vessels. */
  parenchyma(x: number, y: number, zi: number): number;
}

const FAT = -102;
const MUSCLE = 54;
const AIR = -995;

const COLON = [
  ...polyline([
    [112, -6, -138, 15],
    [104, -44, -146, 17],
    [76, -70, -162, 18],
    [30, -82, -180, 17],
    [-30, -82, -188, 17],
    [-84, -66, -194, 16],
  ]),
];

/** 1 in the middle of [centre ± width], falling smoothly to 0 at its ends. */
const bump = (value: number, centre: number, width: number): number =>
  1 - smoothstep(0.3 * width, width, abs(value - centre));

export function createTissue(thorax: Thorax, options: PhantomOptions): Tissue {
  const skeleton = createSkeleton(thorax, options.seed);
  const texture = createTexture(options.seed, 'tissue');
  const { blood, breasts, effusion } = options;
  const enhanced = smoothstep(60, 250, blood);
  const liverHu = 58 + 40 * enhanced;
  const spleenHu = 50 + 60 * enhanced;
  const wallHu = 45 + 30 * enhanced;

  const muscleThickness = (s: number, z: number): number => {
    const pectoral = 15 * bump(s, 0.76, 0.2) * bump(z, 10, 95);
    const latissimus = 12 * bump(s, 0.45, 0.24) * bump(z, -40, 130);
    const scapular = 22 * bump(s, 0.33, 0.2) * bump(z, 40, 115);
    const shoulder = 30 * bump(s, 0.5, 0.3) * smoothstep(50, 100, z);
    return 13 + pectoral + latissimus + scapular + shoulder;
  };

  const wall = (
    x: number,
    y: number,
    z: number,
    c: number,
    s: number,
    half: number,
    fat: number,
  ): number => {
    const depth = c - muscleThickness(s, z);
    if (depth > 4) {
      return fat;
    }
    let v = mix(
      fat,
      MUSCLE + 6 * texture(x / 9, y / 9, z / 30),
      coverage(depth - 2 * texture(x / 18, y / 18, z / 18 + 5), half),
    );
    // Fat between the layers of muscle.
    if (abs(c - 13.5) < 5) {
      const seam = abs(c - 13.5 - 2.5 * texture(x / 22, y / 22, z / 22)) - 0.9;
      v = mix(v, FAT, 0.75 * coverage(seam, half));
    } else if (abs(c - 29) < 6) {
      const blade = abs(c - 29 - 4 * texture(x / 25, y / 25, z / 25 + 9)) - 0.7;
      v = mix(v, FAT, 0.6 * coverage(blade, half));
    }
    return v;
  };

  /** Paraspinal and neck muscles, which do not follow the rib cage. */
  const columns = (hu: number, x: number, y: number, z: number, half: number): number => {
    const ax = abs(x);
    const ys = thorax.spineY(z);
    let v = hu;
    if (ax < 60 && y > ys + 18) {
      const erector = ellipsoid(ax - 27, y - ys - 45, 0, 23, 15 + 3 * smoothstep(0, -150, z), 200);
      v = mix(v, MUSCLE + 8 * texture(x / 6, y / 6, z / 25), coverage(erector, half));
      if (z > -60) {
        const trapezius = abs(y - ys - 60 + 0.18 * ax) - 3 - 3 * smoothstep(20, 100, z);
        v = mix(v, MUSCLE, coverage(max(trapezius, ax - 55), half));
      }
    }
    if (z > 55) {
      const neck = ellipsoid(x, y - ys - 8, 0, 62, 58, 200) + 45 * smoothstep(102, 58, z);
      v = mix(
        v,
        MUSCLE + 8 * texture(x / 8, y / 8, z / 20),
        0.85 * coverage(neck + 5 * texture(x / 12, y / 12, z / 30), half),
      );
      const deltoid = ellipsoid(ax - 126, y - 26, z - 108, 56, 54, 50);
      v = mix(
        v,
        MUSCLE + 8 * texture(x / 8, y / 8, z / 20),
        coverage(deltoid + 4 * texture(x / 14, y / 14, z / 30), half),
      );
    }
    return v;
  };

  const abdomen = (
    hu: number,
    x: number,
    y: number,
    zi: number,
    d: number,
    half: number,
  ): number => {
    let v = mix(hu, MUSCLE, coverage(d, half));
    v = mix(v, FAT, coverage(d + 3.2, half));
    const soft = 5 * texture(x / 8, y / 8, zi / 8);
    const limit = d + 4;
    const spleen = max(ellipsoid(x - 98, y - 52, zi + 146, 30, 38, 44), limit);
    v = mix(v, spleenHu + soft, coverage(spleen, half));
    const kidney = ellipsoid(abs(x) - 52, y - 56, zi + 196 - 6 * sign(x), 27, 25, 42);
    v = mix(v, 34 + 120 * enhanced + soft, coverage(max(kidney, limit), half));
    const stomach = max(ellipsoid(x - 66, y - 2, zi + 138, 40, 50, 40), limit + 1);
    if (stomach < 4) {
      v = mix(v, wallHu, coverage(stomach, half));
      const meal = 30 + 45 * texture(x / 7, y / 7, zi / 7);
      // A gas-fluid level: the patient is supine, so gas lies in front.
      v = mix(v, mix(meal, AIR, coverage(y + 12, half)), coverage(stomach + 3.5, half));
    }
    const edge = 34 - 0.5 * y + 0.3 * (zi + 110);
    const liver = max((x - edge) * 0.85, d + 0.5, ellipsoid(x + 40, y, zi + 150, 130, 95, 150));
    v = mix(v, liverHu + soft, coverage(liver, half));
    if (liver < -6) {
      const branch = abs(texture(x / 34 + 3, y / 34, zi / 30)) * 34 - 2.4;
      const other = abs(texture(x / 30, y / 30 + 7, zi / 34)) * 30 - 2.4;
      const lumen = max(branch, other) - 1.5;
      v = mix(v, enhanced > 0.3 ? liverHu + 45 : 42, 0.9 * coverage(lumen, 2));
    }
    for (const t of COLON) {
      const haustra = 2.6 * sin(0.2 * (x - y + zi));
      const colon = max(tubeDistance(t, x, y, zi) + haustra, limit + 1);
      if (colon < 2) {
        v = mix(v, wallHu, coverage(colon, half));
        const stool =
          y > -50 + 12 * texture(x / 14, 0, zi / 14)
            ? 20 + 200 * texture(x / 5, y / 5, zi / 5)
            : AIR;
        v = mix(v, min(stool, 70), coverage(colon + 2.4, half));
      }
    }
    return v;
  };

  const chest = (hu: number, x: number, y: number, z: number, zi: number, half: number): number => {
    let v = hu;
    if (x < 2 ? effusion.right > 0 : effusion.left > 0) {
      v = mix(v, 8, coverage(thorax.pleura(x, y, z, zi), half));
    }
    if (zi < 30 && zi > -150) {
      const h = thorax.heart(x, y, zi);
      if (h < 6) {
        v = mix(v, 25, 0.5 * coverage(abs(h - 2.5) - 0.5, half));
        const septum = abs(0.77 * (x - 18) + 0.64 * (y + 40)) - 5;
        const muscle = min(h + 9, -septum) > 0 && x - 0.4 * y > 10 ? 0.9 : 0;
        const chambers = mix(blood, 50 + 50 * enhanced, enhanced > 0.1 ? muscle : 0);
        v = mix(v, chambers, coverage(h, half));
        // Fat in the atrioventricular groove.
        const groove =
          abs(zi + 60 + 0.35 * (x - 10) - 0.25 * (y + 30)) - 2.6 + 1.3 * max(0, -h - 3);
        v = mix(v, FAT + 20, 0.85 * coverage(max(groove, h - 1), half));
      }
    }
    for (const { tube, content } of thorax.vesselsAt(zi)) {
      const d = tubeDistance(tube, x, y, zi);
      if (content === 'airway') {
        v = mix(v, 35, coverage(d - AIRWAY_WALL, half));
      } else if (d < 2) {
        v = mix(v, content === 'blood' ? blood : content, coverage(d, half));
      }
    }
    return v;
  };

  const body: Tissue['body'] = (x, y, z, zi, skin, half) => {
    const c = skin > -3.5 ? 99 : thorax.cavity(x, y, z);
    let fat = FAT;
    if (c > -half) {
      fat += 7 * texture(x / 12, y / 12, z / 12);
      if (skin > -3.5) {
        return mix(fat, 15, coverage(-skin - 1.8, half));
      }
      // Septa of the subcutaneous fat.
      const septum = abs(texture(x / 26, y / 26 + 11, z / 26)) * 26 - 0.5;
      fat = mix(fat, -50, 0.5 * coverage(septum, 0.9));
      if (breasts > 0 && y < -70) {
        const gland = ellipsoid(
          abs(x) - 76,
          y + 118 + 0.7 * options.fat,
          z + 50,
          40,
          12 + 20 * breasts,
          42,
        );
        fat = mix(
          fat,
          30 + 40 * texture(x / 6, y / 6, z / 6),
          coverage(gland + 14 * texture(x / 8, y / 8, z / 8), 2),
        );
      }
    }
    let v = fat;
    let s = 0;
    if (c > -3) {
      s = thorax.girth(x, y, z);
      v = c < 56 ? wall(x, y, z, c, s, half, fat) : fat;
      v = columns(v, x, y, z, half);
    }
    if (c < 3) {
      let inner = FAT + 6 * texture(x / 10, y / 10, z / 10);
      inner = chest(inner, x, y, z, zi, half);
      if (zi < -70) {
        const d = thorax.dome(x, y, zi);
        if (d < 3) {
          inner = abdomen(inner, x, y, zi, d, half);
          const great = thorax.vesselsAt(zi);
          for (const { tube } of great) {
            const t = tubeDistance(tube, x, y, zi);
            if (t < 2 && tube.az < -80) {
              inner = mix(inner, mix(blood, liverHu, 0.2), coverage(t, half));
            }
          }
        } else if (c > -14 && zi < -130) {
          inner = MUSCLE;
        }
      }
      v = mix(v, inner, coverage(c, half));
    }
    v = skeleton.cage(v, x, y, z, c, s, half);
    v = skeleton.spine(v, x, y, z, half);
    if (z > 40) {
      v = skeleton.shoulder(v, x, y, z, half);
    }
    return v;
  };

  const { emphysema } = options;
  const parenchyma: Tissue['parenchyma'] = (x, y, zi) => {
    const fine = texture(x / 4.5, y / 4.5, zi / 4.5);
    const coarse = texture(x / 17, y / 17, zi / 17);
    // Blood gathers in the dependent lung: about 0.45 HU per mm of height when supine.
    let v = options.parenchyma + 0.42 * (y + 4) - 0.08 * zi + 10 * fine + 12 * coarse;
    const above = thorax.oblique(x, y, zi);
    if (above < 2.5 && above > -2.5) {
      v += 95 * coverage(abs(above) - 0.5, 0.7);
    }
    if (x < 0 && above > 2) {
      const minor = abs(thorax.horizontal(x, y, zi));
      if (minor < 2.5) {
        v += 80 * coverage(minor - 0.5, 0.8);
      }
    }
    if (emphysema > 0) {
      const hole =
        texture(x / 9 + 5, y / 9, zi / 9) +
        0.35 * fine -
        1.05 +
        1.7 * emphysema * smoothstep(-120, 70, zi);
      v = mix(v, -972, smoothstep(-0.08, 0.12, hole));
    }
    return v;
  };

  return { body, parenchyma };
}
