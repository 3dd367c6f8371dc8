import type { VolumeGeometry } from '@second-reader/core/geometry/types';
import type { LabelMap } from '@second-reader/core/volume/types';
import { coverage, mix, smoothstep } from './fields';
import { createFrame, createGrid, type Matrix3 } from './frame';
import { paintBranches, paintNodule } from './lungContent';
import { finishSlice } from './noise';
import { placeNodules, type Nodule } from './nodules';
import { DEFAULT_OPTIONS, type PhantomOptions } from './options';
import { createSurroundings } from './surroundings';
import { createThorax } from './thorax';
import { createTissue } from './tissue';
import { growTrees } from './trees';

// Bound once: a test runner's sandbox makes every look-up of a global dear.
const { PI, cbrt, ceil, floor, hypot, max, min, round } = Math;

/** Values of the label map of anatomy. */
export const ANATOMY = { background: 0, leftLung: 1, rightLung: 2, airway: 3 } as const;

/** Volume of a structure three ways, mL. */
export interface StructureTruth {
  /** Sum of the fractions of voxels inside the surface, edges supersampled 3 × 3 × 3. */
  volumeMl: number;
  /** Voxels of the label map times the volume of a voxel. */
  labelVolumeMl: number;
  voxels: number;
}

export interface NoduleTruth extends StructureTruth {
  /** Value in the label map of nodules, from 1. */
  label: number;
  side: 'left' | 'right';
  kind: string;
  /** Centre, LPS mm in the scanner's frame. */
  centre: [number, number, number];
  /** Centre, anatomical mm in the reference breath-hold: the same in every study of a patient. */
  referenceCentre: [number, number, number];
  /** Diameter of the sphere of the same volume, mm. */
  diameter: number;
  /** πd³/6, mL: exact. */
  analyticVolumeMl: number;
  hounsfield: number;
}

/** What is true of a phantom, for tests and training. */
export interface PhantomTruth {
  geometry: VolumeGeometry;
  leftLung: StructureTruth;
  rightLung: StructureTruth;
  /** Lumen of trachea and main bronchi within the scan. */
  airway: StructureTruth;
  nodules: NoduleTruth[];
  /**
   * From anatomical to scanner millimetres: p = position + rotation·(scale ∘ q), rotation row-major.
   * Organs that breathe first move from q.z to q.z - inspiration·(1 - smoothstep(-110, 40, q.z)).
   */
  placement: {
    position: readonly [number, number, number];
    rotation: Matrix3;
    scale: readonly [number, number, number];
    inspiration: number;
  };
}

export interface Phantom {
  options: PhantomOptions;
  volume: { geometry: VolumeGeometry; voxels: Int16Array };
  labels: {
    /** See `ANATOMY`; lungs include their vessels, bronchi and nodules, not trachea and main bronchi. */
    anatomy: LabelMap;
    /** 1, 2, 3… in the order of `truth.nodules`. */
    nodules: LabelMap;
  };
  truth: PhantomTruth;
}

/**
 * Makes a chest CT and what is true of it. The same options give the same bytes.
 *
 * @returns int16 HU on an axial LPS grid (column fastest, slices towards the head), label maps on
 *   the same grid, and volumes and positions
 */
export function makePhantom(partial: Partial<PhantomOptions> = {}): Phantom {
  const steps = phantomSteps(partial);
  for (;;) {
    const step = steps.next();
    if (step.done) {
      return step.value;
    }
  }
}

/** `makePhantom` that lets other work go on between slices; `onProgress` hears fractions up to 1. */
export async function makePhantomInBackground(
  partial: Partial<PhantomOptions>,
  onProgress?: (fraction: number) => void,
): Promise<Phantom> {
  const steps = phantomSteps(partial);
  for (;;) {
    const step = steps.next();
    if (step.done) {
      return step.value;
    }
    onProgress?.(step.value);
    await new Promise(resolve => setImmediate(resolve));
  }
}

