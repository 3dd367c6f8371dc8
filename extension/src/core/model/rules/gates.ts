import { channelsOf } from '../manifest';
import { list, shown } from '../sentences';
import type { Rule } from './rule';

/** Gates that could admit nothing at all. */
export const checkGateRules: Rule = manifest => {
  const [reference] = channelsOf(manifest);
  return manifest.gates.flatMap((gate, index) => {
    const where = `$.gates[${index}]`;
    if (gate.gate === 'modality' && !gate.allowed.includes(reference.modality)) {
      return [
        `${where}.allowed is ${shown(gate.allowed)}, without ${shown(reference.modality)} of the first channel; no series could be both.`,
      ];
    }
    if (gate.gate === 'convolutionKernel' && reference.modality !== 'CT') {
      return [
        `${where} asks for a ConvolutionKernel (${list(gate.allowed)}), which only CT has; the first channel's modality is ${shown(reference.modality)}.`,
      ];
    }
    if ('allowed' in gate) return [];
    if (gate.min === undefined && gate.max === undefined) {
      return [`${where} ("${gate.gate}") has neither "min" nor "max"; one is needed.`];
    }
    if (gate.min !== undefined && gate.max !== undefined && gate.min > gate.max) {
      return [
        `${where}.min is ${gate.min}; at most its max, ${gate.max}, is allowed. As it is, no series could be admitted.`,
      ];
    }
    return [];
  });
};
