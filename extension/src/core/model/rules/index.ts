import { checkFilledIn } from './facts';
import { checkFiles } from './files';
import { checkGateRules } from './gates';
import { checkInputs } from './inputs';
import { checkOutputs, checkPrimary } from './outputs';
import { checkPostprocessing } from './postprocessing';
import type { Rule } from './rule';
import { checkPreprocessing } from './steps';

/** What one field of a manifest says against another: one sentence a problem. */
export const crossFieldProblems: Rule = manifest => {
  const primary = checkPrimary(manifest);
  const rules = [checkFiles, checkInputs, checkGateRules, checkPreprocessing, checkOutputs];
  // With none or two results there is nothing yet that steps after the network could be for.
  if (primary.length === 0) rules.push(checkPostprocessing);
  rules.push(checkFilledIn);
  return [...primary, ...rules.flatMap(rule => rule(manifest))];
};
