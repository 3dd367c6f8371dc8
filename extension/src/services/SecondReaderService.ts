import type { Reading } from '../core/reading/reading';
import type { FindingState, ReadingState, RunState } from '../core/reading/state';

const STATE_CHANGED = 'event::secondReader:stateChanged';

/**
 * The reading as an OHIF service: `servicesManager.services.secondReaderService`. Plain JSON out;
 * whatever changes it is a command. OHIF's `PubSubService` is not shared with plugins of hosts up
 * to 3.13, so its contract (`EVENTS`, `subscribe` → `unsubscribe`) is kept here.
 */
export class SecondReaderService {
  readonly EVENTS = { STATE_CHANGED } as const;

  constructor(private readonly reading: Reading) {}

  getState(): ReadingState {
    return this.reading.state.get();
  }

  getFindings(): FindingState[] {
    return this.getState().findings;
  }

  getRuns(): RunState[] {
    return this.getState().runs;
  }

  subscribe(
    event: typeof STATE_CHANGED,
    callback: (state: ReadingState) => void,
  ): { unsubscribe(): void } {
    if (event !== STATE_CHANGED) {
      throw new Error(`No event is called "${String(event)}"; there is: ${STATE_CHANGED}`);
    }
    return { unsubscribe: this.reading.state.subscribe(callback) };
  }

  /** OHIF calls this when a mode is left. */
  onModeExit(): void {
    this.reading.close();
  }
}

/** Registration as `servicesManager.registerService` expects it. */
export const secondReaderServiceRegistration = (service: SecondReaderService) => ({
  name: 'secondReaderService',
  altName: 'SecondReaderService',
  create: () => service,
});
