import { createRandom } from './random';
import type { NoduleOptions } from './options';
import type { Thorax } from './thorax';
import type { Branch } from './trees';

// Bound once: a test runner's sandbox makes every look-up of a global dear.
const { PI, abs, cbrt, cos, hypot, sin, sqrt } = Math;

/** A nodule in its place. */
export interface Nodule {
  options: NoduleOptions;
  /** Anatomical mm; z in the reference breath-hold. */
  reference: readonly [number, number, number];
  side: 'left' | 'right';
}

/**
 * Puts each nodule at the best place of its kind within about 30 mm of where it is asked for.
 *
 * @param radiusScale anatomical mm per mm (nodules keep their size when the anatomy is scaled)
 */
export function placeNodules(
  thorax: Thorax,
  branches: readonly Branch[],
  nodules: readonly NoduleOptions[],
  radiusScale: number,
): Nodule[] {
  const placed: Nodule[] = [];
  const { breath } = thorax;
  for (const options of nodules) {
    const radius = (options.diameter / 2) * radiusScale * (1 + options.lobulation);
    const [nx, ny, nz] = options.near;
    let best: [number, number, number] | undefined =
      options.kind === 'placed' ? [nx, ny, nz] : undefined;
    let least = 1e6;
    const consider = (x: number, y: number, zi: number, extra: number, depth: number) => {
      const away = hypot(x - nx, y - ny, zi - nz);
      if (away + extra >= least || x * nx <= 0) {
        return;
      }
      const d = thorax.lung(x, y, breath.fromReference(zi), zi);
      const wrong =
        options.kind === 'pleural' ? abs(d + radius + 0.4) * 25 : d < -(radius + depth) ? 0 : 1e6;
      const clash = placed.some(
        other =>
          hypot(other.reference[0] - x, other.reference[1] - y, other.reference[2] - zi) <
          radius + other.options.diameter + 4,
      );
      if (!clash && away + extra + wrong < least) {
        least = away + extra + wrong;
        best = [x, y, zi];
      }
    };
    if (options.kind === 'vascular') {
      for (const { tube: t, kind } of branches) {
        if (kind === 'vessel' && t.ra > 0.9 && t.ra < 2.4) {
          const zi = breath.toReference((t.az + t.bz) / 2);
          consider((t.ax + t.bx) / 2, (t.ay + t.by) / 2 - radius - 0.6 * t.ra, zi, 0, 4);
        }
      }
    } else if (options.kind !== 'placed') {
      const reach = options.kind === 'pleural' ? 44 : 26;
      const near = branches.filter(
        ({ tube: t, kind }) =>
          kind === 'vessel' && t.ra > 0.8 && abs(t.ax - nx) < 60 && abs(t.ay - ny) < 60,
      );
      for (let x = nx - reach; x <= nx + reach; x += 3) {
        for (let y = ny - reach; y <= ny + reach; y += 3) {
          for (let zi = nz - 18; zi <= nz + 18; zi += 3) {
            if (options.kind === 'pleural') {
              const z = breath.fromReference(zi);
              const c = thorax.cavity(x, y, z);
              if (c > -(radius + 3) && c < -radius + 1) {
                consider(x, y, zi, 0, 0);
              }
              continue;
            }
            const z = breath.fromReference(zi);
            const crowded = near.some(
              ({ tube: t }) => hypot(t.ax - x, t.ay - y, t.az - z) < radius + t.ra + 2.5,
            );
            if (!crowded) {
              consider(x, y, zi, 0, 6);
            }
          }
        }
      }
    }
    if (best) {
      placed.push({ options, reference: best, side: best[0] > 2 ? 'left' : 'right' });
    }
  }
  return placed;
}

/**
 * Radius (mm) of a lobulated nodule in a unit direction. The mean of its cube is exactly that of the
 * sphere asked for (by 4,096 directions of a Fibonacci lattice), so the volume is πd³/6.
 */
export function createSurface(
  options: NoduleOptions,
  seed: number,
): (x: number, y: number, z: number) => number {
  const random = createRandom(seed, 'surface');
  const waves = Array.from({ length: 6 }, () => ({
    k: [0, 1, 2].map(() => 3 * random.gaussian()),
    phase: random.between(0, 2 * PI),
  }));
  const shape = (x: number, y: number, z: number): number => {
    let f = 0;
    for (const { k, phase } of waves) {
      f += cos(k[0] * x + k[1] * y + k[2] * z + phase);
    }
    return 1 + (options.lobulation * f) / 2.5;
  };
  const n = 4096;
  let cube = 0;
  for (let i = 0; i < n; i++) {
    const z = 1 - (2 * i + 1) / n;
    const a = i * PI * (3 - sqrt(5));
    const s = sqrt(1 - z * z);
    cube += shape(s * cos(a), s * sin(a), z) ** 3 / n;
  }
  const radius = options.diameter / 2 / cbrt(cube);
  return (x, y, z) => radius * shape(x, y, z);
}
