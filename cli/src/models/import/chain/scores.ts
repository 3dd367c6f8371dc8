import { z } from 'zod';
import { node, tensor } from '../../../onnx/builder';
import { freshNames } from '../../../onnx/graph';
import type { OnnxModel } from '../../../onnx/proto';

/**
 * Steps that a program does on a network's probabilities before it takes them for labels; they become
 * part of the graph. Named as MONAI's transforms, which say the same of images.
 */
export const scoreSteps = z.array(
  z.discriminatedUnion('transform', [
    /** What is not above the threshold becomes 0. */
    z.strictObject({ transform: z.literal('thresholdIntensity'), threshold: z.number() }),
    /** aMin … aMax onto 0 … 1, cut off there. */
    z
      .strictObject({
        transform: z.literal('scaleIntensityRange'),
        aMin: z.number(),
        aMax: z.number(),
      })
      .refine(({ aMin, aMax }) => aMin < aMax, 'aMin must be less than aMax'),
  ]),
);

/** The graph with the steps done on an output, which keeps its name. */
export const withScoreSteps = (
  model: OnnxModel,
  output: string,
  steps: z.infer<typeof scoreSteps>,
): OnnxModel =>
  steps.reduce((before, step) => {
    const { graph } = before;
    const fresh = freshNames(before);
    const inner = fresh('scores');
    const renamed = graph.node.map(each => ({
      ...each,
      input: each.input.map(name => (name === output ? inner : name)),
      output: each.output.map(name => (name === output ? inner : name)),
    }));
    const scalar = (name: string, value: number) => tensor.float32(name, [], [value]);
    if (step.transform === 'thresholdIntensity') {
      const [threshold, above, mask] = ['threshold', 'above', 'mask'].map(fresh);
      return {
        ...before,
        graph: {
          ...graph,
          initializer: [...graph.initializer, scalar(threshold, step.threshold)],
          node: [
            ...renamed,
            node('Greater', [inner, threshold], [above]),
            node('Cast', [above], [mask], { to: 1 }),
            { ...node('Mul', [inner, mask], [output]), name: fresh('kept') },
          ],
        },
      };
    }
    const [low, range, zero, one] = ['low', 'range', 'zero', 'one'].map(fresh);
    const [shifted, scaled] = ['shifted', 'scaled'].map(fresh);
    return {
      ...before,
      graph: {
        ...graph,
        initializer: [
          ...graph.initializer,
          scalar(low, step.aMin),
          scalar(range, step.aMax - step.aMin),
          scalar(zero, 0),
          scalar(one, 1),
        ],
        node: [
          ...renamed,
          node('Sub', [inner, low], [shifted]),
          node('Div', [shifted, range], [scaled]),
          { ...node('Clip', [scaled, zero, one], [output]), name: fresh('stretched') },
        ],
      },
    };
  }, model);
