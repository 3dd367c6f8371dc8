import { checkGates } from '../model/gates';
import type { Outcome, Refusal } from '../outcome';
import { planVolume, type VolumePlan } from '../volume/assemble';
import type { DisplaySetSummary, ModelPackage } from './ports';
import type { ModelState } from './state';

/** Plans are kept: a display set's headers do not change while a study is open. */
export const createAdmission = () => {
  const plans = new Map<string, Outcome<VolumePlan>>();

  const planOf = (displaySet: DisplaySetSummary): Outcome<VolumePlan> => {
    const known = plans.get(displaySet.displaySetInstanceUID);
    if (known) return known;
    const plan = planVolume(displaySet.slices);
    plans.set(displaySet.displaySetInstanceUID, plan);
    return plan;
  };

  /** Whether the model may run on the display set: its gates first, then the geometry itself. */
  const admit = (model: ModelPackage, displaySet: DisplaySetSummary): Outcome<void> => {
    const plan = planOf(displaySet);
    return checkGates(model.manifest, {
      modality: displaySet.modality,
      slices: displaySet.slices,
      geometry: plan.ok ? plan.value.geometry : undefined,
    });
  };

  /** Which display sets a model admits; where none, the reason of the one that came nearest. */
  const modelState = (model: ModelPackage, displaySets: DisplaySetSummary[]): ModelState => {
    const { id, version, name } = model.manifest;
    const admits: string[] = [];
    let refusal: Refusal | undefined;
    for (const displaySet of [...displaySets].sort((a, b) => b.slices.length - a.slices.length)) {
      const outcome = admit(model, displaySet);
      if (outcome.ok) admits.push(displaySet.displaySetInstanceUID);
      // A wrong modality says the least: a reason met by a series of the right kind tells more.
      else if (!refusal || refusal.code === 'gateModality') refusal = outcome.refusal;
    }
    return { modelId: id, version, name, admits, refusal: admits.length > 0 ? undefined : refusal };
  };

  return { admit, modelState, forget: () => plans.clear() };
};
