import { createRandom, type Random } from './random';
import { HILUM } from './vasculature';
import type { Tube } from './fields';
import type { Thorax } from './thorax';

// Bound once: a test runner's sandbox makes every look-up of a global dear.
const { abs, cbrt, hypot, max, min, round } = Math;

/** One segment of a pulmonary tree, anatomical coordinates at the present breath-hold. */
export interface Branch {
  tube: Tube;
  kind: 'vessel' | 'bronchus';
}

type Point = [number, number, number];

/** Points spread over one lung, with its lobe: 0 lower, 1 upper, 2 middle. */
function scatter(
  thorax: Thorax,
  random: Random,
  side: 'left' | 'right',
  count: number,
  margin: number,
): { point: Point; lobe: number }[] {
  const out: { point: Point; lobe: number }[] = [];
  for (let tries = 0; out.length < count && tries < count * 40; tries++) {
    const x = side === 'left' ? random.between(2, 142) : random.between(-142, 2);
    const y = random.between(-92, 100);
    const zi = random.between(-172, 104);
    const z = thorax.breath.fromReference(zi);
    if (thorax.lung(x, y, z, zi) > -margin) {
      continue;
    }
    const oblique = thorax.oblique(x, y, zi);
    const horizontal = thorax.horizontal(x, y, zi);
    if (abs(oblique) < 3 || (side === 'right' && oblique > 0 && abs(horizontal) < 3)) {
      continue;
    }
    const lobe = oblique < 0 ? 0 : side === 'right' && horizontal < 0 ? 2 : 1;
    out.push({ point: [x, y, zi], lobe });
  }
  return out;
}

/**
 * A tree from `root` to every target: targets are halved across their widest direction, each branch
 * runs part of the way to its targets' centroid, and radii follow Murray's law (r³ adds up).
 */
function grow(
  root: Point,
  groups: Point[][],
  random: Random,
  terminal: number,
  emit: (a: Point, b: Point, ra: number, rb: number) => void,
): void {
  const radius = (n: number) => terminal * cbrt(n);
  const limb = (a: Point, b: Point, ra: number, rb: number) => {
    const length = hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2]);
    const wobble = 0.09 * length;
    const m: Point = [
      (a[0] + b[0]) / 2 + random.between(-wobble, wobble),
      (a[1] + b[1]) / 2 + random.between(-wobble, wobble),
      (a[2] + b[2]) / 2 + random.between(-wobble, wobble),
    ];
    emit(a, m, ra, (ra + rb) / 2);
    emit(m, b, (ra + rb) / 2, rb);
  };
  const branch = (from: Point, targets: Point[], parent: number): void => {
    const n = targets.length;
    const r = min(parent, radius(n));
    if (n === 1) {
      limb(from, targets[0], r, 0.85 * terminal);
      return;
    }
    const centre: Point = [0, 0, 0];
    for (const t of targets) {
      for (let i = 0; i < 3; i++) {
        centre[i] += t[i] / n;
      }
    }
    let axis: Point = [random.gaussian(), random.gaussian(), random.gaussian()];
    for (let iteration = 0; iteration < 4; iteration++) {
      const next: Point = [1e-6, 0, 0];
      for (const t of targets) {
        const dot =
          (t[0] - centre[0]) * axis[0] +
          (t[1] - centre[1]) * axis[1] +
          (t[2] - centre[2]) * axis[2];
        for (let i = 0; i < 3; i++) {
          next[i] += dot * (t[i] - centre[i]);
        }
      }
      const norm = hypot(...next) || 1;
      axis = [next[0] / norm, next[1] / norm, next[2] / norm];
    }
    const part = n > 40 ? random.between(0.32, 0.5) : random.between(0.45, 0.62);
    const end: Point = [
      from[0] + part * (centre[0] - from[0]),
      from[1] + part * (centre[1] - from[1]),
      from[2] + part * (centre[2] - from[2]),
    ];
    limb(from, end, r, r);
    const side = (t: Point) =>
      (t[0] - centre[0]) * axis[0] + (t[1] - centre[1]) * axis[1] + (t[2] - centre[2]) * axis[2];
    const sorted = [...targets].sort((p, q) => side(p) - side(q));
    const cut = min(max(1, round(n * random.between(0.36, 0.64))), n - 1);
    branch(end, sorted.slice(0, cut), r);
    branch(end, sorted.slice(cut), r);
  };
  for (const group of groups) {
    if (group.length > 0) {
      branch(root, group, Infinity);
    }
  }
}

/**
 * Pulmonary arteries, veins and bronchi of both lungs.
 *
 * @param count terminal branches of each vascular tree
 */
export function growTrees(thorax: Thorax, seed: number, count: number): Branch[] {
  const branches: Branch[] = [];
  const place = ([x, y, zi]: Point): Point => [x, y, thorax.breath.fromReference(zi)];
  const add = (kind: Branch['kind'], a: Point, b: Point, ra: number, rb: number) => {
    const p = place(a);
    const q = place(b);
    branches.push({
      kind,
      tube: { ax: p[0], ay: p[1], az: p[2], bx: q[0], by: q[1], bz: q[2], ra, rb },
    });
  };
  for (const side of ['right', 'left'] as const) {
    for (const kind of ['artery', 'vein'] as const) {
      const random = createRandom(seed, `${side} ${kind}`);
      const targets = scatter(thorax, random, side, count, 4);
      const lobes = [0, 1, 2].map(lobe => targets.filter(t => t.lobe === lobe).map(t => t.point));
      const terminal = 0.46 * (2600 / count) ** 0.2;
      grow([...HILUM[side][kind]], lobes, random, terminal, (a, b, ra, rb) => {
        add('vessel', a, b, ra, rb);
        // A bronchus runs with its artery, a little larger than it in the large branches.
        if (kind === 'artery' && ra > 1.15) {
          const shift = 0.9 * (ra + rb);
          const start: Point = [a[0], a[1] + shift * 0.8, a[2] + shift * 0.6];
          const end: Point = [b[0], b[1] + shift * 0.8, b[2] + shift * 0.6];
          add('bronchus', start, end, 0.8 * ra, 0.8 * rb);
        }
      });
      if (kind === 'artery') {
        const [x, y, z] = HILUM[side].bronchus;
        const sign = side === 'left' ? 1 : -1;
        add('bronchus', [x, y, z], [x + 12 * sign, y + 4, z - 22], 5.4, 4);
        add('bronchus', [x, y, z], [x + 14 * sign, y - 4, z + 14], 4.6, 3.4);
      }
    }
  }
  return branches;
}
