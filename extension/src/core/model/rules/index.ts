import { checkFilledIn } from './facts';
import { checkFiles } from './files';
import { checkGateRules } from './gates';
import { checkInputs } from './inputs';
import { checkOutputs, checkPrimary } from './outputs';
import { checkPostprocessing } from './postprocessing';
import type { Rule } from './rule';
import { checkStages, lastNetworkView } from './stages';
import { checkPreprocessing } from './steps';

/** What one field of a manifest says against another: one sentence a problem. */
export const crossFieldProblems: Rule = manifest => {
  const primary = checkPrimary(manifest);
  const rules: Rule[] = [
    checkFiles,
    checkInputs,
    checkGateRules,
    last => checkPreprocessing(lastNetworkView(last)),
    checkOutputs,
    checkStages,
  ];
  // With none or two results there is nothing yet that steps after the network could be for.
  if (primary.length === 0) rules.push(checkPostprocessing);
  rules.push(checkFilledIn);
  return [...primary, ...rules.flatMap(rule => rule(manifest))];
};
