import { yieldToEventLoop } from '../../inference/yieldToEventLoop';

/** Of the 50 ms that a task of ours may last; the rest is for the one slice that is under way. */
const TASK_MS = 12;

/** Lets the page breathe between slices: waits when the task has lasted long enough, else not. */
export function createBreathing(now: () => number = () => performance.now()): () => Promise<void> {
  let since = now();
  return async () => {
    if (now() - since < TASK_MS) return;
    await yieldToEventLoop();
    since = now();
  };
}
