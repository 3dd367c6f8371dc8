import { z } from 'zod';
import type { ArchiveTraits } from '../../core/reading/ports';

const KEY = 'second-reader-archives';
const learnt = z.record(z.string(), z.enum(['binary', 'labelmap']));

/** What is learnt of archives, in local storage; a browser that keeps nothing learns it anew. */
export const createArchiveTraits = (
  storage: () => Pick<Storage, 'getItem' | 'setItem'> = () => globalThis.localStorage,
): ArchiveTraits => {
  const read = () => {
    try {
      const parsed = learnt.safeParse(JSON.parse(storage().getItem(KEY) ?? '{}'));
      return parsed.success ? parsed.data : {};
    } catch {
      return {};
    }
  };
  return {
    segmentationType: archive => read()[archive],
    learn(archive, type) {
      try {
        storage().setItem(KEY, JSON.stringify({ ...read(), [archive]: type }));
      } catch {
        // A full or forbidden storage: the next result is written both ways again.
      }
    },
  };
};
