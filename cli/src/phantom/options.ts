import { createRandom } from './random';

/** A nodule to put into a lung. Position is in the phantom's anatomical frame; see `PhantomOptions`. */
export interface NoduleOptions {
  /** Diameter of the sphere of the same volume, mm. */
  diameter: number;
  /** Density, HU. */
  hounsfield: number;
  /** Roughly where: the nodule is moved to the nearest place of its kind. Anatomical mm, LPS axes. */
  near: readonly [number, number, number];
  /**
   * `pleural` touches the pleura, `vascular` touches a vessel, `solitary` touches neither,
   * `placed` is put exactly there (z in the reference breath-hold).
   */
  kind: 'solitary' | 'pleural' | 'vascular' | 'placed';
  /** Amplitude of the lobulation as a fraction of the radius; the volume stays exact. */
  lobulation: number;
}

/**
 * Everything that makes one phantom differ from another. Anatomical coordinates are millimetres on
 * LPS axes with the carina at z = 0 and the midline at x = 0, before scaling, turning and shifting.
 */
export interface PhantomOptions {
  seed: number;
  /** Seed of the beam noise alone, or null for that of the anatomy. */
  noiseSeed: number | null;
  columns: number;
  rows: number;
  slices: number;
  /** Width of the square reconstruction, mm. */
  fieldOfView: number;
  /** Distance between slices, which is also their thickness, mm. */
  sliceSpacing: number;
  /** Anatomical z of the most cranial slice, mm. */
  scanTop: number;
  /** LPS mm of the carina in the scanner's frame, before `rotation`. */
  position: readonly [number, number, number];
  /** Centre of the reconstruction from `position`, along x and y, mm. */
  fieldOffset: readonly [number, number];
  /** How the patient lies, degrees about x, y and z (applied in that order). */
  rotation: readonly [number, number, number];
  /** Stretch of the anatomy along x, y, z. */
  scale: readonly [number, number, number];
  /** How much further the diaphragm has descended than in the reference breath-hold, mm. */
  inspiration: number;
  /** Extra subcutaneous fat, mm. */
  fat: number;
  /** Glandular breasts: 0 none, 1 large. */
  breasts: number;
  arms: 'raised' | 'down';
  table: boolean;
  /** Density of blood, HU: about 45 unenhanced, 150 to 350 with contrast medium. */
  blood: number;
  /** Standard deviation of the beam noise in soft tissue, HU. */
  noise: number;
  /** Sharpness of the reconstruction: 0 a soft-tissue kernel, 1 a lung kernel. */
  sharpness: number;
  /** What is written outside the reconstruction circle, or null to reconstruct the whole square. */
  padding: number | null;
  /** Fraction of the upper lobes lost to emphysema, 0 to 0.5. */
  emphysema: number;
  /** Depth of the pleural fluid behind the right and left lung, mm. */
  effusion: { right: number; left: number };
  /** Mean HU of the parenchyma. */
  parenchyma: number;
  /** Number of terminal branches of each pulmonary tree. */
  vessels: number;
  nodules: readonly NoduleOptions[];
}

export const DEFAULT_OPTIONS: PhantomOptions = {
  seed: 1,
  noiseSeed: null,
  columns: 320,
  rows: 320,
  slices: 160,
  fieldOfView: 370,
  sliceSpacing: 2,
  scanTop: 122,
  position: [0, -180, -420],
  fieldOffset: [0, 14],
  rotation: [0, 0, 0],
  scale: [1, 1, 1],
  inspiration: 0,
  fat: 0,
  breasts: 0,
  arms: 'raised',
  table: true,
  blood: 45,
  noise: 15,
  sharpness: 0.35,
  padding: null,
  emphysema: 0,
  effusion: { right: 0, left: 0 },
  parenchyma: -855,
  vessels: 2600,
  nodules: [],
};

/**
 * A patient drawn at random, for training: anatomy, position, scanner and disease all vary.
 *
 * @param spacing isotropic voxel size in mm, or undefined for the default grid
 */
export function randomOptions(seed: number, spacing?: number): PhantomOptions {
  const r = createRandom(seed, 'options');
  const size = r.between(0.86, 1.12);
  const scale = [
    size * r.between(0.93, 1.06),
    size * r.between(0.9, 1.1),
    size * r.between(0.9, 1.08),
  ] as const;
  const arms = r.chance(0.25) ? 'down' : 'raised';
  const fat = r.chance(0.3) ? r.between(10, 30) : r.between(-4, 10);
  const fieldOfView = arms === 'down' ? r.between(340, 500) : r.between(300, 460);
  const scanTop = r.between(96, 126);
  const scanLength = r.between(250, 330) * scale[2];
  const sliceSpacing = spacing ?? r.between(1.5, 3);
  const columns = Math.round(spacing ? fieldOfView / spacing : 320);
  const fluid = () => (r.chance(0.12) ? r.between(10, 45) : 0);
  const nodules = Array.from({ length: Math.floor(r.between(0, 5)) }, (): NoduleOptions => {
    const kind = r.chance(0.4) ? 'solitary' : r.chance(0.5) ? 'pleural' : 'vascular';
    return {
      diameter: r.between(4, 24),
      hounsfield: r.between(-40, 80),
      near: [(r.chance(0.5) ? 1 : -1) * r.between(55, 100), r.between(-50, 60), r.between(-90, 60)],
      kind,
      lobulation: r.between(0, 0.08),
    };
  });
  return {
    ...DEFAULT_OPTIONS,
    seed,
    columns,
    rows: columns,
    slices: Math.max(8, Math.round(scanLength / sliceSpacing)),
    fieldOfView,
    sliceSpacing,
    scanTop,
    position: [r.between(-12, 12), r.between(-220, -140), r.between(-600, 100)],
    fieldOffset: [r.between(-14, 14), r.between(0, 26)],
    rotation: [r.between(-4, 4), r.between(-4, 4), r.between(-6, 6)],
    scale,
    inspiration: r.between(-30, 14),
    fat,
    breasts: r.chance(0.4) ? r.between(0.3, 1) : 0,
    arms,
    table: r.chance(0.9),
    blood: r.chance(0.45) ? r.between(120, 330) : r.between(35, 55),
    noise: r.between(5, 32),
    sharpness: r.uniform(),
    padding: r.chance(0.5) ? [-1024, -2000, -2048, -3024][Math.floor(r.between(0, 4))] : null,
    emphysema: r.chance(0.25) ? r.between(0.05, 0.45) : 0,
    effusion: { right: fluid(), left: fluid() },
    parenchyma: r.between(-905, -760),
    vessels: Math.round(r.between(900, 2400)),
    nodules,
  };
}