function* phantomSteps(partial: Partial<PhantomOptions>): Generator<number, Phantom> {
  const options: PhantomOptions = { ...DEFAULT_OPTIONS, ...partial };
  const geometry = createGrid(options);
  const [columns, rows, slices] = geometry.dimensions;
  const [dx, dy, dz] = geometry.spacing;
  const frame = createFrame(options);
  const thorax = createThorax(options);
  const tissue = createTissue(thorax, options);
  const surroundings = createSurroundings(options);
  const branches = growTrees(thorax, options.seed, options.vessels);
  const size = cbrt(options.scale[0] * options.scale[1] * options.scale[2]);
  const nodules = placeNodules(thorax, branches, options.nodules, 1 / size);

  const plane = columns * rows;
  const image = new Float32Array(plane * slices);
  const lungCover = new Float32Array(plane * slices);
  const anatomy = new Uint8Array(plane * slices);
  // Half the width of an edge: about a voxel, seen along the way it is widest.
  const half = max(0.45, 0.32 * dx + 0.22 * dz) / size;
  const near = (0.5 * hypot(dx, dy, dz)) / size + 0.3;
  const r = frame.rotation;
  const [sx, sy, sz] = options.scale;
  const step = [(r[0] * dx) / sx, (r[1] * dx) / sy, (r[2] * dx) / sz];
  const block = max(1, floor(4.7 / dx));
  const blocks = ceil(columns / block);
  const skinAt = new Float64Array(blocks + 1);
  const lungAt = new Float64Array(blocks + 1);
  // No distance changes by more than 1.6 mm per mm; beyond 12 mm the lung's is not told apart.
  const reach = min(11.5, (1.6 * block * dx) / min(sx, sy) + near);
  const sums = { left: 0, right: 0, airway: 0 };

  const shadeSlice = (k: number): void => {
    const pz = geometry.origin[2] + k * dz;
    for (let j = 0; j < rows; j++) {
      const py = geometry.origin[1] + j * dy;
      let [x, y, z] = frame.toAnatomy([geometry.origin[0], py, pz]);
      // Far from every surface the ends of a block settle all between them.
      for (let b = 0; b <= blocks; b++) {
        const bx = x + b * block * step[0];
        const by = y + b * block * step[1];
        const bz = z + b * block * step[2];
        skinAt[b] = thorax.skin(bx, by, bz);
        lungAt[b] = skinAt[b] < -8 ? thorax.lung(bx, by, bz, thorax.breath.toReference(bz)) : 50;
      }
      let at = k * plane + j * columns;
      for (let i = 0; i < columns; i++, at++, x += step[0], y += step[1], z += step[2]) {
        const b = (i / block) | 0;
        const s0 = skinAt[b];
        const s1 = skinAt[b + 1];
        const far = (s0 > reach && s1 > reach) || (s0 < -18 - reach && s1 < -18 - reach);
        const skin = far ? min(s0, s1) : thorax.skin(x, y, z);
        const outside =
          skin > -half ? surroundings.at(geometry.origin[0] + i * dx, py, x, y, z, half) : -1000;
        if (skin > half) {
          image[at] = outside;
          continue;
        }
        const zi = thorax.breath.toReference(z);
        let cover = 0;
        const l0 = lungAt[b];
        const l1 = lungAt[b + 1];
        if (l0 < -reach && l1 < -reach) {
          cover = 1;
        } else if (skin < -12 && (l0 < reach || l1 < reach)) {
          const d = thorax.lung(x, y, z, zi);
          cover = d < -near ? 1 : 0;
          if (d >= -near && d < near) {
            // The surface is smooth at this scale: 3 × 3 × 3 points on its tangent plane.
            const ux = thorax.lung(x + dx / sx / 3, y, z, zi) - d;
            const uy = thorax.lung(x, y + dy / sy / 3, z, zi) - d;
            const uz = thorax.lung(x, y, z + dz / sz / 3, zi + dz / sz / 3) - d;
            for (let n = 0; n < 27; n++) {
              const at3 =
                d + ((n % 3) - 1) * ux + ((((n / 3) | 0) % 3) - 1) * uy + (((n / 9) | 0) - 1) * uz;
              cover += coverage(at3, half / 3) / 27;
            }
          }
        }
        let hu = cover < 1 ? tissue.body(x, y, z, zi, skin, half) : 0;
        if (cover > 0) {
          hu = mix(hu, tissue.parenchyma(x, y, zi), cover);
          lungCover[at] = cover;
          sums[x > 2 ? 'left' : 'right'] += cover;
          if (cover >= 0.5) {
            anatomy[at] = x > 2 ? ANATOMY.leftLung : ANATOMY.rightLung;
          }
        } else {
          const lumen = coverage(thorax.airway(x, y, zi), half);
          if (lumen > 0) {
            hu = mix(hu, -990, lumen);
            sums.airway += lumen;
            if (lumen >= 0.5) {
              anatomy[at] = ANATOMY.airway;
            }
          }
        }
        image[at] = skin < -half ? hu : mix(outside, hu, coverage(skin, half));
      }
    }
  };
  for (let k = 0; k < slices; k++) {
    shadeSlice(k);
    yield (0.85 * (k + 1)) / slices;
  }

  paintBranches(image, lungCover, geometry, branches, frame, size, options.blood);
  const noduleLabels = new Uint8Array(plane * slices);
  const voxelMl = (dx * dy * dz) / 1000;
  const noduleTruth = nodules.map((nodule: Nodule, index): NoduleTruth => {
    const [rx, ry, rzi] = nodule.reference;
    const centre = frame.toScanner([rx, ry, thorax.breath.fromReference(rzi)]);
    const painted = paintNodule(
      image,
      noduleLabels,
      geometry,
      nodule.options,
      centre,
      index + 1,
      options.seed + index,
    );
    const { diameter, hounsfield, kind } = nodule.options;
    return {
      label: index + 1,
      side: nodule.side,
      kind,
      centre,
      referenceCentre: [rx, ry, rzi],
      diameter,
      hounsfield,
      analyticVolumeMl: (PI * diameter ** 3) / 6000,
      volumeMl: painted.fraction * voxelMl,
      labelVolumeMl: painted.voxels * voxelMl,
      voxels: painted.voxels,
    };
  });

  const voxels = new Int16Array(plane * slices);
  const radius = (columns * dx) / 2;
  const developSlice = (k: number): void => {
    const slice = image.subarray(k * plane, (k + 1) * plane);
    const height = (geometry.origin[2] + k * dz - options.position[2]) / sz;
    const shoulder = smoothstep(72, 125, height) * (options.arms === 'down' ? 1 : 0.6);
    const { noise, sharpness } = options;
    const seed = options.noiseSeed ?? options.seed;
    finishSlice(slice, columns, rows, noise, sharpness, shoulder, seed, k);
    for (let p = 0; p < plane; p++) {
      voxels[k * plane + p] = round(min(max(slice[p], -1024), 3071));
    }
    if (options.padding !== null) {
      for (let j = 0; j < rows; j++) {
        for (let i = 0; i < columns; i++) {
          const fromCentre = hypot((i - (columns - 1) / 2) * dx, (j - (rows - 1) / 2) * dy);
          if (fromCentre > radius) {
            const at = k * plane + j * columns + i;
            voxels[at] = options.padding;
          }
        }
      }
    }
  };
  for (let k = 0; k < slices; k++) {
    developSlice(k);
    yield 0.85 + (0.15 * (k + 1)) / slices;
  }

  const counts = [0, 0, 0, 0];
  for (const label of anatomy) {
    counts[label]++;
  }
  const structure = (sum: number, label: number): StructureTruth => ({
    volumeMl: sum * voxelMl,
    labelVolumeMl: counts[label] * voxelMl,
    voxels: counts[label],
  });
  return {
    options,
    volume: { geometry, voxels },
    labels: { anatomy: { geometry, voxels: anatomy }, nodules: { geometry, voxels: noduleLabels } },
    truth: {
      geometry,
      leftLung: structure(sums.left, ANATOMY.leftLung),
      rightLung: structure(sums.right, ANATOMY.rightLung),
      airway: structure(sums.airway, ANATOMY.airway),
      nodules: noduleTruth,
      placement: {
        position: options.position,
        rotation: frame.rotation,
        scale: options.scale,
        inspiration: options.inspiration,
      },
    },
  };
}
