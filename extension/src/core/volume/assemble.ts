import { accept, refuse, type Outcome } from '../outcome';
import type { Direction, Vec3, VolumeGeometry } from '../geometry/types';
import { cross, dot, norm, normalize, scale, subtract } from '../geometry/vector';
import type { SliceHeader } from './types';

/** A volume's grid and, for each k, which of the given slices makes it. */
export interface VolumePlan {
  geometry: VolumeGeometry;
  /** `order[k]` is the index in the input of the slice that makes voxels k. */
  order: number[];
  /** The headers do not say how large a pixel is; 1 mm was taken. */
  spacingAssumed?: boolean;
}

/** How far headers may differ and still be one regular grid. */
export const TOLERANCE = {
  /** Degrees between the orientations of two slices. DICOM writes cosines with rounding. */
  orientationDegrees: 0.1,
  /** How far row and column cosines may be from unit length and from a right angle. */
  cosines: 0.01,
  /** Of the pixel spacing, between two slices. */
  pixelSpacing: 0.001,
  /** Millimetres a pixel may measure. Outside of it the attribute is wrong, not the image. */
  pixelSpacingMm: [0.01, 20],
  /** A gap may differ from the usual one by this part of it … */
  gap: 0.05,
  /** … or by this many millimetres, whichever is more: some scanners round positions to 0.1 mm. */
  gapMm: 0.101,
  /** How far a slice may stand from its place on the regular grid, as part of the spacing. */
  drift: 0.25,
  /** A gap this near to a multiple of the usual one means missing slices. */
  multiple: 0.15,
  /** Slices nearer than this, as part of the usual gap, stand at the same place. */
  duplicate: 0.02,
  /** Of a pixel: how far slices may be shifted in their own plane. */
  shift: 0.5,
} as const;

interface Placed {
  input: number;
  header: SliceHeader;
  position: Vec3;
  /** Millimetres along the slice normal. */
  along: number;
}

const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits));

/** How people find a slice: its instance number, its frame, or its place in the list. */
function nameOf(header: SliceHeader, input: number): string {
  const instance = header.instanceNumber ?? `#${input + 1}`;
  return header.frameNumber === undefined
    ? `${instance}`
    : `${instance}, frame ${header.frameNumber}`;
}

const degreesBetween = (a: Vec3, b: Vec3): number =>
  (Math.atan2(norm(cross(a, b)), dot(a, b)) * 180) / Math.PI;

const axesOf = (iop: NonNullable<SliceHeader['imageOrientationPatient']>): [Vec3, Vec3] => [
  [iop[0], iop[1], iop[2]],
  [iop[3], iop[4], iop[5]],
];

/** Right-handed and orthonormal: the third axis is row × column (PS3.3 C.7.6.2.1.1). */
const directionOf = (iop: NonNullable<SliceHeader['imageOrientationPatient']>): Direction => {
  const [firstRow, firstColumn] = axesOf(iop);
  const row = normalize(firstRow);
  const normal = normalize(cross(row, firstColumn));
  return [row, cross(normal, row), normal];
};

const isFinite3 = (values: readonly number[] | undefined): boolean =>
  values !== undefined && values.every(Number.isFinite);

function checkGreyscale(header: SliceHeader, input: number): Outcome<void> {
  if (header.samplesPerPixel === 1) return accept(undefined);
  const slice = nameOf(header, input);
  return refuse(
    'notGreyscale',
    `Slice ${slice} has ${header.samplesPerPixel} samples per pixel; a volume needs 1 (greyscale).`,
    { slice, met: header.samplesPerPixel, allowed: 1 },
  );
}

/** Two unit vectors at a right angle, to the tolerance. */
const isOrthonormal = (iop: NonNullable<SliceHeader['imageOrientationPatient']>): boolean => {
  const [row, column] = axesOf(iop);
  const offUnit = Math.max(Math.abs(norm(row) - 1), Math.abs(norm(column) - 1));
  return Math.max(offUnit, Math.abs(dot(row, column))) <= TOLERANCE.cosines;
};

