import { accept, refuse, type Outcome, type Refusal, type RefusalValues } from '../outcome';
import type { VolumeGeometry } from '../geometry/types';
import { patientExtents, slicePlane } from '../geometry/axes';
import { planImage, planVolume, type VolumePlan } from '../volume/assemble';
import type { SliceHeader } from '../volume/types';
import { channelsOf, type Gate, type ModelManifest } from './manifest';

/** What the gates look at: a display set's headers, before any voxel is read. */
export interface StudyFacts {
  modality: string;
  slices: readonly SliceHeader[];
  /** Of the volume or image; made from `slices` when left out. */
  plan?: VolumePlan;
}

const rounded = (value: number): number => Number(value.toFixed(2));

/** "2 to 3", "2", "at least 2", "at most 3". */
function allowedRange({ min, max }: { min?: number; max?: number }): string {
  if (min !== undefined && min === max) {
    return `${min}`;
  }
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

/** The first of the slices' texts that is not admitted, as a person would read it; or undefined. */
function firstUnlisted(
  texts: Array<string | undefined>,
  admits: (text: string) => boolean,
): string | undefined {
  const wrong = texts.map(text => (text ?? '').trim()).find(text => !admits(text.toUpperCase()));
  return wrong === undefined ? undefined : wrong || ABSENT;
}

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
  /** Whether the headers say how large a pixel is. */
  hasSpacing = true,
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
      const texts = slices.map(({ bodyPartExamined }) => bodyPartExamined);
      const met = firstUnlisted(texts, text => allowed.includes(text));
      if (met === undefined) {
        return accept(undefined);
      }
      const values = { met, allowed: gate.allowed.join(', ') };
      return refuse(
        'gateBodyPart',
        ...own(gate, values, `The body part is ${met}; allowed: ${values.allowed}.`),
      );
    }
    case 'manufacturer': {
      const allowed = gate.allowed.map(name => name.toUpperCase());
      const texts = slices.map(({ manufacturer }) => manufacturer);
      const met = firstUnlisted(texts, text => allowed.some(name => text.includes(name)));
      if (met === undefined) {
        return accept(undefined);
      }
      const values = { met, allowed: gate.allowed.join(', ') };
      return refuse(
        'gateManufacturer',
        ...own(gate, values, `The manufacturer is ${met}; allowed: ${values.allowed}.`),
      );
    }
    case 'convolutionKernel': {
      const allowed = gate.allowed.map(kernel => kernel.trim().toUpperCase());
      const texts = slices.map(({ convolutionKernel }) => convolutionKernel);
      const met = firstUnlisted(texts, text => allowed.includes(text));
      if (met === undefined) {
        return accept(undefined);
      }
      const values = { met, allowed: gate.allowed.join(', ') };
      return refuse(
        'gateConvolutionKernel',
        ...own(gate, values, `The convolution kernel is ${met}; allowed: ${values.allowed}.`),
      );
    }
    case 'patientAge': {
      const met = firstOutside([slices[0]?.patientAge], gate);
      if (met === undefined) {
        return accept(undefined);
      }
      const values = { met, allowed: allowedRange(gate) };
      return refuse(
        'gatePatientAge',
        ...own(
          gate,
          values,
          `The patient's age is ${met}${met === ABSENT ? '' : ' years'}; allowed: ${values.allowed} years.`,
        ),
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
        ...own(
          gate,
          values,
          `The series has ${met} ${met === 1 ? 'slice' : 'slices'}; allowed: ${values.allowed}.`,
        ),
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
      const met = firstOutside(
        hasSpacing ? [geometry.spacing[0], geometry.spacing[1]] : [undefined],
        gate,
      );
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
      const met = firstOutside(
        [hasSpacing ? patientExtents(geometry)[gate.axis] : undefined],
        gate,
      );
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
  'manufacturer',
  'convolutionKernel',
  'patientAge',
  'sliceCount',
  'sliceThickness',
]);

const NOWHERE: VolumeGeometry = {
  dimensions: [0, 0, 0],
  spacing: [0, 0, 0],
  origin: [0, 0, 0],
  direction: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
};

/** What the manifest's other fields ask for without saying so in a gate. */
function impliedGates({ gates, inputs, inference }: GatedManifest): Gate[] {
  const implied: Gate[] = [];
  if (!gates.some(({ gate }) => gate === 'modality')) {
    implied.push({ gate: 'modality', allowed: [channelsOf({ inputs })[0].modality] });
  }
  if (isPicture({ inputs }) && inference?.inferer === 'simple') {
    implied.push({ gate: 'sliceCount', min: 1, max: 1 });
  }
  return implied;
}

type GatedManifest = Pick<ModelManifest, 'gates' | 'inputs' | 'inference'>;

const isPicture = ({ inputs }: Pick<ModelManifest, 'inputs'>): boolean =>
  inputs[0].spatialAxes.length === 2;

/**
 * The grid that the gates look at. A network of pictures reads a single image, which need not say
 * where in the patient it lies; a network of volumes needs a regular grid.
 */
const gridOf = (manifest: GatedManifest, { slices, plan }: StudyFacts): Outcome<VolumePlan> => {
  if (plan) return accept(plan);
  return slices.length === 1 && isPicture(manifest) ? planImage(slices[0]) : planVolume(slices);
};

/** Every reason, in the order of `failedGates`; it stops after the first where that is enough. */
function* reasons(manifest: GatedManifest, facts: StudyFacts): Generator<Refusal> {
  const all = [...impliedGates(manifest), ...manifest.gates];
  const isModality = ({ gate }: Gate) => gate === 'modality';
  // What a series is comes before how it was made.
  const gates = [...all.filter(isModality), ...all.filter(gate => !isModality(gate))];
  let isOtherModality = false;
  for (const gate of gates.filter(candidate => WITHOUT_GRID.has(candidate.gate))) {
    const outcome = checkGate(gate, facts, NOWHERE);
    if (outcome.ok) continue;
    isOtherModality ||= isModality(gate);
    yield outcome.refusal;
  }
  const grid = gridOf(manifest, facts);
  if (!grid.ok) {
    // That a radiograph is no volume either says nothing more to who asked for a CT.
    if (!isOtherModality) yield grid.refusal;
    return;
  }
  const { geometry, spacingAssumed } = grid.value;
  for (const gate of gates.filter(candidate => !WITHOUT_GRID.has(candidate.gate))) {
    const outcome = checkGate(gate, facts, geometry, !spacingAssumed);
    if (!outcome.ok) yield outcome.refusal;
  }
}

/**
 * All that a series fails, each with the value met and what is allowed: `gateModality`,
 * `gateBodyPart`, `gateManufacturer`, `gateConvolutionKernel`, `gatePatientAge`, `gateSliceCount`,
 * `gateSliceThickness`, then `gateOrientation`, `gateSliceSpacing`, `gatePixelSpacing`,
 * `gateFieldOfView`, or instead of these four the reason that the slices do not make a volume (see
 * `planVolume`; a network of pictures takes a single image by `planImage`). A value that the headers
 * do not carry cannot be admitted. The first channel's modality is a gate too, written or not.
 */
export const failedGates = (manifest: GatedManifest, facts: StudyFacts): Refusal[] => [
  ...reasons(manifest, facts),
];

/** May this model run on this series? Refuses with the first of `failedGates`. */
export function checkGates(manifest: GatedManifest, facts: StudyFacts): Outcome<void> {
  const first = reasons(manifest, facts).next();
  return first.done ? accept(undefined) : { ok: false, refusal: first.value };
}
