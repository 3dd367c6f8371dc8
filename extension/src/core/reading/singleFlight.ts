/**
 * Work that is asked for in bursts, done one at a time: a call while it is under way has it done
 * once more afterwards, however many calls there were, and resolves when that is done.
 */
export const createSingleFlight = (work: () => Promise<void>): (() => Promise<void>) => {
  let running: Promise<void> | undefined;
  let again = false;
  return () => {
    if (running) {
      again = true;
      return running;
    }
    running = (async () => {
      do {
        again = false;
        await work();
      } while (again);
    })().finally(() => {
      running = undefined;
    });
    return running;
  };
};
