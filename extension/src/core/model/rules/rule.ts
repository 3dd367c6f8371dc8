import type { ModelInput, ModelManifest } from '../manifest';

/** One sentence for each thing in a manifest that does not go with another. */
export type Rule = (manifest: ModelManifest) => string[];

/** What rules look at of one network of a package, and what its paths begin with. */
export type NetworkView = Pick<ModelManifest, 'preprocessing' | 'inference' | 'postprocessing'> & {
  inputs: ModelInput[];
  /** "$", or "$.stages[0]". */
  at: string;
  /** Where the inputs stand. */
  inputsAt: string;
};

/** The package's only or last network. */
export const lastView = (manifest: ModelManifest): NetworkView & ModelManifest => ({
  ...manifest,
  at: '$',
  inputsAt: '$.inputs',
});

/** Values that occur more than once, each with the places of its first two. */
export function duplicates<T>(
  values: readonly T[],
): Array<{ value: T; first: number; second: number }> {
  return values.flatMap((value, second) => {
    const first = values.indexOf(value);
    const isSecond = first < second && values.indexOf(value, first + 1) === second;
    return isSecond ? [{ value, first, second }] : [];
  });
}

export const isFlat = ({ inputs }: Pick<ModelManifest, 'inputs'>): boolean =>
  inputs[0].spatialAxes.length === 2;

/** "1 network", "3 networks". */
export const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`;