/** Refuses a slice that on its own cannot be part of a volume. */
function checkSlice(header: SliceHeader, input: number): Outcome<void> {
  const slice = nameOf(header, input);
  const grey = checkGreyscale(header, input);
  if (!grey.ok) {
    return grey;
  }
  if (!isFinite3(header.imagePositionPatient)) {
    return refuse(
      'missingPosition',
      `Slice ${slice} has no ImagePositionPatient; every slice of a volume needs one.`,
      { slice },
    );
  }
  if (!isFinite3(header.imageOrientationPatient)) {
    return refuse(
      'missingOrientation',
      `Slice ${slice} has no ImageOrientationPatient; every slice of a volume needs one.`,
      { slice },
    );
  }
  if (!isFinite3(header.pixelSpacing)) {
    return refuse(
      'missingPixelSpacing',
      `Slice ${slice} has no PixelSpacing; sizes in millimetres cannot be known.`,
      { slice },
    );
  }
  const [low, high] = TOLERANCE.pixelSpacingMm;
  const wrong = header.pixelSpacing!.find(mm => mm < low || mm > high);
  if (wrong !== undefined) {
    return refuse(
      'pixelSpacingInvalid',
      `Slice ${slice} has a PixelSpacing of ${wrong} mm; ${low} to ${high} mm is allowed.`,
      { slice, met: wrong, min: low, max: high },
    );
  }
  if (!isOrthonormal(header.imageOrientationPatient!)) {
    const met = header.imageOrientationPatient!.join('\\');
    return refuse(
      'orientationInvalid',
      `Slice ${slice} has an ImageOrientationPatient of ${met}; two unit vectors at a right angle are needed.`,
      { slice, met },
    );
  }
  return accept(undefined);
}

/** Refuses a slice whose matrix, spacing or orientation differs from the first one's. */
function checkSame(first: SliceHeader, header: SliceHeader, input: number): Outcome<void> {
  const slice = nameOf(header, input);
  if (header.rows !== first.rows || header.columns !== first.columns) {
    return refuse(
      'mixedMatrix',
      `Slice ${slice} is ${header.columns}×${header.rows} pixels, others are ${first.columns}×${first.rows}; one size is needed.`,
      {
        slice,
        met: `${header.columns}×${header.rows}`,
        allowed: `${first.columns}×${first.rows}`,
      },
    );
  }
  const [a, b] = [first.pixelSpacing!, header.pixelSpacing!];
  if ([0, 1].some(axis => Math.abs(a[axis] - b[axis]) > TOLERANCE.pixelSpacing * a[axis])) {
    return refuse(
      'mixedPixelSpacing',
      `Slice ${slice} has a PixelSpacing of ${b.join('\\')} mm, others ${a.join('\\')} mm; one spacing is needed.`,
      { slice, met: b.join('\\'), allowed: a.join('\\') },
    );
  }
  const [firstRow, firstColumn] = axesOf(first.imageOrientationPatient!);
  const [row, column] = axesOf(header.imageOrientationPatient!);
  const angle = Math.max(degreesBetween(firstRow, row), degreesBetween(firstColumn, column));
  if (angle > TOLERANCE.orientationDegrees) {
    return refuse(
      'mixedOrientation',
      `Slice ${slice} is turned ${rounded(angle)}° from the first one; ${TOLERANCE.orientationDegrees}° is allowed.`,
      { slice, met: rounded(angle), allowed: TOLERANCE.orientationDegrees },
    );
  }
  return accept(undefined);
}

/** Refuses two slices at one place along the normal. `placed` is in k order. */
function checkDuplicates(placed: Placed[], usualGap: number): Outcome<void> {
  for (let k = 1; k < placed.length; k++) {
    const gap = placed[k].along - placed[k - 1].along;
    if (gap <= Math.max(1e-3, TOLERANCE.duplicate * usualGap)) {
      const first = nameOf(placed[k - 1].header, placed[k - 1].input);
      const second = nameOf(placed[k].header, placed[k].input);
      return refuse(
        'duplicatePosition',
        `Slices ${first} and ${second} stand at the same place (${rounded(gap, 3)} mm apart); each slice needs its own.`,
        { first, second, met: rounded(gap, 3) },
      );
    }
  }
  return accept(undefined);
}

