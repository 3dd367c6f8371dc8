import type { Box } from '../postprocessing/connectedComponents';
import type { LabelMap } from '../volume/types';

type Step = readonly [number, number, number];

/** The 13 directions to a voxel's neighbours, one of each opposite pair. */
const DIRECTIONS: readonly Step[] = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
  [1, 1, 0],
  [-1, 1, 0],
  [1, 0, 1],
  [-1, 0, 1],
  [0, 1, 1],
  [0, -1, 1],
  [1, 1, 1],
  [-1, 1, 1],
  [1, -1, 1],
  [-1, -1, 1],
];

/** Points on the sphere by which the directions' shares are counted. */
const SAMPLES = 20_000;

/** Share of the sphere that lies nearest to each direction; they add up to 1. */
function sharesOf(unit: ReadonlyArray<readonly [number, number, number]>): Float64Array {
  const shares = new Float64Array(unit.length);
  const golden = Math.PI * (3 - Math.sqrt(5));
  for (let n = 0; n < SAMPLES; n++) {
    const z = 1 - (2 * n + 1) / SAMPLES;
    const radius = Math.sqrt(1 - z * z);
    const [x, y] = [radius * Math.cos(golden * n), radius * Math.sin(golden * n)];
    let nearest = 0;
    let most = -1;
    unit.forEach((direction, index) => {
      const cosine = Math.abs(x * direction[0] + y * direction[1] + z * direction[2]);
      if (cosine > most) {
        most = cosine;
        nearest = index;
      }
    });
    shares[nearest] += 1 / SAMPLES;
  }
  return shares;
}

/**
 * Surface area of each label, mm², by Crofton's formula on the 13 directions of the grid (Lehmann &
 * Legland, Efficient N-Dimensional Surface Estimation Using Crofton Formula and Run-Length
 * Encoding, Insight Journal 2012): a surface is twice the mean, over all directions, of the area
 * that lines in that direction cross, counted at each crossing. Lines of direction d through voxel
 * centres stand voxelVolume / |d| apart; each direction counts by the share of the sphere nearest to
 * it, so voxels need not be cubes. Outside the volume is background.
 */
export function surfaceAreas({ voxels, geometry }: LabelMap, box?: Box): Map<number, number> {
  const [ni, nj, nk] = geometry.dimensions;
  const [si, sj, sk] = geometry.spacing;
  const lengths = DIRECTIONS.map(([i, j, k]) => Math.hypot(i * si, j * sj, k * sk));
  const shares = sharesOf(
    DIRECTIONS.map(([i, j, k], n) => [
      (i * si) / lengths[n],
      (j * sj) / lengths[n],
      (k * sk) / lengths[n],
    ]),
  );
  /** [label][direction]: where a line enters or leaves the label. */
  const crossings = new Float64Array(256 * DIRECTIONS.length);
  const { from, to } = box ?? { from: [0, 0, 0], to: [ni, nj, nk] };
  const labelAt = (i: number, j: number, k: number): number =>
    i < 0 || j < 0 || k < 0 || i >= ni || j >= nj || k >= nk ? 0 : voxels[i + ni * (j + nj * k)];

  DIRECTIONS.forEach(([di, dj, dk], direction) => {
    const offset = di + ni * (dj + nj * dk);
    const count = (a: number, b: number) => {
      crossings[a * DIRECTIONS.length + direction]++;
      crossings[b * DIRECTIONS.length + direction]++;
    };
    // One voxel more on each side: lines enter and leave the box there.
    for (let k = from[2] - 1; k <= to[2]; k++) {
      for (let j = from[1] - 1; j <= to[1]; j++) {
        const [y, z] = [j + dj, k + dk];
        const isInside =
          k >= 0 && j >= 0 && k < nk && j < nj && y >= 0 && z >= 0 && y < nj && z < nk;
        const base = ni * (j + nj * k);
        for (let i = from[0] - 1; i <= to[0]; i++) {
          const x = i + di;
          if (isInside && i >= 0 && x >= 0 && i < ni && x < ni) {
            const a = voxels[base + i];
            const b = voxels[base + i + offset];
            if (a !== b) {
              count(a, b);
            }
            continue;
          }
          const a = labelAt(i, j, k);
          const b = labelAt(x, y, z);
          if (a !== b) {
            count(a, b);
          }
        }
      }
    }
  });

  const areas = new Map<number, number>();
  for (let label = 1; label < 256; label++) {
    let area = 0;
    for (let direction = 0; direction < DIRECTIONS.length; direction++) {
      const met = crossings[label * DIRECTIONS.length + direction];
      area += (2 * shares[direction] * met * si * sj * sk) / lengths[direction];
    }
    if (area > 0) {
      areas.set(label, area);
    }
  }
  return areas;
}

/** π^⅓ (6V)^⅔ / A: 1 for a ball, less for everything else (IBSI QCFX). */
export const sphericityOf = (volume: number, area: number): number =>
  (Math.PI ** (1 / 3) * (6 * volume) ** (2 / 3)) / area;
