import type { ModelManifest } from '../manifest';

/** One sentence for each thing in a manifest that does not go with another. */
export type Rule = (manifest: ModelManifest) => string[];

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
