import { polyline, type Tube } from './fields';

/** A tube of the mediastinum: great vessels, oesophagus, nodes. */
export interface Vessel {
  tube: Tube;
  /** `blood` takes the density of blood, `airway` is a tube of air with a wall; a number is HU. */
  content: 'blood' | 'airway' | number;
  /** Fat around it that the lung keeps clear of, mm. */
  cuff: number;
}

type Path = readonly (readonly [number, number, number, number])[];

const blood = (path: Path, cuff = 2): Vessel[] =>
  polyline(path).map(tube => ({ tube, content: 'blood', cuff }));
const tissue = (path: Path, hounsfield: number, cuff = 2): Vessel[] =>
  polyline(path).map(tube => ({ tube, content: hounsfield, cuff }));
const both = (path: Path): Path[] => [path, path.map(([x, y, z, r]) => [-x, y, z, r] as const)];

/** Lumen of the airways that are not lung: trachea and main bronchi. */
export const AIRWAY: readonly Tube[] = [
  ...polyline([
    [0, 0, 140, 9],
    [0, 5, 70, 9],
    [2, 10, 8, 9.2],
    [2, 12, -2, 8.5],
  ]),
  ...polyline([
    [-2, 12, -2, 7.6],
    [-18, 12, -14, 7.2],
    [-36, 11, -26, 6.4],
  ]),
  ...polyline([
    [6, 12, -2, 6.8],
    [24, 14, -16, 6.4],
    [42, 16, -24, 5.8],
  ]),
];

/** Wall of trachea and main bronchi, mm. */
export const AIRWAY_WALL = 1.6;

/** Points are [x, y, z, radius] in the reference breath-hold, mm. */
export const MEDIASTINAL_TUBES: readonly Vessel[] = [
  // Aorta: root, ascending, arch, descending.
  ...blood([
    [8, -22, -40, 15],
    [-9, -34, -12, 16],
    [-12, -30, 14, 15.5],
    [-3, -16, 31, 14],
    [13, 6, 34, 13],
    [24, 21, 23, 12.5],
    [26, 27, 0, 12],
    [22, 29, -50, 11.5],
    [14, 30, -110, 11],
    [7, 26, -160, 10.5],
    [4, 20, -330, 10],
  ]),
  ...blood([
    [-6, -20, 38, 6.5],
    [-14, -13, 62, 6],
    [-26, -8, 84, 5.5],
    [-24, -8, 135, 3.8],
  ]),
  ...blood([
    [-26, -8, 84, 4.6],
    [-60, 0, 101, 4.5],
    [-120, 0, 97, 4],
  ]),
  ...blood([
    [5, -8, 42, 4.5],
    [16, -5, 80, 4],
    [24, -8, 135, 3.8],
  ]),
  ...blood([
    [16, 6, 44, 5.2],
    [26, 9, 78, 4.8],
    [52, 4, 103, 4.5],
    [120, 0, 97, 4],
  ]),
  // Veins.
  ...blood([
    [-30, -25, 50, 9],
    [-31, -21, 0, 9],
    [-28, -18, -45, 10],
  ]),
  ...blood([
    [-30, -25, 50, 7.5],
    [-35, -25, 78, 7],
    [-72, -14, 93, 6.5],
    [-128, -10, 92, 5],
  ]),
  ...blood([
    [-29, -26, 43, 7],
    [0, -37, 53, 6.5],
    [28, -30, 73, 6.5],
    [60, -18, 90, 6],
    [128, -10, 90, 5],
  ]),
  ...both([
    [33, -25, 78, 6],
    [31, -14, 135, 6.5],
  ]).flatMap(path => blood(path)),
  ...blood([
    [-24, 2, -84, 12],
    [-21, 14, -130, 12],
    [-19, 18, -330, 11],
  ]),
  ...blood(
    [
      [-8, 31, -180, 3.5],
      [-8, 30, 6, 4],
      [-20, 16, 17, 4.5],
      [-30, -12, 13, 4.5],
    ],
    1,
  ),
  // Pulmonary arteries.
  ...blood([
    [24, -44, -32, 14],
    [21, -30, -8, 13],
    [34, -6, 0, 11],
    [46, 9, -9, 8.5],
  ]),
  ...blood([
    [21, -30, -8, 11],
    [2, -9, -13, 10.5],
    [-24, -6, -16, 10],
    [-42, 1, -20, 8],
  ]),
  // Pulmonary veins, into the left atrium.
  ...blood([
    [-8, 2, -38, 8],
    [-40, 2, -33, 6],
  ]),
  ...blood([
    [-8, 6, -48, 8],
    [-42, 14, -52, 5.5],
  ]),
  ...blood([
    [14, 4, -38, 8],
    [46, 0, -30, 6],
  ]),
  ...blood([
    [14, 8, -46, 8],
    [44, 20, -50, 5.5],
  ]),
  // Oesophagus, lymph nodes, thyroid.
  ...tissue(
    [
      [4, 14, 135, 5.5],
      [5, 23, 40, 6],
      [5, 25, 0, 6],
      [6, 24, -60, 6.5],
      [14, 18, -125, 7],
    ],
    38,
    1,
  ),
  ...tissue(
    [
      [-15, 0, 14, 4],
      [-16, -1, 20, 3.2],
    ],
    42,
    1,
  ),
  ...tissue(
    [
      [3, 8, -16, 4.5],
      [6, 9, -20, 4],
    ],
    42,
    1,
  ),
  ...tissue(
    [
      [24, -14, 16, 3],
      [25, -12, 21, 3],
    ],
    42,
    1,
  ),
  ...tissue(
    [
      [-4, -22, 50, 2.5],
      [-2, -22, 54, 2.5],
    ],
    42,
    1,
  ),
  ...both([
    [17, -6, 100, 6],
    [18, -8, 135, 9],
  ]).flatMap(path => tissue(path, 105, 1)),
  ...AIRWAY.map((tube): Vessel => ({ tube, content: 'airway', cuff: AIRWAY_WALL + 0.8 })),
];

/** Where the trees of each lung begin: reference coordinates. */
export const HILUM = {
  right: { artery: [-42, 1, -20], vein: [-41, 4, -36], bronchus: [-36, 11, -26] },
  left: { artery: [46, 9, -9], vein: [46, 2, -32], bronchus: [42, 16, -24] },
} as const;
