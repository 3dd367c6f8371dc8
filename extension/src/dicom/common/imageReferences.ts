import type { RunResult } from '../../core/findings/types';
import type { Dataset } from './dataset';

/**
 * References to slices of a run's source (PS3.3 10.3): an item an instance, in the order in which they
 * are given, with its frames where it has several.
 *
 * @param slices - indices into `run.source.slices`, each once
 */
export function imageReferences(run: RunResult, slices: readonly number[]): Dataset[] {
  const frames = new Map<string, { sopClassUID: string; numbers: number[] }>();
  for (const k of slices) {
    const { sopInstanceUID, sopClassUID, frameNumber } = run.source.slices[k];
    const known = frames.get(sopInstanceUID) ?? { sopClassUID, numbers: [] };
    if (frameNumber !== undefined) known.numbers.push(frameNumber);
    frames.set(sopInstanceUID, known);
  }
  return Array.from(frames, ([instance, { sopClassUID, numbers }]) => ({
    ReferencedSOPClassUID: sopClassUID,
    ReferencedSOPInstanceUID: instance,
    ...(numbers.length > 0 && { ReferencedFrameNumber: numbers }),
  }));
}