/** Refuses stacks that lean (gantry tilt) or jump in their own plane. `placed` is in k order. */
function checkAlignment(placed: Placed[], normal: Vec3, pixelSpacing: number): Outcome<void> {
  const first = placed[0].position;
  const lateral = (position: Vec3): Vec3 => {
    const offset = subtract(position, first);
    return subtract(offset, scale(normal, dot(offset, normal)));
  };
  const allowedShift = TOLERANCE.shift * pixelSpacing;
  const last = placed[placed.length - 1];
  const lean = lateral(last.position);
  if (norm(lean) > allowedShift) {
    const height = last.along - placed[0].along;
    const angle = (Math.atan2(norm(lean), height) * 180) / Math.PI;
    const allowed = (Math.atan2(allowedShift, height) * 180) / Math.PI;
    return refuse(
      'gantryTilt',
      `The slices are stacked at ${rounded(angle, 1)}° to their normal (gantry tilt); ${rounded(allowed)}° is allowed here.`,
      { met: rounded(angle, 1), allowed: rounded(allowed) },
    );
  }
  for (const { position, header, input } of placed) {
    const shift = norm(lateral(position));
    if (shift > allowedShift) {
      const slice = nameOf(header, input);
      return refuse(
        'sliceShifted',
        `Slice ${slice} is shifted ${rounded(shift)} mm in its own plane; ${rounded(allowedShift)} mm is allowed.`,
        { slice, met: rounded(shift), allowed: rounded(allowedShift) },
      );
    }
  }
  return accept(undefined);
}

/** Refuses missing slices and uneven spacing. `placed` is in k order. */
function checkGaps(placed: Placed[], usualGap: number): Outcome<void> {
  const allowed = Math.max(TOLERANCE.gapMm, TOLERANCE.gap * usualGap);
  let firstMissing: { after: string; before: string; gap: number } | undefined;
  let missing = 0;
  for (let k = 1; k < placed.length; k++) {
    const gap = placed[k].along - placed[k - 1].along;
    if (Math.abs(gap - usualGap) <= allowed) {
      continue;
    }
    const after = nameOf(placed[k - 1].header, placed[k - 1].input);
    const before = nameOf(placed[k].header, placed[k].input);
    const steps = Math.round(gap / usualGap);
    if (steps >= 2 && Math.abs(gap / usualGap - steps) <= TOLERANCE.multiple) {
      missing += steps - 1;
      firstMissing ??= { after, before, gap };
      continue;
    }
    return refuse(
      'unevenSpacing',
      `The gap between slices ${after} and ${before} is ${rounded(gap)} mm, elsewhere ${rounded(usualGap)} mm; a difference of ${rounded(allowed)} mm is allowed.`,
      { after, before, met: rounded(gap), usual: rounded(usualGap), allowed: rounded(allowed) },
    );
  }
  if (firstMissing) {
    const { after, before, gap } = firstMissing;
    return refuse(
      'missingSlices',
      `${missing} slice(s) missing, first between ${after} and ${before}: a gap of ${rounded(gap)} mm where ${rounded(usualGap)} mm is usual.`,
      { missing, after, before, met: rounded(gap), usual: rounded(usualGap) },
    );
  }
  const spacing = (placed[placed.length - 1].along - placed[0].along) / (placed.length - 1);
  const driftOf = (slice: Placed, k: number) =>
    Math.abs(slice.along - placed[0].along - k * spacing);
  const drifts = placed.map(driftOf);
  const drift = Math.max(...drifts);
  if (drift > TOLERANCE.drift * spacing) {
    const worst = placed[drifts.indexOf(drift)];
    const slice = nameOf(worst.header, worst.input);
    return refuse(
      'spacingDrifts',
      `Slice ${slice} stands ${rounded(drift)} mm from its place in an even stack; ${rounded(TOLERANCE.drift * spacing)} mm is allowed.`,
      { slice, met: rounded(drift), allowed: rounded(TOLERANCE.drift * spacing) },
    );
  }
  return accept(undefined);
}

/** The lower median: of two usual gaps the smaller, so that a missing slice reads as a gap. */
function usualGapOf(placed: Placed[]): number {
  const gaps = placed.slice(1).map((slice, index) => slice.along - placed[index].along);
  gaps.sort((a, b) => a - b);
  return gaps[Math.floor((gaps.length - 1) / 2)];
}

