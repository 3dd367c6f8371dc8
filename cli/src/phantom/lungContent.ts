import type { VolumeGeometry } from '@second-reader/core/geometry/types';
import { coverage, mix, tubeDistance, type Tube } from './fields';
import type { Frame, Point } from './frame';
import { createSurface } from './nodules';
import type { NoduleOptions } from './options';
import type { Branch } from './trees';

// Bound once: a test runner's sandbox makes every look-up of a global dear.
const { abs, ceil, floor, max, min, sqrt } = Math;

const clampRange = (centre: number, reach: number, origin: number, spacing: number, n: number) => [
  max(0, floor((centre - reach - origin) / spacing)),
  min(n - 1, ceil((centre + reach - origin) / spacing)),
];

/**
 * Paints pulmonary vessels and bronchi into the lung.
 *
 * @param image HU, column fastest; changed in place
 * @param lungCover fraction of each voxel that is lung: nothing is painted outside it
 * @param size scanner mm per anatomical mm
 */
export function paintBranches(
  image: Float32Array,
  lungCover: Float32Array,
  geometry: VolumeGeometry,
  branches: readonly Branch[],
  frame: Frame,
  size: number,
  blood: number,
): void {
  const [columns, rows, slices] = geometry.dimensions;
  const [dx, dy, dz] = geometry.spacing;
  const [ox, oy, oz] = geometry.origin;
  const half = max(0.5, 0.34 * dx + 0.2 * dz);
  const paint = (tube: Tube, hu: number) => {
    const reach = max(tube.ra, tube.rb) + half;
    const spans = [
      [tube.ax, tube.bx, ox, dx, columns],
      [tube.ay, tube.by, oy, dy, rows],
      [tube.az, tube.bz, oz, dz, slices],
    ].map(([a, b, o, d, n]) => clampRange((a + b) / 2, abs(a - b) / 2 + reach, o, d, n));
    for (let k = spans[2][0]; k <= spans[2][1]; k++) {
      for (let j = spans[1][0]; j <= spans[1][1]; j++) {
        let at = (k * rows + j) * columns + spans[0][0];
        for (let i = spans[0][0]; i <= spans[0][1]; i++, at++) {
          if (lungCover[at] === 0) {
            continue;
          }
          const d = tubeDistance(tube, ox + i * dx, oy + j * dy, oz + k * dz);
          if (d < half) {
            // A vessel thinner than the edge fills only part of the voxels that it crosses.
            const thin = min(1, (0.5 * (tube.ra + tube.rb)) / half);
            const target = mix(
              image[at],
              hu,
              coverage(d, half) * lungCover[at] * sqrt(thin) * (0.35 + 0.65 * thin),
            );
            image[at] = hu > image[at] ? max(image[at], target) : target;
          }
        }
      }
    }
  };
  const scanned = (tube: Tube, grow: number): Tube => {
    const a = frame.toScanner([tube.ax, tube.ay, tube.az]);
    const b = frame.toScanner([tube.bx, tube.by, tube.bz]);
    return {
      ax: a[0],
      ay: a[1],
      az: a[2],
      bx: b[0],
      by: b[1],
      bz: b[2],
      ra: tube.ra * size + grow,
      rb: tube.rb * size + grow,
    };
  };
  for (const { tube, kind } of branches) {
    if (kind === 'bronchus') {
      paint(scanned(tube, 0.55 + 0.12 * tube.ra), -20);
    }
  }
  for (const { tube, kind } of branches) {
    if (kind === 'bronchus') {
      paint(scanned(tube, 0), -985);
    }
  }
  for (const { tube, kind } of branches) {
    if (kind === 'vessel') {
      paint(scanned(tube, 0), blood);
    }
  }
}

/**
 * Paints one nodule, each voxel by the fraction of 4 × 4 × 4 points inside.
 *
 * @param centre LPS mm
 * @returns the sum of fractions and the number of voxels at least half inside
 */
export function paintNodule(
  image: Float32Array,
  labels: Uint8Array,
  geometry: VolumeGeometry,
  options: NoduleOptions,
  centre: Point,
  label: number,
  seed: number,
): { fraction: number; voxels: number } {
  const surface = createSurface(options, seed);
  const [columns, rows, slices] = geometry.dimensions;
  const [dx, dy, dz] = geometry.spacing;
  const reach = (options.diameter / 2) * (1 + 3 * options.lobulation) + 1;
  const spans = geometry.dimensions.map((n, axis) =>
    clampRange(centre[axis], reach, geometry.origin[axis], geometry.spacing[axis], n),
  );
  let fraction = 0;
  let voxels = 0;
  for (let k = spans[2][0]; k <= min(spans[2][1], slices - 1); k++) {
    for (let j = spans[1][0]; j <= min(spans[1][1], rows - 1); j++) {
      for (let i = spans[0][0]; i <= spans[0][1]; i++) {
        let inside = 0;
        for (let s = 0; s < 64; s++) {
          const x = geometry.origin[0] + (i + ((s & 3) - 1.5) / 4) * dx - centre[0];
          const y = geometry.origin[1] + (j + (((s >> 2) & 3) - 1.5) / 4) * dy - centre[1];
          const z = geometry.origin[2] + (k + ((s >> 4) - 1.5) / 4) * dz - centre[2];
          const distance = sqrt(x * x + y * y + z * z) + 1e-9;
          if (distance < surface(x / distance, y / distance, z / distance)) {
            inside += 1 / 64;
          }
        }
        if (inside > 0) {
          const at = (k * rows + j) * columns + i;
          image[at] = mix(image[at], options.hounsfield, inside);
          fraction += inside;
          if (inside >= 0.5) {
            labels[at] = label;
            voxels++;
          }
        }
      }
    }
  }
  return { fraction, voxels };
}
