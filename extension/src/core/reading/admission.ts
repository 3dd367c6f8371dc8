import { failedGates } from '../model/gates';
import { channelsOf } from '../model/manifest';
import { selectSeries } from '../model/selectSeries';
import { accept, type Outcome, type Refusal } from '../outcome';
import { planSlices, type VolumePlan } from '../volume/assemble';
import type { DisplaySetSummary, ModelPackage } from './ports';
import type { ModelState } from './state';

/** Plans are kept: a display set's headers do not change while a study is open. */
export const createAdmission = () => {
  const plans = new Map<string, Outcome<VolumePlan>>();

  const planOf = (displaySet: DisplaySetSummary): Outcome<VolumePlan> => {
    const known = plans.get(displaySet.displaySetInstanceUID);
    if (known) return known;
    const plan = planSlices(displaySet.slices);
    plans.set(displaySet.displaySetInstanceUID, plan);
    return plan;
  };

  /**
   * All that speaks against running the model on the display set: its gates, the geometry itself,
   * and a channel for which the study has no series, or one that makes no volume.
   */
  const reasonsAgainst = (
    model: ModelPackage,
    displaySet: DisplaySetSummary,
    displaySets: readonly DisplaySetSummary[],
  ): Refusal[] => {
    const plan = planOf(displaySet);
    const reasons = failedGates(model.manifest, {
      modality: displaySet.modality,
      slices: displaySet.slices,
      plan: plan.ok && displaySet.slices.length > 1 ? plan.value : undefined,
    });
    // A series of another modality fills no channel either: that needs no saying twice.
    if (reasons.some(({ code }) => code === 'gateModality')) return reasons;
    const series = selectSeries(model.manifest, displaySets, displaySet);
    if (!series.ok) return [...reasons, series.refusal];
    const others = [...new Set(series.value)].filter(other => other !== displaySet);
    return [
      ...reasons,
      ...others.flatMap(other => {
        const otherPlan = planOf(other);
        return otherPlan.ok ? [] : [otherPlan.refusal];
      }),
    ];
  };

  /** Whether the model may run on the display set: refuses with the first of all reasons. */
  const admit = (
    model: ModelPackage,
    displaySet: DisplaySetSummary,
    displaySets: readonly DisplaySetSummary[],
  ): Outcome<void> => {
    const [first] = reasonsAgainst(model, displaySet, displaySets);
    return first ? { ok: false, refusal: first } : accept(undefined);
  };

  /**
   * Which display sets a model admits, the one with the most slices first; where none, the reasons
   * of the one that came nearest: of the right modality, with the fewest reasons, the most slices.
   */
  const modelState = (model: ModelPackage, displaySets: DisplaySetSummary[]): ModelState => {
    const { id, version, name, task, facts, files, operatingPoints = [] } = model.manifest;
    const networks = files.filter(({ role }) => role === 'network');
    const looked = [...displaySets]
      .sort((a, b) => b.slices.length - a.slices.length)
      .map(displaySet => ({
        uid: displaySet.displaySetInstanceUID,
        reasons: reasonsAgainst(model, displaySet, displaySets),
      }));
    const admits = looked.filter(({ reasons }) => reasons.length === 0).map(({ uid }) => uid);
    // Of another kind than the first channel asks for: what one of the right kind fails tells more.
    const { key } = channelsOf(model.manifest)[0];
    const isOther = (reasons: Refusal[]) =>
      reasons.some(
        ({ code, values }) =>
          code === 'gateModality' || (code === 'channelMissing' && values.channel === key),
      );
    const [nearest] = looked
      .map(({ reasons }) => reasons)
      .sort((a, b) => Number(isOther(a)) - Number(isOther(b)) || a.length - b.length);
    const refusals = admits.length > 0 || !nearest ? [] : nearest;
    return {
      modelId: id,
      version,
      name,
      task,
      admits,
      refusal: refusals[0],
      refusals,
      operatingPoints,
      bytes: networks.reduce((sum, { bytes }) => sum + bytes, 0),
      fromSite: model.fromSite === true,
      sha256: networks[0].sha256,
      facts,
    };
  };

  return { admit, modelState, forget: () => plans.clear() };
};