/**
 * Plans the volume that a series' slices make: slices in any order, oblique or not, one header an
 * instance or one a frame. The k axis is the slice normal, row × column (PS3.3 C.7.6.2.1.1), and k
 * grows along it, so the direction is always right-handed. Spacing along k is the mean gap.
 *
 * Refuses, with the slice and the values met and allowed: `tooFewSlices`, `notGreyscale`,
 * `missingPosition`, `missingOrientation`, `missingPixelSpacing`, `pixelSpacingInvalid`,
 * `orientationInvalid`, `mixedMatrix`, `mixedPixelSpacing`, `mixedOrientation`,
 * `duplicatePosition`, `gantryTilt`, `sliceShifted`, `unevenSpacing`, `missingSlices`,
 * `spacingDrifts`. Tolerances are those of `TOLERANCE`.
 */
export function planVolume(slices: readonly SliceHeader[]): Outcome<VolumePlan> {
  for (const [input, header] of slices.entries()) {
    const alone = checkSlice(header, input);
    if (!alone.ok) {
      return alone;
    }
  }
  if (slices.length < 2) {
    return refuse('tooFewSlices', `The series has ${slices.length} slice(s); a volume needs 2.`, {
      met: slices.length,
      allowed: 2,
    });
  }
  const first = slices[0];
  for (const [input, header] of slices.entries()) {
    const same = checkSame(first, header, input);
    if (!same.ok) {
      return same;
    }
  }

  const direction = directionOf(first.imageOrientationPatient!);
  const normal = direction[2];
  const placed = slices
    .map((header, input): Placed => {
      const position = header.imagePositionPatient!;
      return { input, header, position, along: dot(position, normal) };
    })
    .sort((a, b) => a.along - b.along || a.input - b.input);

  const [betweenRows, betweenColumns] = first.pixelSpacing!;
  const usualGap = usualGapOf(placed);
  for (const check of [
    checkDuplicates(placed, usualGap),
    checkAlignment(placed, normal, Math.min(betweenRows, betweenColumns)),
    checkGaps(placed, usualGap),
  ]) {
    if (!check.ok) {
      return check;
    }
  }
  const height = placed[placed.length - 1].along - placed[0].along;
  return accept({
    geometry: {
      dimensions: [first.columns, first.rows, placed.length],
      spacing: [betweenColumns, betweenRows, height / (placed.length - 1)],
      origin: placed[0].position,
      direction,
    },
    order: placed.map(({ input }) => input),
  });
}

/** Row by row down the picture, as it is looked at: where the header says nothing of the patient. */
const IDENTITY: Direction = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

/**
 * The volume of one slice that a single image makes, for a network of pictures. A projection
 * radiograph says nothing of where it lies: without position and orientation (both, and valid) its
 * columns and rows are the first two axes and its first pixel the origin. Pixels measure what
 * PixelSpacing says, else ImagerPixelSpacing (PS3.3 10.7.1), else 1 mm with `spacingAssumed`; a size
 * out of `TOLERANCE.pixelSpacingMm` is none. The third spacing is SliceThickness, else 1 mm.
 *
 * Refuses `notGreyscale`.
 */
export function planImage(header: SliceHeader): Outcome<VolumePlan> {
  const grey = checkGreyscale(header, 0);
  if (!grey.ok) {
    return grey;
  }
  const [low, high] = TOLERANCE.pixelSpacingMm;
  const isSize = (mm: number) => mm >= low && mm <= high;
  const given = [header.pixelSpacing, header.imagerPixelSpacing].find(spacing =>
    spacing?.every(isSize),
  );
  const [betweenRows, betweenColumns] = given ?? [1, 1];
  const { imagePositionPatient, imageOrientationPatient, sliceThickness } = header;
  const isPlaced =
    isFinite3(imagePositionPatient) &&
    isFinite3(imageOrientationPatient) &&
    isOrthonormal(imageOrientationPatient!);
  return accept({
    geometry: {
      dimensions: [header.columns, header.rows, 1],
      spacing: [
        betweenColumns,
        betweenRows,
        sliceThickness !== undefined && isSize(sliceThickness) ? sliceThickness : 1,
      ],
      origin: isPlaced ? imagePositionPatient! : [0, 0, 0],
      direction: isPlaced ? directionOf(imageOrientationPatient!) : IDENTITY,
    },
    order: [0],
    spacingAssumed: given === undefined,
  });
}

/** What a display set makes: a volume of its slices, or of its single image. */
export const planSlices = (slices: readonly SliceHeader[]): Outcome<VolumePlan> =>
  slices.length === 1 ? planImage(slices[0]) : planVolume(slices);
