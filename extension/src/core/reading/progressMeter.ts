import type { Phase } from '../findings/types';
import type { Progress } from './ports';

/**
 * What share of a run each phase usually takes, in percent. Only a prior: it shapes the bar before
 * anything is known, and the time left is reckoned from the time that has really passed.
 */
const SHARE: ReadonlyArray<readonly [Phase, number]> = [
  ['queued', 0],
  ['voxels', 12],
  ['model', 5],
  ['preprocess', 8],
  ['infer', 60],
  ['postprocess', 10],
  ['measure', 5],
];

/** Below this the remaining time would be a guess from too little. */
const ENOUGH_PERCENT = 15;
const ENOUGH_MILLISECONDS = 1000;

export interface ProgressReading {
  phase: Phase;
  /** 0–100, never falling while a run lasts. */
  percent: number;
  /** Seconds, rounded up; absent until enough has passed to reckon with. */
  secondsLeft?: number;
}

/** Turns phases and fractions into percent and time left. `now` is in milliseconds. */
export const createProgressMeter = (now: () => number) => {
  const startedAt = now();
  let percent = 0;
  return (progress: Progress): ProgressReading => {
    let before = 0;
    for (const [phase, share] of SHARE) {
      if (phase === progress.phase) {
        before += share * Math.min(1, Math.max(0, progress.fraction ?? 0));
        break;
      }
      before += share;
    }
    percent = Math.max(percent, Math.min(100, before));
    const elapsed = now() - startedAt;
    const enough = percent >= ENOUGH_PERCENT && elapsed >= ENOUGH_MILLISECONDS;
    return {
      phase: progress.phase,
      percent,
      secondsLeft: enough ? Math.ceil(((elapsed / percent) * (100 - percent)) / 1000) : undefined,
    };
  };
};
