import type { Reading } from './reading';
import type { ReadingState } from './state';

/** The state once it is as a test waits for it. */
export const until = async (
  get: () => ReadingState,
  holds: (state: ReadingState) => boolean,
): Promise<ReadingState> => {
  for (let tries = 0; tries < 2000; tries++) {
    if (holds(get())) return get();
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  const { runs, findings, outbox, refusals } = get();
  const met = JSON.stringify({ runs, findings, outbox, refusals }, null, 1);
  throw new Error(`Never came about: ${met}`);
};

/** Takes the readings of each test away after it, and with them the timers that they have set. */
export const disposedAfterEach = () => {
  const opened: Reading[] = [];
  afterEach(() => opened.splice(0).forEach(reading => reading.dispose()));
  return (reading: Reading): Reading => {
    opened.push(reading);
    return reading;
  };
};
