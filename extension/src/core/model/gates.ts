import { accept, refuse, type Outcome, type RefusalValues } from '../outcome';
import type { VolumeGeometry } from '../geometry/types';
import { patientExtents, slicePlane } from '../geometry/axes';
import { planVolume } from '../volume/assemble';
import type { SliceHeader } from '../volume/types';
import type { Gate, ModelManifest } from './manifest';

/** What the gates look at: a display set's headers, before any voxel is read. */
export interface StudyFacts {
  modality: string;
  slices: readonly SliceHeader[];
  /** Of the planned volume; planned from `slices` when left out. */
  geometry?: VolumeGeometry;
}

const rounded = (value: number): number => Number(value.toFixed(2));

/** "2 to 3", "at least 2", "at most 3". */
function allowedRange({ min, max }: { min?: number; max?: number }): string {
  if (min !== undefined && max !== undefined) {
    return `${min} to ${max}`;
  }
  return min !== undefined ? `at least ${min}` : `at most ${max}`;
}

/** Headers carry decimal strings and spacings are differences of them: compare to a micrometre. */
const EPSILON = 1e-3;

const isWithin = (value: number, { min, max }: { min?: number; max?: number }): boolean =>
  value >= (min ?? -Infinity) - EPSILON && value <= (max ?? Infinity) + EPSILON;

/**
 * The manifest's own message, where it has one, replaces ours: English in `message`, and every
 * language in values `message.<language>` for the viewer to choose from.
 */
function own(gate: Gate, values: RefusalValues, english: string): [string, RefusalValues] {
  const texts = gate.message;
  if (!texts) {
    return [english, values];
  }
  const localized = Object.entries(texts).map(([language, text]) => [`message.${language}`, text]);
  return [texts.en, { ...values, ...Object.fromEntries(localized) }];
}

const ABSENT = 'absent';

/** The first value out of range, `absent` where a slice does not say, or undefined. */
function firstOutside(
  values: Array<number | undefined>,
  range: { min?: number; max?: number },
): number | typeof ABSENT | undefined {
  for (const value of values) {
    if (value === undefined) {
      return ABSENT;
    }
    if (!isWithin(value, range)) {
      return rounded(value);
    }
  }
  return undefined;
}

function checkGate(
  gate: Gate,
  { modality, slices }: StudyFacts,
  geometry: VolumeGeometry,
): Outcome<void> {
  switch (gate.gate) {
    case 'modality': {
      if (gate.allowed.includes(modality)) {
        return accept(undefined);
      }
      const values = { met: modality, allowed: gate.allowed.join(', ') };
      return refuse(
        'gateModality',
        ...own(gate, values, `The modality is ${modality}; allowed: ${values.allowed}.`),
      );
    }
    case 'bodyPart': {
      const allowed = gate.allowed.map(part => part.toUpperCase());
      const wrong = slices.find(
        ({ bodyPartExamined }) => !allowed.includes((bodyPartExamined ?? '').trim().toUpperCase()),
      );
      if (!wrong) {
        return accept(undefined);
      }
      const values = {
        met: wrong.bodyPartExamined?.trim() || ABSENT,
        allowed: gate.allowed.join(', '),
      };
      return refuse(
        'gateBodyPart',
        ...own(gate, values, `The body part is ${values.met}; allowed: ${values.allowed}.`),
      );
    }
    case 'orientation': {
      const met = slicePlane(geometry);
      if (gate.allowed.includes(met)) {
        return accept(undefined);
      }
      const values = { met, allowed: gate.allowed.join(', ') };
      return refuse(
        'gateOrientation',
        ...own(gate, values, `The slices are ${met}; allowed: ${values.allowed}.`),
      );
    }
    case 'sliceCount': {
      const met = firstOutside([slices.length], gate);
      if (met === undefined) {
        return accept(undefined);
      }
      const values = { met, allowed: allowedRange(gate) };
      return refuse(
        'gateSliceCount',
        ...own(gate, values, `The series has ${met} slices; allowed: ${values.allowed}.`),
      );
    }
    case 'sliceSpacing': {
      const met = firstOutside([geometry.spacing[2]], gate);
      if (met === undefined) {
        return accept(undefined);
      }
      const values = { met, allowed: allowedRange(gate) };
      return refuse(
        'gateSliceSpacing',
        ...own(gate, values, `The slices are ${met} mm apart; allowed: ${values.allowed} mm.`),
      );
    }
    case 'sliceThickness': {
      const met = firstOutside(
        slices.map(({ sliceThickness }) => sliceThickness),
        gate,
      );
      if (met === undefined) {
        return accept(undefined);
      }
      const values = { met, allowed: allowedRange(gate) };
      return refuse(
        'gateSliceThickness',
        ...own(gate, values, `The slice thickness is ${met} mm; allowed: ${values.allowed} mm.`),
      );
    }
    case 'pixelSpacing': {
      const met = firstOutside([geometry.spacing[0], geometry.spacing[1]], gate);
      if (met === undefined) {
        return accept(undefined);
      }
      const values = { met, allowed: allowedRange(gate) };
      return refuse(
        'gatePixelSpacing',
        ...own(gate, values, `The pixels are ${met} mm apart; allowed: ${values.allowed} mm.`),
      );
    }
    case 'fieldOfView': {
      const met = firstOutside([patientExtents(geometry)[gate.axis]], gate);
      if (met === undefined) {
        return accept(undefined);
      }
      const values = { met, axis: gate.axis, allowed: allowedRange(gate) };
      return refuse(
        'gateFieldOfView',
        ...own(
          gate,
          values,
          `The volume covers ${met} mm (${gate.axis}); allowed: ${values.allowed} mm.`,
        ),
      );
    }
  }
}

/** Gates that need no grid come first: an X-ray is refused as an X-ray, not for its one slice. */
const WITHOUT_GRID: ReadonlySet<Gate['gate']> = new Set([
  'modality',
  'bodyPart',
  'sliceCount',
  'sliceThickness',
]);

/**
 * May this model run on this series? Refuses with the first gate that fails, naming the value met
 * and what is allowed (`gateModality`, `gateBodyPart`, `gateSliceCount`, `gateSliceThickness`,
 * `gateOrientation`, `gateSliceSpacing`, `gatePixelSpacing`, `gateFieldOfView`), or with the reason
 * that the slices do not make a volume (see `planVolume`). A value that the headers do not carry
 * cannot be admitted. A channel's modality is a gate too, written or not.
 */
export function checkGates(manifest: ModelManifest, facts: StudyFacts): Outcome<void> {
  const channels = manifest.inputs.flatMap(input => input.channels.map(({ modality }) => modality));
  const implied: Gate = { gate: 'modality', allowed: [...new Set(channels)] };
  const gates: Gate[] = [...manifest.gates, implied];
  const nowhere: VolumeGeometry = {
    dimensions: [0, 0, 0],
    spacing: [0, 0, 0],
    origin: [0, 0, 0],
    direction: [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
  };
  for (const gate of gates.filter(candidate => WITHOUT_GRID.has(candidate.gate))) {
    const outcome = checkGate(gate, facts, nowhere);
    if (!outcome.ok) {
      return outcome;
    }
  }
  let geometry = facts.geometry;
  if (!geometry) {
    const plan = planVolume(facts.slices);
    if (!plan.ok) {
      return plan;
    }
    geometry = plan.value.geometry;
  }
  for (const gate of gates.filter(candidate => !WITHOUT_GRID.has(candidate.gate))) {
    const outcome = checkGate(gate, facts, geometry);
    if (!outcome.ok) {
      return outcome;
    }
  }
  return accept(undefined);
}
